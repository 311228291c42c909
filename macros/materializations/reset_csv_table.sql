{# The seed materialization writes the table itself. #}
{% macro phlo_duckdb__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
  {{ return('') }}
{%- endmacro %}
