{% macro phlo_duckdb__get_catalog(information_schema, schemas) -%}
  {%- set relations = [] -%}
  {%- for schema in schemas -%}
    {%- do relations.append(api.Relation.create(schema=schema)) -%}
  {%- endfor -%}
  {{ return(adapter.phlo_docs_catalog(relations)) }}
{%- endmacro %}
