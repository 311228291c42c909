"""Random contracts, with the names, texts and values that break generators of code."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dbt_phlo.contracts.contract import Column, Constraint, Contract, Origin
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Relationship,
    Rule,
    Unique,
)

HOSTILE = [
    '"""',
    "'''",
    "\\",
    'ends with "',
    "ends with \\",
    "\n\n  indented\n\n",
    "a\tb\r\nc",
    "naïve – 日本語 🛩️ e\u0301 \u202e",
    "\x00\x1b[31m",
    "{{ jinja }} {format} %s",
    "# noqa",
    "# type: ignore",
    "-*- coding: latin-1 -*-",
    "'); import os; os.abort() #",
    "long " * 40,
]
NAMES = [
    *("id", "class", "date", "datetime", "time", "Decimal", "float", "pa", "Iceberg", "Table"),
    *("Config", "validate", "to_schema", "__schema__", "_phlo_row_id", "2nd", "a-b", "a b", "a_b"),
    *("Select", "ß", "日本", "x" * 90, "", " ", "'", '"', "\\", "\n", "None", "True", "lambda"),
    *("recorded", "combinations", "Annotated", "self", "cls", "name", "metadata", "print"),
]
PRIMITIVES = [
    *("boolean", "int", "long", "float", "double", "decimal(12, 2)", "decimal(38, 0)", "date"),
    *("time", "timestamp", "timestamptz", "string", "uuid", "binary", "fixed[16]"),
]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, width=32),
    "double": st.floats(allow_nan=False),
    "decimal(12, 2)": st.decimals(-(10**9), 10**9, places=2),
    "decimal(38, 0)": st.integers(-(10**37), 10**37).map(Decimal),
    "date": st.dates(),
    "time": st.times().map(lambda of: of.replace(fold=0)),
    "timestamp": st.datetimes().map(lambda of: of.replace(fold=0)),
    "timestamptz": st.datetimes(
        datetime(1, 1, 3),
        datetime(9999, 12, 29),
        timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=5, minutes=30))]),
    ).map(lambda of: of.replace(fold=0)),
    "string": st.text(max_size=12) | st.sampled_from(HOSTILE),
    "uuid": st.uuids().map(str),
    "binary": st.binary(max_size=8),
}
texts = st.text(max_size=30) | st.sampled_from(HOSTILE) | st.just("")
words = st.sampled_from(["not_null", "unique", "accepted_values", "dbt_utils.accepted_range"])
names = st.sampled_from(NAMES) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
)


