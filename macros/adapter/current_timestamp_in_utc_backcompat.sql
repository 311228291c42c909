{# In UTC whatever the session's time zone is: a plain cast would be local time. #}
{% macro phlo_duckdb__current_timestamp_in_utc_backcompat() -%}
  (current_timestamp at time zone 'utc')::timestamp
{%- endmacro %}
