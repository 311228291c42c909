{# dbt run-operation phlo_cleanup --args '{dry_run: true}' -- deletes this project's expired run refs;
   `all_projects: true` those of every project in the lake. #}
{% macro phlo_cleanup(dry_run=false, all_projects=false) %}
  {%- do adapter.phlo_cleanup(dry_run, all_projects) -%}
{% endmacro %}
