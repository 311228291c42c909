"""What a ``data_type`` means: from SQL's types to Iceberg's.

A type is parsed by sqlglot in the dialect of the target and becomes an Iceberg v2 type, written as
in a table's metadata (Iceberg specification v2, "Appendix C: JSON serialization"). Where SQL's type
is narrower than Iceberg's, a rule says so. The names are in ``type_names``.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from dbt_phlo.contracts.rules import AcceptedValues, Length, Range, Rule
from dbt_phlo.contracts.type_names import (
    ALIASES,
    BOUNDS,
    ICEBERG,
    PARAMETERS,
    PRIMITIVES,
    REFUSED,
)
from dbt_phlo.errors import TypeRefused, nearest
from dbt_phlo.tables.schema import Type

MOST_DIGITS = 38
MOST_FLOAT_BITS = 24
MICROSECONDS = 6
_TEXTS = ("TEXT", "VARCHAR", "NVARCHAR", "CHAR", "NCHAR", "BPCHAR")


@dataclass(frozen=True)
class ParsedType:
    """An Iceberg type, and what the SQL type says beyond it (rules of a column named '')."""

    type: Type
    rules: tuple[AcceptedValues | Length | Range, ...] = ()

    def rules_for(self, column: str) -> tuple[Rule, ...]:
        """The rules, for a column."""
        return tuple(replace(rule, column=column) for rule in self.rules)


@lru_cache(maxsize=4096)
def parse(written: str, dialect: str = "duckdb") -> ParsedType:
    """The Iceberg type of a ``data_type``.

    Raises ``TypeRefused`` for a type that nobody knows (PHLO511), that Iceberg v2 cannot hold
    (PHLO512), or that means another one on each engine, as a bare ``decimal`` does (PHLO513).

    >>> parse("varchar(20)")
    ParsedType(type='string', rules=(Length(column='', minimum=None, maximum=20),))
    >>> parse("decimal(12,2)[]").type
    {'type': 'list', 'element': 'decimal(12, 2)'}
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    text = ICEBERG.get(written.strip().lower(), written)
    try:
        tree = parse_one(text, into=exp.DataType, dialect=_dialect(dialect))
        return _convert(tree, written)
    except (SqlglotError, AttributeError, ValueError) as error:
        raise _unknown(written) from error
    except RecursionError as error:
        raise TypeRefused(
            f"data_type {written[:40]}... is nested too deeply",
            remedy="declare the innermost values as json",
            code="PHLO512",
        ) from error


@lru_cache(maxsize=8)
def _dialect(name: str) -> Any:
    """A dialect that reads DuckDB's names of types too, so that one YAML serves each target.

    It keeps what was written: sqlglot's DuckDB drops the length of a varchar and gives a bare
    decimal its default digits (30.x, ``TYPE_CONVERTERS``).
    """
    from sqlglot import Dialect, TokenType

    known = Dialect.get_or_raise(name).__class__
    names = {alias: getattr(TokenType, kind) for alias, kind in ALIASES.items()}
    keywords = {**known.tokenizer_class.KEYWORDS, **names}
    tokenizer = type("Tokenizer", (known.tokenizer_class,), {"KEYWORDS": keywords})
    parser = type("Parser", (known.parser_class,), {"TYPE_CONVERTERS": {}})
    return type("Faithful", (known,), {"Parser": parser, "Tokenizer": tokenizer})


def _convert(tree: Any, written: str) -> ParsedType:
    kind = getattr(tree.this, "name", None) or type(tree.this).__name__.upper()
    if kind in REFUSED:
        raise TypeRefused(
            f"data_type {written} is a type that Iceberg cannot hold",
            remedy=f"write {REFUSED[kind]}",
            code="PHLO512",
        )
    if tree.args.get("values"):
        raise _unchecked(written, "so many elements", re.sub(r"\[\d+\]", "[]", written))
    if kind == "BIT" and tree.expressions:
        raise _unchecked(written, "so many bits", "bit")
    if kind in ("ARRAY", "LIST") and len(tree.expressions) == 1:
        return ParsedType({"type": "list", "element": _inside(tree.expressions[0], written)})
    if kind == "MAP" and len(tree.expressions) == 2:
        key, value = (_inside(part, written) for part in tree.expressions)
        return ParsedType({"type": "map", "key": key, "value": value})
    if kind == "STRUCT" and tree.expressions:
        return ParsedType({"type": "struct", "fields": _fields(tree, written)})
    if kind not in (*PRIMITIVES, "DECIMAL") or not _is_plain(kind, tree):
        raise _unknown(written)
    if kind == "DECIMAL":
        return ParsedType(_decimal(tree, written))
    if kind == "FLOAT" and max(_numbers(tree), default=0) > MOST_FLOAT_BITS:  # as in SQL:2016, 6.1
        return ParsedType("double")
    return ParsedType(PRIMITIVES[kind], _rules(kind, tree, written))


