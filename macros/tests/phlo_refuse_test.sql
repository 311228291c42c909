{# An error in what the YAML gives a test. While dbt parses, values that Jinja has yet to find are
   not judged: a query may be behind them. #}
{% macro phlo_refuse_test(what, remedy) -%}
  {%- set metadata = model['test_metadata'] -%}
  {%- set given = dict(metadata['kwargs'].items() | rejectattr(0, 'equalto', 'model')) -%}
  {%- if execute or '{{' not in given | string -%}
    {%- set tested = modules.re.findall("'([^']*)'", metadata['kwargs']['model']) | join('.') -%}
    {%- set column = model.get('column_name') -%}
    {%- set place = tested ~ ('.' ~ column if column else '') -%}
    {{ exceptions.raise_compiler_error(
      '[PHLO161] ' ~ metadata['name'] ~ ' on ' ~ place ~ ': ' ~ what ~ '\n  -> ' ~ remedy
    ) }}
  {%- endif -%}
{%- endmacro %}
