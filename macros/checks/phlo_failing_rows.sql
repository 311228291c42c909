{# The rows that fail a test; its own query may give groups of them, or one column. #}
{% macro phlo_failing_rows(shape, sql, target) -%}
  {%- set column = phlo_test_column(shape['columns'][0]) if shape['kind'] in ('null', 'value') else '' -%}
  {%- if shape['kind'] == 'rows' -%}
{{ sql }}
  {%- elif shape['kind'] == 'null' -%}
{{ phlo_check_ctes() }}
select *
from {{ target }}
where {{ column }} is null
  {%- elif shape['kind'] == 'value' -%}
{{ phlo_check_ctes() }}
select *
from {{ target }}
where {{ phlo_key([column]) }} in (
  select {{ phlo_key([shape['found']]) }} from (
{{ sql }}
  ) as dbt_test
)
order by {{ column }}
  {%- else -%}
{{ phlo_check_ctes() }}
select tested.*
from (select * from {{ target }}) as tested
where exists (
  select 1 from (
{{ sql }}
  ) as dbt_test
  where {% for name in shape['columns'] -%}
    {{ phlo_key(['dbt_test.' ~ name]) }} is not distinct from {{ phlo_key(['tested.' ~ name]) }}{{ ' and ' if not loop.last }}
  {%- endfor %}
)
order by {{ shape['columns'] | join(', ') }}
  {%- endif -%}
{%- endmacro %}
