{# Refuse arguments that a test does not have, and an allow_threshold that is no share. The share
   itself is carried out by the `test` materialization. #}
{% macro phlo_test_arguments(known, unknown, allow_threshold) -%}
  {%- set names = known + ['allow_threshold'] -%}
  {%- if 'column_name' in unknown -%}
    {%- do phlo_refuse_test(
      'it is a test of a table, not of a column',
      'move it from the column to `data_tests` of the model'
    ) -%}
  {%- elif unknown -%}
    {%- do phlo_refuse_test(
      'unknown argument `' ~ unknown.keys() | join('`, `') ~ '`',
      'its arguments are: ' ~ names | join(', ')
    ) -%}
  {%- endif -%}
  {%- set share = phlo_test_number(allow_threshold) -%}
  {%- if share is not none and not (share is number and share is not boolean and 0 <= share <= 1) -%}
    {%- do phlo_refuse_test(
      'allow_threshold is `' ~ allow_threshold ~ '`',
      'write the share of rows that may fail, from 0 to 1: 0.01 is one in a hundred'
    ) -%}
  {%- endif -%}
{%- endmacro %}
