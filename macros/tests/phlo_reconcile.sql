{# Two relations have the same number of rows, and the same sums of the columns. A row is returned for
   each measure that differs by more than `tolerance`, a share of what compare_to has. #}
{% test phlo_reconcile(model, compare_to=none, columns=none, tolerance=0, allow_threshold=none) %}
  {%- do phlo_test_arguments(['compare_to', 'columns', 'tolerance'], kwargs, allow_threshold) -%}
  {%- if not compare_to or compare_to is string and modules.re.fullmatch('\s*\w*\s*', compare_to) -%}
    {%- do phlo_refuse_test(
      'compare_to is `' ~ compare_to ~ '`',
      "write the relation: compare_to: ref('orders'), or source('shop', 'orders')"
    ) -%}
  {%- endif -%}
  {%- set share = phlo_test_number(tolerance) -%}
  {%- if share is not number or share is boolean or not share >= 0 -%}
    {%- do phlo_refuse_test(
      'tolerance is `' ~ tolerance ~ '`', 'write a share from 0: 0.01 is one in a hundred'
    ) -%}
    {%- set share = 0 -%}
  {%- endif -%}
  {%- if columns is string or columns is mapping or columns is not none and columns is not sequence -%}
    {%- do phlo_refuse_test(
      'columns is `' ~ columns ~ '`', 'write a list of number columns that both relations have'
    ) -%}
  {%- endif -%}
  {%- set measures = [('row count', 'count(*)')] -%}
  {%- for name in columns or [] -%}
    {%- do measures.append(('sum of ' ~ name, 'sum(' ~ phlo_test_column(name, is_name=true) ~ ')')) -%}
  {%- endfor -%}
  {{ return(adapter.dispatch('test_phlo_reconcile', 'dbt')(model, compare_to, measures, share)) }}
{% endtest %}

{# dbt gives a relation that it limits (`--empty`) an alias of its own. #}
{% macro default__test_phlo_reconcile(model, compare_to, measures, tolerance) -%}
with phlo_found as (
  {{ phlo_measured(measures, model) }}
),
phlo_expected as (
  {{ phlo_measured(measures, compare_to ~ (' as phlo_other' if compare_to is string else '')) }}
)
{% for name, _ in measures %}
  {%- set found, expected = 'phlo_found.m' ~ loop.index, 'phlo_expected.m' ~ loop.index -%}
select
  '{{ name | replace("'", "''") }}' as measure,
  cast({{ found }} as varchar) as found,
  cast({{ expected }} as varchar) as expected
from phlo_found
cross join phlo_expected
where not coalesce({{ phlo_agrees(found, expected, tolerance) }}, false)
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endmacro %}
