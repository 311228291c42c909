"""A table of 10 million rows and 10 columns, against DuckDB's COPY of the query to Parquet.

Both sides write in a process that has opened the lake as the adapter does: the times in turn in one
process, so that they are close to each other, the memory in a process a side.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import Row, Sample, Side, alternate, both_clocks, compared, tell, worker
from benchmarks.lake import OpenLake

ROUNDS = 5
ROWS = 10_000_000
QUERY = f"""
    select
        i as id,
        cast(hash(i) % 1000 as integer) as customer,
        cast(hash(i + 1) % 50 as integer) as store,
        date '2020-01-01' + cast(i % 1500 as integer) as day,
        timestamp '2020-01-01' + to_seconds(cast(i as bigint)) as sold_at,
        cast(hash(i + 2) % 100000 as decimal(12, 2)) / 100 as price,
        cast(hash(i + 3) % 1000003 as double) / 1000 as weight,
        'sku-' || (hash(i + 4) % 20000) as sku,
        md5(cast(i as varchar)) as token,
        i % 3 = 0 as returned
    from range({ROWS}) as t(i)"""
COMPRESSION = "snappy"


def measure(work: Path, rounds: int) -> list[Row]:
    sides = [Side(lambda s=s: worker("big", s, work)) for s in ("turns", "table", "copy")]
    turns, table, copy = alternate(sides, rounds, "big")
    peer, what = "COPY to Parquet", f"{ROWS // 10**6}M rows"

    def built(name: str) -> Row:
        pair = _one_of(turns, name), _one_of(turns, f"{name} copy")
        return compared("big", f"{what}, {name}", peer, "<= 1.15x", pair, told="build")

    whole = compared("big", "a process that builds once", peer, "MiB <= 1.2x", (table, copy))
    return [built("first build"), built("rebuild in place"), whole]


def _one_of(turns: list[Sample], name: str) -> list[Sample]:
    """The builds called ``name``, as samples of their own."""
    return [
        replace(turn, told={"build": turn.told[name], "build cpu": turn.told[f"{name} cpu"]})
        for turn in turns
    ]


def main(side: str, work: str) -> None:
    """One measurement in a lake of its own."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        lake = OpenLake(Path(folder))
        file = Path(folder) / "copy.parquet"

        def table() -> None:
            lake.rebuild("big", QUERY)

        def copy() -> None:
            lake.cursor.execute(
                f"COPY ({QUERY}) TO '{file}' (FORMAT parquet, COMPRESSION {COMPRESSION})"
            )

        if side == "turns":
            figures = {
                **both_clocks("first build", table),
                **both_clocks("first build copy", copy),
                **both_clocks("rebuild in place copy", copy),
                **both_clocks("rebuild in place", table),
            }
        else:
            figures = both_clocks("build", table if side == "table" else copy)
        lake.close()
        tell(figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
