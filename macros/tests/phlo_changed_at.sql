{# One row for FROM: `changed_at` is the time of the tested table's newest snapshot with other rows,
   or NULL where it has none. #}
{% macro phlo_changed_at() -%}
{%- set changed = adapter.phlo_changed(model) -%}
(
    select cast({{ "'" ~ changed ~ "'" if changed else 'null' }} as timestamp with time zone) as changed_at
  ) as phlo_changed
{%- endmacro %}
