"""The verdict: one table of what happened on a ref and what must come out.

The project of every row: ``s.a`` with checks ``a1`` and ``a2``; ``s.b`` with check ``b1`` that also
reads ``s.a`` through a view ``s.v``; ``s.c`` without checks.
"""

from typing import Any

import pytest

from dbt_phlo.catalogs.values import LedgerEntry, TableName
from dbt_phlo.runs.verdict import CheckSpec, Evidence, Policy, decide

A, B, V = TableName("s", "a"), TableName("s", "b"), TableName("s", "v")
CHECKS = (
    CheckSpec("test.a1", "a1", ("s.a",), (A,)),
    CheckSpec("test.a2", "a2", ("s.a",), (A,)),
    CheckSpec("test.b1", "b1", ("s.b",), (B, V, A)),
)
NODES = {f"{kind}.{name}": name for kind, name in (
    ("model", "a"), ("model", "b"), ("model", "c"), ("test", "a1"), ("test", "a2"), ("test", "b1"),
)}  # fmt: skip
NOW = {"s.a": "A2", "s.b": "B1", "s.c": "C1", "s.v": "V1"}
READS = {"a1": {"s.a": "A2"}, "a2": {"s.a": "A2"}, "b1": {"s.b": "B1", "s.v": "V1", "s.a": "A2"}}


def ledger(text: str) -> list[LedgerEntry]:
    """'a success, a1 pass, a1 pass s.a=A1, b planned': the ledger of a row."""
    entries = []
    for number, part in enumerate(filter(None, text.split(", ")), 1):
        name, _, rest = part.partition(" ")
        status, _, read = rest.partition(" s.")
        kind = "check" if name[-1].isdigit() else "node"
        node = f"{'test' if kind == 'check' else 'model'}.{name}"
        tables: dict[str, str] = dict(READS.get(name, {}))
        if read:
            key, _, value = f"s.{read}".partition("=")
            tables = {**tables, key: value}
        if status == "planned":
            kind, tables = "plan", {}
        elif name.startswith("--"):
            kind, node, status, tables = "partial", "", name, {}
        entries.append(LedgerEntry(number, "i", kind, node, status, tables, 0.0))
    return entries


