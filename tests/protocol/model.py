"""The promotion protocol, small enough to look at every state: what there is, and what must hold.

A ``State`` is everything that lasts (branch, refs, runs, writers, files, marks) and everything that
a process holds in its memory. ``steps`` says what each process may do next; ``explorer`` follows
every interleaving. docs/promotion-protocol.md is the same in words.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Version(NamedTuple):
    """One value of a table: an immutable metadata file, which names those before it."""

    name: str
    over: tuple[str, ...] = ()
    """The versions that it was written over, the oldest first."""
    read: tuple[str, ...] = ()
    """The versions of upstream tables that it was built from."""
    knew: tuple[str, ...] = ()
    """The versions that its writer has seen without naming them: what it had dropped before."""


Pointers = tuple[Version | None, ...]
"""The value of each table, by its number; None: there is no such table."""


class Ref(NamedTuple):
    """A run's ref: what it was made from, and what it holds."""

    base: Pointers
    ours: Pointers
    open: bool = True

    @property
    def changes(self) -> "Changes":
        pairs = enumerate(zip(self.base, self.ours, strict=True))
        return tuple((number, ours) for number, (base, ours) in pairs if base != ours)


Changes = tuple[tuple[int, Version | None], ...]


class Run(NamedTuple):
    """A run's record; the ledger holds the latest entry of each node."""

    state: str = "open"
    ledger: tuple[tuple[str, object], ...] = ()
    """By node: ``plan``, ``done``, or the values that a check saw when it passed."""
    plans: int = 0
    """How often work was planned."""
    renewals: int = 0

    @property
    def over(self) -> bool:
        return self.state in ("promoted", "discarded")


class Writer(NamedTuple):
    """Who may write files and move pointers; ``lapsed``: it has not renewed its lease."""

    id: str
    ref: str
    lapsed: bool = False
    renewals: int = 0


class Process(NamedTuple):
    """Where a process is in its program. ``down`` is killed or suspended: nobody can tell which."""

    at: int = 0
    memory: object = None
    health: str = "up"
    """``up``; ``down``; ``back`` (resumed, its lease lapsed); ``renewed``."""
    told: str = ""
    """What its user was told of the promotion: ``promoted`` or ``not promoted``."""


class State(NamedTuple):
    """Runs, refs and processes stand in the order of the world's."""

    main: Pointers
    refs: tuple[Ref | None, ...]
    runs: tuple[Run | None, ...]
    writers: frozenset[Writer]
    files: frozenset[str]
    marks: frozenset[tuple[str, frozenset[str]]]
    """Unreached files that a cleanup left, with the writers that they wait for."""
    processes: tuple[Process, ...]
    audited: frozenset[tuple[str, tuple[Version | None, ...]]] = frozenset()
    """What each check really ran over: the invariants know it, the product does not."""
    in_flight: str = ""
    """The process whose merge is under way in the database although its connection is lost."""


class Label(NamedTuple):
    """One step: whose, which, and how it ended where that is not determined."""

    who: str
    verb: str
    what: str = ""
    outcome: str = ""

    def __str__(self) -> str:
        text = f"{self.who}: {self.verb} {self.what}".rstrip()
        return f"{text} ({self.outcome})" if self.outcome else text


@dataclass(frozen=True)
class Rules:
    """The rules of the protocol; a test breaks one at a time and must see the explorer object."""

    commit_compares: bool = True
    commit_asks_whether_fenced: bool = True
    promotion_compares_the_base: bool = True
    promotion_compares_what_was_judged: bool = True
    promotion_compares_drops: bool = True
    promotion_compares_plans: bool = True
    promotion_is_one_step: bool = True
    changes_are_read_before_values: bool = True
    values_are_taken_before_a_check: bool = True
    receipt_waits_for_the_merge: bool = True
    rebase_plans_anew: bool = True
    rebase_gives_up_what_was_overtaken: bool = True
    rebase_fences: bool = True
    cleanup_asks_for_writers: bool = True
    cleanup_fences: bool = True
    fence_compares_renewals: bool = True
    deletion_compares_renewals: bool = True


@dataclass(frozen=True)
class Actor:
    """A process: of which run (none: it writes the branch, or is a cleanup), and its program."""

    name: str
    run: str
    program: tuple[tuple[str, str], ...]
    stops: bool = False
    """Whether it may be killed or suspended at any point."""


@dataclass(frozen=True)
class World:
    """One configuration to explore."""

    tables: str
    actors: tuple[Actor, ...]
    upstream: tuple[tuple[str, str], ...] = ()
    """(table, the table that it is built from)."""
    checks: tuple[str, ...] = ()
    """The tables that each check reads, as letters."""
    answers_get_lost: bool = False
    rules: Rules = Rules()
    run_names: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[str, ...]:
        found = (actor.run for actor in self.actors if actor.run)
        return self.run_names or tuple(dict.fromkeys(found))

    def start(self) -> State:
        """Every table is there once; no run has begun."""
        main = tuple(Version(f"{table}0") for table in self.tables)
        nothing = (None,) * len(self.runs)
        files = frozenset(version.name for version in main)
        processes = (Process(),) * len(self.actors)
        return State(main, nothing, nothing, frozenset(), files, frozenset(), processes)


def reached(state: State, without: frozenset[int] = frozenset()) -> frozenset[str]:
    """The files that the branch and the refs reach (but for some refs), through earlier ones."""
    held = [*state.main]
    for number, ref in enumerate(state.refs):
        if ref is not None and number not in without:
            held += [*ref.base, *ref.ours]
    return frozenset(
        name for version in held if version is not None for name in (version.name, *version.over)
    )


def verdict(world: World, run: Run, changes: Changes, pointers: Pointers) -> bool:
    """Whether the run may be promoted (``runs.verdict.decide``, for checks that never fail)."""
    ledger = dict(run.ledger)
    if "plan" in ledger.values():
        return False
    written = {world.tables[number] for number, version in changes if version is not None}
    return all(
        ledger.get(f"check {check}") == values_of(world, pointers, check)
        for check in world.checks
        if written & set(check)
    )


def values_of(world: World, pointers: Pointers, tables: str) -> tuple[Version | None, ...]:
    return tuple(pointers[world.tables.index(table)] for table in tables)
