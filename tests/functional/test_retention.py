"""Real tables over time: what nobody reaches goes, and everything that can be read still can."""

import json
import time
from contextlib import closing
from pathlib import Path

from cli import phlo
from lake import Lake

from dbt_phlo.endpoint import extensions
from dbt_phlo.runs.cleanup import Cleanup, cleanup

PARTED = """
{{ config(materialized='incremental', partitioned_by=['day']) }}
select i, date '2024-01-01' + (i % 3)::int as day from range(30) t(i)
"""
MERGED = """
{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge') }}
select range::int as id, 1 as customer from range(50)
"""

SLOW = """
import time


def model(dbt, session):
    time.sleep(3)
    return dbt.ref("orders")
"""


def clean(lake: Lake, days: float = 0.0, *, dry_run: bool = False) -> Cleanup:
    with closing(lake.catalog()) as catalog:
        later = time.time() + days * 86_400
        return cleanup(catalog, None, clock=lambda: later, patience=0.0, dry_run=dry_run)


def size(lake: Lake) -> int:
    return sum(path.stat().st_size for path in (lake.folder / "lake").rglob("*-*/**/*.*"))


def everything(lake: Lake, ref: str) -> dict[str, int]:
    """The rows of every table on a ref, read to the last column."""
    with closing(lake.catalog()) as catalog:
        names = [str(key) for key in catalog.at(ref).pointers() if key.kind == "table"]
    return {
        name: lake.rows(f"select count(*) from (select distinct * from lake.{name})", ref)[0][0]
        for name in names
    }


def without_history(rows: dict[str, int]) -> dict[str, int]:
    """History grows with every run."""
    return {name: count for name, count in rows.items() if not name.startswith("_phlo.")}


def test_every_table_on_every_ref_can_be_read_after_a_cleanup(shop: Lake) -> None:
    """Rebuilt, merged and clustered tables; a seed; delete files; a clone; kept and open runs."""
    shop.write("models/parted.sql", PARTED)
    shop.write("models/merged.sql", MERGED)
    shop.write("seeds/countries.csv", "code,name\nde,Germany\n")
    for _ in range(3):
        assert shop.dbt("build").code == 0
    assert shop.dbt("build", PHLO_RUN_ID="held", PHLO_WAP="hold").code == 0
    shop.write("models/orders.sql", "select range::int as id, 5 as customer from range(9)")
    assert shop.dbt("build", "--target", "dev").code == 0
    refs = ("main", "dev", "pipeline-run-held")
    before = {ref: everything(shop, ref) for ref in refs}
    files = size(shop)
    done = clean(shop)
    assert done.deleted.files > 10, "metadata of tables under construction"
    assert size(shop) == files - done.deleted.bytes
    assert {ref: everything(shop, ref) for ref in refs} == before
    assert shop.dbt("build").code == 0, "and everything can be built on"
    assert clean(shop, days=20).refs, "and what has expired goes"
    after = {**before["main"], "main.orders": 9, "main.totals": 1}
    assert without_history(everything(shop, "main")) == without_history(after)


def test_earlier_snapshots_can_be_read_until_their_days_are_over(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    shop.write("models/orders.sql", "select range::int as id, 5 as customer from range(9)")
    assert shop.dbt("build").code == 0
    clean(shop, days=20)
    metadata = shop.holds()["main.orders"]
    first = json.loads(Path(metadata.removeprefix("file://")).read_text())["snapshots"][0]
    scan = f"select count(*) from iceberg_scan('{metadata}', snapshot_from_id={{}})"
    connection = extensions.connect()
    assert connection.execute(scan.format(first["snapshot-id"])).fetchone() == (100,)

    before = size(shop)
    assert shop.dbt("build", "--vars", "{phlo_snapshot_days: 0}").code == 0
    clean(shop, days=20)
    assert size(shop) < before
    metadata = shop.holds()["main.orders"]
    snapshots = json.loads(Path(metadata.removeprefix("file://")).read_text())["snapshots"]
    assert len(snapshots) == 1
    assert everything(shop, "main")["main.orders"] == 9


def test_a_table_that_is_rebuilt_again_and_again_stays_small(shop: Lake) -> None:
    days = ("--vars", "{phlo_snapshot_days: 0, phlo_retention_days: 0}")
    sizes = []
    for _ in range(8):
        assert shop.dbt("build", *days, PHLO_HISTORY="off").code == 0
        clean(shop, days=0.001)
        sizes.append(size(shop))
    assert max(sizes[2:]) < 1.1 * min(sizes[2:])


def test_the_command_lists_bytes_before_it_deletes(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    assert shop.dbt("build").code == 0
    dry = phlo("branches", "cleanup", "--dry-run", lake=shop)
    assert "would be deleted: " in dry.out
    assert " kB that no ref reaches" in dry.out
    document = phlo("branches", "cleanup", "--dry-run", "--json", lake=shop).document
    done = phlo("branches", "cleanup", "--json", lake=shop).document
    assert done == {**document, "dry_run": False}
    assert done["files"]["bytes"] > 1000
    again = phlo("branches", "cleanup", "--json", lake=shop).document
    assert again["files"] == {"files": 0, "bytes": 0}


def test_a_build_in_progress_loses_nothing_to_a_cleanup(shop: Lake) -> None:
    """Its files are written and not committed, or committed on a ref that only it knows."""
    shop.write("models/slow.py", SLOW)
    assert shop.dbt("build").code == 0
    shop.write("models/orders.sql", "select range::int as id, 5 as customer from range(9)")
    build = shop.start("build", PHLO_RUN_ID="slow")
    cleanups = 0
    while build.poll() is None:
        clean(shop)
        cleanups += 1
        time.sleep(0.2)
    assert build.returncode == 0, build.communicate()[0]
    assert cleanups > 5
    assert everything(shop, "main")["main.slow"] == 9
