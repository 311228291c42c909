select
    flights.flight_date,
    flights.carrier,
    flights.flight_number,
    flights.origin,
    flights.scheduled_hour,
    flights.status,
    flights.departure_delay,
    weather.observed_at is not null as is_observed,
    weather.temperature_f,
    weather.wind_speed_mph,
    weather.wind_gust_mph,
    weather.precipitation_in,
    weather.visibility_mi
from {{ ref('flights') }} as flights
left join {{ ref('weather') }} as weather
    on
        flights.origin = weather.origin
        and flights.scheduled_hour = weather.observed_at
