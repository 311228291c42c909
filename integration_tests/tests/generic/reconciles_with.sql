{#- A total of this table equals a total of another one: nothing was lost or counted twice on the way. -#}
{% test reconciles_with(model, total, other, other_total) %}

select
    here.total as found,
    there.total as expected
from (select cast({{ total }} as bigint) as total from {{ model }}) as here
cross join (select cast({{ other_total }} as bigint) as total from {{ other }}) as there
where coalesce(here.total, 0) <> coalesce(there.total, 0)

{% endtest %}
