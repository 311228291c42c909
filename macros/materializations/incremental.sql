{# First build and full refresh go as a table does; else the strategy's SQL changes the table. #}
{% materialization incremental, adapter='phlo_duckdb', supported_languages=['sql', 'python'] %}
  {%- if not adapter.phlo_is_lake(this) -%}
    {{ return(materialization_incremental_duckdb()) }}
  {%- endif -%}
  {%- set language = model['language'] -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- set rebuild = existing is none or existing.is_view or should_full_refresh() -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- do adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}
  {%- set batch = adapter.phlo_staging(target) if rebuild else make_temp_relation(target) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {% if rebuild %}
    {% call statement('main', language=language) -%}
      {{ create_table_as(False, batch, compiled_code, language) }}
    {%- endcall %}
    {% do adapter.phlo_replace(batch, target, model) %}
  {% else %}
    {% if language == 'python' %}
      {% call statement('batch', language=language) -%}
        {{ create_table_as(True, batch, compiled_code, language) }}
      {%- endcall %}
    {% else %}
      {% do run_query(create_table_as(True, batch, compiled_code, language)) %}
    {% endif %}
    {% do adapter.commit() %}
    {% do adapter.phlo_keep_contract(batch, target, model, on_schema_change) %}
    {% set columns = process_schema_changes(on_schema_change, batch, existing) or adapter.get_columns_in_relation(existing) %}
    {% do adapter.commit() %}
    {% do phlo_apply_batch(batch, target, columns) %}
  {% endif %}

  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, should_full_refresh())) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {% do persist_docs(target, model) %}
  {% if not rebuild %}
    {% do run_query('drop table if exists ' ~ batch) %}
    {% do adapter.commit() %}
  {% endif %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target]}) }}
{% endmaterialization %}
