{#- The table holds at least min_rows rows. -#}
{% test at_least_rows(model, min_rows) %}

select count(*) as found_rows
from {{ model }}
having count(*) < {{ min_rows }}

{% endtest %}
