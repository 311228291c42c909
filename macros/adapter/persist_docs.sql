{% macro phlo_duckdb__persist_docs(relation, model, for_relation=true, for_columns=true) -%}
  {%- if not adapter.phlo_is_lake(relation) -%}
    {{ return(default__persist_docs(relation, model, for_relation, for_columns)) }}
  {%- endif -%}
  {%- set comment = none -%}
  {%- if for_relation and config.persist_relation_docs() and model.description -%}
    {%- set comment = model.description -%}
  {%- endif -%}
  {%- set columns = {} -%}
  {%- if for_columns and config.persist_column_docs() and model.columns -%}
    {%- set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set columns = validate_doc_columns(relation, model.columns, existing) -%}
  {%- endif -%}
  {%- if comment is not none or columns -%}
    {%- do adapter.phlo_document(relation, comment, columns) -%}
  {%- endif -%}
{%- endmacro %}
