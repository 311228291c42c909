{% macro phlo_duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- if not temporary and not adapter.phlo_is_lake(relation) -%}
    {{ duckdb__create_table_as(temporary, relation, compiled_code, language, partitioned_by, sorted_by) }}
  {%- elif language == 'python' -%}
{{ compiled_code }}


def materialize(df, con):
    from dbt_phlo.adapters.duckdb.python_models import write

    write(df, con, {{ (relation.render() if not temporary else relation.include(database=false, schema=false).render()) | tojson }}, {{ (this.schema ~ '.' ~ this.identifier) | tojson }}, temporary={{ temporary }})
  {%- else -%}
    {%- if config.get('contract').enforced and not temporary -%}
      {%- do adapter.phlo_check_types(this, model) -%}
      {{ get_assert_columns_equivalent(compiled_code) }}
      {%- set compiled_code = get_select_subquery(compiled_code) -%}
    {%- endif -%}
    {{ config.get('sql_header', none) or '' }}
    create {{ 'temporary ' if temporary }}table {{ relation.include(database=(not temporary), schema=(not temporary)) }} as (
      {{ compiled_code if temporary else adapter.phlo_widen(compiled_code, relation) }}
    );
  {%- endif -%}
{%- endmacro %}
