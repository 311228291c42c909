{# dbt's test, which takes `allow_threshold` and any column name too. #}
{% test relationships(model, column_name=none, to=none, field=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['to', 'field'], kwargs, allow_threshold) -%}
  {%- if not to or not field -%}
    {%- do phlo_refuse_test(
      'to is `' ~ to ~ '` and field is `' ~ field ~ '`',
      "write the other model and its column: {to: ref('customers'), field: id}"
    ) -%}
  {%- endif -%}
  {{ return(adapter.dispatch('test_relationships', 'dbt')(
    model, phlo_test_column(column_name), to, phlo_test_column(field, is_name=false)
  )) }}
{% endtest %}
