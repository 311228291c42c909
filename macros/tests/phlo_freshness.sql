{# The newest value of the column is at most max_age_hours old. One row is returned if it is older,
   or if there is none: a table that is empty is not fresh. What has no time zone is in UTC, and a
   date is its midnight. Without a column it is the table's own time, that of its newest snapshot
   with other rows: nothing is read. #}
{% test phlo_freshness(model, column_name=none, max_age_hours=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['max_age_hours'], kwargs, allow_threshold) -%}
  {%- set hours = phlo_test_number(max_age_hours) -%}
  {%- if hours is not number or hours is boolean or not hours > 0 -%}
    {%- do phlo_refuse_test(
      'max_age_hours is `' ~ max_age_hours ~ '`',
      'write a number of hours above 0; 0.5 is half an hour'
    ) -%}
  {%- endif -%}
  {%- set rows = model if column_name else phlo_changed_at() -%}
  {%- set column = phlo_test_column(column_name) if column_name else 'changed_at' -%}
  {{ return(adapter.dispatch('test_phlo_freshness', 'dbt')(rows, column, max_age_hours)) }}
{% endtest %}

{% macro default__test_phlo_freshness(model, column, max_age_hours) -%}
  {{ phlo_stale(model, column, max_age_hours, 'epoch') }}
{%- endmacro %}

{% macro trino__test_phlo_freshness(model, column, max_age_hours) -%}
  {{ phlo_stale(model, column, max_age_hours, 'to_unixtime') }}
{%- endmacro %}
