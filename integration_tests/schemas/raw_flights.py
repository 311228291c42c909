"""What a delivered row of flights must be, beyond what YAML has words for."""

import pandera.polars as pa
import polars as pl
from pandera.polars import PolarsData

CLOCK = r"^(\d{1,4}|NA)$"
"""A local clock time as hhmm without leading zeros, or NA."""
MINUTES = r"^(-?\d{1,4}|NA)$"
AIRPORT = r"^[A-Z]{3}$"


class RawFlights(pa.DataFrameModel):
    """Flights as delivered: every value is text, and a missing one is NA."""

    year: str = pa.Field(isin=["2013"])
    month: str = pa.Field(isin=[str(month) for month in range(1, 13)])
    day: str = pa.Field(isin=[str(day) for day in range(1, 32)])
    dep_time: str = pa.Field(str_matches=CLOCK)
    sched_dep_time: str = pa.Field(str_matches=CLOCK)
    dep_delay: str = pa.Field(str_matches=MINUTES)
    arr_time: str = pa.Field(str_matches=CLOCK)
    sched_arr_time: str = pa.Field(str_matches=CLOCK)
    arr_delay: str = pa.Field(str_matches=MINUTES)
    carrier: str = pa.Field(str_matches=r"^[A-Z0-9]{2}$")
    flight: str = pa.Field(str_matches=r"^\d{1,4}$")
    tailnum: str
    origin: str = pa.Field(isin=["EWR", "JFK", "LGA"])
    dest: str = pa.Field(str_matches=AIRPORT)
    air_time: str = pa.Field(str_matches=MINUTES)
    distance: str = pa.Field(str_matches=r"^\d{1,4}$")
    hour: str = pa.Field(str_matches=r"^\d{1,2}$")
    minute: str = pa.Field(str_matches=r"^\d{1,2}$")
    time_hour: str = pa.Field(str_matches=r"^201[34]-\d\d-\d\dT\d\d:00:00Z$")
    delivery: str = pa.Field(str_matches=r"^.+\.csv$")
    delivery_row: int = pa.Field(ge=1)
    delivery_hash: str = pa.Field(str_length={"min_value": 64, "max_value": 64})

    @pa.dataframe_check
    def a_flight_that_never_left_never_arrived(cls, data: PolarsData) -> pl.LazyFrame:
        """Without a departure there is no arrival and no time in the air."""
        left = pl.col("dep_time") != "NA"
        arrived = (pl.col("arr_time") != "NA") | (pl.col("air_time") != "NA")
        return data.lazyframe.select(left | ~arrived)

    @pa.dataframe_check
    def the_scheduled_hour_is_that_of_the_clock(cls, data: PolarsData) -> pl.LazyFrame:
        """``hour`` and ``minute`` are the scheduled departure, taken apart."""
        clock = pl.col("hour").cast(pl.Int32) * 100 + pl.col("minute").cast(pl.Int32)
        return data.lazyframe.select(clock == pl.col("sched_dep_time").cast(pl.Int32))
