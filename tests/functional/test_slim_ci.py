"""The recipe of docs/slim-ci.md: its commands are run as the page has them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lake import ORDERS, PROFILES, TARGET, Lake, Outcome
from ruamel.yaml import YAML

DOCS = Path(__file__).resolve().parents[2] / "docs"
PRODUCTION, PULL_REQUEST, LOOK, MOVE_ALONG, CLOSE = re.findall(
    r"```sh\n(.*?)```", (DOCS / "slim-ci.md").read_text(), re.DOTALL
)
CHANGED = "select customer, count(*) as orders, 'new' as made from {{ ref('orders') }} group by 1"


def sh(lake: Lake, block: str) -> Outcome:
    """Run a block of the page in the project's folder, as a shell with `-e` does."""
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-ec", block],
        cwd=lake.folder,
        env={**environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Outcome(done.returncode, done.stdout + done.stderr)


def branches(lake: Lake) -> list[str]:
    catalog = lake.catalog()
    try:
        return [ref.name for ref in catalog.refs() if ref.kind == "branch"]
    finally:
        catalog.close()


@pytest.fixture
def produced(shop: Lake) -> Lake:
    """A lake whose production was built once, and whose manifest was kept."""
    outcome = sh(shop, PRODUCTION)
    assert outcome.code == 0, outcome.text
    return shop


def test_a_pull_request_builds_what_it_changes_and_production_does_not_notice(
    produced: Lake,
) -> None:
    main = produced.holds()
    produced.write("models/totals.sql", CHANGED)
    outcome = sh(produced, PULL_REQUEST)
    assert outcome.code == 0, outcome.text
    assert "into pr-12: 1 table changed" in outcome.text
    assert produced.holds() == main
    assert produced.holds("pr-12")["main.orders"] == main["main.orders"], "not built again"
    assert produced.rows("select made, sum(orders) from lake.main.totals group by 1", "pr-12") == [
        ("new", 100)
    ]
    seen = sh(produced, LOOK)
    assert seen.code == 0, seen.text
    assert "~ table main.totals" in seen.text
    assert "+ column made" in seen.text
    assert "orders:" not in seen.text


def test_a_pull_request_that_fails_its_checks_fails_and_is_cleaned_up_all_the_same(
    produced: Lake,
) -> None:
    produced.write("models/totals.sql", CHANGED.replace("select customer", "select null"))
    outcome = sh(produced, PULL_REQUEST)
    assert outcome.code == 1, outcome.text
    assert produced.holds("pr-12") == produced.holds()
    assert branches(produced) == ["main", "pr-12"]
    outcome = sh(produced, CLOSE)
    assert outcome.code == 0, outcome.text
    assert branches(produced) == ["main"]
    assert sorted(state for state, _ in produced.runs().values()) == ["discarded", "promoted"]


def test_a_branch_moves_along_when_main_has_moved(produced: Lake) -> None:
    produced.write("models/totals.sql", CHANGED)
    assert sh(produced, PULL_REQUEST).code == 0
    mine = (produced.folder / "models/totals.sql").read_text()
    produced.shop().write("models/orders.sql", ORDERS.replace("range(100)", "range(50)"))
    outcome = sh(produced, PRODUCTION)
    assert outcome.code == 0, outcome.text
    produced.write("models/totals.sql", mine)
    outcome = sh(produced, MOVE_ALONG)
    assert outcome.code == 0, outcome.text
    assert "1 table changed" in outcome.text
    assert produced.holds("pr-12")["main.orders"] == produced.holds()["main.orders"]
    assert produced.rows("select sum(orders) from lake.main.totals", "pr-12") == [(50,)]


def test_deferring_reads_the_parents_of_the_branch_from_a_schema_of_its_own(
    produced: Lake,
) -> None:
    """Without ``--defer`` there is no ``ci.orders`` to read."""
    own = TARGET.replace("schema: main", "schema: ci")
    produced.write("profiles.yml", PROFILES.replace(f"prod: {TARGET}", f"prod: {own}"))
    produced.write("models/totals.sql", CHANGED)
    assert sh(produced, PULL_REQUEST.replace("--defer ", "")).code == 1
    outcome = sh(produced, PULL_REQUEST)
    assert outcome.code == 0, outcome.text
    assert produced.rows("select sum(orders) from lake.ci.totals", "pr-12") == [(100,)]
    assert produced.holds("pr-12")["main.totals"] == produced.holds()["main.totals"]


def test_the_workflow_runs_the_commands_of_the_page() -> None:
    text = (DOCS / "workflows" / "slim-ci.yml").read_text()
    jobs = YAML(typ="safe").load(text)["jobs"]
    for job, block in (
        ("production", PRODUCTION),
        ("pull-request", PULL_REQUEST),
        ("pull-request", LOOK),
        ("closed", CLOSE),
    ):
        steps = "\n".join(step.get("run", "") for step in jobs[job]["steps"])
        wanted = block.replace("export PHLO_BRANCH=pr-12\n", "").replace("pr-12", '"$PHLO_BRANCH"')
        assert wanted.strip() in steps
    for job in ("pull-request", "closed"):
        assert jobs[job]["env"]["PHLO_BRANCH"] == "pr-${{ github.event.number }}"
