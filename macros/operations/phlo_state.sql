{# dbt run-operation phlo_state --args '{action: show, model: raw_orders}' -- what sources were read
   up to; `reset` forgets it, `set` with `value` moves it. These two work with `wap: off`. #}
{% macro phlo_state(action='show', model=none, value=none) %}
  {%- do adapter.phlo_state(action, model, value) -%}
{% endmacro %}
