{# Tests with the names, arguments and meaning of those of dbt-expectations, for projects that use them. #}

{% test expect_column_values_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) %}
select * from {{ model }}
where {{ row_condition or 'true' }} and (false
{% if min_value is not none %} or not ({{ column_name }} >{{ '' if strictly else '=' }} {{ min_value }}) {% endif %}
{% if max_value is not none %} or not ({{ column_name }} <{{ '' if strictly else '=' }} {{ max_value }}) {% endif %}
)
{% endtest %}

{% test expect_column_values_to_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) %}
select one.{{ column_name }} from {{ model }} as one
left join (
  {% for value in value_set %}
  select {{ "'" ~ value ~ "'" if quote_values else value }} as known {{ 'union all' if not loop.last }}
  {% endfor %}
) as other on one.{{ column_name }} = other.known
where other.known is null and {{ row_condition or 'true' }}
{% endtest %}

{% test expect_column_values_to_match_regex(
    model, column_name, regex, row_condition=none, is_raw=false, flags=''
) %}
select * from {{ model }}
where not regexp_matches({{ column_name }}, '{{ regex }}'{{ ", '" ~ flags ~ "'" if flags }})
  and {{ row_condition or 'true' }}
{% endtest %}

{% test expect_column_values_to_not_be_null(model, column_name, row_condition=none) %}
select * from {{ model }} where {{ column_name }} is null and {{ row_condition or 'true' }}
{% endtest %}

{% test expect_column_values_to_be_unique(model, column_name, row_condition=none) %}
select {{ column_name }} from {{ model }}
where {{ column_name }} is not null and {{ row_condition or 'true' }}
group by all having count(*) > 1
{% endtest %}

{% test expect_column_value_lengths_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) %}
select * from {{ model }}
where {{ row_condition or 'true' }} and (false
{% if min_value is not none %} or not (length({{ column_name }}) >{{ '' if strictly else '=' }} {{ min_value }}) {% endif %}
{% if max_value is not none %} or not (length({{ column_name }}) <{{ '' if strictly else '=' }} {{ max_value }}) {% endif %}
)
{% endtest %}

{% test expect_compound_columns_to_be_unique(
    model, column_list, quote_columns=false, ignore_row_if='all_values_are_missing', row_condition=none
) %}
{% set joint = ' or ' if ignore_row_if == 'all_values_are_missing' else ' and ' %}
{% set there = [] %}
{% for name in column_list %}{% do there.append(name ~ ' is not null') %}{% endfor %}
select {{ column_list | join(', ') }} from {{ model }}
where ({{ there | join(joint) }}) and {{ row_condition or 'true' }}
group by all having count(*) > 1
{% endtest %}

{% test expect_table_row_count_to_be_between(
    model, min_value=none, max_value=none, group_by=none, row_condition=none, strictly=false
) %}
select count(*) as n from {{ model }} where {{ row_condition or 'true' }}
having count(*) not between {{ min_value or 0 }} and {{ max_value or 9223372036854775807 }}
{% endtest %}

{% test expect_column_mean_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none, strictly=false
) %}
select avg({{ column_name }}) as mean from {{ model }} where {{ row_condition or 'true' }}
having avg({{ column_name }}) not between {{ min_value }} and {{ max_value }}
{% endtest %}

{% test expect_column_pair_values_A_to_be_greater_than_B(
    model, column_A, column_B, or_equal=false, row_condition=none
) %}
select * from {{ model }}
where not ({{ column_A }} >{{ '=' if or_equal }} {{ column_B }}) and {{ row_condition or 'true' }}
{% endtest %}
