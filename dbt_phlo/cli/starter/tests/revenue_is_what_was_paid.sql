-- A test of your own: the rows that it returns are failures.
with totals as (
    select
        (select sum(revenue) from {{ ref('daily_revenue') }}) as by_day,
        (select sum(amount) from {{ ref('orders') }} where status = 'paid') as by_order
)

select * from totals where by_day <> by_order
