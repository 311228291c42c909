{# Whether a value of any type is NaN. The type is known before the query runs, so the condition costs
   nothing for a column that cannot hold one. #}
{% macro phlo_is_nan(column) -%}
  {{ return(adapter.dispatch('phlo_is_nan', 'dbt')(column)) }}
{%- endmacro %}

{% macro default__phlo_is_nan(column) -%}
(typeof({{ column }}) in ('FLOAT', 'DOUBLE') and isnan(try_cast({{ column }} as double)))
{%- endmacro %}

{% macro trino__phlo_is_nan(column) -%}
(typeof({{ column }}) in ('real', 'double') and cast({{ column }} as varchar) = 'NaN')
{%- endmacro %}
