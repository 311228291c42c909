select
    flight_date,
    carrier,
    count(*) as flights,
    count(*) filter (where status <> 'cancelled') as departed,
    count(*) filter (where status = 'cancelled') as cancelled,
    count(*) filter (where status = 'diverted') as diverted,
    count(*) filter (where arrival_delay >= 15) as late_arrivals,
    cast(coalesce(sum(departure_delay), 0) as bigint) as departure_delay_minutes,
    cast(coalesce(sum(arrival_delay), 0) as bigint) as arrival_delay_minutes,
    avg(departure_delay) as avg_departure_delay,
    avg(arrival_delay) as avg_arrival_delay,
    max(departure_delay) as worst_departure_delay
from {{ ref('flights') }}
group by flight_date, carrier