def _is_plain(kind: str, tree: Any) -> bool:
    """Whether a type has only the parameters that it may have."""
    if kind == "ENUM":
        return bool(tree.expressions)
    given = tree.expressions
    few = len(given) <= PARAMETERS.get(kind, 0) and len(given) == len(_numbers(tree))
    return few and not tree.args.get("nullable")


def _inside(tree: Any, written: str) -> Type:
    """The type of a part of a nested type. What SQL says beyond it is about no column, and would
    be lost: it is refused."""
    from sqlglot import exp

    if not isinstance(tree, exp.DataType):
        raise _unknown(written)
    parsed = _convert(tree, written)
    if any(isinstance(rule, AcceptedValues | Length) for rule in parsed.rules):
        raise _unchecked(written, f"{tree.sql()} inside of a nested type", "varchar there")
    return parsed.type


def _unchecked(written: str, what: str, instead: str) -> TypeRefused:
    return TypeRefused(
        f"data_type {written}: nothing can check {what}",
        remedy=f"write {instead}, and a test on the column",
        code="PHLO512",
    )


def _fields(tree: Any, written: str) -> list[dict[str, Any]]:
    from sqlglot import exp

    fields: list[dict[str, Any]] = []
    for part in tree.expressions:
        kind = part.args.get("kind") if isinstance(part, exp.ColumnDef) else None
        if kind is None:
            raise TypeRefused(
                f"data_type {written} has a field without a name or without a type",
                remedy="write struct(name varchar, size bigint)",
                code="PHLO511",
            )
        if part.args.get("constraints"):
            raise _unchecked(
                written,
                f"{part.sql()} inside of a nested type",
                f"{part.name} {kind.sql().lower()} there",
            )
        if any(field["name"].lower() == part.name.lower() for field in fields):
            raise TypeRefused(
                f"data_type {written} has the field {part.name} twice",
                remedy="SQL does not tell names apart by their case: rename one of the two",
                code="PHLO511",
            )
        fields.append({"name": part.name, "required": False, "type": _inside(kind, written)})
    return fields


def _decimal(tree: Any, written: str) -> str:
    digits = _numbers(tree)
    if not digits:
        raise TypeRefused(
            f"data_type {written} has no precision and scale: it is decimal(18, 3) on DuckDB and "
            "decimal(38, 0) on Trino",
            remedy="write decimal(18, 3), with the digits that the column needs",
            code="PHLO513",
        )
    precision, scale = digits[0], digits[1] if len(digits) > 1 else 0
    if not (1 <= precision <= MOST_DIGITS and 0 <= scale <= precision):
        raise TypeRefused(
            f"data_type {written}: a decimal has 1 to {MOST_DIGITS} digits, and no more of them "
            "after the point than in all",
            remedy="write decimal(38, 2), with the digits that the column needs",
            code="PHLO512",
        )
    return f"decimal({precision}, {scale})"


def _rules(kind: str, tree: Any, written: str) -> tuple[AcceptedValues | Length | Range, ...]:
    numbers = [] if kind == "ENUM" else _numbers(tree)
    if kind in BOUNDS:
        return (Range("", *BOUNDS[kind]),)
    if kind in _TEXTS and numbers:
        return (Length("", maximum=numbers[0]),)
    if kind == "ENUM":
        return (AcceptedValues("", tuple(part.name for part in tree.expressions)),)
    if "TIME" in kind and numbers and numbers[0] > MICROSECONDS:
        coarser = re.sub(r"\(\d+\)", f"({MICROSECONDS})", written)
        raise TypeRefused(
            f"data_type {written} holds more than microseconds, which Iceberg v2 cannot",
            remedy=f"write {coarser}",
            code="PHLO512",
        )
    return ()


def _numbers(tree: Any) -> list[int]:
    return [int(part.name) for part in tree.expressions if part.name.isdigit()]


def _unknown(written: str) -> TypeRefused:
    known = [*ICEBERG, "boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "double"]
    known += ["real", "decimal(18, 3)", "varchar", "date", "time", "timestamp", "uuid", "json"]
    cut = written.count("(") > written.count(")")
    return TypeRefused(
        f"{written!r} is no data_type that this target knows.{nearest(written.lower(), known)}",
        remedy="put the type into quotes: inside of {...} a comma ends it"
        if cut
        else "docs/types.md lists the types",
        code="PHLO511",
    )
