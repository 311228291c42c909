with numbered as (
    select
        *,
        row_number() over (partition by origin, time_hour order by delivery_row desc) as recency
    from {{ ref('raw_weather') }}
)

select
    origin,
    {{ utc_timestamp('time_hour') }} as observed_at,
    cast(year || '-' || lpad(month, 2, '0') || '-' || lpad(day, 2, '0') as timestamp)
    + interval '1' hour * cast(hour as integer) as observed_local,
    {{ value_or_null('temp', 'double') }} as temperature_f,
    {{ value_or_null('dewp', 'double') }} as dew_point_f,
    {{ value_or_null('humid', 'double') }} as humidity,
    {{ value_or_null('wind_dir', 'integer') }} as wind_direction,
    -- Above 200 mph it is the sensor, not the wind.
    case
        when {{ value_or_null('wind_speed', 'double') }} <= 200
            then {{ value_or_null('wind_speed', 'double') }}
    end as wind_speed_mph,
    {{ value_or_null('wind_gust', 'double') }} as wind_gust_mph,
    {{ value_or_null('precip', 'double') }} as precipitation_in,
    {{ value_or_null('pressure', 'double') }} as pressure_mb,
    {{ value_or_null('visib', 'double') }} as visibility_mi
from numbered
where recency = 1
