{# The ephemeral models of a test, as dbt puts them before its query. #}
{% macro phlo_check_ctes() -%}
  {%- set ctes = model.get('extra_ctes') or [] -%}
  {%- if ctes -%}
    with {{ ctes | map(attribute='sql') | join(', ') }}
  {%- endif -%}
{%- endmacro %}
