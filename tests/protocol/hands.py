"""One process of the model, as the calls that dbt-phlo itself makes of the catalog."""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from held import Held
from lakes import Lake
from model import Actor, Label, World

from dbt_phlo.catalogs.values import Key, LedgerEntry, Rebase, RunRecord, TableName
from dbt_phlo.errors import CatalogError, PhloError, RunError
from dbt_phlo.names import run_ref
from dbt_phlo.runs import cleanup, promotion, refs
from dbt_phlo.runs.rebase import BuiltNode, to_rebuild
from dbt_phlo.runs.verdict import CheckSpec, Evidence, Policy, decide
from dbt_phlo.settings import resolve
from dbt_phlo.tables import files, metadata

LEASE_SECONDS = 200.0
SETTINGS = resolve({"warehouse": "/nowhere"}, {}, {}, project="shop", project_root=Path("/"))
SETTINGS = SETTINGS._replace(retention_seconds=0.0, failed_retention_seconds=0.0)
"""A ref that nobody leases has expired at once."""

CLEANUP_GATES = ("delete_expired", "fence", "stored.listed", "roots", "garbage", "stored.delete")


class Hands:
    """What an actor has in its hands between its steps, and its own connection to the catalog."""

    OUTCOMES = ("refused", "to promote", "not to promote", "was promoted", "was not promoted")

    def __init__(self, actor: Actor, world: World, lake: Lake, names: dict[str, str]) -> None:
        self._actor, self._world, self._names = actor, world, names
        self.catalog = lake.again()
        self._ref = run_ref(actor.run) if actor.run else "main"
        self._place = 0
        self._held: Held | None = None
        self._memory: Any = None
        self.next_name = ""
        """How the model calls the version that is written next."""

    def do(self, label: Label) -> str:
        """Do a step; ``refused`` and the like, empty if it is done."""
        step = getattr(self, "_" + label.verb.replace(" ", "_"))
        try:
            return step(label) or ""
        except (CatalogError, RunError):
            return "refused"

    def renew(self) -> None:
        until = time.time() + LEASE_SECONDS
        alive = self.catalog.renew_writing(self._actor.name, until)
        if alive and self._actor.run:
            self.catalog.renew_lease(self._actor.run, until)

    def kill(self) -> None:
        self.catalog.close()
        if self._held is not None:
            self._held.leave()

    # ---- working

    def _begin(self, label: Label) -> None:
        now = time.time()
        if label.outcome == "made":
            run = RunRecord(
                id=self._actor.run,
                ref=self._ref,
                branch="main",
                state="open",
                reason="",
                project="shop",
                created_at=now,
                updated_at=now,
                lease_until=now + LEASE_SECONDS,
                renewals=0,
                invocations=(self._actor.name,),
            )
            self.catalog.create_run(run, base="main", expires_at=now)
        else:
            until = now + LEASE_SECONDS
            self.catalog.join_run(self._actor.run, self._actor.name, until, expires_at=now)

    def _register(self, label: Label) -> None:
        until = time.time() + LEASE_SECONDS
        self.catalog.begin_writing(self._actor.name, self._ref, until)
        if self._actor.run:
            self.catalog.renew_lease(self._actor.run, until)

    def _plan(self, label: Label) -> None:
        self._note(*(("plan", table, "planned", {}) for table in label.what))

    def _write(self, label: Label) -> None:
        old = self._tables().pointer("s", label.what)
        if old is None:
            new = {"name": label.what, "schema": {"type": "struct", "fields": []}}
            folder = f"{self.catalog.warehouse}/s/{label.what}-{time.time_ns():032x}"
            document = metadata.new(new, folder, None)
        else:
            document = files.parsed(old, self.catalog.stored.read(old))
        location = files.write_metadata(self.catalog.stored, old, document)
        self._names[location] = self.next_name
        self._memory = (old, location)

    def _commit(self, label: Label) -> None:
        self._tables()._pointers.swap([(Key("table", "s", label.what), *self._memory)])
        if self._actor.run:
            self._note(("node", label.what, "success", {}))

    def _drop(self, label: Label) -> None:
        self._tables().drop("s", label.what)
        self._note(("node", label.what, "success", {}))

    def _look(self, label: Label) -> None:
        wanted = [TableName("s", table) for table in label.what]
        self._memory = promotion.pointers_of(self.catalog, self._ref, wanted)

    def _check(self, label: Label) -> None:
        self.catalog.ref(self._ref)
        self._note(("check", f"check {label.what}", "pass", self._memory))

    def _release(self, label: Label) -> None:
        self.catalog.end_writing(self._actor.name)
        if self._actor.run:
            self.catalog.end_invocation(self._actor.run, self._actor.name)

    # ---- promoting

    def _read_first(self, label: Label) -> None:
        self._memory = self.catalog.diff(self._ref)

    def _read_second(self, label: Label) -> None:
        pointers = self.catalog.at(self._ref).pointers()
        self._memory = (self._memory, {str(key): value for key, value in pointers.items()})

    def _decide(self, label: Label) -> str:
        diff, pointers = self._memory
        ledger = self.catalog.ledger(self._actor.run)
        dropped = diff.outcome.keys() - diff.written.keys()
        blocking = {node: node for node in (*self._world.tables, *map(_check, self._world.checks))}
        specs = [*map(_spec, self._world.checks)]
        evidence = Evidence(diff.written, pointers, specs, ledger, blocking, (), dropped)
        self._memory = evidence.judged
        decision = decide(evidence, Policy()).decision
        return "to promote" if decision == "promote" else "not to promote"

    def _intent(self, label: Label) -> str:
        run, judged = self.catalog.run(self._actor.run), self._memory
        self._held = Held(
            self.catalog,
            ("promote",),
            lambda catalog: promotion.promote(catalog, run, SETTINGS, judged=judged),
        )
        return self._gone_on()

    def _merge(self, label: Label) -> str:
        assert self._held is not None
        if label.outcome.startswith("lost"):
            done = label.outcome == "lost, done"
            self._held.before_call["promote"] = lambda call: _lose(call if done else None)
            self._held._gates = ("set_run_state",)
        return self._gone_on()

    def _receipt(self, label: Label) -> str:
        refused = self._gone_on()
        return "was not promoted" if refused else "was promoted"

    def _keep(self, label: Label) -> None:
        run = self.catalog.run(self._actor.run)
        is_own = self._actor.program[0][0] == "begin"
        by = self._actor.name if is_own else ""
        promotion.keep(self.catalog, run, SETTINGS, "kept", by=by)

    def _gone_on(self) -> str:
        assert self._held is not None
        if self._held.go() and self._held.error is not None:
            if not isinstance(self._held.error, PhloError):
                raise self._held.error
            return "refused"
        return ""

    # ---- tending

    def _if_idle(self, label: Label) -> None:
        refs.assert_idle(self.catalog.run(self._actor.run))

    def _rebase(self, label: Label) -> None:
        def entries(done: Rebase) -> Iterable[LedgerEntry]:
            planned = to_rebuild(done, [*map(self._built, self._world.tables)])
            return [LedgerEntry(0, "", "plan", n.node, "rebased", {}, 0.0) for n in planned]

        self.catalog.rebase(self._ref, run=self._actor.run, now=time.time(), entries=entries)

    def _discard(self, label: Label) -> None:
        self.catalog.set_run_state(self._actor.run, "discarded", "by hand")

    def _delete_ref(self, label: Label) -> None:
        with suppress(CatalogError):  # it is gone already
            self.catalog.delete_ref(self._ref)

    def _watch(self, label: Label) -> str:
        project = None if label.outcome == "refs expired" else "another project"
        self._held = Held(
            self.catalog,
            CLEANUP_GATES,
            lambda catalog: cleanup.cleanup(
                catalog, project, patience=0.0, clock=lambda: time.time() + 1
            ),
        )
        return self._gone_on()

    def _swept(self, label: Label) -> str:
        return self._gone_on()

    _expire = _fence = _ask_writers = _ask_roots = _mark = _delete_files = _swept

    def _list_files(self, label: Label) -> str:
        assert self._held is not None
        self._held._gates = tuple({*CLEANUP_GATES, "writers"} - {"stored.listed"})
        return self._gone_on()

    # ---- helpers

    def _tables(self) -> Any:
        return self.catalog.at(self._ref, writer=self._actor.name)

    def _built(self, table: str) -> BuiltNode:
        reads = tuple(TableName("s", up) for name, up in self._world.upstream if name == table)
        return BuiltNode(table, table, TableName("s", table), False, reads)

    def _note(self, *entries: tuple[str, str, str, Any]) -> None:
        name, now = self._actor.name, time.time()
        self.catalog.record(
            self._actor.run,
            [LedgerEntry(0, name, *entry, now) for entry in entries],
        )


def _check(tables: str) -> str:
    return f"check {tables}"


def _spec(tables: str) -> CheckSpec:
    reads = tuple(TableName("s", table) for table in tables)
    return CheckSpec(_check(tables), _check(tables), tuple(map(str, reads)), reads)


def _lose(call: Any) -> None:
    if call is not None:
        call()
    raise CatalogError("the answer was lost")
