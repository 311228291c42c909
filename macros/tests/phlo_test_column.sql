{# A column of a test as SQL names it, whether or not the YAML quotes it.

   dbt gives the name as it is written, in quotes only with `quote: true`. What has quotes already,
   calls a function (`lower(email)`) or casts (`at::date`) is taken as it is, a path of names
   (`address.city`) is a field of a struct, and everything else is one name. Where `is_name` is false
   that is so for single words only, and the rest is an expression: the argument `column_name` of a
   test that is not below a column. #}
{% macro phlo_test_column(column_name, is_name=none) -%}
  {%- set name = column_name | string | trim -%}
  {%- if not column_name -%}
    {%- do phlo_refuse_test(
      'it tests a column, and none is named',
      'put it under `data_tests` of a column, or add the argument `column_name`'
    ) -%}
    {%- do return('') -%}
  {%- endif -%}
  {%- if is_name is none -%}
    {%- set is_name = model.get('column_name') is not none -%}
  {%- endif -%}
  {%- if modules.re.fullmatch('"([^"]|"")+"|\w+\(.*\)|[\w"]+::.*', name) -%}
    {%- do return(name) -%}
  {%- elif modules.re.fullmatch('[^\W\d]\w*(\.\w+)+', name) -%}
    {%- set parts = [] -%}
    {%- for part in name.split('.') -%}
      {%- do parts.append(adapter.quote(part)) -%}
    {%- endfor -%}
    {%- do return(parts | join('.')) -%}
  {%- elif not is_name and not modules.re.fullmatch('\w+', name) -%}
    {%- do return('(' ~ name ~ ')') -%}
  {%- endif -%}
  {%- do return(adapter.quote(column_name | string)) -%}
{%- endmacro %}
