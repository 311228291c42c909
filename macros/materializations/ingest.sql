{# What a Python model returns, loaded into its table with the source's cursor, in one commit. #}
{% materialization ingest, adapter='phlo_duckdb', supported_languages=['python'] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- if existing is not none and existing.is_view -%}
    {%- do adapter.drop_relation(existing) -%}
  {%- endif -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set done = adapter.phlo_load(target, model, compiled_code) -%}
  {% call noop_statement('main', done['message'], 'INGEST', done['rows']) -%}
    {{ compiled_code }}
  {%- endcall %}

  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, should_full_refresh())) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target]}) }}
{% endmaterialization %}
