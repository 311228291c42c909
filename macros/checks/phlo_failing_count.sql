{# How many rows fail a test. #}
{% macro phlo_failing_count(shape, sql, target) -%}
  {%- if shape['counted'] -%}
select coalesce(sum({{ shape['counted'] }}), 0) from (
{{ sql }}
) as dbt_test
  {%- elif shape['kind'] == 'combination' -%}
select count(*) from (
{{ phlo_failing_rows(shape, sql, target) }}
) as failing_rows
  {%- else -%}
select count(*) from (
{{ sql }}
) as dbt_test
  {%- endif -%}
{%- endmacro %}
