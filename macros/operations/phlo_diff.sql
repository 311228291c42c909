{# dbt run-operation phlo_diff --args '{ref: dev}' -- what a branch or a run has changed. #}
{% macro phlo_diff(ref, target=none) %}
  {%- do adapter.phlo_diff(ref, target) -%}
{% endmacro %}
