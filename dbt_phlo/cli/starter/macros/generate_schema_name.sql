{# Schemas are named as they are configured (bronze, silver, gold), on every target of the lake. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {%- if target.type.startswith('phlo_') -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
  {%- else -%}
    {{ default__generate_schema_name(custom_schema_name, node) }}
  {%- endif -%}
{%- endmacro %}
