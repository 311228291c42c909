{# The two bounds of a test as SQL; none where there is no bound. #}
{% macro phlo_test_bounds(min_value, max_value, inclusive=true) -%}
  {%- set low, high = phlo_test_number(min_value), phlo_test_number(max_value) -%}
  {%- set both_are_numbers = low is number and high is number -%}
  {%- if min_value is none and max_value is none -%}
    {%- do phlo_refuse_test(
      'it has neither min_value nor max_value', 'add min_value, max_value, or both'
    ) -%}
  {%- elif both_are_numbers and low > high -%}
    {%- do phlo_refuse_test(
      'min_value ' ~ min_value ~ ' is above max_value ' ~ max_value,
      'exchange them, or set min_value as well if only max_value is meant'
    ) -%}
  {%- elif both_are_numbers and low == high and not inclusive -%}
    {%- do phlo_refuse_test(
      'no number lies between min_value ' ~ min_value ~ ' and max_value ' ~ max_value ~
      ' when both are excluded',
      'write inclusive: true'
    ) -%}
  {%- endif -%}
  {%- do return({
    'min': none if min_value is none else phlo_test_bound('min_value', min_value),
    'max': none if max_value is none else phlo_test_bound('max_value', max_value),
  }) -%}
{%- endmacro %}
