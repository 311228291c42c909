{# dbt run-operation phlo_branches -- lists the branches and the refs of runs. #}
{% macro phlo_branches() %}
  {%- do adapter.phlo_branches() -%}
{% endmacro %}
