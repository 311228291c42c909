{# A regular expression as an SQL literal, if the engine can read it. #}
{% macro phlo_test_regex(regex) -%}
  {%- if regex is none or regex is boolean or regex is float or regex is mapping or regex == '' -%}
    {%- do phlo_refuse_test(
      'regex is `' ~ regex ~ '`', "write a regular expression in single quotes: regex: '^[a-z]+$'"
    ) -%}
  {%- endif -%}
  {%- set literal = "'" ~ regex | string | replace("'", "''") ~ "'" -%}
  {%- if execute -%}
    {#- Not as a literal: an engine refuses a bad one before `try` can answer. -#}
    {%- set answer = run_query(
      "select try(" ~ phlo_matches("''", 'pattern') ~
      ") from (select " ~ literal ~ " as pattern union all select '') as patterns"
    ) -%}
    {%- if none in answer.columns[0].values() -%}
      {%- do phlo_refuse_test(
        'regex `' ~ regex ~ '` is not one that the engine can read',
        'check brackets and what stands before *, + and ?; RE2 has no lookaround and no' ~
        ' backreferences'
      ) -%}
    {%- endif -%}
  {%- endif -%}
  {%- do return(literal) -%}
{%- endmacro %}
