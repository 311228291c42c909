{#- The instant that a text such as '2013-07-04T10:00:00Z' names. -#}
{% macro utc_timestamp(text) -%}
  cast(replace(replace({{ text }}, 'T', ' '), 'Z', ' UTC') as timestamp with time zone)
{%- endmacro %}
