{% macro phlo_duckdb__rename_relation(from_relation, to_relation) -%}
  {%- if adapter.phlo_is_lake(from_relation) -%}
    {%- do adapter.phlo_rename(from_relation, to_relation) -%}
  {%- else -%}
    {{ duckdb__rename_relation(from_relation, to_relation) }}
  {%- endif -%}
{%- endmacro %}
