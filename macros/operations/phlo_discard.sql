{# dbt run-operation phlo_discard --args '{ref: <run id>}' -- deletes a kept run's ref or a branch. #}
{% macro phlo_discard(ref, dry_run=false) %}
  {%- do adapter.phlo_discard(ref, dry_run) -%}
{% endmacro %}
