{% macro phlo_duckdb__create_or_replace_clone(this_relation, defer_relation) -%}
  {%- do adapter.phlo_clone(this_relation, defer_relation) -%}
  select 1
{%- endmacro %}
