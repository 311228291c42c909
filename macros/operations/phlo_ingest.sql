{# dbt run-operation phlo_ingest --args '{model: raw_orders, limit: 100, dry_run: true}' -- loads one
   model; `start` and `end` cut a window of its event_time. Writes where `wap: off` does. #}
{% macro phlo_ingest(model, start=none, end=none, limit=none, dry_run=false) %}
  {%- set node = adapter.phlo_ingested(model) -%}
  {%- set code = phlo_model_code(node) if execute else '' -%}
  {%- do adapter.phlo_ingest(
    model, code, {'start': start, 'end': end, 'limit': limit, 'dry_run': dry_run}
  ) -%}
{% endmacro %}
