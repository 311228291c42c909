"""What a contract becomes as a Pandera class, before anything is written or made."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.pandera import literals, names
from dbt_phlo.contracts.pandera.data import about, rule_data
from dbt_phlo.contracts.pandera.recorded import recorded
from dbt_phlo.contracts.pandera.shape import Shape, default_constraints
from dbt_phlo.contracts.pandera.slots import Keywords, choices, refusal
from dbt_phlo.contracts.rules import NotNull, Rule, Unique, columns_of
from dbt_phlo.errors import ContractError
from dbt_phlo.tables.schema import Type

Backend = Literal["pandas", "polars"]
BACKENDS: tuple[Backend, ...] = ("pandas", "polars")
OVERFLOW = "phlo_rules"
"""Where a rule stands whose keywords another rule of the column has taken."""


class Field(NamedTuple):
    """One field: the attribute, the column, its type and what ``Field`` is called with."""

    attribute: str
    column: str
    type: Type
    keywords: Keywords


@dataclass(frozen=True)
class Plan:
    """A class: its fields, what its ``Config`` says, and what no check on values can say."""

    class_name: str
    backend: Backend
    description: str
    origin: str
    fields: tuple[Field, ...]
    config: Keywords
    missing: tuple[tuple[str, str], ...]
    """A constraint's text and why the class does not enforce it."""
    imports: frozenset[str] = field(default_factory=frozenset)


def plan(contract: Contract, backend: Backend) -> Plan:
    """The plan of a contract on a backend. Raises ``ContractError`` (PHLO952) for a column that
    polars cannot name."""
    if backend == "polars":
        _assert_names(contract)
    shape = Shape({column.name: {} for column in contract.columns})
    required = {c.rule.column.lower() for c in contract.hard if isinstance(c.rule, NotNull)}
    folded = {c.name.lower(): c for c in contract.columns}
    nullable = {c.name: c.name.lower() not in required for c in contract.columns}
    for column in contract.columns:
        if not nullable[column.name]:
            # Pandera on polars takes NaN for NULL; SQL does not.
            floats = backend == "polars" and column.type in ("float", "double")
            shape.columns[column.name] = {"phlo_not_null": True} if floats else {"nullable": False}
    entries: list[Keywords] = []
    missing: list[tuple[str, str]] = []
    for constraint in contract.constraints:
        rule = constraint.rule
        about_columns = [folded.get(name.lower()) for name in columns_of(rule)]
        found = [column for column in about_columns if column]
        reason = constraint.softness or _reason(rule, about_columns)
        place = {} if reason else _place(rule, found, shape, nullable)
        if reason:
            missing.append((wording(constraint), reason))
        entries.append({**(place or rule_data(rule)), **about(constraint)})
    metadata = _metadata(contract, shape, entries)
    used = literals.constructors([list(shape.columns.values()), metadata])
    attributes = names.attributes((column.name for column in contract.columns), used)
    fields = tuple(
        Field(attributes[c.name], c.name, c.type, _keywords(c, attributes[c.name], shape))
        for c in contract.columns
    )
    taken = used | set(attributes.values())
    config = {"name": contract.name, **shape.config}
    return Plan(
        class_name=names.class_name(contract.name, taken),
        backend=backend,
        description=contract.description,
        origin=contract.origin.file,
        fields=fields,
        config=config | ({"metadata": recorded(**metadata)} if metadata else {}),
        missing=tuple(missing),
        imports=frozenset(used),
    )


def _assert_names(contract: Contract) -> None:
    """Polars takes ``*`` and ``^...$`` for patterns of names, wherever a name stands."""
    for column in contract.columns:
        name = column.name
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            place = f"{column.origin}: " if column.origin.file else ""
            raise ContractError(
                f"{place}{contract.name} has the column {name}, which polars takes for a pattern",
                remedy="rename the column, or use the backend pandas",
                code="PHLO952",
            )


def wording(constraint: Constraint) -> str:
    """A constraint in words, for lists of what is not enforced."""
    data = rule_data(constraint.rule)
    kind = data.pop("rule")
    said = ", ".join(f"{key}={value!r}" for key, value in data.items())
    return f"{constraint.name or constraint.source}: {kind}({said})"


def _reason(rule: Rule, known: list[Column | None]) -> str:
    if not isinstance(rule, NotNull | Unique) and not hasattr(rule, "column"):
        return "only SQL can check it"
    if type(rule).__name__ == "Relationship":
        return "it needs another table"
    if not known:
        return "it names no column"
    if None in known:
        return "the contract has no such column"
    return refusal(rule, known[0]) if known[0] else ""


def _place(rule: Rule, found: list[Column], shape: Shape, nullable: dict[str, bool]) -> Keywords:
    """Put a rule into the shape; where it stands, or nothing where its own data must stay."""
    exact = tuple(column.name for column in found)
    if isinstance(rule, Unique) and (len(exact) > 1 or rule.nulls_are_equal):
        place = shape.add_combination(rule, exact)
    else:
        place = _place_on(rule, found[0], shape.columns[exact[0]], nullable[exact[0]])
    return place if exact == columns_of(rule) else {}


def _place_on(rule: Rule, column: Column, taken: Keywords, nullable: bool) -> Keywords:
    where: Keywords = {"column": column.name}
    if isinstance(rule, NotNull):
        checks = ["nullable" if "nullable" in taken else "phlo_not_null"]
        return {**where, "checks": checks}
    for keywords in choices(rule, column.type, nullable):
        if all(key in taken and repr(taken[key]) == repr(v) for key, v in keywords.items()):
            return {**where, "checks": list(keywords)}
        if not any(_clashes(key, taken) for key in keywords):
            taken.update(keywords)
            return {**where, "checks": list(keywords)}
    more: list[Keywords] = taken.setdefault(OVERFLOW, [])
    more.append(rule_data(rule, column=False))
    return {**where, "checks": [OVERFLOW], "number": len(more) - 1}


def _clashes(key: str, taken: Keywords) -> bool:
    """Whether a keyword is taken. ``ge`` and ``gt`` together would read back as one bound."""
    opposite = {"ge": "gt", "gt": "ge", "le": "lt", "lt": "le"}.get(key, key)
    return key in taken or opposite in taken


def _keywords(column: Column, attribute: str, shape: Shape) -> Keywords:
    keywords: Keywords = {}
    if attribute != column.name:
        keywords["alias"] = column.name
    if not isinstance(column.type, str):
        keywords["dtype_kwargs"] = {"of": column.type}
    own = dict(shape.columns[column.name])
    if own.pop("nullable", True):
        keywords["nullable"] = True
    keywords |= own
    if column.description:
        keywords["description"] = column.description
    if column.pii:
        keywords["metadata"] = {"pii": True}
    return keywords


def _metadata(contract: Contract, shape: Shape, entries: Iterable[Keywords]) -> Keywords:
    """What Pandera has no word for, so that the class can be read back whole."""
    metadata: Keywords = {}
    if contract.unique_key:
        metadata["unique_key"] = list(contract.unique_key)
    if contract.primary_key:
        metadata["primary_key"] = list(contract.primary_key)
    if contract.partition_by:
        metadata["partition_by"] = list(contract.partition_by)
    if contract.is_enforced:
        metadata["is_enforced"] = True
    plain = default_constraints(shape)
    # 1, 1.0 and True are equal, and not the same
    if plain != contract.constraints or repr(plain) != repr(contract.constraints):
        metadata["constraints"] = list(entries)
    return metadata
