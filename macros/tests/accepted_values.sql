{# dbt's test, which takes `allow_threshold` and any column name too. #}
{% test accepted_values(model, column_name=none, values=none, quote=true, allow_threshold=none) %}
  {%- do phlo_test_arguments(['values', 'quote'], kwargs, allow_threshold) -%}
  {%- if values is string or values is not sequence or not values -%}
    {%- do phlo_refuse_test(
      'values is `' ~ values ~ '`', 'write the list of values: values: [new, paid]'
    ) -%}
    {%- set values = [] -%}
  {%- endif -%}
  {%- set written = [] -%}
  {%- for value in values -%}
    {%- if value is none -%}
      {%- do phlo_refuse_test('one of values is null', 'leave it out: NULL passes, and not_null finds it') -%}
    {%- endif -%}
    {%- do written.append((value | string).replace("'", "''") if quote else value) -%}
  {%- endfor -%}
  {{ return(adapter.dispatch('test_accepted_values', 'dbt')(
    model, phlo_test_column(column_name), written, quote
  )) }}
{% endtest %}