def _nested(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.lists(st.tuples(names, of, st.booleans()), min_size=1, max_size=3)
    return (
        st.builds(lambda element: {"type": "list", "element": element}, of)
        | st.builds(lambda key, value: {"type": "map", "key": key, "value": value}, of, of)
        | st.builds(
            lambda parts: {
                "type": "struct",
                "fields": [{"name": n, "required": r, "type": t} for n, t, r in parts],
            },
            fields,
        )
    )


types = st.sampled_from(PRIMITIVES) | st.recursive(
    st.sampled_from(PRIMITIVES), _nested, max_leaves=4
)


@st.composite
def rules_on(draw: st.DrawFn, column: Column) -> Rule:  # noqa: PLR0911
    """Any rule about a column, fitting its type or not."""
    kind = draw(st.sampled_from(["null", "unique", "range", "values", "length", "regex", "sql"]))
    of = column.type if isinstance(column.type, str) and column.type in VALUES else "string"
    value = VALUES[of]
    if kind == "null":
        return NotNull(column.name)
    if kind == "unique":
        return Unique((column.name,), draw(st.booleans()))
    if kind == "range":
        bounds = (draw(st.none() | value), draw(st.none() | value))
        return Range(column.name, *bounds, draw(st.booleans()), draw(st.booleans()))
    if kind == "values":
        return AcceptedValues(column.name, tuple(draw(st.lists(value, max_size=3))))
    if kind == "length":
        length = st.none() | st.integers(0, 300)
        return Length(column.name, draw(length), draw(length))
    if kind == "regex":
        return Pattern(column.name, draw(st.sampled_from(["^a", "\\d+", '"', "é|日", "a\nb"])))
    return draw(
        st.sampled_from(
            [
                Relationship(column.name, "other", "id"),
                Expression('"a" > 0 -- "', (column.name,), False),
                Other("a_package.test", (column.name,), {"list": [1, None], "deep": {"x": "'"}}),
                Other("singular"),
            ]
        )
    )


@st.composite
def constraints_on(draw: st.DrawFn, columns: tuple[Column, ...]) -> Constraint:
    several = len(columns) > 1 and draw(st.integers(0, 4)) == 0
    if several:
        some = draw(st.permutations(columns))
        rule: Rule = Unique(tuple(column.name for column in some[:3]), draw(st.booleans()))
    else:
        rule = draw(rules_on(draw(st.sampled_from(columns))))
    if draw(st.integers(0, 3)):
        return Constraint(rule, draw(words))
    return Constraint(
        rule,
        draw(words),
        name=draw(texts),
        severity=draw(st.sampled_from(["error", "warn"])),
        where=draw(texts),
        threshold=draw(st.sampled_from([0.0, 0.25])),
        error_if=draw(st.sampled_from(["", "> 10"])),
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Any contract whose column names SQL can tell apart."""
    called = draw(st.lists(names, max_size=5, unique_by=str.lower))
    columns = tuple(
        Column(name, draw(types), draw(texts), draw(st.integers(0, 5)) == 0) for name in called
    )
    constraints = draw(st.lists(constraints_on(columns), max_size=6)) if columns else []
    some = st.lists(st.sampled_from(called), max_size=2).map(tuple) if called else st.just(())
    return Contract(
        name=draw(names.filter(bool)),
        columns=columns,
        constraints=tuple(constraints),
        description=draw(texts),
        unique_key=draw(some),
        partition_by=draw(st.sampled_from([(), ("day(ts)", "bucket(16, id)")])),
        is_enforced=draw(st.booleans()),
        origin=Origin(draw(st.sampled_from(["", "models/_silver.yml", "coding: utf-16.yml"]))),
    )


NESTED: dict[str, Any] = {
    "class": {"type": "list", "element": "string"},
    "deep": {
        "type": "struct",
        "fields": [
            {"name": "a b", "required": True, "type": "int"},
            {
                "name": "map",
                "required": False,
                "type": {"type": "map", "key": "string", "value": "decimal(12, 2)"},
            },
        ],
    },
}
EVERY_KIND = Contract(
    "every kind",
    (
        *(
            Column(f"{kind.split('(')[0].split('[')[0]}_{number}", kind, 'It\'s "one".')
            for number, kind in enumerate(PRIMITIVES)
        ),
        *(Column(name, kind, pii=name == "deep") for name, kind in NESTED.items()),
    ),
    (
        Constraint(NotNull("double_4"), "not_null"),
        Constraint(Unique(("long_2",)), "unique"),
        Constraint(NotNull("long_2"), "constraint", "pk"),
        Constraint(Range("long_2", 0, 100, True, False), "dbt_utils.accepted_range"),
        Constraint(Range("long_2", None, 10**30), "dbt_utils.accepted_range"),
        Constraint(Range("decimal_5", Decimal("0.00"), Decimal(10)), "phlo_range"),
        Constraint(Range("date_7", date(2020, 2, 29)), "phlo_range"),
        Constraint(Range("time_8", time(1, 2, 3, 4)), "phlo_range"),
        Constraint(Range("timestamp_9", None, datetime(2020, 1, 1)), "phlo_range"),
        Constraint(
            Range("timestamptz_10", datetime(2020, 1, 1, tzinfo=timezone.utc)), "phlo_range"
        ),
        Constraint(AcceptedValues("string_11", ("a", '"', "é")), "accepted_values"),
        Constraint(Pattern("string_11", r'^[a"é]\\$'), "phlo_pattern"),
        Constraint(Length("string_11", maximum=20), "data_type"),
        Constraint(Unique(("long_2", "string_11")), "unique_combination_of_columns"),
        Constraint(Unique(("string_11", "date_7"), True), "unique_combination_of_columns"),
        Constraint(NotNull("string_11"), "not_null", severity="warn"),
        Constraint(NotNull("date_7"), "not_null", where="long_2 > 0"),
        Constraint(Relationship("long_2", "other", "id"), "relationships"),
        Constraint(Expression("long_2 > int_1", ("long_2", "int_1")), "constraint"),
    ),
    description='Every kind of column.\n\nWith "quotes" and \\ backslashes.',
    unique_key=("long_2",),
    partition_by=("day(timestamptz_10)",),
    is_enforced=True,
    origin=Origin("models/silver/_silver.yml", 12),
)
