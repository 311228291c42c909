{# dbt run-operation phlo_schema --args '{select: orders}' -- the YAML against the tables on the branch,
   or on `ref`; fails where they differ. Without `select`: every model that declares columns. #}
{% macro phlo_schema(select=none, ref=none) %}
  {%- do adapter.phlo_schema(select, ref) -%}
{% endmacro %}
