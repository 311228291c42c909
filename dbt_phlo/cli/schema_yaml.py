"""A contract as an entry of a dbt YAML file: proposed, or written into a file that is there."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Length,
    NotNull,
    Pattern,
    Range,
    Rule,
    Unique,
    columns_of,
)
from dbt_phlo.tables.duckdb_types import written

Test = str | dict[str, Any]
"""An item of ``data_tests``: a name, or a name with its arguments."""


@dataclass
class Entry:
    """What YAML says of a contract: columns in order, tests of the model, and what it has no word
    for."""

    columns: dict[str, dict[str, Any]]
    tests: list[Test] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass
class Imported:
    """A file as it is to be; ``changes`` tell what is new in it."""

    path: Path
    model: str
    text: str
    changes: list[str]
    left: list[str]
    is_new: bool

    def write(self) -> None:
        """Write the file. Raises ``CommandError`` when the disk refuses."""
        from dbt_phlo.cli.yaml_files import written_to

        if self.changes:
            written_to(self.path, self.text)


def entry(contract: Contract) -> Entry:
    """A contract's columns and the tests that say its rules."""
    made = Entry({column.name: _column(column) for column in contract.columns})
    for constraint in contract.constraints:
        rule = _without_nulls(constraint.rule, contract)
        owner = made.columns.get(columns_of(rule)[0]) if len(columns_of(rule)) == 1 else None
        if isinstance(rule, Length) and owner is not None and _is_longest(rule):
            owner["data_type"] = f"varchar({rule.maximum})"
            continue
        test = _test(rule)
        if test is None or not constraint.is_hard or (owner is None and len(columns_of(rule)) == 1):
            made.left.append(_told(constraint))
        elif owner is not None:
            owner.setdefault("data_tests", []).append(test)
        else:
            made.tests.append(test)
    return made


def proposed(contract: Contract) -> str:
    """The text of a YAML file that declares a contract."""
    of = entry(contract)
    columns = [{"name": name, **said} for name, said in of.columns.items()]
    model: dict[str, Any] = {"name": contract.name}
    if contract.description:
        model["description"] = contract.description
    if of.tests:
        model["data_tests"] = of.tests
    return _dumped({"version": 2, "models": [{**model, "columns": columns}]})


def imported(contract: Contract, path: Path, model: str) -> Imported:
    """``path`` with a contract's columns in the entry of ``model``; nothing is written yet.

    What the file says besides stays as it is. Raises ``CommandError`` for a file that is no YAML
    mapping, or whose entry of the model has another form.
    """
    from dbt_phlo.cli.yaml_files import Document

    of, is_new = entry(contract), not path.exists()
    document = Document(path, text="version: 2\n" if is_new else None)
    changes: list[str] = []
    held = document.entry("models", model)
    if not held:
        changes.append(f"added the model {model}")
        held["name"] = model
    if contract.description and "description" not in held:
        held["description"] = contract.description
    columns = document.listed(held, "columns")
    known = {str(column.get("name", "")).strip('"').lower(): column for column in columns}
    for name, said in of.columns.items():
        column = known.get(name.lower())
        if column is None:
            columns.append({"name": name, **said})
            changes.append(f"added the column {name}")
        else:
            changes += _merged(document, column, said)
    changes += _added(document, held, of.tests, f"{model}")
    return Imported(path, model, document.dumped(), changes, of.left, is_new)


def _merged(document: Any, column: Any, said: dict[str, Any]) -> Iterator[str]:
    """Put what a class says of a column into its entry; tell what has changed."""
    name = column["name"]
    before, after = column.get("data_type"), said["data_type"]
    if before is None or not _same_type(str(before), after):
        column["data_type"] = after
        yield f"{name}: data_type {after}" + (f", was {before}" if before else "")
    if "description" in said and not column.get("description"):
        column["description"] = said["description"]
        yield f"{name}: description"
    yield from _added(document, column, said.get("data_tests", []), name)


