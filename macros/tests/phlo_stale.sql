{# The row that phlo_freshness returns. `seconds` is the function that gives the seconds since 1970
   of a date or timestamp, and takes one without a time zone as UTC, whatever the session's is. #}
{% macro phlo_stale(model, column, max_age_hours, seconds) -%}
select
  newest,
  age_hours,
  {{ max_age_hours }} as max_age_hours
from (
  select
    newest,
    ({{ seconds }}(current_timestamp) - {{ seconds }}(newest)) / 3600 as age_hours
  from (select max({{ column }}) as newest from {{ model }}) as phlo_newest
) as phlo_age
where not coalesce(age_hours <= {{ max_age_hours }}, false)
{%- endmacro %}
