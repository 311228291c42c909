"""Does the steps of the model on a real catalog, with real files, and says what there is then."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from hands import Hands
from lakes import Lake
from model import Label, Pointers, State, World
from states import leased
from working import Unswapped

from dbt_phlo.names import RUN_PREFIX
from dbt_phlo.tables.files import local_path

Make = Callable[[], Lake]
"""Makes an empty lake."""


class Observed(NamedTuple):
    """What anybody can see of a lake."""

    main: dict[str, str]
    refs: dict[str, tuple[dict[str, str], dict[str, str], bool]]
    """By run: what its ref was made from, what it holds, whether it is open."""
    runs: dict[str, str]
    ledgers: dict[str, dict[str, Any]]
    writers: frozenset[tuple[str, str]]
    files: frozenset[str]
    marks: dict[str, frozenset[str]]


class Driver:
    """One real lake that follows one path of the model."""

    def __init__(self, world: World, lake: Lake) -> None:
        self.world = world
        self.lake = lake
        self.names: dict[str, str] = {}
        """The name of a version by the location of its metadata file."""
        for table in world.tables:
            self.names[lake.table(f"s.{table}")] = f"{table}0"
        self._hands: dict[str, Hands] = {}

    def do(self, label: Label, after: State, world: World | None = None) -> None:
        """Do one step, which the model says ends in ``after``. Raises ``AssertionError``."""
        world = world or self.world
        hands = self.hand(label.who, world)
        if label.verb in ("stops", "resumes"):
            pass
        elif label.verb == "renews":
            hands.renew()
        else:
            memory = after.processes[[a.name for a in world.actors].index(label.who)].memory
            if isinstance(memory, Unswapped):
                hands.next_name = memory.version.name
            outcome = hands.do(label)
            told = label.outcome if label.outcome in Hands.OUTCOMES else ""
            assert outcome == told, f"{label}: the catalog says {outcome or 'done'!r}"
        self.let_time_pass(world, after)

    def kill(self, who: str) -> None:
        """The process is no more, with its connection."""
        hands = self._hands.pop(who, None)
        if hands is not None:
            hands.kill()

    def close(self) -> None:
        for who in list(self._hands):
            self.kill(who)

    def let_time_pass(self, world: World, state: State) -> None:
        """Leases lapse of those who do not renew; nobody who is at work may look idle."""
        database, lapsed = self.lake.catalog._database, time.time() - 1  # type: ignore[attr-defined]
        for writer in state.writers:
            if writer.lapsed:
                database.run(
                    "UPDATE phlo_writers SET lease_until = ? WHERE id = ? AND lease_until > ?",
                    lapsed,
                    writer.id,
                    lapsed,
                )
        for number, run in enumerate(world.runs):
            record = state.runs[number]
            if record is None or record.over:
                continue
            found = self.lake.catalog.run(run)
            if leased(world, state, number):
                assert found.lease_until > time.time(), f"run {run} is at work and looks idle"
            elif found.lease_until > time.time():
                database.run("UPDATE phlo_runs SET lease_until = ? WHERE id = ?", lapsed, run)

    def observed(self) -> Observed:
        """What there is, asked through a connection of its own."""
        catalog, database = self.lake.catalog, self.lake.catalog._database  # type: ignore[attr-defined]
        runs = {run.id: run.state for run in catalog.runs()}
        refs = {}
        for ref in catalog.refs():
            if ref.kind == "run":
                rows = database.all(
                    "SELECT name, value FROM phlo_base WHERE ref = ? AND kind = 'table'", ref.name
                )
                base = {name: self.names[value] for name, value in rows}
                refs[ref.name.removeprefix(RUN_PREFIX)] = (base, self._held(ref.name), ref.open)
        files = {
            self._name(file.location)
            for file in catalog.stored.listed(catalog.warehouse)
            if "/metadata/" in file.location
        }
        return Observed(
            self._held("main"),
            refs,
            runs,
            {run: self._ledger(run) for run in runs},
            frozenset((w.id, w.ref.removeprefix(RUN_PREFIX)) for w in catalog.writers()),
            frozenset(files),
            {self._name(place): waits for place, waits in catalog.garbage().items()},
        )

    def _held(self, ref: str) -> dict[str, str]:
        pointers = self.lake.catalog.at(ref).pointers()
        return {key.name: self.names[value] for key, value in pointers.items()}

    def _ledger(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self.lake.catalog.ledger(run):
            values = {self.names[value] for value in entry.tables.values()}
            found[entry.node] = frozenset(values) if entry.kind == "check" else entry.kind
        return found

    def _name(self, location: str) -> str:
        return self.names.get(location) or self.names[f"file://{local_path(location)}"]

    def hand(self, who: str, world: World) -> Hands:
        if who not in self._hands:
            actor = next(actor for actor in world.actors if actor.name == who)
            self._hands[who] = Hands(actor, world, self.lake, self.names)
        return self._hands[who]


def expected(world: World, state: State) -> Observed:
    """What the model says that there is."""
    runs = {run: record.state for run, record in zip(world.runs, state.runs, strict=True) if record}
    refs = {
        run: (_named(world, ref.base), _named(world, ref.ours), ref.open)
        for run, ref in zip(world.runs, state.refs, strict=True)
        if ref is not None
    }
    ledgers = {
        run: {node: _entry(entry) for node, entry in record.ledger}
        for run, record in zip(world.runs, state.runs, strict=True)
        if record is not None
    }
    writers = frozenset((writer.id, writer.ref) for writer in state.writers)
    main = _named(world, state.main)
    return Observed(main, refs, runs, ledgers, writers, state.files, dict(state.marks))


def _entry(entry: object) -> object:
    if isinstance(entry, tuple):
        return frozenset(version.name for version in entry if version is not None)
    return "node" if entry == "done" else entry


def _named(world: World, pointers: Pointers) -> dict[str, str]:
    pairs = zip(world.tables, pointers, strict=True)
    return {table: version.name for table, version in pairs if version is not None}
