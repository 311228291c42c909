"""``dbt-phlo branches`` and ``runs`` on a real lake."""

import time
from collections.abc import Iterator

import pytest
from cli import phlo
from lake import Lake

from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint

VIEW = "{{ config(materialized='view') }} select * from {{ ref('orders') }} where id > 90"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A promoted run `first`; a run `held` that changes a table, a column and a view."""
    shop = Lake(tmp_path_factory.mktemp("cli") / "shop").shop()
    shop.write("models/late.sql", VIEW)
    assert shop.dbt("build", PHLO_RUN_ID="first").code == 0
    shop.write("models/orders.sql", "select range::bigint as id, 'x' as note from range(120)")
    shop.write(
        "models/totals.sql", "select 1 as customer, count(*) as orders from {{ ref('orders') }}"
    )
    shop.write("models/extra.sql", "select * from {{ ref('late') }}")
    assert shop.dbt("build", PHLO_RUN_ID="held", PHLO_WAP="hold").code == 0
    yield shop


def write_dev(lake: Lake, *statements: str) -> None:
    """Write the branch dev through DuckDB, as `wap: off` would."""
    endpoint = Endpoint(lake.configuration, "dev", writable=True)
    connection = extensions.connect()
    endpoint.attach(connection, "lake")
    for statement in statements:
        connection.execute(statement)
    connection.close()
    endpoint.close()


def test_list_shows_branches_first_and_what_became_of_each_run(lake: Lake) -> None:
    refs = phlo("branches", "list", "--json", lake=lake).document["refs"]
    assert refs[0]["name"] == "main"
    states = {ref["name"]: ref["run"]["state"] for ref in refs if ref["run"]}
    assert states["pipeline-run-first"] == "promoted"
    assert states["pipeline-run-held"] == "kept"


def test_text_in_a_pipe_has_whole_names_and_no_colour_codes(lake: Lake) -> None:
    text = phlo("branches", "list", lake=lake).out
    assert "pipeline-run-held" in text
    assert "\x1b" not in text


def test_show_counts_the_rows_of_tables_and_not_of_views(lake: Lake) -> None:
    relations = phlo("branches", "show", "main", "--json", lake=lake).document["relations"]
    assert {f"{r['schema']}.{r['name']}": (r["kind"], r["rows"]) for r in relations} == {
        "main.late": ("view", None),
        "main.orders": ("table", 100),
        "main.totals": ("table", 7),
    }


def test_diff_of_a_run_names_tables_rows_and_columns(lake: Lake) -> None:
    found = phlo("branches", "diff", "held", "--json", lake=lake).document
    assert (found["ref"], found["target"]) == ("pipeline-run-held", "main")
    changes = {f"{c['schema']}.{c['name']}": c for c in found["changes"]}
    assert set(changes) == {"main.orders", "main.totals", "main.extra"}
    orders = changes["main.orders"]
    assert (orders["change"], orders["rows_before"], orders["rows_after"]) == ("changed", 100, 120)
    assert {(c["column"], c["change"], c["before"], c["after"]) for c in orders["columns"]} == {
        ("id", "type changed", "INTEGER", "BIGINT"),
        ("note", "added", None, "VARCHAR"),
        ("customer", "removed", "BIGINT", None),
    }
    assert changes["main.extra"]["change"] == "added"
    assert changes["main.extra"]["rows_before"] is None
    assert changes["main.extra"]["rows_after"] == 29


def test_diff_as_text_reads_as_lines(lake: Lake) -> None:
    text = phlo("branches", "diff", "pipeline-run-held", lake=lake).out
    assert "~ table main.orders: 100 -> 120 rows" in text
    assert "~ column id INTEGER -> BIGINT" in text
    assert "+ column note VARCHAR" in text
    assert "+ table main.extra: 29 rows" in text


def test_diff_of_a_promoted_run_is_what_it_changed(lake: Lake) -> None:
    found = phlo("branches", "diff", "first", "--json", lake=lake).document
    assert found["promoted"]
    assert {(c["name"], c["change"]) for c in found["changes"]} == {
        ("orders", "added"),
        ("totals", "added"),
        ("late", "added"),
    }


def test_rows_are_right_after_position_deletes_and_drops(lake: Lake) -> None:
    lake.catalog().create_ref("dev", "main", kind="branch")
    write_dev(
        lake,
        "DELETE FROM lake.main.orders WHERE id < 10",
        "DELETE FROM lake.main.orders WHERE id BETWEEN 5 AND 14",
        "INSERT INTO lake.main.orders VALUES (500, 1)",
        "DROP TABLE lake.main.totals",
        "CREATE TABLE lake.main.empty (i INTEGER)",
    )
    found = phlo("branches", "diff", "dev", "--json", lake=lake).document
    changes = {
        c["name"]: (c["change"], c["rows_before"], c["rows_after"]) for c in found["changes"]
    }
    assert changes == {
        "orders": ("changed", 100, 86),
        "totals": ("dropped", 7, None),
        "empty": ("added", None, 0),
    }
    shown = phlo("branches", "show", "dev", "--json", lake=lake).document["relations"]
    assert {r["name"]: r["rows"] for r in shown}["orders"] == 86


def test_an_unknown_ref_is_refused_with_the_nearest_known_one(lake: Lake) -> None:
    answer = phlo("branches", "show", "mian", "--json", lake=lake)
    assert answer.code == 1
    assert answer.document["error"]["code"] == "PHLO301"
    assert "Did you mean `main`?" in answer.document["error"]["message"]


def test_runs_list_shows_the_newest_first(lake: Lake) -> None:
    found = phlo("runs", "list", "--json", lake=lake).document["runs"]
    assert [run["id"] for run in found] == ["held", "first"]
    assert "phlo_promote" in found[0]["reason"]
    assert phlo("runs", "list", "--limit", "0", lake=lake).code == 2


def test_runs_show_tells_what_each_node_came_to(lake: Lake) -> None:
    found = phlo("runs", "show", "held", "--json", lake=lake).document
    statuses = {node["node"].split(".")[2]: node["status"] for node in found["nodes"]}
    assert statuses["orders"] == "success"
    assert statuses["not_null_orders_id"] == "pass"
    assert found["diff"]["changes"]
    text = phlo("runs", "show", "held", lake=lake).out
    assert "run held of project shop: kept" in text


def test_a_branch_is_no_run_and_cannot_be_promoted(lake: Lake) -> None:
    answer = phlo("branches", "promote", "main", "--json", lake=lake)
    assert (answer.code, answer.document["error"]["code"]) == (1, "PHLO421")


def test_the_first_branch_cannot_be_discarded(lake: Lake) -> None:
    answer = phlo("branches", "discard", "main", "--json", lake=lake)
    assert (answer.code, answer.document["error"]["code"]) == (1, "PHLO424")


def test_promote_dry_changes_nothing_and_then_promotes(lake: Lake) -> None:
    before = lake.holds()
    dry = phlo("branches", "promote", "held", "--dry-run", "--json", lake=lake)
    assert dry.code == 0, dry
    assert dry.document["dry_run"]
    assert not dry.document["promoted"]
    assert lake.holds() == before
    assert lake.runs()["held"][0] == "kept"
    done = phlo("branches", "promote", "held", "--json", lake=lake)
    assert done.code == 0, done
    assert done.document["promoted"]
    assert "main.extra" in done.document["unchecked"]
    assert lake.rows("select count(*) from lake.main.orders") == [(120,)]
    again = phlo("branches", "promote", "held", "--json", lake=lake)
    assert (again.code, again.document["error"]["code"]) == (1, "PHLO423")


def test_discard_deletes_a_kept_run_and_a_branch(lake: Lake) -> None:
    assert lake.dbt("run", PHLO_RUN_ID="waste", PHLO_WAP="hold").code == 0
    dry = phlo("branches", "discard", "waste", "--dry-run", "--json", lake=lake)
    assert [ref["name"] for ref in dry.document["refs"]] == ["pipeline-run-waste"]
    assert lake.runs()["waste"][0] == "kept"
    assert phlo("branches", "discard", "waste", lake=lake).code == 0
    assert lake.runs()["waste"][0] == "discarded"
    gone = phlo("branches", "diff", "waste", "--json", lake=lake)
    assert "is discarded and its ref is deleted" in gone.document["error"]["message"]
    lake.catalog().create_ref("pr-1", "main", kind="branch")
    assert phlo("branches", "discard", "pr-1", lake=lake).code == 0
    names = [r["name"] for r in phlo("branches", "list", "--json", lake=lake).document["refs"]]
    assert "pr-1" not in names


def test_cleanup_deletes_expired_refs_of_its_own_project_and_honours_leases(lake: Lake) -> None:
    catalog = lake.catalog()
    now = time.time()
    model = catalog.runs(1)[0]
    for name, project, lease in (
        ("over", "shop", 0.0),
        ("leased", "shop", now + 100),
        ("foreign", "other", 0.0),
    ):
        record = model._replace(
            id=name,
            ref=f"pipeline-run-{name}",
            project=project,
            state="open",
            lease_until=lease,
            invocations=(f"invocation-{name}",),
        )
        catalog.create_run(record, base="main", expires_at=now - 10)
    dry = phlo("branches", "cleanup", "--dry-run", "--json", lake=lake).document
    assert [ref["name"] for ref in dry["refs"]] == ["pipeline-run-over"]
    done = phlo("branches", "cleanup", "--json", lake=lake).document
    assert done["refs"] == dry["refs"]
    again = phlo("branches", "cleanup", lake=lake).out.splitlines()
    assert again[0] == "no ref has expired"
    assert "invocation-leased may be about to commit" in again[1]
    everywhere = phlo("branches", "cleanup", "--all-projects", "--json", lake=lake).document
    assert [ref["name"] for ref in everywhere["refs"]] == ["pipeline-run-foreign"]
    refused = phlo("branches", "discard", "leased", "--json", lake=lake)
    assert refused.document["error"]["code"] == "PHLO422"


def test_a_lake_that_is_not_there_yet_is_not_made_by_looking(lake: Lake, tmp_path) -> None:
    project = Lake(tmp_path / "empty").shop()
    answer = phlo("branches", "list", "--json", lake=project)
    assert (answer.code, answer.document["error"]["code"]) == (1, "PHLO314")
    assert not (project.folder / "lake").exists()


def test_an_unknown_target_is_said_in_dbts_words(lake: Lake) -> None:
    answer = phlo("runs", "list", "--target", "nope", "--json", lake=lake)
    assert answer.code == 1
    assert "nope" in answer.document["error"]["message"]


def test_an_unknown_key_of_the_profile_names_the_nearest(tmp_path) -> None:
    project = Lake(tmp_path / "typo").shop()
    profiles = project.folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("warehouse:", "warehose:"))
    error = phlo("runs", "list", "--json", lake=project).document["error"]
    assert error["code"] == "PHLO101"
    assert "Did you mean `warehouse`?" in error["message"]


def test_the_profile_is_read_as_dbt_reads_it_and_secrets_stay_secret(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = lake.folder / "profiles.yml"
    before = profiles.read_text()
    place = """iceberg_catalog: {uri: "{{ env_var('DBT_ENV_SECRET_URI') }}"}"""
    profiles.write_text(before.replace("database: lake", f"database: lake, {place}"))
    try:
        monkeypatch.setenv("DBT_ENV_SECRET_URI", lake.configuration["uri"])
        assert phlo("branches", "show", "main", lake=lake).code == 0
        monkeypatch.setenv("DBT_ENV_SECRET_URI", "postgresql://ann:hunter2@127.0.0.1:1/x")
        refused = phlo("branches", "show", "main", lake=lake)
        assert refused.code == 1
        assert "hunter2" not in refused.err
        monkeypatch.delenv("DBT_ENV_SECRET_URI")
        assert "DBT_ENV_SECRET_URI" in phlo("branches", "show", "main", lake=lake).err
    finally:
        profiles.write_text(before)


def test_reading_a_profile_leaves_the_flags_of_a_running_dbt_alone(lake: Lake) -> None:
    from dbt.flags import get_flags

    before = get_flags()
    assert phlo("runs", "list", lake=lake).code == 0
    assert get_flags() is before
