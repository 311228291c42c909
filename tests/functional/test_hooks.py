"""`phlo_hook`: the project's own python_hooks/, when they run and what they may not be."""

from pathlib import Path

import pytest
from lake import PROJECT, Lake

NOTE = """
from pathlib import Path

def hook(phlo, **kwargs):
    tables = phlo.execute("select count(*) from lake.main.orders")
    decision = phlo.verdict.decision if phlo.verdict else "undecided"
    with Path({path!r}).open("a") as file:
        prefix = phlo.ref.removesuffix(phlo.run_id)
        file.write(f"{{phlo.branch}} {{prefix}} {{tables}} {{decision}} {{kwargs}}\\n")
"""


def with_hooks(shop: Lake, calls: str) -> Path:
    """The shop with a hook that notes what it sees, called by ``calls`` before the run's end."""
    noted = shop.folder / "noted.txt"
    shop.write("python_hooks/note.py", NOTE.format(path=str(noted)))
    shop.write(
        "dbt_project.yml",
        PROJECT
        + 'on-run-start: "{{ phlo_run_start() }}"\n'
        + f'on-run-end: ["{calls}", "{{{{ phlo_run_end(results) }}}}"]\n',
    )
    return noted


def test_a_hook_sees_the_run_before_it_is_decided(shop: Lake) -> None:
    noted = with_hooks(shop, "{{ phlo_hook('note', channel='x') }}")
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert noted.read_text() == "main pipeline-run- [(100,)] undecided {'channel': 'x'}\n"


@pytest.mark.parametrize(("event", "passes"), [("promoted", True), ("blocked", False)])
def test_a_hook_waits_for_the_verdict(shop: Lake, event: str, passes: bool) -> None:
    noted = with_hooks(shop, f"{{{{ phlo_hook('note', on='{event}') }}}}")
    if not passes:
        shop.write("models/orders.sql", "select 1 as id, 1 as customer union all select 1, 2")
    assert (shop.dbt("build").code == 0) == passes
    decision = "promote" if passes else "block"
    assert noted.read_text().split()[3] == decision


def test_a_hook_that_waits_for_another_verdict_does_not_run(shop: Lake) -> None:
    noted = with_hooks(shop, "{{ phlo_hook('note', on='blocked') }}")
    assert shop.dbt("build").code == 0
    assert not noted.exists()


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "note.py", "a b", "/etc/passwd", "1x"])
def test_a_hook_is_an_identifier_never_a_path(shop: Lake, name: str) -> None:
    shop.write("secret.py", "raise SystemExit('the hook ran')")
    with_hooks(shop, f"{{{{ phlo_hook('{name}') }}}}")
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO204" in outcome.text
    assert "the hook ran" not in outcome.text
    assert shop.holds() == {}


def test_a_hook_is_never_run_through_a_link(shop: Lake) -> None:
    with_hooks(shop, "{{ phlo_hook('linked') }}")
    outside = shop.write("../outside.py", "def hook(phlo, **kwargs): raise SystemExit('it ran')")
    (shop.folder / "python_hooks" / "linked.py").symlink_to(outside)
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO408" in outcome.text
    assert shop.holds() == {}


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("phlo_hook('missing')", "PHLO407"),
        ("phlo_hook('empty')", "PHLO409"),
        ("phlo_hook('note', on='promotd')", "PHLO411"),
    ],
)
def test_a_hook_that_cannot_run_fails_the_run_with_a_code(shop: Lake, call: str, code: str) -> None:
    with_hooks(shop, f"{{{{ {call} }}}}")
    shop.write("python_hooks/empty.py", "")
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert code in outcome.text
    assert shop.holds() == {}


def test_a_hook_that_fails_after_the_promotion_says_that_it_is_promoted(shop: Lake) -> None:
    with_hooks(shop, "{{ phlo_hook('loud', on='promoted', channel='x') }}")
    shop.write(
        "python_hooks/loud.py", "def hook(phlo, channel): raise OSError(f'{channel} is down')"
    )
    outcome = shop.dbt("build")
    assert outcome.code == 1
    assert "promoted run" in outcome.text
    assert "the run is promoted, but hook loud failed: OSError: x is down" in outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}
