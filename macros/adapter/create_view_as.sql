{% macro phlo_duckdb__create_view_as(relation, sql) -%}
  {%- if config.get('contract').enforced -%}
    {%- do adapter.phlo_check_types(this, model) -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif -%}
  {%- do adapter.commit() -%}
  {{ config.get('sql_header', none) or '' }}
  create or replace view {{ relation.render() }} as (
    {{ sql }}
  );
{%- endmacro %}
