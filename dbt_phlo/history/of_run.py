"""The rows that one command of a run leaves, once the run is decided."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Diff, RunRecord
from dbt_phlo.contracts import evolution, iceberg
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.history.tables import CHECKS
from dbt_phlo.history.writer import Rows
from dbt_phlo.tables import schema as schemas

_WORDS = ("doc", "order")
"""Changes of a contract that are none of its types."""


class Decided(NamedTuple):
    """A run as its decision has left it. ``unchecked`` are tables that no check audits."""

    run: RunRecord
    invocation: str
    command: str
    diff: Diff
    unchecked: tuple[str, ...] = ()

    @property
    def is_promoted(self) -> bool:
        return self.run.state == "promoted"


def rows(catalog: Catalog, decided: Decided, checks: Iterable[Mapping[str, Any]]) -> Rows:
    """Rows for every table of history; ``checks`` are documents of the check contract."""
    ended = list(checks)
    return {
        "runs": [_run(decided)],
        "checks": [_check(decided, check) for check in ended],
        "check_failures": [row for check in ended for row in _failures(decided, check)],
        "contract_changes": list(_contract_changes(catalog, decided)),
    }


def _owner(decided: Decided) -> dict[str, Any]:
    return {
        "project": decided.run.project,
        "branch": decided.run.branch,
        "run_id": decided.run.id,
        "invocation_id": decided.invocation,
    }


def _run(decided: Decided) -> dict[str, Any]:
    run = decided.run
    return {
        **_owner(decided),
        "ref": run.ref,
        "command": decided.command,
        "state": run.state,
        "reason": run.reason,
        "began_at": _moment(run.created_at),
        "decided_at": _moment(run.updated_at),
        "written": json.dumps(sorted(decided.diff.written)),
        "unchecked": json.dumps(sorted(decided.unchecked)),
        "stale_reads": json.dumps(sorted(str(key) for key in decided.diff.stale_reads)),
    }


def _check(decided: Decided, check: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _plain(check.get(name)) for name in CHECKS}
    return {**found, **_owner(decided)}


def _failures(decided: Decided, check: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for position, row in enumerate(check.get("sample") or (), 1):
        yield {
            **_owner(decided),
            "name": check["name"],
            "node": check["node"],
            "finished_at": check.get("finished_at"),
            "position": position,
            "failing_row": _json(row),
        }


def _contract_changes(catalog: Catalog, decided: Decided) -> Iterator[dict[str, Any]]:
    """What the run has changed of the columns of tables that were there before."""
    for change in decided.diff.changes:
        if change.key.kind != "table" or change.base is None or change.ours is None:
            continue
        name = str(change.key)
        before, after = (_contract(catalog, name, value) for value in (change.base, change.ours))
        for found in evolution.changes(before, after):
            if found.kind not in _WORDS:
                yield {
                    **_owner(decided),
                    "table": name,
                    "column": found.column,
                    "change": found.kind,
                    "compatible": found.is_compatible,
                    "before": found.old,
                    "after": found.new,
                    "promoted": decided.is_promoted,
                    "decided_at": _moment(decided.run.updated_at),
                }


def _contract(catalog: Catalog, name: str, value: str) -> Contract:
    return iceberg.contract_of(name, schemas.current(catalog.content(value)))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _plain(value: Any) -> Any:
    return _json(value) if isinstance(value, Mapping | list | tuple) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