def _added(document: Any, owner: Any, tests: list[Test], name: str) -> Iterator[str]:
    """Add the tests that an entry lacks; one of the same name stays as its author wrote it."""
    if not tests:
        return
    key = "tests" if "tests" in owner and "data_tests" not in owner else "data_tests"
    present = {_name(test) for test in owner.get(key) or ()}
    wanted = [test for test in tests if _name(test) not in present]
    if wanted:
        document.listed(owner, key).extend(wanted)
    for test in wanted:
        yield f"{name}: {_name(test)}"


def _name(test: Any) -> str:
    if not isinstance(test, Mapping):
        return str(test)
    found = test.get("test_name") or next((k for k in test if k not in ("name", "config")), "")
    return str(found)


def _same_type(one: str, other: str) -> bool:
    from dbt_phlo.contracts.data_types import parse
    from dbt_phlo.errors import TypeRefused

    try:
        return parse(one) == parse(other)
    except TypeRefused:
        return False


def _column(column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {"data_type": _data_type(column)}
    if column.description:
        said["description"] = column.description
    if column.pii:
        said["config"] = {"meta": {"phlo": {"pii": True}}}
    return said


def _data_type(column: Column) -> str:
    text = written(column.type)
    return text.lower() if isinstance(column.type, str) else text


def _without_nulls(rule: Rule, contract: Contract) -> Rule:
    """Where no column may be NULL it does not matter whether NULLs are equal."""
    if isinstance(rule, Unique) and not any(map(contract.is_nullable, rule.columns)):
        return replace(rule, nulls_are_equal=False)
    return rule


def _is_longest(rule: Length) -> bool:
    return rule.maximum is not None and not rule.minimum


def _told(constraint: Constraint) -> str:
    from dbt_phlo.contracts.pandera.plan import wording

    why = f" ({constraint.softness})" if constraint.softness else ""
    return f"{wording(constraint)}{why}"


def _test(rule: Rule) -> Test | None:
    for kind, say in _TESTS.items():
        if isinstance(rule, kind):
            return say(rule)
    return None


def _unique(rule: Any) -> Test | None:
    if rule.nulls_are_equal:
        return None
    if len(rule.columns) == 1:
        return "unique"
    return _with("phlo_unique_combination", combination_of_columns=list(rule.columns))


def _accepted_values(rule: Any) -> Test | None:
    if all(isinstance(value, str) for value in rule.values):
        return _with("accepted_values", values=list(rule.values))
    if all(type(value) in (int, float, Decimal) for value in rule.values):
        return _with("accepted_values", values=[_plain(v) for v in rule.values], quote=False)
    return None


def _range(rule: Any) -> Test | None:
    bounds = {"min_value": rule.minimum, "max_value": rule.maximum}
    given = {key: _plain(value) for key, value in bounds.items() if value is not None}
    included = {
        includes
        for value, includes in (
            (rule.minimum, rule.includes_minimum),
            (rule.maximum, rule.includes_maximum),
        )
        if value is not None
    }
    if not given or len(included) > 1:
        return None
    return _with("phlo_range", **given, **({} if included == {True} else {"inclusive": False}))


def _with(name: str, **arguments: Any) -> Test:
    """A test with arguments, on one line."""
    from ruamel.yaml.comments import CommentedMap

    given = CommentedMap(arguments=CommentedMap(arguments))
    given.fa.set_flow_style()
    return CommentedMap({name: given})


def _plain(value: Any) -> Any:
    """A value as YAML holds it; dates and exact decimals are text, as our tests take them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else value


_TESTS: dict[type, Callable[[Any], Test | None]] = {
    NotNull: lambda rule: "not_null",
    Unique: _unique,
    AcceptedValues: _accepted_values,
    Range: _range,
    Pattern: lambda rule: _with("phlo_pattern", regex=rule.regex),
}


def _dumped(document: Any) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()
