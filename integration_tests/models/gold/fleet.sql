with flown as (
    select
        tailnum,
        count(*) as flights,
        count(distinct carrier) as carriers,
        cast(coalesce(sum(air_time), 0) as bigint) as air_minutes,
        cast(sum(distance) as bigint) as miles,
        min(flight_date) as first_flight,
        max(flight_date) as last_flight
    from {{ ref('flights') }}
    where status <> 'cancelled'
    group by tailnum
)

select
    flown.tailnum,
    planes.tailnum is not null as is_registered,
    planes.manufacturer,
    planes.model,
    planes.year_built,
    planes.seats,
    flown.flights,
    flown.carriers,
    flown.air_minutes / 60.0e0 as air_hours,
    flown.miles,
    flown.first_flight,
    flown.last_flight
from flown
left join {{ ref('planes') }} as planes
    on flown.tailnum = planes.tailnum
