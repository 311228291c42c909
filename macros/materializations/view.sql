{# A view's definition goes into the catalog, on the run's ref, like a table's pointer. #}
{% materialization view, adapter='phlo_duckdb' %}
  {%- if not adapter.phlo_is_lake(this) -%}
    {{ return(materialization_view_default()) }}
  {%- endif -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='view') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}

  {% call statement('main', auto_begin=False) -%}
    {{ get_create_view_as_sql(target, sql) }}
  {%- endcall %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) %}
  {% do adapter.commit() %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target]}) }}
{% endmaterialization %}