ALL_PASS = "a success, b success, c success, a1 pass, a2 pass, b1 pass"
STALE_B1 = ["not audited: s.a (2 of 3 checks)", "not audited: s.b (0 of 1 checks)"]
EMPTY: dict[str, Any] = {}
# name: what happened; what differs (policy and evidence); the decision; the reasons' texts
ROWS: dict[str, tuple[str, dict[str, Any], str, list[str]]] = {
    "everything passed": (ALL_PASS, EMPTY, "promote", []),
    "nothing was written": ("", {"written": ()}, "promote", []),
    "nothing was written and a check failed": (
        "a1 fail", {"written": ()}, "block", ["failed: a1 (fail)"],
    ),
    "a warning never blocks": (ALL_PASS.replace("a1 pass", "a1 warn"), EMPTY, "promote", []),
    "no-op is a success": (ALL_PASS.replace("c success", "c no-op"), EMPTY, "promote", []),
    "a check failed": (
        ALL_PASS.replace("a1 pass", "a1 fail"), EMPTY, "block",
        ["failed: a1 (fail)", "not audited: s.a (2 of 3 checks)"],
    ),
    "a check could not run": (
        ALL_PASS.replace("a1 pass", "a1 error"), EMPTY, "block",
        ["failed: a1 (error)", "not audited: s.a (2 of 3 checks)"],
    ),
    "a model failed": (
        ALL_PASS.replace("c success", "c error"), EMPTY, "block", ["failed: c (error)"],
    ),
    "a failed model and what it kept from running": (
        "a error, b skipped, a1 skipped, a2 skipped, b1 skipped, c success",
        {"written": ("s.c",)}, "block", ["failed: a (error), 4 skipped"],
    ),
    "only skipped": ("a skipped", {"written": ()}, "block", ["failed: 1 skipped"]),
    "partial success": (
        ALL_PASS.replace("b success", "b partial success"), EMPTY, "block",
        ["failed: b (partial success)"],
    ),
    "a status that nobody knows": (
        ALL_PASS.replace("b success", "b whatever"), EMPTY, "block", ["failed: b (whatever)"],
    ),
    "an empty status": (
        ALL_PASS.replace("b success", "b "), EMPTY, "block", ["failed: b ()"],
    ),
    "a check of an unknown status": (
        ALL_PASS.replace("a1 pass", "a1 passed"), EMPTY, "block",
        ["failed: a1 (passed)", "not audited: s.a (2 of 3 checks)"],
    ),
    "failed, then retried": (
        f"{ALL_PASS.replace('a1 pass', 'a1 fail')}, a1 pass", EMPTY, "promote", [],
    ),
    "passed, then failed": (
        f"{ALL_PASS}, a1 fail", EMPTY, "block",
        ["failed: a1 (fail)", "not audited: s.a (2 of 3 checks)"],
    ),
    "failed, planned again, not finished": (
        f"{ALL_PASS}, c error, c planned", EMPTY, "hold", ["not finished: c"],
    ),
    "planned and done": (f"a planned, b planned, a1 planned, {ALL_PASS}", EMPTY, "promote", []),
    "planned and never done": (
        f"{ALL_PASS}, c planned", EMPTY, "hold", ["not finished: c"],
    ),
    "a check planned and never done": (
        ALL_PASS.replace("a1 pass", "a1 planned"), EMPTY, "hold",
        ["not finished: a1", "not audited: s.a (2 of 3 checks)"],
    ),
    "a check was not run": (
        "a success, b success, c success, a1 pass, b1 pass", EMPTY, "hold",
        ["not audited: s.a (2 of 3 checks)"],
    ),
    "no check was run": (
        "a success, b success", EMPTY, "hold",
        ["not audited: s.a (0 of 3 checks)", "not audited: s.b (0 of 1 checks)"],
    ),
    "checks of what was not written do not matter": (
        "b success, b1 pass", {"written": ("s.b",)}, "promote", [],
    ),
    "a check passed before the table was written again": (
        f"{ALL_PASS}, a1 pass s.a=A1", EMPTY, "hold", ["not audited: s.a (2 of 3 checks)"],
    ),
    "a check failed, and then the table was written again": (
        f"{ALL_PASS}, a1 fail s.a=A1", EMPTY, "hold", ["not audited: s.a (2 of 3 checks)"],
    ),
    "a check that nobody declares any more failed on an earlier table": (
        f"{ALL_PASS}, a1 fail s.a=A1", {"checks": CHECKS[1:]}, "block", ["failed: a1 (fail)"],
    ),
    "and passed once more after it": (
        f"{ALL_PASS}, a1 pass s.a=A1, a1 pass", EMPTY, "promote", [],
    ),
    "a check read the table through a view, and the table has moved": (
        f"{ALL_PASS}, b1 pass s.a=A1", EMPTY, "hold", STALE_B1,
    ),
    "a check read a view, and the view has moved": (
        f"{ALL_PASS}, b1 pass s.v=V0", EMPTY, "hold", STALE_B1,
    ),
    "what a check read is gone": (
        ALL_PASS, {"pointers": {k: v for k, v in NOW.items() if k != "s.v"}}, "hold", STALE_B1,
    ),
    "a check read nothing although it should have": (
        f"{ALL_PASS}, b1 pass s.v=", EMPTY, "hold", STALE_B1,
    ),
    "a model that calls itself a check has not passed": (
        "a success, b success, a1 pass, a2 pass",
        {"checks": (*CHECKS[:2], CheckSpec("model.b", "b", ("s.b",), ()))}, "hold",
        ["not audited: s.b (0 of 1 checks)"],
    ),
    "require_checks off: only failures block": (
        "a success", {"require_checks": "off"}, "promote", [],
    ),
    "require_checks off: a failure does block": (
        "a success, a1 fail", {"require_checks": "off"}, "block", ["failed: a1 (fail)"],
    ),
    "require_checks off: a failure on an earlier table holds": (
        "a success, a1 fail s.a=A1", {"require_checks": "off"}, "hold",
        ["not run again since they failed: a1"],
    ),
    "require_checks off: what is not finished holds": (
        "a planned", {"require_checks": "off"}, "hold", ["not finished: a"],
    ),
    "require_checks all: a table without checks holds": (
        ALL_PASS, {"require_checks": "all"}, "hold", ["unchecked: s.c"],
    ),
    "require_checks all: every table is checked": (
        ALL_PASS, {"require_checks": "all", "written": ("s.a", "s.b")}, "promote", [],
    ),
    "require_checks all: a stale check too": (
        f"{ALL_PASS}, a1 pass s.a=A1", {"require_checks": "all"}, "hold",
        ["not audited: s.a (2 of 3 checks)", "unchecked: s.c"],
    ),
    "hold": (ALL_PASS, {"mode": "hold"}, "hold", ["wap is `hold`: waiting for phlo_promote"]),
    "hold and not audited": (
        "a success", {"mode": "hold", "written": ("s.a",)}, "hold",
        ["not audited: s.a (0 of 3 checks)"],
    ),
    "hold and failed": ("a error", {"mode": "hold", "written": ()}, "block", ["failed: a (error)"]),
    "--empty": (
        ALL_PASS, {"partial": "--empty"}, "hold", ["a run with --empty is never promoted"],
    ),
    "--sample in an earlier invocation": (
        f"--sample, {ALL_PASS}", EMPTY, "hold", ["a run with --sample is never promoted"],
    ),
    "--empty and failed": (
        f"{ALL_PASS}, c error", {"partial": "--empty"}, "block", ["failed: c (error)"],
    ),
    "a hook failed": (
        ALL_PASS, {"failed_hooks": ("grant_access",)}, "block", ["failed: hook grant_access"],
    ),
    "nodes that do not count": (
        ALL_PASS, {"nodes": {}}, "promote", [],
    ),
    "a failed unit test does not count": (
        f"{ALL_PASS}, unit1 fail", EMPTY, "promote", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("happened, differs, decision, reasons", ROWS.values(), ids=ROWS)
def test_the_verdict(
    happened: str, differs: dict[str, Any], decision: str, reasons: list[str]
) -> None:
    verdict = decide(*row(happened, differs))
    assert (verdict.decision, [reason.text for reason in verdict.reasons]) == (decision, reasons)


@pytest.mark.parametrize("happened, differs, decision, reasons", ROWS.values(), ids=ROWS)
def test_the_order_in_which_the_ledger_is_given_does_not_matter(
    happened: str, differs: dict[str, Any], decision: str, reasons: list[str]
) -> None:
    evidence, policy = row(happened, differs)
    turned = evidence._replace(ledger=list(reversed(evidence.ledger)))
    assert decide(turned, policy) == decide(evidence, policy)


@pytest.mark.parametrize("happened, differs, decision, reasons", ROWS.values(), ids=ROWS)
def test_a_stricter_policy_never_promotes_more(
    happened: str, differs: dict[str, Any], decision: str, reasons: list[str]
) -> None:
    evidence, policy = row(happened, differs)
    order = ["promote", "hold", "block"]
    decisions = [
        order.index(decide(evidence, policy._replace(require_checks=checks)).decision)
        for checks in ("off", "declared", "all")
    ]
    assert decisions == sorted(decisions)


@pytest.mark.parametrize("status", ["fail", "error", "skipped", "partial success", "nonsense"])
@pytest.mark.parametrize("node", sorted(NODES.values()))
def test_no_node_may_end_badly(node: str, status: str) -> None:
    verdict = decide(*row(f"{ALL_PASS}, {node} {status}", {}))
    assert verdict.decision == "block"
    assert verdict.has("failed")
    assert next(r for r in verdict.reasons if r.code == "failed").nodes == tuple(
        full for full, name in NODES.items() if name == node
    )


@pytest.mark.parametrize("table", ["s.a", "s.b", "s.v"])
def test_no_check_may_have_read_something_else(table: str) -> None:
    evidence, policy = row(ALL_PASS, {})
    assert decide(evidence, policy).decision == "promote"
    moved = evidence._replace(pointers={**NOW, table: "moved"})
    assert decide(moved, policy).decision == "hold"
    assert decide(moved, policy).has("not audited")


def test_unchecked_tables_are_always_told() -> None:
    assert decide(*row(ALL_PASS, {})).unchecked == ("s.c",)
    assert decide(*row("", {"checks": ()})).unchecked == ("s.a", "s.b", "s.c")


def test_the_rows_that_a_load_rejects_need_no_check() -> None:
    tables = {"s.a": "1", "s.A__rejected": "2", "s.x__rejected": "3"}
    evidence, policy = row("", {"checks": ()})
    assert decide(evidence._replace(written=tables), policy).unchecked == ("s.a", "s.x__rejected")


def row(happened: str, differs: dict[str, Any]) -> tuple[Evidence, Policy]:
    written = differs.get("written", ("s.a", "s.b", "s.c"))
    evidence = Evidence(
        written={table: NOW[table] for table in written},
        pointers=differs.get("pointers", NOW),
        checks=differs.get("checks", CHECKS),
        ledger=ledger(happened),
        nodes=differs.get("nodes", NODES),
        failed_hooks=differs.get("failed_hooks", ()),
    )
    policy = Policy(
        mode=differs.get("mode", "auto"),
        require_checks=differs.get("require_checks", "declared"),
        partial=differs.get("partial", ""),
    )
    return evidence, policy
