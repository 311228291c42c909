{# A test's query with the number of rows that it looks at, if they must be counted. #}
{% macro phlo_test_sql(sql) -%}
  {%- set target = phlo_check_target() -%}
  {%- if target and adapter.phlo_check_total(model, target) is none -%}
select
  dbt_internal_result.*,
  ({{ phlo_check_ctes() }} select count(*) from {{ target }}) as phlo_total_count
from (
{{ sql }}
) as dbt_internal_result
  {%- else -%}
{{ sql }}
  {%- endif -%}
{%- endmacro %}
