{# Tests with the names, arguments and meaning of those of dbt-utils, for projects that use them. #}

{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
select * from {{ model }}
where false
{% if min_value is not none %} or not ({{ column_name }} >{{ '=' if inclusive }} {{ min_value }}) {% endif %}
{% if max_value is not none %} or not ({{ column_name }} <{{ '=' if inclusive }} {{ max_value }}) {% endif %}
{% endtest %}

{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
{% set names = [] %}
{% for name in combination_of_columns %}
  {% do names.append(adapter.quote(name) if quote_columns else name) %}
{% endfor %}
select {{ names | join(', ') }} from {{ model }} group by all having count(*) > 1
{% endtest %}

{% test not_null_proportion(model, column_name, at_least, at_most=1.0, group_by_columns=[]) %}
select count({{ column_name }}) / count(*) as share from {{ model }}
{% if group_by_columns %} group by {{ group_by_columns | join(', ') }} {% endif %}
having count({{ column_name }}) / count(*) not between {{ at_least }} and {{ at_most }}
{% endtest %}

{% test expression_is_true(model, expression, column_name=none) %}
select * from {{ model }} where not ({{ column_name or '' }} {{ expression }})
{% endtest %}

{% test at_least_one(model, column_name, group_by_columns=[]) %}
select count(*) as n from {{ model }} having count({{ column_name }}) = 0
{% endtest %}

{% test not_empty_string(model, column_name, trim_whitespace=true) %}
select * from {{ model }}
where {{ 'trim(' ~ column_name ~ ')' if trim_whitespace else column_name }} = ''
{% endtest %}

{% test relationships_where(model, column_name, to, field, from_condition='1=1', to_condition='1=1') %}
select one.{{ column_name }} from (select * from {{ model }} where {{ from_condition }}) as one
left join (select * from {{ to }} where {{ to_condition }}) as other
  on one.{{ column_name }} = other.{{ field }}
where one.{{ column_name }} is not null and other.{{ field }} is null
{% endtest %}
