-- Gaps between observations: 29 to 32 hours an airport are missing in the whole year.
{{ config(severity='warn') }}

with paired as (
    select
        origin,
        observed_at,
        lag(observed_at) over (partition by origin order by observed_at) as previous_at
    from {{ ref('weather') }}
)

select
    origin,
    previous_at,
    observed_at,
    date_diff('hour', previous_at, observed_at) - 1 as missing_hours
from paired
where date_diff('hour', previous_at, observed_at) > 1
