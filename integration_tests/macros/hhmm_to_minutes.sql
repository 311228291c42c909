{#- Minutes after midnight of a clock time written as an integer: 5 is 00:05, 517 is 05:17, 2400 is 24:00. -#}
{% macro hhmm_to_minutes(hhmm) -%}
  ({{ hhmm }} - 40 * cast(floor({{ hhmm }} / 100.0) as integer))
{%- endmacro %}
