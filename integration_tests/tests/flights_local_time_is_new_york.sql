-- The delivered date and clock time name the same instant as the delivered hour in UTC.
select
    flight_date,
    carrier,
    flight_number,
    origin,
    scheduled_departure_local,
    scheduled_departure_at
from {{ ref('flights') }}
where scheduled_departure_at at time zone 'America/New_York' <> scheduled_departure_local
