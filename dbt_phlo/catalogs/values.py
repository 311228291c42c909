"""What a catalog speaks of: keys and pointers, refs, differences, runs and their ledgers.

A *key* is what refs differ in: ``Key(kind, namespace, name)`` with a kind of ``table``, ``view`` or
``namespace``. Its *value* is a pointer to something immutable (the location of a metadata file, of
a view's document), so two refs hold the same table exactly when the values are equal.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

RefKind = Literal["branch", "run"]
RunState = Literal["open", "kept", "promoting", "promoted", "discarded"]
ChangeKind = Literal["added", "changed", "dropped"]

OVER = ("promoted", "discarded")
"""States that a run never leaves."""


class Key(NamedTuple):
    """What a ref maps to a pointer."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}" if self.name else self.namespace


class TableName(NamedTuple):
    """A table or view, whichever it is on a ref."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}"


class Ref(NamedTuple):
    """A named line of history. Times are seconds since the epoch (UTC)."""

    name: str
    kind: RefKind
    base: str | None
    open: bool
    created_at: float
    expires_at: float | None


class Change(NamedTuple):
    """One key that a ref has changed since its base, and what the target holds now."""

    key: Key
    kind: ChangeKind
    base: str | None
    ours: str | None
    theirs: str | None

    @property
    def conflicting(self) -> bool:
        """Whether the target has moved this key, to something else than we have."""
        return self.theirs not in (self.base, self.ours)


class Diff(NamedTuple):
    """What promoting ``ref`` into ``target`` would do."""

    ref: str
    target: str
    changes: tuple[Change, ...]
    stale_reads: tuple[Key, ...]
    """Keys that were read on ``ref``, not written, and have moved on ``target`` since."""

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.conflicting)

    @property
    def written(self) -> dict[str, str]:
        """The tables and views that ``ref`` has added or changed, with their values."""
        return {
            str(change.key): change.ours
            for change in self.changes
            if change.ours is not None and change.key.kind != "namespace"
        }

    @property
    def outcome(self) -> dict[str, str | None]:
        """``written``, and with None the tables and views that ``ref`` has dropped."""
        dropped = (str(change.key) for change in self.changes if change.key.name)
        return {**dict.fromkeys(dropped), **self.written}


class Judged(NamedTuple):
    """What a verdict was given on: a promotion makes exactly this true, or nothing."""

    changes: Mapping[str, str | None]
    """See ``Diff.outcome``."""
    plans: int
    """How many plans the run's ledger held: a later one announces work that is not judged."""


def mover(run: str | None) -> str:
    """Who moved a table, in words: the run, or nobody that is known as one."""
    return f"run {run}" if run else "a write that was not a run (wap: off)"


class Promotion(NamedTuple):
    """A promotion that was done (or, dry, would be done)."""

    diff: Diff
    promoted_at: float
    dry_run: bool


class RunRecord(NamedTuple):
    """One run, as the catalog keeps it. Times are seconds since the epoch (UTC)."""

    id: str
    ref: str
    branch: str
    state: RunState
    reason: str
    project: str
    created_at: float
    updated_at: float
    lease_until: float
    renewals: int
    """How often the lease was renewed: it grows while the run is alive, whatever clocks say."""
    invocations: tuple[str, ...]
    """dbt's invocation ids, in the order in which they began or joined."""

    @property
    def over(self) -> bool:
        """Whether the run is promoted or discarded and takes no more work."""
        return self.state in OVER


class Expired(NamedTuple):
    """The ref of a run whose time is over and whose lease has run out."""

    ref: Ref
    renewals: int
    """How often the run had renewed its lease when it was looked at."""
    released: bool
    """Whether the run gave its lease back itself; else it was killed, or the clock has jumped."""


class Writer(NamedTuple):
    """An invocation that may still write files and move pointers on ``ref``.

    It renews its lease (seconds since the epoch, UTC) while it is alive.
    """

    id: str
    ref: str
    lease_until: float
    renewals: int


class Rebase(NamedTuple):
    """A ref that was moved onto what ``target`` holds now (or, dry, would be)."""

    ref: str
    target: str
    moved: tuple[Key, ...]
    """What the target holds differently from what the ref was made from."""
    kept: tuple[Change, ...]
    """Changes of the ref that nobody else has touched."""
    lost: tuple[Change, ...]
    """Changes of the ref that the target has overtaken: the ref holds the target's now."""
    dry_run: bool


class LedgerEntry(NamedTuple):
    """One thing that happened on a run's ref.

    ``kind`` is ``plan`` (an invocation will execute ``node``), ``node`` (a model, seed or snapshot
    ended), ``check`` (a data test ended; ``tables`` are the values it read, by key) or ``partial``
    (the run was given ``--empty`` or ``--sample``, its ``status``).
    """

    sequence: int
    invocation: str
    kind: str
    node: str
    status: str
    tables: Mapping[str, str]
    at: float
