"""What lies between a verdict and its merge: another invocation, a rebase, a lost connection.

Each was a hole that the model found; docs/promotion-protocol.md tells them as invariants.
"""

import threading
import time
from pathlib import Path

import pytest
from lakes import Lake

from dbt_phlo.catalogs.values import LedgerEntry, RunRecord, TableName
from dbt_phlo.errors import CatalogError, Conflict, RunError
from dbt_phlo.runs import promotion, refs
from dbt_phlo.runs.rebase import BuiltNode, rebase
from dbt_phlo.runs.verdict import CheckSpec, Evidence, Policy, decide
from dbt_phlo.settings import resolve

SETTINGS = resolve({"warehouse": "/nowhere"}, {}, {}, project="shop", project_root=Path("/"))
A, B = TableName("s", "a"), TableName("s", "b")
CHECK_OF_A = CheckSpec("test.a", "a", ("s.a",), (A,))


def a_run_with_a_checked_table(lake: Lake) -> RunRecord:
    lake.table("s.a")
    lake.table("s.b")
    run = lake.run("r1")
    lake.change("s.a", run.ref)
    noted(lake, "plan", "model.a")
    noted(lake, "node", "model.a", "success")
    noted(lake, "check", "test.a", "pass", **{"s.a": lake.values(run.ref)["s.a"]})
    return run


def noted(lake: Lake, kind: str, node: str, status: str = "planned", **tables: str) -> None:
    lake.catalog.record("r1", [LedgerEntry(0, "i1", kind, node, status, tables, time.time())])


def evidence(lake: Lake, run: RunRecord) -> Evidence:
    nodes = {"model.a": "a", "model.b": "b", "test.a": "a"}
    return promotion.evidence(lake.catalog, run, [CHECK_OF_A], nodes)


def test_a_table_that_was_dropped_after_the_verdict_is_not_dropped_on_the_branch(
    lake: Lake,
) -> None:
    run = a_run_with_a_checked_table(lake)
    seen, before = evidence(lake, run), lake.values()
    assert decide(seen, Policy()).decision == "promote"
    lake.drop("s.b", run.ref)
    with pytest.raises(Conflict, match=r"after its verdict: s\.b"):
        promotion.promote(lake.catalog, run, SETTINGS, judged=seen.judged)
    assert lake.values() == before
    promotion.promote(lake.catalog, run, SETTINGS, judged=evidence(lake, run).judged)
    assert set(lake.values()) == {"s.a"}


def test_what_is_written_while_the_evidence_is_gathered_is_not_taken_for_checked(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two of its questions, another invocation of the run writes the table again."""
    run = a_run_with_a_checked_table(lake)
    before = lake.values()
    for question in ("diff", "at", "ledger"):
        ask = getattr(lake.catalog, question)

        def asked(*arguments, ask=ask):
            answer = ask(*arguments)
            if not arguments[0].startswith("r"):  # reads at once what it will be asked for
                answer = _held(answer)
            Lake(lake.again(), lake.again, {}).change("s.a", run.ref)
            return answer

        with monkeypatch.context() as patched:
            patched.setattr(lake.catalog, question, asked)
            seen = evidence(lake, run)
        if decide(seen, Policy()).decision == "promote":
            with pytest.raises(Conflict, match="after its verdict"):
                promotion.promote(lake.catalog, run, SETTINGS, judged=seen.judged)
        assert lake.values() == before
        value = lake.values(run.ref)["s.a"]
        noted(lake, "check", "test.a", "pass", **{"s.a": value})


def _held(answer):
    """The tables at a ref, with the values that they have now."""
    if hasattr(answer, "pointers"):
        values = answer.pointers()
        answer.pointers = lambda: values
    return answer


def test_a_run_that_was_joined_by_more_work_after_its_verdict_is_not_promoted(lake: Lake) -> None:
    run = a_run_with_a_checked_table(lake)
    seen, before = evidence(lake, run), lake.values()
    noted(lake, "plan", "model.b")
    with pytest.raises(Conflict, match="joined or rebased after its verdict"):
        promotion.promote(lake.catalog, run, SETTINGS, judged=seen.judged)
    assert lake.values() == before
    noted(lake, "node", "model.b", "success")
    promotion.promote(lake.catalog, run, SETTINGS, judged=evidence(lake, run).judged)
    assert lake.values() != before


def test_a_verdict_from_before_a_rebase_does_not_promote_what_is_to_be_built_again(
    lake: Lake,
) -> None:
    """A process sleeps between its verdict and its merge; meanwhile upstream moves, and a user
    rebases the run, which has kept its table: nothing that the merge compared would differ.
    """
    run = a_run_with_a_checked_table(lake)
    seen = evidence(lake, run)
    lake.change("s.b")
    nodes = [BuiltNode("model.a", "a", A, False, (B,))]
    done = rebase(lake.catalog, SETTINGS, "r1", nodes=nodes, checks=[CHECK_OF_A], blocking={})
    assert done.rebuild == ("a",)
    assert evidence(lake, run).written == seen.written
    with pytest.raises(Conflict, match="joined or rebased after its verdict"):
        promotion.promote(lake.catalog, run, SETTINGS, judged=seen.judged)
    assert lake.catalog.run("r1").state == "promoting"
    assert lake.catalog.ref(run.ref).open


def test_the_answer_of_a_merge_that_the_server_goes_on_with_is_waited_for(lake: Lake) -> None:
    """The connection breaks during COMMIT, which succeeds a moment later."""
    run = a_run_with_a_checked_table(lake)
    database = lake.catalog._database  # type: ignore[attr-defined]
    if database.is_sqlite:
        pytest.skip("there is no connection to lose")
    execute, theirs, threads = database._execute, database._connection, []

    def commit_later() -> None:
        time.sleep(0.7)
        theirs.execute("COMMIT")

    def breaking(sql: str, parameters: tuple = ()):
        merging = sql == "COMMIT" and lake.again().run("r1").state == "promoting"
        if not merging or threads:
            return execute(sql, parameters)
        threads.append(threading.Thread(target=commit_later))
        threads[0].start()
        database._connection = database._engine.open()
        raise CatalogError("the connection was lost")

    judged = evidence(lake, run).judged
    database._execute = breaking
    done = promotion.promote(lake.catalog, run, SETTINGS, judged=judged)
    threads[0].join()
    assert not done.dry_run
    assert lake.again().run("r1").state == "promoted"
    assert lake.values()["s.a"] == lake.values(run.ref)["s.a"]


def test_who_keeps_a_run_by_hand_does_not_take_the_lease_of_a_command_that_has_joined(
    lake: Lake,
) -> None:
    """Else another command by hand would find a run idle on which somebody is at work."""
    run = a_run_with_a_checked_table(lake)
    lake.catalog.join_run("r1", "i2", time.time() + 100)
    promotion.keep(lake.catalog, run, SETTINGS, "rebased")
    assert lake.catalog.run("r1").lease_until > time.time()
    with pytest.raises(RunError, match="in progress"):
        refs.discard(lake.catalog, "r1")
    lake.catalog.end_invocation("r1", "invocation-r1")
    promotion.keep(lake.catalog, run, SETTINGS, "not audited", by="i2")
    assert lake.catalog.run("r1").lease_until == 0
