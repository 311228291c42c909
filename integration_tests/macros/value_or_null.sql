{#- A delivered text as a typed value: 'NA' is missing, anything else must be of the type. -#}
{% macro value_or_null(column, type) -%}
  cast(nullif({{ column }}, 'NA') as {{ type }})
{%- endmacro %}
