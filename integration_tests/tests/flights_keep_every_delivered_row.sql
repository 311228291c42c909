-- Each delivery has as many rows in silver as in bronze.
with delivered as (
    select
        delivery,
        delivery_hash,
        count(*) as bronze_rows
    from {{ ref('raw_flights') }}
    group by delivery, delivery_hash
),

typed as (
    select
        delivery,
        delivery_hash,
        count(*) as silver_rows
    from {{ ref('flights') }}
    group by delivery, delivery_hash
)

select
    delivery,
    delivery_hash,
    bronze_rows,
    silver_rows
from delivered
full outer join typed
    using (delivery, delivery_hash)
where bronze_rows is distinct from silver_rows
