"""`dbt-phlo schema import` adds to a YAML file and leaves every other character as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_phlo.cli import schema_text
from dbt_phlo.cli.schema_import import Imported, imported
from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.rules import AcceptedValues, NotNull, Range, Unique
from dbt_phlo.errors import CommandError

CONTRACT = Contract(
    name="orders",
    columns=(
        Column("id", "long", description="Who it is."),
        Column("state", "string", pii=True),
        Column("amount", "decimal(9, 2)"),
    ),
    constraints=tuple(
        Constraint(rule, "class")
        for rule in (
            NotNull("id"),
            Unique(("id",)),
            AcceptedValues("state", ("yes", "no")),
            Range("amount", minimum=0),
            Unique(("state", "amount")),
        )
    ),
)

FILES = {
    "dashes below the key": (
        "models:\n- name: orders\n  columns:\n  - name: id\n    data_type: int\n"
    ),
    "dashes to the right": (
        "models:\n    - name: orders\n      columns:\n          - name: id\n"
        "            data_type: int   # wide enough?\n"
    ),
    "braces": "models: [{name: orders, columns: [{name: id, data_type: int}]}]\n",
    "columns in braces": (
        "models:\n  - name: orders\n    columns:\n      - {name: id, data_type: int}\n"
    ),
    "no columns yet": "models:\n  - name: orders\n    description: ours\n",
    "an empty list": "models:\n  - name: orders\n    columns: []\n",
    "nothing under columns": "models:\n  - name: orders\n    columns:\n",
    "no newline at the end": "models:\n  - name: orders\n    columns:\n      - name: id",
    "windows": "models:\r\n  - name: orders\r\n    columns:\r\n      - name: id\r\n",
    "a block of text last": (
        "models:\n  - name: orders\n    columns:\n      - name: id\n        description: |\n"
        "          Two\n          lines.\n\n  - name: other   # the next\n"
    ),
    "yaml 1.1 words": (
        "models:\n  - name: orders\n    meta: {a: yes, b: 'on', c: 1e+20, d: 012}\n    columns:\n"
        "      - name: id\n        quote: no\n"
    ),
    "comments everywhere": (
        "# top\nversion: 2\n\nmodels:\n  # before\n  - name: orders  # beside\n    columns:\n"
        "      # the key\n      - name: id\n        # a test is to come\n\n\n# bottom\n"
    ),
    "tests of the old name": (
        "models:\n  - name: orders\n    columns:\n      - name: id\n        tests:\n"
        "          - unique:\n              config: {severity: warn}\n"
    ),
    "a name in other letters": "models:\n  - name: orders\n    columns:\n      - name: ID\n",
    "an anchor elsewhere": (
        "shared: &shared\n  severity: warn\nmodels:\n  - name: orders\n    columns:\n"
        "      - name: id\n        config: {meta: {x: 1}}\n        data_tests:\n"
        "          - not_null:\n              config: *shared\n"
    ),
    "a seed": "seeds:\n  - name: orders\n    columns:\n      - name: id\n",
    "long lines": f"models:\n  - name: orders\n    description: {'word ' * 60}end\n",
    "another model": "models:\n  - name: other\n    columns:\n      - name: id\n",
    "nothing": "",
    "a comment alone": "# to be written\n",
}


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_every_line_stays_and_the_columns_are_there(before: str, tmp_path: Path) -> None:
    done = _import(tmp_path, before)
    added = [line for line in done.diff if line.startswith("+") and not line.startswith("+++")]
    removed = [line for line in done.diff if line.startswith("-") and not line.startswith("---")]
    assert added
    assert all("name" in line or "columns" in line or "data_type" in line for line in removed)
    assert len(removed) <= 1  # the type that was another, or what stands in braces
    file = tmp_path / "schema.yml"
    file.write_bytes(done.text.encode())
    model = _entry(yaml.safe_load(done.text), "orders")
    columns = {str(column["name"]).lower(): column for column in model["columns"]}
    assert list(columns) == ["id", "state", "amount"]
    assert columns["id"]["data_type"] == "bigint"
    given = columns["state"]["data_tests"][0]["accepted_values"]["arguments"]
    assert given == {"values": ["yes", "no"]}  # texts, not booleans
    assert {"not_null", "unique"} <= set(map(_name, _tests(columns["id"])))
    was = yaml.safe_load(before) or {}
    for key in set(was) - {"models", "seeds"}:
        assert yaml.safe_load(done.text)[key] == was[key]
    again = imported(CONTRACT, file, "orders")
    assert again.changes == []
    assert again.text.encode() == file.read_bytes()
    assert ("\r\n" in before) == ("\r\n" in done.text)
    assert done.text.count("\r\n") in (0, done.text.count("\n"))


def test_a_source_is_named_with_its_table(tmp_path: Path) -> None:
    before = "sources:\n  - name: shop\n    tables:\n      - name: orders  # raw\n"
    done = _import(tmp_path, before, "shop.orders")
    table = yaml.safe_load(done.text)["sources"][0]["tables"][0]
    assert [column["name"] for column in table["columns"]] == ["id", "state", "amount"]
    with pytest.raises(
        CommandError, match=r"no source's table shop\.order\..*shop\.orders"
    ) as told:
        _import(tmp_path, before, "shop.order")
    assert told.value.code == "PHLO812"


@pytest.mark.parametrize(
    ("before", "line", "what"),
    [
        (
            "c: &c\n  - name: id\nmodels:\n  - name: orders\n    columns: *c\n",
            5,
            "an anchor or an alias",
        ),
        ("models:\n  - name: orders\n    columns: {id: 1}\n", 3, "no list under columns"),
        (
            "b: &b {columns: []}\nmodels:\n  - name: orders\n    <<: *b\n",
            3,
            "takes the columns from an alias",
        ),
    ],
)
def test_a_form_that_cannot_be_added_to_is_told_with_its_line(
    before: str, line: int, what: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=what) as told:
        _import(tmp_path, before)
    assert f"schema.yml:{line} " in told.value.message
    assert (tmp_path / "schema.yml").read_text() == before


def test_a_test_that_its_author_has_bent_stays_and_is_told(tmp_path: Path) -> None:
    before = (
        "models:\n  - name: orders\n    columns:\n      - name: state\n        data_tests:\n"
        "          - accepted_values: {values: ['yes']}\n"
    )
    done = _import(tmp_path, before)
    assert done.left == [
        "state: accepted_values (values: ['yes', 'no']); the test of that name stays as it is"
    ]
    assert done.text.count("accepted_values") == 1


@pytest.mark.parametrize(
    "value",
    [
        *("yes", "no", "on", "off", "y", "~", "null", "1e+20", "1.0", "012", "0x1f", "1:30"),
        *("2026-01-01", "a: b", "a #b", "- a", "*a", "&a", "!a", "{a}", "[a", "", " a", "a ", "'"),
        *('"', "a\nb", "a\n\n  b", "a\tb", "\x85", "\u2028", "é", "\U0001f600", "%a", "@a", "`a"),
        *("=", "<<", "? a", "a, b", "{{ x }}", "-", "---", "..."),
        *(1, -1, 1.5, 1e20, True, False, None, ["a", ["b"]], {"a": {"yes": "on"}}, [], {}),
    ],
)
def test_what_is_written_is_what_dbt_reads(value: Any) -> None:
    assert yaml.safe_load(schema_text.flow(value)) == value
    document = schema_text.document({"key": value, "list": [{"name": "x", "of": value}]})
    assert yaml.safe_load(document) == {"key": value, "list": [{"name": "x", "of": value}]}


def _import(folder: Path, before: str, model: str = "orders") -> Imported:
    file = folder / "schema.yml"
    file.write_bytes(before.encode())
    return imported(CONTRACT, file, model)


def _entry(document: Mapping[str, Any], name: str) -> Any:
    entries = [*document.get("models", []), *document.get("seeds", [])]
    return next(entry for entry in entries if entry["name"] == name)


def _tests(column: Mapping[str, Any]) -> list[Any]:
    return list(column.get("data_tests") or column.get("tests") or [])


def _name(test: Any) -> str:
    return test if isinstance(test, str) else next(iter(test))
