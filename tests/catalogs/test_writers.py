"""Many writers at once, threads and processes: compare-and-swap conflicts, no lost update."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lakes import Lake, columns

from dbt_phlo.catalogs import Catalog
from dbt_phlo.catalogs.values import RunRecord
from dbt_phlo.errors import AlreadyExists, CatalogError, Conflict, NotFound, PhloError
from dbt_phlo.tables.metadata import staging_name

WRITERS, ROUNDS = 4, 15
PROCESS = Path(__file__).parent / "writer_process.py"


def in_threads(work: Callable[[int], None], count: int = WRITERS) -> list[BaseException]:
    """Run ``work(0..count-1)`` at once; the errors that came out."""
    errors: list[BaseException] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait(30)
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    return errors


def test_of_two_who_swap_the_same_pointer_one_gets_a_conflict(lake: Lake) -> None:
    lake.table("s.a")
    first, second = lake.catalog.at("main"), lake.again().at("main")
    update = [{"action": "set-properties", "updates": {"x": "1"}}]
    uuid = first.metadata("s", "a")["table-uuid"]
    stale = {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7}
    first.commit([("s", "a", [{"type": "assert-table-uuid", "uuid": uuid}], update)])
    with pytest.raises(Conflict, match="moved"):
        second.commit([("s", "a", [stale], update)])


@pytest.mark.parametrize("shared", [True, False], ids=["one connection", "a connection each"])
def test_threads_that_count_up_lose_no_update(lake: Lake, shared: bool) -> None:
    lake.table("s.counter")
    catalogs = [lake.catalog if shared else lake.again() for _ in range(WRITERS)]
    done: list[str] = []

    def write(number: int) -> None:
        for turn in range(ROUNDS):
            while True:
                try:
                    update = {"action": "set-properties", "updates": {f"{number}-{turn}": "x"}}
                    catalogs[number].at("main").commit([("s", "counter", [], [update])])
                    done.append(f"{number}-{turn}")
                    break
                except Conflict:
                    continue

    assert in_threads(write) == []
    properties = lake.catalog.at("main").metadata("s", "counter")["properties"]
    assert len(done) == WRITERS * ROUNDS
    assert {key for key in properties if key[:1].isdigit()} == set(done)


def test_processes_that_write_one_ref_lose_no_update(lake: Lake) -> None:
    lake.table("s.counter")
    run = lake.run("r1", lease=60)
    processes = [
        subprocess.Popen(
            [sys.executable, str(PROCESS), lake.message(), run.ref, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    properties = lake.catalog.at(run.ref).metadata("s", "counter")["properties"]
    written = [key for one in told for key in one["written"]]
    assert len(written) == 3 * 20
    assert {key for key in properties if key[:1].isdigit()} == set(written)
    assert len(lake.catalog.ledger("r1")) == 3 * 20
    sequences = [entry.sequence for entry in lake.catalog.ledger("r1")]
    assert sequences == list(range(1, 61))
    assert lake.keys(run.ref) == {
        "s.counter": "table",
        **{f"own{number}.t{turn}": "table" for number in range(3) for turn in range(20)},
    }


def test_of_many_who_make_the_same_thing_one_does(lake: Lake) -> None:
    catalogs = [lake.again() for _ in range(WRITERS)]
    for catalog in catalogs[:1]:
        catalog.at("main").create_namespace("t")
    makers: list[Callable[[Catalog], object]] = [
        lambda catalog: catalog.create_ref("dev", "main", kind="branch"),
        lambda catalog: catalog.at("main").create_namespace("s"),
        lambda catalog: catalog.at("main").create("t", {"name": "a", "schema": {"fields": []}}),
        lambda catalog: Lake(catalog, lake.again, {}).run("r1"),
    ]
    for make in makers:
        errors = in_threads(lambda number, make=make: make(catalogs[number]))
        assert len(errors) == WRITERS - 1
        assert all(isinstance(error, AlreadyExists) for error in errors)


def test_of_many_who_promote_the_same_run_one_does(lake: Lake) -> None:
    run = lake.run("r1")
    lake.table("s.a", run.ref)
    catalogs = [lake.again() for _ in range(WRITERS)]
    errors = in_threads(lambda number: catalogs[number].promote(run.ref, run="r1") and None)
    assert len(errors) == WRITERS - 1
    assert all(isinstance(error, CatalogError) for error in errors)
    assert lake.keys() == {"s.a": "table"}


def test_a_write_during_a_promotion_is_promoted_or_refused_never_lost(lake: Lake) -> None:
    for turn in range(12):
        run = lake.run(f"r{turn}")
        lake.table(f"s{run.id}.first", run.ref)
        wrote: list[str] = []

        def work(number: int, run: RunRecord = run, wrote: list[str] = wrote) -> None:
            if number == 0:
                lake.again().promote(run.ref, run=run.id)
                return
            writer = Lake(lake.again(), lake.again, {})
            for table in range(5):
                writer.table(f"s{run.id}.t{table}", run.ref)
                wrote.append(f"s{run.id}.t{table}")

        errors = in_threads(work, 2)
        assert all(isinstance(error, CatalogError) for error in errors), errors
        promoted = {key for key in lake.values() if key.startswith(f"s{run.id}.t")}
        assert promoted == set(wrote)


def test_a_table_is_never_left_without_its_namespace(lake: Lake) -> None:
    for turn in range(12):
        tables = [lake.catalog.at("main"), lake.again().at("main")]
        tables[0].create_namespace("s")

        def work(number: int, tables: list[Any] = tables) -> None:
            if number == 0:
                tables[0].create("s", {"name": "a", "schema": {"fields": []}})
            else:
                tables[1].drop_namespace("s", cascade=True)

        errors = in_threads(work, 2)
        assert all(isinstance(error, NotFound | Conflict) for error in errors), errors
        assert lake.values() == {}, turn
        assert lake.catalog.at("main").namespaces() == []


def test_many_processes_may_make_the_lake_at_once(lake: Lake) -> None:
    """``lake`` is laid out already, so this one asks for a second lake beside it."""
    if not lake.configuration["uri"].startswith("sqlite"):
        pytest.skip("PostgreSQL databases are made by their server")
    uri = lake.configuration["uri"].replace("/catalog.db", "/second/catalog.db")
    second = lake.message(uri=uri, warehouse=f"{lake.configuration['warehouse']}-2")
    processes = [
        subprocess.Popen(
            [sys.executable, str(PROCESS), second, "main", "open"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    told = [process.communicate(timeout=120) for process in processes]
    assert told == [("main\n", "")] * 6


def test_threads_wait_for_one_anothers_transactions(lake: Lake) -> None:
    """One connection, many threads: refs are made whole, whatever else is asked meanwhile."""
    lake.table("s.a")
    stop = threading.Event()
    seen: set[int] = set()

    def work(number: int) -> None:
        if number == 0:
            for turn in range(20):
                lake.catalog.create_ref(f"dev{turn}", "main", kind="branch")
            stop.set()
        while not stop.is_set():
            for ref in lake.catalog.refs():
                seen.add(len(lake.catalog.at(ref.name).pointers()))

    assert in_threads(work, 3) == []
    assert seen == {1}


def test_a_transaction_inside_a_transaction_is_a_mistake_of_ours(lake: Lake) -> None:
    database = lake.catalog._database  # type: ignore[attr-defined]
    with (
        pytest.raises(RuntimeError, match="open already"),
        database.transaction("a"),
        database.transaction("b"),
    ):
        pass
    lake.table("s.a")  # and nothing is left open
    with pytest.raises(PhloError):
        lake.table("s.a")


def test_of_two_who_rebuild_one_table_at_once_one_gets_a_conflict(lake: Lake) -> None:
    """Without a run of their own; both add a column, which must not get one id twice."""
    lake.table("s.a", id="int")
    tables = lake.catalog.at("main")
    names = [staging_name("a"), staging_name("a")]
    for number, name in enumerate(names):
        schema = columns(**{"id": "int", f"added_{number}": "string"})
        tables.create("s", {"name": name, "schema": schema})
    tables.replace("s", names[0], "a")
    held = lake.values()["s.a"]
    with pytest.raises(Conflict, match=r"s\.a has moved on main while it was built again"):
        tables.replace("s", names[1], "a")
    assert lake.values()["s.a"] == held
    first, again = tables.metadata("s", "a"), staging_name("a")
    assert "phlo.replaces" not in first["properties"]
    tables.create("s", {"name": again, "schema": columns(id="int")})
    tables.replace("s", again, "a")


def test_of_two_who_make_one_table_at_once_one_gets_a_conflict(lake: Lake) -> None:
    tables = lake.catalog.at("main")
    tables.create_namespace("s")
    names = [staging_name("a"), staging_name("a")]
    for name in names:
        tables.create("s", {"name": name, "schema": columns(id="int")})
    tables.replace("s", names[0], "a")
    with pytest.raises(Conflict):
        tables.replace("s", names[1], "a")
