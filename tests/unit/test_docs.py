"""Pages that are printed from the code are as the code prints them; links lead somewhere."""

import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = runpy.run_path(str(ROOT / "docs" / "generate.py"))["PAGES"]
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_not_stale(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_page_on_dbt_names_the_releases_that_are_tested() -> None:
    versions = runpy.run_path(str(ROOT / "tests" / "dbt_versions.py"))["VERSIONS"]
    text = (ROOT / "docs" / "dbt-versions.md").read_text()
    told = re.findall(r"^\| (1\.\d+) \| (1\.\d+\.\d+) \|", text, re.MULTILINE)
    assert told == [(name, version.release) for name, version in versions.items()]
    assert f"dbt-core=={versions['1.11'].release}" in (ROOT / "constraints.txt").read_text()
    matrix = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert f"dbt: {json.dumps(list(versions))}" in matrix


def test_every_target_of_the_makefile_says_what_it_is_for() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    for name in phony[1].split():
        assert name == "help" or re.search(rf"^{name}:.*## \w", text, re.MULTILINE), name
