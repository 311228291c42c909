{% macro phlo_duckdb__drop_relation(relation) -%}
  {%- if adapter.phlo_is_lake(relation) -%}
    {%- do adapter.phlo_drop(relation) -%}
  {%- else -%}
    {{ duckdb__drop_relation(relation) }}
  {%- endif -%}
{%- endmacro %}
