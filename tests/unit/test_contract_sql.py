"""Rules as SQL: literals are the values they were, and a whole contract is one query."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_phlo.contracts import Column, Constraint, Contract, Origin
from dbt_phlo.contracts.drift import found_columns
from dbt_phlo.contracts.failing_rows import sample
from dbt_phlo.contracts.one_scan import Scan, query, scan
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Rule,
    Unique,
)
from dbt_phlo.contracts.sql import duplicate_count, duplicates, failing
from dbt_phlo.contracts.sql_literals import literal
from dbt_phlo.errors import TypeRefused
from dbt_phlo.names import quoted
from dbt_phlo.tables.duckdb_types import written

ENGINE = duckdb.connect()
ENGINE.execute("set timezone = 'UTC'")

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "decimal(9, 2)": st.integers(1 - 10**9, 10**9 - 1).map(lambda n: Decimal(n).scaleb(-2)),
    "decimal(38, 10)": st.integers(1 - 10**38, 10**38 - 1).map(
        lambda n: Decimal((int(n < 0), tuple(map(int, str(abs(n)))), -10))
    ),
    "string": TEXT | st.sampled_from(["'", "\\", "''", "--", "\0", "a\0b\0", "$$", "\n", '"']),
    "binary": st.binary(max_size=8),
    "date": st.dates(),
    "time": st.times(),
    "timestamp": st.datetimes(),
    "timestamptz": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(
        lambda moment: moment.replace(tzinfo=timezone.utc)
    ),
    "uuid": st.uuids().map(str),
}


def rows(sql: str) -> list[tuple[Any, ...]]:
    return ENGINE.execute(sql).fetchall()


def value_of(sql: str) -> Any:
    return rows(f"select {sql}")[0][0]


@given(st.sampled_from(sorted(VALUES)), st.data())
@settings(max_examples=600, deadline=None)
def test_a_literal_is_the_value_that_it_was(kind: str, data: Any) -> None:
    value = data.draw(VALUES[kind])
    found, type_found = rows(f"select x, typeof(x) from (select {literal(value, kind)} as x)")[0]
    assert type_found == written(kind) or kind in ("int", "long")
    if kind == "uuid":
        found = str(found)
    assert repr(found) == repr(value) or (found == value and not isinstance(value, float))


@given(st.one_of(*(VALUES[kind] for kind in sorted({*VALUES} - {"uuid", "float"}))))
@settings(max_examples=300, deadline=None)
def test_a_literal_without_a_type_has_that_of_the_value(value: Any) -> None:
    found = value_of(literal(value))
    assert repr(found) == repr(value) or (found == value and not isinstance(value, float))


@pytest.mark.parametrize(
    "value, kind",
    [
        ("5", "int"),
        (True, "int"),
        (1, "boolean"),
        (1, "string"),
        (1.5, "long"),
        (2**63, "long"),
        (2**31, "int"),
        (Decimal("0.001"), "decimal(9, 2)"),
        (Decimal("10000000"), "decimal(9, 2)"),
        (math.nan, "decimal(9, 2)"),
        ("never", "date"),
        ("never", "timestamptz"),
        ("never", "uuid"),
        (b"x", "string"),
        ("\ud800", "string"),
        (1, {"type": "list", "element": "int"}),
    ],
)
def test_a_value_that_the_type_cannot_hold_is_refused(value: Any, kind: Any) -> None:
    contract = Contract("orders", (Column("c", kind, origin=Origin("m.yml", 3)),))
    with pytest.raises(TypeRefused) as refused:
        literal(value, kind, where=f"{contract.columns[0].origin}: column c of orders")
    assert refused.value.code == "PHLO542"
    assert "m.yml:3: column c of orders" in str(refused.value)


@pytest.mark.parametrize(
    "value, kind, trino",
    [
        ("it's", "string", "'it''s'"),
        (b"\xff\x00", "binary", "X'FF00'"),
        (math.nan, "double", "CAST('NaN' AS DOUBLE)"),
        (-math.inf, "float", "CAST('-Infinity' AS REAL)"),
        (datetime(2020, 1, 2, tzinfo=timezone.utc), "timestamptz",
         "TIMESTAMP '2020-01-02 00:00:00.000000 UTC'"),
        (Decimal("1.5"), "decimal(9, 2)", "CAST('1.50' AS DECIMAL(9, 2))"),
        (date(2020, 1, 2), "date", "DATE '2020-01-02'"),
        (time(1, 2, 3), "time", "TIME '01:02:03.000000'"),
    ],
)  # fmt: skip
def test_trino_has_its_own_literals(value: Any, kind: str, trino: str) -> None:
    assert literal(value, kind, "trino") == trino


BOUNDS: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers() | st.floats() | st.decimals(allow_nan=False, places=3),
    "long": st.integers(-(2**70), 2**70) | st.floats(),
    "decimal(9, 2)": st.decimals(-2000, 2000, places=4) | st.floats() | st.integers(),
    "decimal(38, 10)": st.integers(-(10**40), 10**40) | st.floats(),
    "double": st.floats() | st.integers(-(10**20), 10**20),
    "string": TEXT,
    "date": st.dates(),
    "timestamptz": VALUES["timestamptz"],
}


def as_number(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) and math.isfinite(value) else value


def ordered(one: Any, other: Any) -> int:
    """As DuckDB compares: NaN is equal to itself and above every number."""
    nans = [isinstance(value, float) and math.isnan(value) for value in (one, other)]
    if any(nans):
        return nans[0] - nans[1]
    return (one > other) - (one < other)


def holds(rule: Range, value: Any, kind: str) -> bool:
    low, high = rule.minimum, rule.maximum
    if kind == "double":
        low, high, value = (None if x is None else float(x) for x in (low, high, value))
    elif kind not in ("string", "date", "timestamptz"):
        low, high, value = as_number(low), as_number(high), as_number(value)
    above = low is None or ordered(value, low) >= (0 if rule.includes_minimum else 1)
    below = high is None or ordered(value, high) <= (0 if rule.includes_maximum else -1)
    return above and below


@given(st.sampled_from(sorted(BOUNDS)), st.data())
@settings(max_examples=800, deadline=None)
def test_a_range_fails_exactly_what_lies_outside(kind: str, data: Any) -> None:
    bound = st.none() | BOUNDS[kind] | VALUES[kind]
    rule = Range("c", *(data.draw(x) for x in (bound, bound, st.booleans(), st.booleans())))
    values = data.draw(st.lists(VALUES[kind], max_size=4)) + [
        value for value in (rule.minimum, rule.maximum) if in_type(value, kind)
    ]
    contract = Contract("t", (Column("c", kind),))
    for value in values:
        condition = failing(rule, contract)
        found = value_of(f"coalesce({condition}, false) from (select {literal(value, kind)} as c)")
        assert found is not holds(rule, value, kind), (rule, value, condition)
    null = f"from (select null::{written(kind)} as c)"
    assert value_of(f"coalesce({failing(rule, contract)}, false) {null}") is False


def in_type(value: Any, kind: str) -> bool:
    try:
        literal(value, kind)
    except TypeRefused:
        return False
    return True


ALL, NONE = '"c" IS NOT NULL', "FALSE"


@pytest.mark.parametrize(
    "kind, rule, condition",
    [
        ("int", Range("c", 2**31 - 1), '"c" < 2147483647'),
        ("int", Range("c", 2**31 - 1, includes_minimum=False), ALL),
        ("int", Range("c", 2**31), ALL),
        ("int", Range("c", -(2**31)), NONE),
        ("int", Range("c", None, 2**31 - 1), NONE),
        ("int", Range("c", None, -(2**31)), '"c" > -2147483648'),
        ("int", Range("c", None, -(2**31), includes_maximum=False), ALL),
        ("int", Range("c", 0.5, 1.5), '"c" < 1 OR "c" > 1'),
        ("long", Range("c", math.nan), ALL),
        ("long", Range("c", None, math.nan, includes_maximum=False), NONE),
        ("long", Range("c", math.inf), ALL),
        ("long", Range("c", -math.inf, math.inf), NONE),
        ("long", Range("c", None, -math.inf), ALL),
        ("decimal(3, 1)", Range("c", 99.9), "\"c\" < CAST('99.9' AS DECIMAL(3, 1))"),
        ("decimal(3, 1)", Range("c", 99.91), ALL),
        ("decimal(3, 1)", Range("c", -99.9, 99.9), NONE),
        ("decimal(3, 1)", Range("c", 0.1), "\"c\" < CAST('0.1' AS DECIMAL(3, 1))"),
        ("decimal(3, 1)", AcceptedValues("c", (0.1, 0.11)),
         "NOT (\"c\" IN (CAST('0.1' AS DECIMAL(3, 1))))"),
    ],
)  # fmt: skip
def test_a_bound_at_the_edge_of_an_exact_type(kind: str, rule: Any, condition: str) -> None:
    assert failing(rule, Contract("t", (Column("c", kind),))) == condition


@pytest.mark.parametrize("kind", ["float", "double"])
def test_a_float_is_compared_as_duckdb_compares_it_with_the_number_as_written(kind: str) -> None:
    contract = Contract("t", (Column("c", kind),))
    for rule in (Range("c", 0.1, 0.1), AcceptedValues("c", (0.1, 1e300))):
        condition = failing(rule, contract)
        assert value_of(f"{condition} from (select 0.1::{written(kind)} as c)") is False


def test_values_that_no_row_can_have_are_left_out_of_accepted_ones() -> None:
    contract = Contract("t", (Column("c", "int"),))
    assert failing(AcceptedValues("c", (1, 1.5, Decimal(3))), contract) == 'NOT ("c" IN (1, 3))'
    assert failing(AcceptedValues("c", (1.5,)), contract) == '"c" IS NOT NULL'
    with pytest.raises(TypeRefused, match="column c of t"):
        failing(AcceptedValues("c", ("1",)), contract)


@pytest.mark.parametrize(
    "rule, condition",
    [
        (Range("c", 1.0, 2.0),
         "\"c\" < CAST('1.0' AS DOUBLE) OR \"c\" > CAST('2.0' AS DOUBLE) OR is_nan(\"c\")"),
        (Range("c", math.nan), 'NOT is_nan("c")'),
        (Range("c", math.nan, includes_minimum=False), '"c" IS NOT NULL'),
        (Range("c", None, math.nan), "FALSE"),
        (Range("c", None, math.nan, True, False), 'is_nan("c")'),
        (AcceptedValues("c", (math.nan, 1.0)),
         "NOT (\"c\" IN (CAST('1.0' AS DOUBLE)) OR is_nan(\"c\"))"),
    ],
)  # fmt: skip
def test_nan_is_asked_for_by_name_on_trino(rule: Any, condition: str) -> None:
    assert failing(rule, Contract("t", (Column("c", "double"),)), "trino") == condition


def test_a_comment_in_an_expression_ends_where_the_expression_does() -> None:
    condition = failing(Expression("a > 1 -- why"), Contract("t", ()))
    assert rows(f"select a from (values (1), (2), (null)) t(a) where {condition}") == [(1,)]
    strict = failing(Expression("a > 1 -- why", null_passes=False), Contract("t", ()))
    assert rows(f"select a from (values (1), (2), (null)) t(a) where {strict}") == [(1,), (None,)]


@pytest.mark.parametrize("kind", ["int", "binary", {"type": "list", "element": "string"}])
def test_a_pattern_on_what_is_no_text_is_refused(kind: Any) -> None:
    with pytest.raises(TypeRefused, match="column c of t"):
        failing(Pattern("c", "a"), Contract("t", (Column("c", kind),)))


def test_a_length_is_in_characters_and_of_a_binary_in_bytes() -> None:
    contract = Contract("t", (Column("c", "string"), Column("b", "binary")))
    accented = failing(Length("c", maximum=1), contract)
    assert value_of(f"{accented} from (select 'é' as c)") is False
    assert value_of(f"{accented} from (select 'e\u0301' as c)") is True
    assert value_of(f"{failing(Length('b', 2), contract)} from (select '\\xFF'::blob as b)") is True


COLUMNS = {
    "id": "int",
    'odd "name"': "string",
    "select": "double",
    "amount": "decimal(9, 2)",
    "moment": "timestamptz",
}
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(0, 6),
    'odd "name"': st.sampled_from(["a", "b", "", "ab\n", "é", "'"]),
    "select": st.sampled_from([math.nan, 0.0, -0.0, 1.5, math.inf, -math.inf]),
    "amount": st.sampled_from([Decimal("0.00"), Decimal("1.50"), Decimal("-9.99")]),
    "moment": st.sampled_from([datetime(2020, 1, day, tzinfo=timezone.utc) for day in (1, 2)]),
}
RULES = st.one_of(
    st.builds(NotNull, st.sampled_from([*COLUMNS])),
    st.builds(
        Unique,
        st.lists(st.sampled_from([*COLUMNS]), min_size=1, max_size=2, unique=True).map(tuple),
        st.booleans(),
    ),
    st.sampled_from([*COLUMNS]).flatmap(
        lambda name: st.builds(
            AcceptedValues, st.just(name), st.lists(CELLS[name], max_size=3).map(tuple)
        )
    ),
    st.sampled_from([*COLUMNS]).flatmap(
        lambda name: st.builds(
            Range,
            st.just(name),
            st.none() | CELLS[name],
            st.none() | CELLS[name],
            st.booleans(),
            st.booleans(),
        )
    ),
    st.builds(Length, st.just('odd "name"'), st.none() | st.integers(0, 2), st.integers(0, 2)),
    st.builds(Pattern, st.just('odd "name"'), st.sampled_from(["^a", "b$", "'", "."])),
    st.builds(Expression, st.just("amount >= id"), st.just(("amount", "id")), st.booleans()),
)
CONTRACT = Contract("t", tuple(Column(name, kind) for name, kind in COLUMNS.items()))


def make(data: Sequence[Sequence[Any]], name: str = "t") -> None:
    types = ", ".join(f"{quoted(column)} {written(kind)}" for column, kind in COLUMNS.items())
    ENGINE.execute(f"create or replace temp table {name} ({types})")
    if data:
        marks = ", ".join("?" * len(COLUMNS))
        ENGINE.executemany(f"insert into {name} values ({marks})", data)


def scanned(constraints: Sequence[Constraint], scope: str = "", name: str = "t") -> Scan:
    contract = Contract("t", CONTRACT.columns, tuple(constraints))
    described = [(row[0], row[1]) for row in rows(f"describe {name}")]
    return scan(rows, contract, name, found_columns(described), scope=scope)


def key_of(row: Sequence[Any], rule: Unique) -> tuple[str, ...] | None:
    values = [row[[*COLUMNS].index(column)] for column in rule.columns]
    if None in values and not rule.nulls_are_equal:
        return None
    return tuple(repr(0.0 if isinstance(v, float) and v == 0 else v) for v in values)


def in_duplicates(data: Sequence[Sequence[Any]], rule: Unique) -> int:
    counts = Counter(key for row in data if (key := key_of(row, rule)) is not None)
    return sum(count for count in counts.values() if count > 1)


@given(
    st.lists(st.tuples(*(st.none() | CELLS[name] for name in COLUMNS)), max_size=12),
    st.lists(RULES, min_size=1, max_size=8),
    st.sampled_from(["", "id > 2", "id is null -- all"]),
)
@settings(max_examples=250, deadline=None)
def test_one_scan_counts_what_each_rule_alone_counts(
    data: list[Any], rules: list[Rule], where: str
) -> None:
    make(data)
    result = scanned([Constraint(rule, "test", where=where) for rule in rules])
    inside = where or "true"
    assert result.total_count == len(data)
    for counted in result.counted:
        rule = counted.constraint.rule
        assert counted.total_count == value_of(f"count(*) from t where {inside}")
        if isinstance(rule, Unique):
            kept = rows(f"select * from t where {inside}")
            assert counted.failed_count == in_duplicates(kept, rule)
            assert value_of(duplicate_count(rule, "t", where).removeprefix("SELECT")) == (
                counted.failed_count
            )
            for dialect in ("duckdb", "trino"):
                copies = rows(duplicates(rule, "t", dialect, where))  # type: ignore[arg-type]
                assert len(copies) == counted.failed_count
        else:
            alone = f"count(*) from (from t where {inside}\n) where {failing(rule, CONTRACT)}"  # type: ignore[arg-type]
            assert counted.failed_count == value_of(alone)
        shown = rows(sample(counted.constraint, CONTRACT, "t"))
        assert len(shown) == min(20, counted.failed_count or 0)


@given(st.lists(RULES, min_size=1, max_size=8), st.sampled_from(["", "id > 2 -- few"]))
@settings(max_examples=60, deadline=None)
def test_what_trino_is_asked_is_its_sql(rules: list[Rule], where: str) -> None:
    """It parses; no Trino is here to run it."""
    import sqlglot

    constraints = [Constraint(rule, "test", where=where) for rule in rules]
    sqlglot.parse_one(query(constraints, CONTRACT, "s.t", where, "trino"), dialect="trino")
    for one in constraints:
        sqlglot.parse_one(sample(one, CONTRACT, "s.t", dialect="trino"), dialect="trino")


@pytest.mark.parametrize("seen", [0, 1])
def test_an_empty_table_breaks_nothing(seen: int) -> None:
    make([])
    result = scanned([Constraint(NotNull("id"), "x"), Constraint(Unique(("id",)), "x")])
    assert [one.failed_count for one in result.counted] == [0, 0]
    assert result.counted[seen].is_kept


def test_a_partition_narrows_row_rules_and_not_uniqueness() -> None:
    make([(1, "a", None, None, None), (1, "b", None, None, None), (2, None, None, None, None)])
    constraints = [Constraint(NotNull('odd "name"'), "x"), Constraint(Unique(("id",)), "x")]
    result = scanned(constraints, scope="id = 2 -- one")
    assert [(one.failed_count, one.total_count) for one in result.counted] == [(1, 1), (2, 3)]
    assert result.total_count == 1


def test_hard_and_soft_constraints_are_told_apart_and_thresholds_are_shares() -> None:
    make([(n if n else None, None, None, None, None) for n in range(10)])
    result = scanned(
        [
            Constraint(NotNull("id"), "x"),
            Constraint(NotNull("id"), "x", severity="warn"),
            Constraint(NotNull("id"), "x", threshold=0.1),
            Constraint(NotNull("id"), "x", threshold=0.099),
        ]
    )
    assert [one.is_kept for one in result.counted] == [False, False, True, False]
    assert (len(result.hard), len(result.soft)) == (1, 3)


def test_rules_on_what_is_missing_or_of_another_type_are_problems_and_the_rest_is_counted() -> None:
    ENGINE.execute("create or replace temp table other (id varchar, idd int, amount decimal(18,4))")
    ENGINE.execute("insert into other values ('x', 1, 1.5001), (null, 2, 1.5)")
    contract = Contract(
        "other",
        (Column("id", "int"), Column("ids", "int"), Column("amount", "decimal(9, 2)")),
        (
            Constraint(Range("id", 1, 2), "x"),
            Constraint(NotNull("id"), "x"),
            Constraint(NotNull("ids"), "x"),
            Constraint(Range("amount", None, Decimal("1.50")), "x"),
            Constraint(Other("dbt_utils.equal_rowcount", arguments={"a": [1]}), "x"),
        ),
    )
    described = [(row[0], row[1]) for row in rows("describe other")]
    result = scan(rows, contract, "other", found_columns(described))
    assert [one.failed_count for one in result.counted] == [None, 1, None, 1, None]
    assert [bool(one.problem) for one in result.counted] == [True, False, True, False, True]
    assert "lacks the column ids. Did you mean `id`?" in result.counted[2].problem
    assert not result.counted[0].is_kept
    kinds = [(one.kind, one.column) for one in result.differences]
    assert kinds == [("type", "id"), ("missing", "ids"), ("type", "amount"), ("extra", "idd")]


def test_a_sample_shows_keys_and_hides_what_is_pii() -> None:
    make([(n, "a", 1.0, None, None) for n in range(30)])
    columns = (Column("id", "int"), Column('odd "name"', "string", pii=True))
    contract = Contract("t", columns, unique_key=("id",))
    constraint = Constraint(AcceptedValues('odd "name"', ("b",)), "x")
    shown = rows(sample(constraint, contract, "t"))
    assert len(shown) == 20
    assert shown[0] == (0, "***")
    assert rows(sample(constraint, contract, "t", scope="id = 7", limit=3)) == [(7, "***")]
    twice = Constraint(Unique(('odd "name"',)), "x")
    assert len(rows(sample(twice, contract, "t"))) == 20
