"""From what an author wrote to a ``Contract``: types are parsed, values typed, mistakes told."""

from collections.abc import Iterator, Mapping
from typing import Any

from dbt_phlo.contracts import consistency, data_types
from dbt_phlo.contracts.column_names import split
from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.data_tests import unquoted
from dbt_phlo.contracts.declarations import ColumnDeclaration, Declaration
from dbt_phlo.contracts.mistakes import mistake, prefix
from dbt_phlo.contracts.rules import Expression, NotNull, Other, Rule, Unique, columns_of
from dbt_phlo.contracts.tested_rules import of_tests
from dbt_phlo.errors import TypeRefused, nearest

CONSTRAINTS = ("not_null", "unique", "primary_key", "foreign_key", "check", "custom")
"""dbt's types of constraints."""

LONGEST_DESCRIPTION = 50_000


def build(declared: Declaration, dialect: str = "duckdb") -> Contract:
    """The contract of a declaration; ``dialect`` is the one that ``data_type`` is written in.

    Raises ``ContractError`` or ``TypeRefused``, with file, line, model and column. Nothing is
    guessed, and nothing is left out in silence: what only SQL can check is a rule ``Other``.
    """
    _assert_short(declared, "", declared.description)
    types: dict[str, Column] = {}
    constraints: list[Constraint] = []
    for made, rules in _columns(declared, dialect):
        types[made.name.lower()] = made
        constraints += [Constraint(rule, "data_type") for rule in rules]
    constraints += [
        *_of_constraints(declared, types),
        *of_tests(declared, types, dialect),
        *_of_key(declared, types),
    ]
    contract = Contract(
        name=declared.name,
        columns=tuple(types.values()),
        constraints=tuple(_distinct(constraints)),
        description=declared.description,
        unique_key=_key(declared, types),
        primary_key=_primary_key(declared, types),
        partition_by=declared.partition_by,
        is_enforced=declared.is_enforced,
        origin=declared.place("", "name"),
    )
    problem = consistency.problem(contract)
    if problem is not None:
        column, told = problem
        raise mistake(
            declared, column, "name", told, code="PHLO905", remedy="correct one of the two"
        )
    return contract


def _columns(declared: Declaration, dialect: str) -> Iterator[tuple[Column, tuple[Rule, ...]]]:
    """Each column, and the rules that its type says beyond Iceberg's."""
    seen: set[str] = set()
    for column in declared.columns:
        folded = column.name.lower()
        if "." in folded and _is_field(declared, column.name, dialect):
            continue
        if folded in seen:
            raise mistake(
                declared,
                column.name,
                "name",
                "is declared twice",
                code="PHLO902",
                remedy="remove one of them",
            )
        seen.add(folded)
        _assert_short(declared, column.name, column.description)
        parsed = _parsed(declared, column, dialect)
        made = Column(
            column.name,
            parsed.type,
            description=column.description,
            pii=column.pii,
            written=column.data_type or "",
            origin=declared.place(column.name, "name"),
        )
        yield made, parsed.rules_for(column.name) if parsed.rules else ()


def _is_field(declared: Declaration, name: str, dialect: str) -> bool:
    """Whether a dotted entry describes a field of a struct that is declared, and no column."""
    first = name.lower().partition(".")[0]
    owner = next((column for column in declared.columns if column.name.lower() == first), None)
    of = _parsed(declared, owner, dialect).type if owner is not None else ""
    return not isinstance(of, str) and bool(of["type"] == "struct")


def _assert_short(declared: Declaration, column: str, description: str) -> None:
    """A description goes into every metadata file of the table, and into every file made of it."""
    if len(description) > LONGEST_DESCRIPTION:
        raise mistake(
            declared,
            column,
            "description",
            f"has a description of {len(description):,} characters",
            code="PHLO907",
            remedy=f"write at most {LONGEST_DESCRIPTION:,}, and link to the rest",
        )


