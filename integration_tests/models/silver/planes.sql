select
    tailnum,
    {{ value_or_null('year', 'integer') }} as year_built,
    type,
    -- The register writes some makers in several ways.
    case
        when manufacturer like 'AIRBUS%' then 'AIRBUS'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'MCDONNELL DOUGLAS'
        when manufacturer like 'CANADAIR%' then 'CANADAIR'
        else manufacturer
    end as manufacturer,
    model,
    {{ value_or_null('engines', 'integer') }} as engines,
    {{ value_or_null('seats', 'integer') }} as seats,
    engine
from {{ ref('raw_planes') }}
