{# The table has at least min_value rows, and at most max_value. One row is returned if not. #}
{% test phlo_row_count(model, min_value=1, max_value=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['min_value', 'max_value'], kwargs, allow_threshold) -%}
  {%- for name, given in [('min_value', min_value), ('max_value', max_value)] -%}
    {%- set value = phlo_test_number(given) -%}
    {%- if value is number and (value is boolean or value < 0 or value != value | int) -%}
      {%- do phlo_refuse_test(
        name ~ ' is `' ~ given ~ '`', 'write a number of rows: a whole number from 0'
      ) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set bounds = phlo_test_bounds(min_value, max_value) -%}
  {{ return(adapter.dispatch('test_phlo_row_count', 'dbt')(model, bounds)) }}
{% endtest %}

{# A bound that turns out NULL decides nothing, which is no pass. #}
{% macro default__test_phlo_row_count(model, bounds) -%}
select
  row_count,
  cast({{ bounds['min'] or 'null' }} as bigint) as min_value,
  cast({{ bounds['max'] or 'null' }} as bigint) as max_value
from (select count(*) as row_count from {{ model }}) as phlo_counted
where not coalesce(
{%- if bounds['min'] is not none %} row_count >= {{ bounds['min'] }}{% endif %}
{%- if bounds['min'] is not none and bounds['max'] is not none %} and{% endif %}
{%- if bounds['max'] is not none %} row_count <= {{ bounds['max'] }}{% endif %}, false)
{%- endmacro %}
