{# The seed materialization writes the table itself. #}
{% macro phlo_duckdb__create_csv_table(model, agate_table) -%}
  {{ return('') }}
{%- endmacro %}
