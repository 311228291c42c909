"""Every error code of the source: one meaning, one class of codes, one section in the docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dbt_phlo import errors
from dbt_phlo.errors import PhloError, nearest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
CODE = re.compile(r"PHLO\d{3}")
IN_SEVERAL_FILES = {
    "PHLO106": "iceberg_catalog.uri names no database that can be used",
    "PHLO309": "the catalog's database fails or cannot be reached",
    "PHLO314": "there is no lake yet",
    "PHLO423": "the run was promoted or discarded already",
}
"""Codes that mean the same in more than one module; all others are used in one module."""


class Use(NamedTuple):
    code: str
    file: str
    line: int


def uses() -> Iterator[Use]:
    """Every code in the library and its macros, outside of docstrings and comments."""
    for path in sorted((ROOT / "dbt_phlo").rglob("*.py")):
        tree = ast.parse(path.read_text())
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
            if isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for code in CODE.findall("" if id(node) in docs else node.value):
                    yield Use(code, str(path.relative_to(ROOT)), node.lineno)
    for path in sorted((ROOT / "macros").rglob("*.sql")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for code in CODE.findall(line):
                yield Use(code, str(path.relative_to(ROOT)), number)


def classes(of: type[PhloError] = PhloError) -> Iterator[type[PhloError]]:
    yield of
    for child in of.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from classes(child)


def test_a_code_has_one_meaning() -> None:
    files: dict[str, set[str]] = {}
    for use in uses():
        files.setdefault(use.code, set()).add(use.file)
    assert len(files) > 40
    several = {code: sorted(where) for code, where in files.items() if len(where) > 1}
    unexpected = {code: where for code, where in several.items() if code not in IN_SEVERAL_FILES}
    assert unexpected == {}


def test_every_code_is_a_heading_or_a_row_of_the_page() -> None:
    sections = set(re.findall(r"^(?:#+ .*?|\| *`?)(PHLO\d{3})", PAGE.read_text(), re.MULTILINE))
    used = {use.code for use in uses()}
    assert sorted(used - sections) == [], "these codes have no section"
    assert sorted(sections - used) == [], "these sections are of no code"


def test_every_class_has_a_code_of_its_own_in_its_parents_hundred() -> None:
    found = list(classes())
    codes = [one.default_code for one in found]
    assert len(set(codes)) == len(codes)
    for one in found:
        (parent,) = one.__bases__
        if parent is not PhloError and issubclass(parent, PhloError):
            assert one.default_code[:5] == parent.default_code[:5]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"(?:[├└]── )(\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(one.__name__ for one in classes() if one is not PhloError)


def test_an_error_says_its_code_what_happened_and_what_to_do() -> None:
    error = PhloError("it broke", remedy="mend it", code="PHLO123")
    assert str(error) == "[PHLO123] it broke\n  -> mend it"
    assert str(errors.Conflict("moved")) == "[PHLO303] moved"
    assert (error.message, error.remedy, error.code) == ("it broke", "mend it", "PHLO123")


@pytest.mark.parametrize(
    "word, told", [("warehose", "`warehouse`"), ("schma", "`schema`"), ("zzz", ""), ("", "")]
)
def test_the_nearest_known_word_is_named(word: str, told: str) -> None:
    assert nearest(word, ["warehouse", "schema", "wap"]) == (
        f" Did you mean {told}?" if told else ""
    )
