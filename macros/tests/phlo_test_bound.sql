{# A bound as SQL: a number, a day or moment as ISO 8601 writes it, or any SQL expression. #}
{% macro phlo_test_bound(name, value) -%}
  {%- if value is number and value is not boolean -%}
    {%- if value | string in ('inf', '-inf') -%}
      {%- do return("cast('" ~ ('-' if value < 0 else '') ~ "Infinity' as double)") -%}
    {%- elif value != value -%}
      {%- do phlo_refuse_test(name ~ ' is not a number (NaN)', 'write a number, or SQL') -%}
    {%- endif -%}
    {%- do return(value | string) -%}
  {%- endif -%}
  {%- set text = value | string | trim -%}
  {%- if value is boolean or value is mapping or not text or value is iterable and value is not string -%}
    {%- do phlo_refuse_test(
      name ~ ' is `' ~ value ~ '`',
      'write a number, or SQL in quotes, such as "current_date"'
    ) -%}
  {%- elif modules.re.fullmatch('\d{4}-\d\d-\d\d', text) -%}
    {%- do return("date '" ~ text ~ "'") -%}
  {%- elif modules.re.fullmatch('\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?', text) -%}
    {%- do return("timestamp '" ~ text.replace('T', ' ') ~ "'") -%}
  {%- endif -%}
  {%- do return('(' ~ text ~ ')') -%}
{%- endmacro %}
