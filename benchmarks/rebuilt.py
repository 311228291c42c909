"""A table that was rebuilt 1,000 times with cleanups between, against one rebuilt 10 times."""

import sys
from pathlib import Path

from benchmarks.harness import Row, Sample, Side, alternate, clock, compared, say, tell, worker
from benchmarks.lake import OpenLake

ROUNDS = 5
MANY, FEW, EVERY = 1000, 10, 10
QUERY = "select range as i, range % 7 as j from range({})"


def measure(work: Path, rounds: int) -> list[Row]:
    for side, times in (("many", MANY), ("few", FEW)):
        (work / side).mkdir()
        worker("rebuilt", "make", work / side, str(times))
    sides = [Side(lambda s=s: worker("rebuilt", "read", work / s)) for s in ("many", "few")]
    ours, theirs = alternate(sides, rounds, "rebuilt")
    peer = f"rebuilt {FEW} times"
    sizes = tuple([_as_mib(sample) for sample in side] for side in (ours, theirs))
    return [
        compared(
            "rebuilt", f"rebuilt {MANY:,} times: rebuild", peer, "", (ours, theirs), told="re"
        ),
        compared("rebuilt", "read it", peer, "", (ours, theirs), told="read"),
        compared(
            "rebuilt",
            "the size of its folder",
            peer,
            "MiB <= 1.1x",
            (sizes[0], sizes[1]),
            told="read",
        ),
    ]


def _as_mib(sample: Sample) -> Sample:
    return Sample(sample.seconds, sample.cpu_seconds, sample.told["bytes"] / 2**20, sample.told)


def make(folder: Path, times: int) -> None:
    """Snapshots are kept for no day at all: what a day's rebuild leaves in years, in a minute."""
    from dbt_phlo.runs.cleanup import cleanup

    lake = OpenLake(folder, phlo_snapshot_days=0)
    for number in range(times):
        if number % 100 == 0:
            say(f"rebuilt: {number} of {times}")
        lake.rebuild("t", QUERY.format(100_000 + number % 2))
        if number % EVERY == EVERY - 1:
            cleanup(lake.catalog, None)
    lake.close()
    lake = OpenLake(folder)
    cleanup(lake.catalog, None)  # nobody writes any more that it would have to wait for
    lake.session.release()
    cleanup(lake.catalog, None)
    lake.close()


def read(folder: Path) -> None:
    """The table's size, then the time to rebuild and to read it."""
    import dbt_phlo.adapters.duckdb.environment  # noqa: F401 - the import is not measured

    files = [path for path in (folder / "lake" / "s").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    lake = OpenLake(folder, phlo_snapshot_days=0)
    lake.cursor.execute("select sum(i) from t").fetchall()
    reading = clock(lambda: lake.cursor.execute("select sum(i) from t").fetchall())
    rebuilding = clock(lambda: lake.rebuild("t", QUERY.format(100_000)))
    tell({"read": reading, "re": rebuilding, "bytes": float(size)})
    lake.close()


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        read(Path(sys.argv[2]))
