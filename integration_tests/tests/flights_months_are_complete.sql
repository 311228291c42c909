-- Every day of a delivered month has flights: an export that ended early leaves days out.
with months as (
    select
        date_trunc('month', flight_date) as first_day,
        count(distinct flight_date) as days
    from {{ ref('flights') }}
    group by 1
)

select
    first_day,
    days
from months
where days <> extract(day from first_day + interval '1' month - interval '1' day)
