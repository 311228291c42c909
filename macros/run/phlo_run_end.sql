{# on-run-end: "{{ phlo_run_end(results) }}" -- the last of the root project's on-run-end hooks. #}
{% macro phlo_run_end(results) %}
  {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test', 'freshness') -%}
    {{- return(adapter.phlo_run_end(results)) -}}
  {%- endif -%}
{% endmacro %}
