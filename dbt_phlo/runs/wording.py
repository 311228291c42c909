"""What the front doors say: results as lines of text and as tables of text.

The CLI and dbt's run-operations print the same; a terminal may draw a ``Listing`` with borders.
"""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dbt_phlo.catalogs.values import Key, RunRecord, mover
from dbt_phlo.runs import ending
from dbt_phlo.runs.approval import Approval
from dbt_phlo.runs.changes import ColumnChange, RefDiff, TableChange
from dbt_phlo.runs.cleanup import Cleanup, Garbage
from dbt_phlo.runs.content import RefContent
from dbt_phlo.runs.history import RunHistory
from dbt_phlo.runs.rebase import Rebased
from dbt_phlo.runs.refs import RefState, Removal

_SIGN = {"added": "+", "removed": "-", "dropped": "-", "changed": "~", "type changed": "~"}


class Listing(NamedTuple):
    """A table of text."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def aligned(listing: Listing) -> list[str]:
    """The lines of a listing in columns, without borders or colours."""
    lines = [tuple(header.upper() for header in listing.headers), *listing.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(listing.headers))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def moment(seconds: float | None) -> str:
    """A time in UTC, to the second; '' for none.

    >>> moment(0)
    '1970-01-01T00:00:00Z'
    """
    return "" if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _minute(seconds: float | None) -> str:
    """A time in UTC as a table shows it."""
    return moment(seconds)[:16].replace("T", " ")


def branches(states: Sequence[RefState]) -> Listing:
    return Listing(
        ("ref", "kind", "from", "state", "created (utc)", "expires (utc)"),
        tuple(
            (
                state.ref.name,
                state.ref.kind,
                state.ref.base or "",
                _state(state.run) if state.run else "",
                _minute(state.ref.created_at),
                _minute(state.ref.expires_at),
            )
            for state in states
        ),
    )


def runs(records: Sequence[RunRecord]) -> Listing:
    return Listing(
        ("run", "branch", "state", "project", "began (utc)", "reason"),
        tuple(
            (r.id, r.branch, _state(r), r.project, _minute(r.created_at), first_line(r.reason))
            for r in records
        ),
    )


def first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def diff(found: RefDiff) -> list[str]:
    """The whole difference, a line for each table, view and column."""
    if found.promoted:
        head = f"{found.ref} was promoted into {found.target}; it changed:"
    else:
        head = f"{found.ref} against {found.target}:"
    lines = [head]
    lines += [f"  + schema {name}" for name in found.schemas_added]
    lines += [f"  - schema {name}" for name in found.schemas_dropped]
    for change in found.changes:
        lines += _table(change)
    if len(lines) == 1:
        lines[0] = f"{found.ref} holds nothing that {found.target} does not"
    return [*lines, *(f"  read stale: {key} has moved since" for key in found.stale_reads)]


def content(found: RefContent) -> list[str]:
    ref, run = found.state.ref, found.state.run
    lines = [f"{ref.kind} {ref.name}" + (f", from {ref.base}" if ref.base else "")]
    lines += [f"  run: {_state(run)}" + (f" ({run.reason})" if run.reason else "")] if run else []
    lines += [f"  created: {moment(ref.created_at)}"]
    lines += [f"  expires: {moment(ref.expires_at)}"] if ref.expires_at else []
    if not found.relations:
        return [*lines, "  no tables yet"]
    rows = tuple(
        (f"{r.schema}.{r.name}", r.kind, "" if r.rows is None else str(r.rows))
        for r in found.relations
    )
    listed = aligned(Listing(("name", "kind", "rows"), rows))
    return [*lines, *(f"  {line}" for line in listed)]


def history(found: RunHistory) -> list[str]:
    run = found.run
    lines = [f"run {run.id} of project {run.project}: {_state(run)}"]
    lines += [f"  reason: {run.reason}"] if run.reason else []
    lines += [f"  branch: {run.branch}", f"  began: {moment(run.created_at)}"]
    lines += [f"  last change: {moment(run.updated_at)}"]
    expires = moment(found.ref.expires_at) if found.ref else ""
    lines += [f"  ref: {run.ref}" + (f", kept until {expires}" if expires else "")]
    lines[-1] += "" if found.ref else " (deleted)"
    lines += [f"  {'invocation' if i == 0 else '          '} {x}" for i, x in _numbered(run)]
    lines += [f"  {entry.status}: {entry.node}" for entry in found.nodes]
    return [*lines, *(diff(found.diff) if found.diff else [])]


def approval(done: Approval) -> list[str]:
    would = "would be promoted" if done.promotion.dry_run else "promoted"
    verb = f"run {done.run.id} {would} into {done.run.branch}"
    lines = [f"{verb}: {ending.summary(done.promotion)}"]
    lines += [f"  {done.forced}"] if done.forced else []
    stale = [str(key) for key in done.promotion.diff.stale_reads]
    lines += [f"  read stale: {key} has moved since" for key in stale]
    return [*lines, *(f"  unchecked: {table}" for table in done.verdict.unchecked)]


def removal(done: Removal, *, nothing: str) -> list[str]:
    verb = "would be deleted" if done.dry_run else "deleted"
    return [f"{verb}: {ref.name}" for ref in done.refs] or [nothing]


def rebased(done: Rebased) -> list[str]:
    verb = "would be rebased" if done.rebase.dry_run else "is rebased"
    lines = [f"run {done.run.id} {verb} onto what {done.run.branch} holds now"]
    lines += [f"  taken from {done.run.branch}: {key}" for key in _tables(done.rebase.moved)]
    lines += [f"  kept: {key}" for key in _tables(c.key for c in done.rebase.kept)]
    lines += [
        f"  {table} is {done.run.branch}'s now, and no model of this project makes it"
        for table in done.orphans
    ]
    if done.rebuild:
        names = " ".join(done.rebuild)
        lines += [f"build again: PHLO_RUN_ID={done.run.id} dbt build --select {names}"]
    elif not done.rebase.dry_run:
        what = f"'{{ref: {done.run.id}}}'"
        lines += [f"nothing to build again: dbt run-operation phlo_promote --args {what}"]
    return lines


def _tables(keys: Iterable[Key]) -> list[str]:
    return sorted({str(key) for key in keys if key.kind != "namespace"})


def cleanup(done: Cleanup) -> list[str]:
    verb = "would be deleted" if done.dry_run else "deleted"
    lines = [f"{verb}: {ref.name}" for ref in done.refs] or ["no ref has expired"]
    if done.deleted.files:
        lines += [f"{verb}: {_garbage(done.deleted)} that no ref reaches"]
    if done.waiting.files:
        writers = ", ".join(done.writers)
        lines += [f"kept for now: {_garbage(done.waiting)}, which {writers} may be about to commit"]
    return lines


def size(number: float) -> str:
    """Bytes, as a person reads them.

    >>> size(999), size(1_234_567)
    ('999 bytes', '1.2 MB')
    """
    if number < 1000:
        return f"{number:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 1000:
            return f"{number:.1f} {unit}"
    return f"{number / 1000:.1f} TB"


def _garbage(of: Garbage) -> str:
    return f"{of.files} file{'' if of.files == 1 else 's'}, {size(of.bytes)}"


def _table(change: TableChange) -> list[str]:
    line = f"  {_SIGN[change.change]} {change.kind} {change}"
    if change.kind == "table":
        line += f": {_rows(change)}"
    if change.conflict:
        line += f"  CONFLICT: moved by {mover(change.moved_by)} meanwhile"
    return [line, *(f"      {_column(column)}" for column in change.columns)]


def _rows(change: TableChange) -> str:
    before, after = change.rows_before, change.rows_after
    if before is None or after is None:
        return f"{before if after is None else after} rows"
    return f"{before} -> {after} rows" if before != after else f"{after} rows, as before"


def _column(change: ColumnChange) -> str:
    head = f"{_SIGN[change.change]} column {change.column}"
    if change.change == "type changed":
        return f"{head} {change.before} -> {change.after}"
    return f"{head} {change.after or change.before}"


def _state(run: RunRecord) -> str:
    """The run's state; one whose lease is over before its end was interrupted."""
    over = run.state in ("open", "promoting") and run.lease_until < time.time()
    return f"{run.state} (interrupted)" if over else run.state


def _numbered(run: RunRecord) -> Iterable[tuple[int, str]]:
    return enumerate(run.invocations)
