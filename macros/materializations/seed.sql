{# One CTAS from the CSV file: a seed is rebuilt in place like any table. #}
{% materialization seed, adapter='phlo_duckdb' %}
  {%- if not adapter.phlo_is_lake(this) -%}
    {{ return(materialization_seed_default()) }}
  {%- endif -%}
  {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- if existing is not none and existing.is_view -%}
    {{ exceptions.raise_compiler_error("Cannot seed to '{}', it is a view".format(existing.render())) }}
  {%- endif -%}
  {%- set agate_table = load_agate_table() -%}
  {%- do adapter.phlo_check_seed(model, agate_table.column_names | list, config.get('delimiter', ',')) -%}
  {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
  {%- set staging = adapter.phlo_staging(target) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {% set create_sql %}
    create table {{ staging }} as (
      {{ adapter.phlo_widen(phlo_seed_query(agate_table), staging) }}
    )
  {% endset %}
  {%- set rows = agate_table.rows | length -%}
  {%- set code = 'CREATE' if should_full_refresh() else 'INSERT' -%}
  {% call statement('seed') -%}
    {{ create_sql }}
  {%- endcall %}
  {% call noop_statement('main', code ~ ' ' ~ rows, code, rows) -%}
    {{ create_sql }}
  {%- endcall %}
  {% do adapter.phlo_replace(staging, target) %}

  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, should_full_refresh())) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target]}) }}
{% endmaterialization %}
