{# dbt's test, which takes `allow_threshold` and any column name too. #}
{% test not_null(model, column_name=none, allow_threshold=none) %}
  {%- do phlo_test_arguments([], kwargs, allow_threshold) -%}
  {{ return(adapter.dispatch('test_not_null', 'dbt')(model, phlo_test_column(column_name))) }}
{% endtest %}
