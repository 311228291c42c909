select
    faa as airport,
    trim(name) as name,
    {{ value_or_null('lat', 'double') }} as latitude,
    {{ value_or_null('lon', 'double') }} as longitude,
    {{ value_or_null('alt', 'integer') }} as altitude_ft,
    nullif(tzone, 'NA') as time_zone
from {{ ref('raw_airports') }}
