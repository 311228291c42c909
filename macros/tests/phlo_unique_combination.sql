{# No two rows have the same values in all of the columns. A row with a NULL in one of them is passed
   over, as by `unique`. #}
{% test phlo_unique_combination(model, combination_of_columns=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['combination_of_columns'], kwargs, allow_threshold) -%}
  {%- set columns = [] -%}
  {%- if combination_of_columns is string or combination_of_columns is not sequence or not combination_of_columns -%}
    {%- do phlo_refuse_test(
      'combination_of_columns is `' ~ combination_of_columns ~ '`',
      'write a list of columns: combination_of_columns: [order_id, line]'
    ) -%}
  {%- else -%}
    {%- for name in combination_of_columns -%}
      {%- do columns.append(phlo_test_column(name, is_name=true)) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(adapter.dispatch('test_phlo_unique_combination', 'dbt')(model, columns)) }}
{% endtest %}

{# Only the keys that occur more than once are held in memory while the rows are read. #}
{% macro default__test_phlo_unique_combination(model, columns) -%}
{%- set keys = [] -%}
{%- for column in columns -%}{%- do keys.append('phlo_keys.phlo_key_' ~ loop.index) -%}{%- endfor -%}
select phlo_rows.*
from (select * from {{ model }}) as phlo_rows
semi join (
  select
  {%- for column in columns %}
    {{ column }} as phlo_key_{{ loop.index }}{{ ',' if not loop.last }}
  {%- endfor %}
  from {{ model }}
  where {% for column in columns %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
  group by {% for column in columns %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
  having count(*) > 1
) as phlo_keys
  on {{ phlo_key(columns) }} = {{ phlo_key(keys) }}
{%- endmacro %}

{# A join would miss NaN, which equals nothing in Trino; a partition of a window holds it together. #}
{% macro trino__test_phlo_unique_combination(model, columns) -%}
select *
from (
  select *, count(*) over (partition by {{ columns | join(', ') }}) as phlo_copies
  from {{ model }}
  where {% for column in columns %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
) as phlo_rows
where phlo_copies > 1
{%- endmacro %}
