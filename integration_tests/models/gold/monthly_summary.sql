{{ config(materialized='view') }}

select
    cast(date_trunc('month', flight_date) as date) as month,
    cast(sum(flights) as bigint) as flights,
    cast(sum(cancelled) as bigint) as cancelled,
    cast(sum(late_arrivals) as bigint) as late_arrivals,
    cast(sum(departure_delay_minutes) as double) / sum(departed) as avg_departure_delay,
    cast(sum(late_arrivals) as double) / sum(departed - diverted) as late_share
from {{ ref('daily_delays') }}
group by 1
