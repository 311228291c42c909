{% macro phlo_duckdb__can_clone_table() -%}
  {{ return(true) }}
{%- endmacro %}
