{# Whether two measures agree: they are equal, or differ by no more than a share of what is expected,
   where that is a finite number. NaN agrees with NaN only: as texts, because Trino says that it
   equals nothing. The last factor is for shares that doubles cannot write exactly. #}
{% macro phlo_agrees(found, expected, tolerance) -%}
{{ found }} = {{ expected }} or cast({{ found }} as varchar) = cast({{ expected }} as varchar)
{%- if tolerance > 0 %}
  or (
    abs(cast({{ expected }} as double)) < 1e308
    and abs(cast({{ found }} as double) - cast({{ expected }} as double))
    <= {{ tolerance }} * abs(cast({{ expected }} as double)) * 1.000000000001
  )
{%- endif -%}
{%- endmacro %}
