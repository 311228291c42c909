"""Names: what is allowed, and how they are written into SQL and paths."""

import re
import string

import duckdb
import pytest

from dbt_phlo import names
from dbt_phlo.errors import NameRefused

ODD = (
    "", ".", "..", "../x", "a..b", "a/../b", "-a", "_a", "1", "a b", "a'b", 'a"b', "a;b", "a\\b",
    "a%2fb", "a\nb", "a\n", "\ta", "a\x00", "ü", "日本", "a" * 201, "a" * 300, "a#b", "a?b", "a:b",
    "$(rm)", "`a`", "a,b", "*", "/", "/a", "a/", "a//b", "a.", "a-", "\ud800", "pipeline-run-x",
    "PIPELINE-RUN-x",
)  # fmt: skip
GOOD = ("main", "dev", "pr-12", "pr/12", "a.b", "a_b", "A", "a" * 200, "ci/pr-1", "ci_pr_1")


@pytest.mark.parametrize("name", GOOD)
def test_good_branch_names_come_back_unchanged(name: str) -> None:
    assert names.branch_name(name) == name


@pytest.mark.parametrize("name", ODD)
def test_an_odd_branch_name_is_refused_or_harmless_everywhere(name: str) -> None:
    try:
        taken = names.branch_name(name)
    except NameRefused as error:
        assert error.code in ("PHLO201", "PHLO202")
        assert error.remedy
        assert len(error.message) < 200
    else:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9._/-]{0,199}", taken)
        assert ".." not in taken
        assert not taken.lower().startswith("pipeline-run-")


@pytest.mark.parametrize("char", sorted({*map(chr, range(0, 300)), "\u2028", "\uff0e", "\u202e"}))
def test_no_character_but_the_allowed_ones_is_in_a_ref_or_run_id(char: str) -> None:
    for check, allowed in (
        (names.branch_name, string.ascii_letters + string.digits + "._-/"),
        (names.run_id, string.ascii_letters + string.digits + "._-"),
        (names.hook_name, string.ascii_letters + string.digits + "_"),
    ):
        if char in allowed:
            assert check(f"a{char}b") == f"a{char}b"
        else:
            with pytest.raises(NameRefused):
                check(f"a{char}b")


@pytest.mark.parametrize("name", ["2024-01-01", "a", "0", "scheduled__2024-01-01T00_00_00"])
def test_a_run_has_a_ref_of_its_name(name: str) -> None:
    assert names.run_ref(name) == f"pipeline-run-{name}"
    assert names.assert_run_ref(names.run_ref(name)) == names.run_ref(name)
    assert len(names.run_ref("x" * 187)) == names.MAX_LENGTH
    with pytest.raises(NameRefused):
        names.run_ref("x" * 188)


@pytest.mark.parametrize("name", ["main", "", "pipeline-run-", "pipeline-run-a/b", "pipeline-runx"])
def test_what_is_no_ref_of_a_run_is_refused(name: str) -> None:
    with pytest.raises(NameRefused):
        names.assert_run_ref(name)


@pytest.mark.parametrize("name", ["../x", "a/b", "a.b", "a b", "", "1a", "a-b", "a\n", 7, None])
def test_no_path_hides_in_the_name_of_a_hook(name: object) -> None:
    with pytest.raises(NameRefused) as caught:
        names.hook_name(name)  # type: ignore[arg-type]
    assert caught.value.code == "PHLO204"


@pytest.mark.parametrize("text", ["plain", 'a"b', '""', "a'b", "a;b", "a\\b", "ü", "select", " "])
def test_quoted_names_and_literals_mean_what_they_say(text: str) -> None:
    connection = duckdb.connect()
    result = connection.execute(f"SELECT {names.literal(text)} AS {names.quoted(text)}")
    assert result.description[0][0] == text
    assert result.fetchall() == [(text,)]


@pytest.mark.parametrize("name", ["a", "ü", "../../etc", "a/b", "x" * 200, "%2f", "C:\\x", "."])
def test_a_folder_is_safe_readable_and_never_used_twice(name: str) -> None:
    first, second = names.folder("s", name), names.folder("s", name)
    assert first != second
    assert re.fullmatch(r"s/[A-Za-z0-9_-]{1,60}-[0-9a-f]{32}", first)
