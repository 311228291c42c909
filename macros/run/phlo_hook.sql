{# "{{ phlo_hook('name', on='end') }}" -- runs python_hooks/name.py of the project: hook(phlo). #}
{% macro phlo_hook(name, on='end') %}
  {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test') -%}
    {{- return(adapter.phlo_hook(name, on, **kwargs)) -}}
  {%- endif -%}
{% endmacro %}
