{# The rows that a query returns are failures. `{model}` in it stands for the tested relation, with
   `where`, as an item of FROM. #}
{% test phlo_sql(model, column_name=none, sql=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['sql'], kwargs, allow_threshold) -%}
  {%- set query = modules.re.sub('[;\s]+$', '', sql | string) if sql is string else '' -%}
  {%- if not query -%}
    {%- do phlo_refuse_test(
      'sql is `' ~ sql ~ '`', 'write a query of the rows that fail: sql: select * from {model} where ...'
    ) -%}
  {%- elif '{model}' not in query and config.get('where') -%}
    {%- do phlo_refuse_test(
      'its `where` applies to {model}, which its sql does not name', 'write {model} in sql, or remove `where`'
    ) -%}
  {%- endif -%}
  {{ return(query.replace('{model}', '(select * from ' ~ model ~ ')')) }}
{% endtest %}
