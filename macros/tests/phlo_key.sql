{# Columns as one value, to be compared as a whole: a condition on a column alone lets DuckDB 1.5 pass
   over files of an Iceberg table by bounds that leave NaN out. #}
{% macro phlo_key(columns) -%}
  {{ return(adapter.dispatch('phlo_key', 'dbt')(columns)) }}
{%- endmacro %}

{% macro default__phlo_key(columns) -%}
  {{ return('row(' ~ columns | join(', ') ~ ')') }}
{%- endmacro %}

{% macro duckdb__phlo_key(columns) -%}
  {%- set named = [] -%}
  {%- for column in columns -%}
    {%- do named.append('k' ~ loop.index ~ ' := ' ~ column) -%}
  {%- endfor -%}
  {{ return('struct_pack(' ~ named | join(', ') ~ ')') }}
{%- endmacro %}
