{# A table is built into a staging table; one commit makes that its next snapshot, in place. #}
{% materialization table, adapter='phlo_duckdb', supported_languages=['sql', 'python'] %}
  {%- if not adapter.phlo_is_lake(this) -%}
    {{ return(materialization_table_duckdb()) }}
  {%- endif -%}
  {%- set language = model['language'] -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- set staging = adapter.phlo_staging(target) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {% call statement('main', language=language) -%}
    {{ create_table_as(False, staging, compiled_code, language) }}
  {%- endcall %}
  {% do adapter.phlo_replace(staging, target, model) %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) %}
  {% do adapter.commit() %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target]}) }}
{% endmaterialization %}
