"""A plan as a Python module: formatted as ``ruff format`` does, the same bytes at every run."""

import textwrap
from collections.abc import Iterator
from typing import Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.pandera import layout, literals
from dbt_phlo.contracts.pandera.plan import Backend, Field, Plan, plan
from dbt_phlo.contracts.pandera.shape import COMBINATION, COMBINATION_WITH_NULLS

COMBINATIONS = (COMBINATION, COMBINATION_WITH_NULLS)
HEADER = (
    "# Made by `dbt-phlo schema generate`; do not edit: the next run writes it anew.",
    "# What a table must be is declared in the YAML of its dbt model.",
)
_WIDTH = 90
NO_DESCRIPTION = "What the table must be."


def to_source(contract: Contract, backend: Backend) -> str:
    """The text of the module that holds a contract's class."""
    return module(plan(contract, backend))


def module(of: Plan) -> str:
    """The text of a plan's module."""
    lines = [*HEADER]
    if of.origin:
        lines.append(f"# Source: {_comment(of.origin)}")
    lines += ["", *_imports(of), "", "", f"class {of.class_name}(Table):", *_docstring(of), ""]
    for field in of.fields:
        lines.append(_field(field))
    if of.fields:
        lines.append("")
    lines.append("    class Config(TableConfig):")
    config = {"name": of.config["name"], **docstring(of)[1], **of.config}
    lines += [_setting(key, of) for key, of in config.items()]
    if of.missing:
        lines += ["", "    # This class does not enforce:"]
        lines += [f"    # - {_comment(what)} ({_comment(why)})" for what, why in of.missing]
    return "\n".join(lines) + "\n"


def _imports(of: Plan) -> Iterator[str]:
    times = sorted(of.imports & {"date", "datetime", "time"})
    if times:
        yield f"from datetime import {', '.join(times)}"
    if "Decimal" in of.imports:
        yield "from decimal import Decimal"
    simple = any(isinstance(field.type, str) for field in of.fields)
    if simple:
        yield "from typing import Annotated"
    if times or "Decimal" in of.imports or simple:
        yield ""
    names = ["Iceberg"] if of.fields else []
    names += ["Table", "TableConfig"]
    names += ["combinations"] if any(key in of.config for key in COMBINATIONS) else []
    names += ["recorded"] if "metadata" in of.config else []
    if of.fields:
        yield f"import pandera.{of.backend} as pa"
    yield f"from dbt_phlo.contracts.pandera.on_{of.backend} import {', '.join(names)}"


def _setting(key: str, value: Any) -> str:
    before = f"{key} = "
    if key in COMBINATIONS:
        return layout.call(before, "combinations", value, 8)
    if key == "metadata":
        return layout.call(before, "recorded", value["phlo"], 8)
    return layout.statement(before, value, 8)


def _field(field: Field) -> str:
    annotation = "Iceberg"
    if isinstance(field.type, str):
        annotation = f"Annotated[Iceberg, {literals.text(field.type)}]"
    return layout.call(f"{field.attribute}: {annotation} = ", "pa.Field", field.keywords, 4)


def docstring(of: Plan) -> tuple[str, dict[str, str]]:
    """The docstring where it is one plain line, and what ``Config`` must say beside it.

    Pandera takes a class's docstring for the description; any other description stands in
    ``Config``, exactly, and the docstring is there to be read.
    """
    if not of.description:
        return NO_DESCRIPTION, {"description": ""}
    if of.description != " ".join(of.description.split()):
        return "", {"description": of.description}
    short = literals.width(of.description) <= _WIDTH
    if short and literals.text(of.description) == f'"{of.description}"':
        return of.description, {}
    return "", {"description": of.description}


def _docstring(of: Plan) -> list[str]:
    plain = docstring(of)[0]
    if plain:
        return [f'    """{plain}"""']
    described = of.description if len(of.description) <= 2000 else of.description[:2000] + "..."
    lines: list[str] = []
    for line in described.splitlines():
        words = " ".join(line.split())
        lines += textwrap.wrap(words, 80, break_on_hyphens=False) if words else [""]
    text = [_inside(line) for line in lines]
    kept = [line for number, line in enumerate(text) if line or (number and text[number - 1])]
    while kept and not kept[-1]:
        del kept[-1]
    if not kept:
        return [f'    """{NO_DESCRIPTION}"""']
    if len(kept) == 1:
        return [f'    """{kept[0]}"""']
    return [f'    """{kept[0]}', *(f"    {line}".rstrip() for line in kept[1:]), '    """']


def _inside(line: str) -> str:
    """A line inside of a docstring: no quote ends it, and nothing is an escape by accident."""
    return literals.text(line.replace('"', "'"))[1:-1].strip()


def _comment(text: str) -> str:
    """Text inside of a comment: on one line, and no word that tools read."""
    plain = literals.text(" ".join(text.split()))[1:-1].replace('\\"', '"')
    return plain.replace("noqa", "no-qa").replace("type:", "type :")
