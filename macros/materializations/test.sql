{# dbt's own materialization, and then the check's record. #}
{% materialization test, adapter='phlo_duckdb' %}
  {%- set relations = materialization_test_default() -%}
  {%- do phlo_record_check(sql) -%}
  {{ return(relations) }}
{% endmaterialization %}
