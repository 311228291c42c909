-- The reported clock time is the scheduled one plus the delay: a delay in another unit, or a
-- shifted column, breaks it.
with expected as (
    select
        flight_date,
        carrier,
        flight_number,
        origin,
        departure_hhmm,
        scheduled_departure_local + interval '1' minute * departure_delay as departed_local,
        arrival_hhmm,
        arrived_local
    from {{ ref('flights') }}
)

select *
from expected
where
    departure_hhmm % 2400
    <> extract(hour from departed_local) * 100 + extract(minute from departed_local)
    or arrival_hhmm % 2400
    <> extract(hour from arrived_local) * 100 + extract(minute from arrived_local)
