"""The run-operations that concern refs, called through dbt."""

from collections.abc import Iterator

import pytest
from cli import phlo
from lake import Lake, Outcome

BAD = "select case when range > 3 then range::int end as id, 1 as customer from range(10)"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with one promoted run, `first`."""
    shop = Lake(tmp_path_factory.mktemp("operations") / "shop").shop()
    assert shop.dbt("build", PHLO_RUN_ID="first").code == 0
    yield shop


def operation(lake: Lake, name: str, arguments: str = "{}") -> Outcome:
    return lake.dbt("run-operation", name, "--args", arguments)


def test_branches_and_diff_are_said_in_dbts_own_output(lake: Lake) -> None:
    listed = operation(lake, "phlo_branches")
    assert listed.code == 0
    assert "pipeline-run-first" in listed.text
    assert lake.dbt("build", PHLO_RUN_ID="seen", PHLO_WAP="hold").code == 0
    found = operation(lake, "phlo_diff", "{ref: seen, target: main}")
    assert found.code == 0
    assert "~ table main.orders: 100 rows, as before" in found.text


def test_a_held_run_is_promoted_by_name_of_its_ref(lake: Lake) -> None:
    assert lake.dbt("build", PHLO_RUN_ID="held", PHLO_WAP="hold").code == 0
    before = lake.holds()
    dry = operation(lake, "phlo_promote", "{ref: pipeline-run-held, dry_run: true}")
    assert "would be promoted into main: 2 tables changed" in dry.text
    assert lake.holds() == before
    done = operation(lake, "phlo_promote", "{ref: pipeline-run-held}")
    assert done.code == 0
    assert "run held promoted into main: 2 tables changed" in done.text
    assert lake.runs()["held"] == ("promoted", "")
    assert lake.holds() == lake.holds("pipeline-run-held") != before


def test_a_run_whose_checks_did_not_run_is_refused_until_they_pass(lake: Lake) -> None:
    assert lake.dbt("run", PHLO_RUN_ID="unaudited").code == 0
    before = lake.holds()
    refused = operation(lake, "phlo_promote", "{ref: unaudited}")
    assert refused.code == 1
    assert "PHLO420" in refused.text
    assert "not audited: main.orders (0 of 2 checks)" in refused.text
    assert "PHLO_RUN_ID=unaudited dbt test" in refused.text
    assert operation(lake, "phlo_promote", "{ref: unaudited, dry_run: true}").code == 1
    assert lake.holds() == before
    assert lake.dbt("test", PHLO_RUN_ID="unaudited", PHLO_WAP="hold").code == 0
    assert operation(lake, "phlo_promote", "{ref: unaudited}").code == 0
    assert lake.holds() != before


def test_a_forced_promotion_needs_a_reason_and_records_it(lake: Lake) -> None:
    good = (lake.folder / "models/orders.sql").read_text()
    lake.write("models/orders.sql", BAD)
    assert lake.dbt("build", PHLO_RUN_ID="bad").code == 1
    lake.write("models/orders.sql", good)
    assert "PHLO425" in operation(lake, "phlo_promote", "{ref: bad, force: true}").text
    refused = operation(lake, "phlo_promote", "{ref: bad}")
    assert refused.code == 1
    assert "failed: not_null_orders_id" in refused.text
    forced = operation(lake, "phlo_promote", "{ref: bad, force: true, reason: Ann knows}")
    assert forced.code == 0
    state, reason = lake.runs()["bad"]
    assert state == "promoted"
    assert reason.startswith("forced: Ann knows (against: failed: not_null_orders_id")
    assert "Ann knows" in phlo("runs", "show", "bad", lake=lake).out


def test_a_conflict_names_the_table_and_the_winner_and_cannot_be_forced(lake: Lake) -> None:
    assert lake.dbt("build", PHLO_RUN_ID="slow", PHLO_WAP="hold").code == 0
    assert lake.dbt("build", PHLO_RUN_ID="fast").code == 0
    before = lake.holds()
    shown = phlo("branches", "diff", "slow", "--json", lake=lake).document
    assert {(c["name"], c["conflict"], c["moved_by"]) for c in shown["changes"]} == {
        ("orders", True, "fast"),
        ("totals", True, "fast"),
    }
    for arguments in (
        "{ref: slow, dry_run: true}",
        "{ref: slow, force: true, reason: in a hurry}",
        "{ref: slow}",
    ):
        refused = operation(lake, "phlo_promote", arguments)
        assert refused.code == 1
        assert "PHLO401" in refused.text
        assert "main.orders was moved by run fast" in refused.text
    assert lake.holds() == before
    assert lake.runs()["slow"][0] == "kept"
    assert lake.runs()["slow"][1].startswith("refused:")


def test_a_run_without_real_data_is_never_promoted(lake: Lake) -> None:
    assert lake.dbt("run", "--empty", PHLO_RUN_ID="empty").code == 0
    assert lake.dbt("test", PHLO_RUN_ID="empty", PHLO_WAP="hold").code == 0
    refused = operation(lake, "phlo_promote", "{ref: empty}")
    assert refused.code == 1
    assert "--empty is never promoted" in refused.text


def test_a_run_of_another_project_is_not_judged_by_this_one(lake: Lake) -> None:
    catalog = lake.catalog()
    record = catalog.run("first")
    catalog.create_run(
        record._replace(
            id="theirs",
            ref="pipeline-run-theirs",
            project="other",
            state="kept",
            invocations=("theirs",),
        ),
        base="main",
    )
    refused = operation(lake, "phlo_promote", "{ref: theirs}")
    assert refused.code == 1
    assert "PHLO426" in refused.text


def test_discard_and_cleanup_delete_refs(lake: Lake) -> None:
    assert lake.dbt("run", PHLO_RUN_ID="waste", PHLO_WAP="hold").code == 0
    dry = operation(lake, "phlo_discard", "{ref: waste, dry_run: true}")
    assert "would be deleted: pipeline-run-waste" in dry.text
    assert "deleted: pipeline-run-waste" in operation(lake, "phlo_discard", "{ref: waste}").text
    assert lake.runs()["waste"][0] == "discarded"
    assert operation(lake, "phlo_discard", "{ref: waste}").code == 1
    assert lake.dbt("run", PHLO_RUN_ID="old", PHLO_WAP="hold").code == 0
    lake.catalog().set_run_state("old", "kept", "long ago", expires_at=1.0)
    dry = operation(lake, "phlo_cleanup", "{dry_run: true}")
    assert "would be deleted: pipeline-run-old" in dry.text
    assert operation(lake, "phlo_cleanup").code == 0
    assert "pipeline-run-old" not in operation(lake, "phlo_branches").text


def test_a_yes_or_no_that_is_neither_is_refused(lake: Lake) -> None:
    refused = operation(lake, "phlo_cleanup", "{dry_run: ture}")
    assert refused.code == 1
    assert "PHLO114" in refused.text


def test_an_unknown_ref_is_refused(lake: Lake) -> None:
    for name, arguments in (("phlo_diff", "{ref: nope}"), ("phlo_promote", "{ref: nope}")):
        refused = operation(lake, name, arguments)
        assert refused.code == 1
        assert "PHLO301" in refused.text
