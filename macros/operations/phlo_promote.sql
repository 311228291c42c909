{# dbt run-operation phlo_promote --args '{ref: <run id>}' -- promotes a kept run by the same verdict
   as at its end; `force: true` with a `reason` does without the verdict, never without the look for
   conflicts; `dry_run: true` only tells. #}
{% macro phlo_promote(ref, dry_run=false, force=false, reason='') %}
  {%- do adapter.phlo_promote(ref, dry_run, force, reason) -%}
{% endmacro %}
