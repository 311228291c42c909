{# Run the incremental strategy. What DuckDB's MERGE can do only on its own tables is done in a
   temporary copy, which then becomes the table's next snapshot. #}
{% macro phlo_apply_batch(batch, target, columns) %}
  {%- set name = config.get('incremental_strategy') or 'default' -%}
  {%- set strategy = adapter.get_incremental_strategy_macro(context, name) -%}
  {%- set in_copy = name == 'merge' and adapter.phlo_merges_in_copy(config) -%}
  {%- set copy = make_temp_relation(target, '__phlo_copy') if in_copy else none -%}
  {% if in_copy %}
    {% do run_query('create temporary table ' ~ copy ~ ' as from ' ~ target) %}
  {% endif %}
  {% call statement('main') %}
    {{ strategy({
      'target_relation': copy or target,
      'temp_relation': batch,
      'unique_key': config.get('unique_key'),
      'dest_columns': columns,
      'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
    }) }}
  {% endcall %}
  {% if in_copy %}
    {%- set staging = adapter.phlo_staging(target) -%}
    {% do run_query('create table ' ~ staging ~ ' as from ' ~ copy) %}
    {% do adapter.phlo_replace(staging, target, model) %}
    {% do run_query('drop table ' ~ copy) %}
  {% endif %}
{% endmacro %}
