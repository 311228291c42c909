select
    order_date,
    count(*) as orders,
    sum(case when status = 'paid' then amount else 0 end) as revenue
from {{ ref('orders') }}
group by order_date
