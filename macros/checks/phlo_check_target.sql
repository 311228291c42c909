{# What a generic test looks at, as an item of FROM: the same text as in the test.
   Nothing for a singular test, which is not about one relation. #}
{% macro phlo_check_target() -%}
  {%- set metadata = model.get('test_metadata') -%}
  {%- set reference = adapter.phlo_check_reference(model) -%}
  {%- if reference and reference[0] == 'ref' -%}
    {{ get_where_subquery(ref(*reference[1])) }}
  {%- elif reference -%}
    {{ get_where_subquery(source(*reference[1])) }}
  {%- elif metadata and metadata['kwargs'].get('model') -%}
    {{ render(metadata['kwargs']['model']) }}
  {%- endif -%}
{%- endmacro %}