def _parsed(
    declared: Declaration, column: ColumnDeclaration, dialect: str
) -> data_types.ParsedType:
    if not (column.data_type or "").strip():
        raise mistake(
            declared,
            column.name,
            "name",
            "has no data_type",
            code="PHLO901",
            remedy="add one, such as bigint",
        )
    try:
        return data_types.parse(str(column.data_type), dialect)
    except TypeRefused as error:
        place = declared.place(column.name, "data_type")
        raise TypeRefused(
            f"{prefix(place)}{declared.name}.{column.name}: {error.message}",
            remedy=error.remedy,
            code=error.code,
        ) from error


def _of_constraints(declared: Declaration, types: Mapping[str, Column]) -> Iterator[Constraint]:
    """dbt's ``constraints``; of a column, or of the model with ``columns``."""
    for column in declared.columns:
        for constraint in column.constraints:
            yield from _of_constraint(declared, types, constraint, (column.name,))
    for constraint in declared.constraints:
        given = constraint.get("columns") or ()
        names = tuple(unquoted(str(name)) for name in given)
        yield from _of_constraint(declared, types, constraint, names)


def _of_constraint(
    declared: Declaration,
    types: Mapping[str, Column],
    constraint: Mapping[str, Any],
    named: tuple[str, ...],
) -> Iterator[Constraint]:
    kind = _kind(constraint)
    if kind not in CONSTRAINTS:
        raise mistake(
            declared,
            named[0] if len(named) == 1 else "",
            "constraints",
            f"there is no constraint {kind!r}.{nearest(kind, CONSTRAINTS)}",
            code="PHLO908",
            remedy=f"write type: and one of {', '.join(CONSTRAINTS)}",
        )
    columns, paths = split(declared, types, named, "constraints")
    if paths:
        yield Constraint(Other(f"constraint {kind}", columns, {"columns": paths}), "constraint")
        return
    expression = constraint.get("expression")
    name = str(constraint.get("name") or "")
    rules: list[Rule] = []
    if kind in ("not_null", "primary_key"):
        rules += [NotNull(column) for column in columns]
    if kind in ("unique", "primary_key"):
        rules.append(Unique(columns))
    if kind == "check" and expression:
        rules.append(Expression(str(expression), columns))
    if not rules or (kind in ("not_null", "unique", "primary_key") and not columns):
        told = {k: str(v) for k, v in constraint.items() if k not in ("type", "columns") and v}
        rules = [Other(f"constraint {kind}", columns, told)]
    for rule in rules:
        yield Constraint(rule, "constraint", name)


def _of_key(declared: Declaration, types: Mapping[str, Column]) -> Iterator[Constraint]:
    """A key of expressions, such as a snapshot may have, names no columns: it is only listed."""
    if declared.unique_key and not _key(declared, types):
        rule = Other("unique_key", (), {"unique_key": list(declared.unique_key)})
        yield Constraint(rule, "unique_key", severity="warn")


def _key(declared: Declaration, types: Mapping[str, Column]) -> tuple[str, ...]:
    columns, expressions = split(declared, types, declared.unique_key, "unique_key")
    return () if expressions else columns


def _primary_key(declared: Declaration, types: Mapping[str, Column]) -> tuple[str, ...]:
    for column in declared.columns:
        if any(_kind(one) == "primary_key" for one in column.constraints):
            return split(declared, types, (column.name,), "constraints")[0]
    named = next((c.get("columns") for c in declared.constraints if _kind(c) == "primary_key"), ())
    return split(declared, types, tuple(unquoted(str(n)) for n in named or ()), "constraints")[0]


def _kind(constraint: Mapping[str, Any]) -> str:
    return str(getattr(constraint.get("type"), "value", constraint.get("type")))


def _distinct(constraints: list[Constraint]) -> list[Constraint]:
    """Each once, in their order; what is declared twice is one promise."""
    found: list[Constraint] = []
    alike: dict[tuple[type, tuple[str, ...]], list[Constraint]] = {}
    for constraint in constraints:
        known = alike.setdefault((type(constraint.rule), columns_of(constraint.rule)), [])
        if constraint not in known:
            known.append(constraint)
            found.append(constraint)
    return found
