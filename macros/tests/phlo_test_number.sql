{# A number that Jinja found (`"{{ var('days') }}"`) reaches a test as text; anything else is returned
   as it is. #}
{% macro phlo_test_number(value) -%}
  {%- if value is string and modules.re.fullmatch('\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*', value) -%}
    {%- do return(value | float) -%}
  {%- endif -%}
  {%- do return(value) -%}
{%- endmacro %}
