{{
  config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='delivery',
    on_schema_change='fail',
  )
}}

with delivered as (
    select *
    from {{ ref('raw_flights') }}
    {% if is_incremental() %}
    -- A delivery that came again with another content replaces the rows of the first.
    where (delivery, delivery_hash) not in (
        select distinct delivery, delivery_hash from {{ this }}
    )
    {% endif %}
),

typed as (
    select
        cast(year || '-' || lpad(month, 2, '0') || '-' || lpad(day, 2, '0') as date) as flight_date,
        carrier,
        cast(flight as integer) as flight_number,
        origin,
        dest,
        nullif(tailnum, 'NA') as tailnum,
        cast(sched_dep_time as integer) as scheduled_departure_hhmm,
        cast(sched_arr_time as integer) as scheduled_arrival_hhmm,
        {{ value_or_null('dep_time', 'integer') }} as departure_hhmm,
        {{ value_or_null('arr_time', 'integer') }} as arrival_hhmm,
        {{ value_or_null('dep_delay', 'integer') }} as departure_delay,
        {{ value_or_null('arr_delay', 'integer') }} as arrival_delay,
        {{ value_or_null('air_time', 'integer') }} as air_time,
        cast(distance as integer) as distance,
        {{ utc_timestamp('time_hour') }} as scheduled_hour,
        cast(minute as integer) as scheduled_minute,
        delivery,
        delivery_row,
        delivery_hash
    from delivered
),

timed as (
    select
        *,
        cast(flight_date as timestamp)
        + interval '1' minute * {{ hhmm_to_minutes('scheduled_departure_hhmm') }}
            as scheduled_departure_local,
        scheduled_hour + interval '1' minute * scheduled_minute as scheduled_departure_at,
        -- An arrival earlier on the clock than its departure is on the next day.
        cast(flight_date as timestamp)
        + interval '1' minute * {{ hhmm_to_minutes('scheduled_arrival_hhmm') }}
        + interval '1' day
        * case when scheduled_arrival_hhmm < scheduled_departure_hhmm then 1 else 0 end
            as scheduled_arrival_local
    from typed
)

select
    flight_date,
    carrier,
    flight_number,
    origin,
    dest,
    tailnum,
    case
        when departure_hhmm is null then 'cancelled'
        when arrival_delay is null then 'diverted'
        else 'arrived'
    end as status,
    scheduled_hour,
    scheduled_departure_local,
    scheduled_departure_at,
    scheduled_departure_at + interval '1' minute * departure_delay as departed_at,
    departure_hhmm,
    departure_delay,
    scheduled_arrival_local,
    scheduled_arrival_local + interval '1' minute * arrival_delay as arrived_local,
    arrival_hhmm,
    arrival_delay,
    air_time,
    distance,
    delivery,
    delivery_row,
    delivery_hash
from timed
