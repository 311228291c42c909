{% macro phlo_duckdb__get_catalog_relations(information_schema, relations) -%}
  {{ return(adapter.phlo_docs_catalog(relations)) }}
{%- endmacro %}
