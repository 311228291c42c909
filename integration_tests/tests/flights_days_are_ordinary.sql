-- New York has 600 to 1,050 flights a day; far from that, rows are missing or came twice.
select
    flight_date,
    count(*) as flights
from {{ ref('flights') }}
group by flight_date
having count(*) not between 500 and 1200
