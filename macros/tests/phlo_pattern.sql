{# A part of every text that is there matches a regular expression (RE2); ^ and $ anchor it. #}
{% test phlo_pattern(model, column_name=none, regex=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['regex'], kwargs, allow_threshold) -%}
  {{ return(adapter.dispatch('test_phlo_pattern', 'dbt')(
    model, phlo_test_column(column_name), phlo_test_regex(regex)
  )) }}
{% endtest %}

{% macro default__test_phlo_pattern(model, column, regex) -%}
select *
from {{ model }}
where not {{ phlo_matches(column, regex) }}
{%- endmacro %}
