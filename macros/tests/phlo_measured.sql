{# A query of one row: what phlo_reconcile compares, as m1, m2 and so on. A sum of nothing is 0. #}
{% macro phlo_measured(measures, relation) -%}
select
  {% for _, sql in measures -%}
  coalesce({{ sql }}, 0) as m{{ loop.index }}{{ ', ' if not loop.last }}
  {%- endfor %}
  from {{ relation }}
{%- endmacro %}
