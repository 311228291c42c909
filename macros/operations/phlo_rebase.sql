{# dbt run-operation phlo_rebase --args '{ref: <run id>}' -- after a refusal: moves the run onto what
   its branch holds now, keeps what nobody else has touched, and prints what to build again;
   `dry_run: true` only tells. #}
{% macro phlo_rebase(ref, dry_run=false) %}
  {%- do adapter.phlo_rebase(ref, dry_run) -%}
{% endmacro %}
