{% macro phlo_duckdb__get_where_subquery(relation) -%}
  {%- do return(phlo_where_subquery(relation)) -%}
{%- endmacro %}
