{# dbt run-operation phlo_rejected --args '{action: show, model: raw_orders}' -- rows in quarantine;
   `replay` loads them again, `purge` throws them away. These two work with `wap: off`. #}
{% macro phlo_rejected(action='show', model='') %}
  {%- do adapter.phlo_rejected(action, model) -%}
{% endmacro %}
