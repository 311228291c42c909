with flown as (
    select
        origin,
        dest,
        count(*) as flights,
        count(distinct carrier) as carriers,
        max(distance) as distance,
        count(*) filter (where status = 'cancelled') as cancelled,
        avg(air_time) as avg_air_time,
        avg(arrival_delay) as avg_arrival_delay
    from {{ ref('flights') }}
    group by origin, dest
)

select
    flown.origin,
    flown.dest,
    airports.name as dest_name,
    flown.flights,
    flown.carriers,
    flown.distance,
    flown.cancelled,
    flown.avg_air_time,
    flown.avg_arrival_delay
from flown
left join {{ ref('airports') }} as airports
    on flown.dest = airports.airport
