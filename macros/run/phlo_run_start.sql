{# on-run-start: "{{ phlo_run_start() }}" -- announces the run and notes what it will do. #}
{% macro phlo_run_start() %}
  {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test') -%}
    {{- return(adapter.phlo_run_start(selected_resources)) -}}
  {%- endif -%}
{% endmacro %}
