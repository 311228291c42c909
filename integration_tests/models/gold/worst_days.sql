{{ config(materialized='view') }}

with days as (
    select
        flight_date,
        cast(sum(flights) as bigint) as flights,
        cast(sum(cancelled) as bigint) as cancelled,
        cast(sum(departure_delay_minutes) as double) / sum(departed) as avg_departure_delay
    from {{ ref('daily_delays') }}
    group by flight_date
),

weather as (
    select
        flight_date,
        max(wind_gust_mph) as worst_gust_mph,
        max(precipitation_in) as worst_hourly_precipitation_in,
        min(visibility_mi) as worst_visibility_mi
    from {{ ref('flights_weather') }}
    group by flight_date
),

ranked as (
    select
        row_number() over (order by avg_departure_delay desc, flight_date) as position,
        *
    from days
)

select
    ranked.position,
    ranked.flight_date,
    ranked.flights,
    ranked.cancelled,
    ranked.avg_departure_delay,
    weather.worst_gust_mph,
    weather.worst_hourly_precipitation_in,
    weather.worst_visibility_mi
from ranked
inner join weather
    on ranked.flight_date = weather.flight_date
where ranked.position <= 20
