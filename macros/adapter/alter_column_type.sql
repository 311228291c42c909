{# A new column takes the values and then the name: Iceberg promotes few types in place. #}
{% macro phlo_duckdb__alter_column_type(relation, column_name, new_column_type) -%}
  {%- set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  {%- set exact = namespace(name=column_name) -%}
  {%- for name in existing if name | lower == column_name | lower -%}
    {%- set exact.name = name -%}
  {%- endfor -%}
  {%- set old = adapter.quote(exact.name) -%}
  {%- set new = adapter.quote(exact.name ~ '__dbt_alter') -%}
  {%- for sql in [
    'alter table ' ~ relation.render() ~ ' add column ' ~ new ~ ' ' ~ new_column_type,
    'update ' ~ relation.render() ~ ' set ' ~ new ~ ' = ' ~ old,
    'alter table ' ~ relation.render() ~ ' drop column ' ~ old,
    'alter table ' ~ relation.render() ~ ' rename column ' ~ new ~ ' to ' ~ old,
  ] -%}
    {%- do run_query(sql) -%}
    {%- do adapter.commit() -%}
  {%- endfor -%}
{%- endmacro %}
