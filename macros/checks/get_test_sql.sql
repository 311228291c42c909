{# dbt's query, with the number of rows that the test looks at where no metadata tells it. The
   record of the check takes that column away before dbt reads the result. #}
{% macro phlo_duckdb__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
  {{ phlo_test_sql(default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit)) }}
{%- endmacro %}
