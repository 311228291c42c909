{# Measure a test that has just run; its result then carries its record. #}
{% macro phlo_record_check(sql) %}
  {%- set shape = adapter.phlo_check_shape(model) -%}
  {%- set target = phlo_check_target() -%}
  {%- set threshold = (model.get('test_metadata') or {}).get('kwargs', {}).get('allow_threshold') -%}
  {%- set done = adapter.phlo_check_ran(
    model,
    load_result('main'),
    query=sql,
    target=target,
    rows=phlo_failing_rows(shape, sql, target),
    counted=phlo_failing_count(shape, sql, target),
    allow_threshold=none if threshold is none else render(threshold | string),
  ) -%}
  {%- do store_result('main', response=done['response'], agate_table=done['table']) -%}
{% endmacro %}
