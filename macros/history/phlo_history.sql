{# A table of the lake's history (`runs`, `checks`, `check_failures`, `contract_changes`), as an item
   of FROM: before the first run has left anything there, one of its columns without a row. #}
{% macro phlo_history(name) -%}
  {%- set columns = adapter.phlo_history_columns(name) -%}
  {%- set relation = adapter.get_relation(target.database, '_phlo', name) if execute else none -%}
  {%- if relation is none -%}
    (select {% for column, type in columns.items() -%}
      cast(null as {{ type }}) as {{ adapter.quote(column) }}{{ ', ' if not loop.last }}
    {%- endfor %} where false)
  {%- else -%}
    {{ relation }}
  {%- endif -%}
{%- endmacro %}
