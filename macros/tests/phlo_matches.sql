{# Whether a part of a text matches a regular expression. #}
{% macro phlo_matches(text, regex) -%}
  {{ return(adapter.dispatch('phlo_matches', 'dbt')(text, regex)) }}
{%- endmacro %}

{% macro default__phlo_matches(text, regex) -%}
regexp_matches({{ text }}, {{ regex }})
{%- endmacro %}

{% macro trino__phlo_matches(text, regex) -%}
regexp_like({{ text }}, {{ regex }})
{%- endmacro %}
