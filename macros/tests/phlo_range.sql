{# Every value that is there lies between min_value and max_value. NaN is above every number. #}
{% test phlo_range(model, column_name=none, min_value=none, max_value=none, inclusive=true, allow_threshold=none) %}
  {%- do phlo_test_arguments(['min_value', 'max_value', 'inclusive'], kwargs, allow_threshold) -%}
  {%- set inclusion = inclusive | string | lower -%}
  {%- if inclusion not in ('true', 'false') -%}
    {%- do phlo_refuse_test('inclusive is `' ~ inclusive ~ '`', 'write true or false') -%}
  {%- endif -%}
  {%- set bounds = phlo_test_bounds(min_value, max_value, inclusion == 'true') -%}
  {{ return(adapter.dispatch('test_phlo_range', 'dbt')(
    model, phlo_test_column(column_name), bounds, inclusion == 'true'
  )) }}
{% endtest %}

{# NaN is asked for by name: Iceberg's bounds of a file leave it out, so that engines pass over the
   file, and in Trino no comparison with NaN is true. #}
{% macro default__test_phlo_range(model, column, bounds, inclusive) -%}
select *
from {{ model }}
where
{%- if bounds['min'] is not none %} {{ column }} {{ '<' if inclusive else '<=' }} {{ bounds['min'] }}{% endif %}
{%- if bounds['min'] is not none and bounds['max'] is not none %} or{% endif %}
{%- if bounds['max'] is not none %} {{ column }} {{ '>' if inclusive else '>=' }} {{ bounds['max'] }}
  or {{ phlo_is_nan(column) }}
{%- endif %}
{%- endmacro %}
