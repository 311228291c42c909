{# The row that phlo_freshness returns without a column: the table has not changed for too long. #}
{% macro phlo_unchanged(max_age_hours) -%}
{%- set changed = adapter.phlo_changed(model) -%}
select
  newest,
  age_hours,
  {{ max_age_hours }} as max_age_hours
from (
  select
    newest,
    date_diff('millisecond', newest, cast(current_timestamp as timestamp with time zone))
      / 3600000.0 as age_hours
  from (
    select cast({{ "'" ~ changed ~ "'" if changed else 'null' }} as timestamp with time zone) as newest
  ) as phlo_newest
) as phlo_age
where not coalesce(age_hours <= {{ max_age_hours }}, false)
{%- endmacro %}
