"""The JSON documents of ``--json``: stable keys, times as ISO 8601 in UTC."""

from typing import Any

from dbt_phlo.catalogs.values import Ref, RunRecord
from dbt_phlo.runs.approval import Approval
from dbt_phlo.runs.changes import RefDiff
from dbt_phlo.runs.cleanup import Cleanup
from dbt_phlo.runs.content import RefContent
from dbt_phlo.runs.history import RunHistory
from dbt_phlo.runs.rebase import Rebased
from dbt_phlo.runs.refs import RefState, Removal
from dbt_phlo.runs.wording import moment


def ref(of: Ref) -> dict[str, Any]:
    return {
        "name": of.name,
        "kind": of.kind,
        "base": of.base,
        "open": of.open,
        "created_at": _moment(of.created_at),
        "expires_at": _moment(of.expires_at),
    }


def ref_state(of: RefState) -> dict[str, Any]:
    return {**ref(of.ref), "run": run(of.run) if of.run else None}


def run(of: RunRecord) -> dict[str, Any]:
    return {
        "id": of.id,
        "ref": of.ref,
        "branch": of.branch,
        "state": of.state,
        "reason": of.reason,
        "project": of.project,
        "created_at": _moment(of.created_at),
        "updated_at": _moment(of.updated_at),
        "lease_until": _moment(of.lease_until) if of.lease_until else None,
        "invocations": list(of.invocations),
    }


def diff(of: RefDiff) -> dict[str, Any]:
    return {
        "ref": of.ref,
        "target": of.target,
        "promoted": of.promoted,
        "schemas_added": list(of.schemas_added),
        "schemas_dropped": list(of.schemas_dropped),
        "changes": [
            {**change._asdict(), "columns": [column._asdict() for column in change.columns]}
            for change in of.changes
        ],
        "stale_reads": list(of.stale_reads),
    }


def history(of: RunHistory) -> dict[str, Any]:
    return {
        **run(of.run),
        "expires_at": _moment(of.ref.expires_at) if of.ref else None,
        "nodes": [
            {"node": n.node, "kind": n.kind, "status": n.status, "at": _moment(n.at)}
            for n in of.nodes
        ],
        "diff": diff(of.diff) if of.diff else None,
    }


def content(of: RefContent) -> dict[str, Any]:
    return {**ref_state(of.state), "relations": [each._asdict() for each in of.relations]}


def approval(of: Approval) -> dict[str, Any]:
    changes = [c for c in of.promotion.diff.changes if c.key.kind != "namespace"]
    return {
        "run": of.run.id,
        "branch": of.run.branch,
        "dry_run": of.promotion.dry_run,
        "promoted": not of.promotion.dry_run,
        "verdict": of.verdict.decision,
        "reasons": [reason.text for reason in of.verdict.reasons],
        "forced": of.forced or None,
        "unchecked": list(of.verdict.unchecked),
        "changes": [{"kind": c.key.kind, "name": str(c.key), "change": c.kind} for c in changes],
        "stale_reads": [str(key) for key in of.promotion.diff.stale_reads],
    }


def removal(of: Removal) -> dict[str, Any]:
    return {"dry_run": of.dry_run, "refs": [ref(each) for each in of.refs]}


def rebased(of: Rebased) -> dict[str, Any]:
    return {
        "run": of.run.id,
        "branch": of.run.branch,
        "dry_run": of.rebase.dry_run,
        "moved": [str(key) for key in of.rebase.moved if key.kind != "namespace"],
        "kept": [str(c.key) for c in of.rebase.kept if c.key.kind != "namespace"],
        "overtaken": [str(change.key) for change in of.rebase.lost],
        "rebuild": list(of.rebuild),
        "verdict": of.verdict.decision,
        "reasons": [reason.text for reason in of.verdict.reasons],
    }


def cleanup(of: Cleanup) -> dict[str, Any]:
    return {
        "dry_run": of.dry_run,
        "refs": [ref(each) for each in of.refs],
        "files": of.deleted._asdict(),
        "waiting": {**of.waiting._asdict(), "for": list(of.writers)},
    }


def _moment(seconds: float | None) -> str | None:
    return moment(seconds) or None
