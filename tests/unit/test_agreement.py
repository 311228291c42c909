"""dbt's tests on DuckDB, Pandera on pandas and Pandera on polars reject the same rows.

The reference is the SQL that each test runs, written down here as dbt 1.11, dbt_utils and our own
macros have it, with the values as YAML gives them. Set PHLO_AGREEMENT_EXAMPLES to look for longer.
"""

import math
import os
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pandera.errors
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.pandera import to_class
from dbt_phlo.contracts.pandera.arrow_types import arrow_type
from dbt_phlo.contracts.rules import AcceptedValues, Length, NotNull, Pattern, Range, Rule, Unique

EXAMPLES = int(os.environ.get("PHLO_AGREEMENT_EXAMPLES", "2000"))
NAN, INFINITY = float("nan"), float("inf")
UTC = timezone.utc
PARIS_WINTER = timezone(timedelta(hours=1))
ID = "6f1b2c3d-0000-4000-8000-00000000000"
STRUCT = {
    "type": "struct",
    "fields": [
        {"name": "x", "required": False, "type": "double"},
        {"name": "y z", "required": False, "type": {"type": "list", "element": "string"}},
    ],
}

VALUES: dict[str, list[Any]] = {
    "boolean": [True, False],
    "int": [0, 1, -1, 5, 2**31 - 1, -(2**31)],
    "long": [0, 1, -1, 5, 2**53 + 1, 2**53, 2**63 - 1, -(2**63)],
    "float": [0.0, -0.0, 1.5, -1.0, 16777216.0, 0.10000000149011612, NAN, INFINITY, -INFINITY],
    "double": [0.0, -0.0, 0.1, 1.5, 5e-324, 1.7976931348623157e308, NAN, INFINITY, -INFINITY],
    "decimal(12, 2)": [Decimal(v) for v in ("0", "-0.01", "0.10", "9999999999.99", "1.50", "5")],
    "decimal(38, 0)": [Decimal(v) for v in ("0", "1", "9" * 38, "-" + "9" * 38, "5")],
    "decimal(38, 10)": [Decimal(v) for v in ("0", "1.5", "9" * 28 + ".9999999999", "-1E-10")],
    "string": ["", " ", "a", "A", "a ", "é", "e\u0301", "🛩️", "𝒳𝒴", "a\nb", "a\0b", "ß", "abc"],
    "date": [date.min, date.max, date(1970, 1, 1), date(2024, 2, 29), date(1969, 12, 31)],
    "time": [time(0), time(23, 59, 59, 999999), time(12, 30)],
    "timestamp": [datetime.min, datetime.max, datetime(1970, 1, 1), datetime(2024, 2, 29, 12)],
    "timestamptz": [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2024, 3, 31, 1, tzinfo=UTC),
        datetime(2024, 3, 31, 2, tzinfo=PARIS_WINTER),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
    "uuid": [f"{ID}{digit}" for digit in "01f"],
    "binary": [b"", b"\0", b"a", b"\xff\xfe", b"a\0"],
    "list": [[], [1], [1, None], [None], [2, 1]],
    "struct": [{"x": NAN, "y z": ["a"]}, {"x": 0.0, "y z": None}, {"x": -0.0, "y z": None}],
    "map": [[], [("k", 1)], [("k", None)], [("k", 1), ("l", 2)]],
}
NESTED: dict[str, Any] = {
    "list": {"type": "list", "element": "long"},
    "struct": STRUCT,
    "map": {"type": "map", "key": "string", "value": "int"},
}
ORDERED = [kind for kind in VALUES if kind not in NESTED]
BOUNDS = {
    "float": [0.1, 0.0, -1.0, 1.5, 16777217.0],
    "int": [0, 1, 5, 2**40, -(2**40)],
    "decimal(12, 2)": [Decimal("0.10"), Decimal(5), Decimal("-0.01"), Decimal("9999999999.99")],
}
PATTERNS = ["^a", "b$", "^a$", r"\d", "a.b", "^.{2}$", "^$", "(?i)A", r"^\w+$", "[^\\x00-\\x7F]"]


# --- the reference -------------------------------------------------------------------------------


def written(value: Any, kind: str) -> str:
    """A value as it stands in a test's SQL."""
    match value:
        case bool() | int() | float():
            return repr(value)
        case Decimal():
            return f"cast('{value:f}' as {kind})"
        case bytes():
            return "'" + "".join(f"\\x{byte:02x}" for byte in value) + "'::blob"
        case datetime():
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            zone = "+00" if value.tzinfo else ""
            return f"'{moment.isoformat(' ', 'microseconds')}{zone}'"
        case date() | time():
            return f"'{value.isoformat()}'"
    return "'" + value.replace("'", "''").replace("\0", "' || chr(0) || '") + "'"


def failing_sql(rule: Rule, kinds: dict[str, str]) -> str:
    """The rows that a dbt test finds, as the numbers of rows."""
    match rule:
        case NotNull(column=c):
            condition = f"{c} is null"
        case Unique(columns=columns):
            keys = ", ".join(columns)
            there = [f"{c} is not null" for c in columns if not rule.nulls_are_equal]
            where = f"where {' and '.join(there)}" if there else ""
            return _rows_of(
                columns, f"select {keys} from t {where} group by {keys} having count(*) > 1"
            )
        case AcceptedValues(column=c, values=values):
            listed = ", ".join(written(value, kinds[c]) for value in values)
            return _rows_of(
                (c,),
                f"with all_values as (select {c}, count(*) as n from t group by {c}) "
                f"select {c} from all_values where {c} not in ({listed})",
            )
        case Range(column=c):
            condition = _between(
                f"{c} >{'=' * rule.includes_minimum}",
                rule.minimum,
                f"{c} <{'=' * rule.includes_maximum}",
                rule.maximum,
                kinds[c],
            )
        case Length(column=c):
            low, high = f"length({c}) >=", f"length({c}) <="
            condition = _between(low, rule.minimum, high, rule.maximum, "long")
        case Pattern(column=c, regex=regex):
            condition = f"not regexp_matches({c}, {written(regex, 'string')})"
        case _:
            raise AssertionError(rule)
    return f"select row from t where {condition}"


def _between(above: str, minimum: Any, below: str, maximum: Any, kind: str) -> str:
    parts = [] if minimum is None else [f"{above} {written(minimum, kind)}"]
    parts += [] if maximum is None else [f"{below} {written(maximum, kind)}"]
    return f"not ({' and '.join(parts) or 'true'})"


def _rows_of(columns: tuple[str, ...], found: str) -> str:
    same = " and ".join(f"t.{c} is not distinct from found.{c}" for c in columns)
    return f"select row from t join ({found}) as found on {same}"


CONNECTION = duckdb.connect()
CONNECTION.execute("set threads = 1; set timezone = 'UTC'")


def by_dbt(contract: Contract, table: pa.Table) -> set[int]:
    kinds = {column.name: str(column.type) for column in contract.columns}
    numbered = table.append_column("row", pa.array(range(len(table)), pa.int64()))
    CONNECTION.register("arrow", numbered)
    CONNECTION.execute("create or replace temp table t as select * from arrow")
    queries = [failing_sql(c.rule, kinds) for c in contract.constraints]
    return {row for (row,) in CONNECTION.execute(" union ".join(queries)).fetchall()}


# --- what is compared ----------------------------------------------------------------------------


def by_pandera(contract: Contract, backend: Any, frame: Any) -> set[int]:
    try:
        to_class(contract, backend).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        strange = [e for e in errors.schema_errors if e.reason_code.name not in EXPECTED]
        assert not strange, strange
        rows = cases["index"].tolist() if backend == "pandas" else cases["index"].to_list()
        assert all(row is not None for row in rows), cases
        return {int(row) for row in rows}
    return set()


EXPECTED = {
    "DATAFRAME_CHECK",
    "SERIES_CONTAINS_NULLS",
    "SERIES_CONTAINS_DUPLICATES",
    "DUPLICATES",
}


def table_of(contract: Contract, rows: list[tuple[Any, ...]]) -> pa.Table:
    arrays = []
    for number, column in enumerate(contract.columns):
        values = [row[number] for row in rows]
        if column.type == "uuid":
            values = [None if value is None else uuid.UUID(value).bytes for value in values]
        arrays.append(pa.array(values, arrow_type(column.type)))
    return pa.table(arrays, names=[column.name for column in contract.columns])


def on_pandas(table: pa.Table) -> pd.DataFrame:
    arrow = {n: pd.arrays.ArrowExtensionArray(table[n]) for n in table.column_names}
    return pd.DataFrame(arrow)


def on_polars(table: pa.Table) -> pl.DataFrame:
    for number, field in enumerate(table.schema):
        if field.type == pa.uuid():
            text = [None if v is None else str(v) for v in table[field.name].to_pylist()]
            table = table.set_column(number, field.name, pa.array(text, pa.string()))
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def assert_agreement(contract: Contract, rows: list[tuple[Any, ...]]) -> set[int]:
    table = table_of(contract, rows)
    expected = by_dbt(contract, table)
    assert by_pandera(contract, "pandas", on_pandas(table)) == expected
    assert by_pandera(contract, "polars", on_polars(table)) == expected
    return expected


# --- random contracts and rows -------------------------------------------------------------------


@st.composite
def rules_on(draw: st.DrawFn, column: str, kind: str) -> Rule:
    kinds = ["not_null", "unique"]
    if kind in ORDERED:
        kinds += ["range", "accepted"]
    if kind == "string":
        kinds += ["length", "pattern", "length", "pattern"]
    chosen = draw(st.sampled_from(kinds))
    bounds = BOUNDS.get(kind) or [value for value in VALUES[kind] if is_in_yaml(value)]
    if chosen == "not_null":
        return NotNull(column)
    if chosen == "unique":
        return Unique((column,))
    if chosen == "range":
        low, high = (draw(st.none() | st.sampled_from(bounds)) for _ in range(2))
        return Range(column, low, high, draw(st.booleans()), draw(st.booleans()))
    if chosen == "accepted":
        return AcceptedValues(column, tuple(draw(st.lists(st.sampled_from(bounds), min_size=1))))
    if chosen == "length":
        low, high = (draw(st.none() | st.integers(0, 4)) for _ in range(2))
        return Length(column, low, high)
    return Pattern(column, draw(st.sampled_from(PATTERNS)))


def is_in_yaml(value: Any) -> bool:
    """dbt writes YAML's .nan and .inf as words that SQL does not know."""
    return not isinstance(value, float) or math.isfinite(value)


@st.composite
def examples(draw: st.DrawFn, first: list[str]) -> tuple[Contract, list[tuple[Any, ...]]]:
    """A contract of one or two columns with its rows; the first is of a kind in ``first``."""
    kinds = [draw(st.sampled_from(first))]
    kinds += draw(st.lists(st.sampled_from(list(VALUES)), max_size=1))
    names = [f"c{number}" for number in range(len(kinds))]
    rules: list[Rule] = []
    for name, kind in zip(names, kinds, strict=True):
        rules += draw(st.lists(rules_on(name, kind), min_size=1, max_size=2))
    if len(names) > 1 and draw(st.booleans()):
        rules.append(Unique(tuple(names), draw(st.booleans())))
    row = st.tuples(*(st.none() | st.sampled_from(VALUES[kind]) for kind in kinds))
    rows = draw(st.lists(row, max_size=7))
    return contract_of(dict(zip(names, kinds, strict=True)), *rules), rows


def contract_of(kinds: dict[str, str], *rules: Rule) -> Contract:
    columns = tuple(Column(name, NESTED.get(kind, kind)) for name, kind in kinds.items())
    return Contract("t", columns, tuple(Constraint(rule, "test") for rule in rules))


FIRST = {
    "whole numbers and truths": ["boolean", "int", "long"],
    "floats and decimals": [k for k in VALUES if k in ("float", "double") or "decimal" in k],
    "text": ["string", "string", "binary", "uuid"],
    "times and nested values": ["date", "time", "timestamp", "timestamptz", *NESTED],
}


@pytest.mark.parametrize("first", FIRST)
@settings(
    max_examples=EXAMPLES // len(FIRST),
    derandomize="PHLO_AGREEMENT_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_dbt_on_duckdb_pandera_on_pandas_and_on_polars_reject_the_same_rows(
    first: str, data: st.DataObject
) -> None:
    assert_agreement(*data.draw(examples(FIRST[first])))


# --- what once disagreed -------------------------------------------------------------------------


def test_nan_is_above_every_bound() -> None:
    """DuckDB hands conditions down to Arrow, where no comparison with NaN is true; and Pandera on
    pandas reports no NaN among the values that fail."""
    for kind in ("float", "double"):
        bounded = contract_of({"c0": kind}, Range("c0", 0.1, 0.2, False, False))
        assert assert_agreement(bounded, [(NAN,), (None,), (0.125,)]) == {0}
        least = contract_of({"c0": kind}, Range("c0", minimum=1.5))
        assert assert_agreement(least, [(NAN,), (INFINITY,), (-INFINITY,)]) == {2}


def test_nan_is_a_value_and_not_null() -> None:
    """Pandera on polars takes NaN in a column for NULL."""
    contract = contract_of({"c0": "double"}, NotNull("c0"))
    assert assert_agreement(contract, [(NAN,), (None,)]) == {1}


def test_nan_equals_nan_and_negative_zero_equals_zero() -> None:
    contract = contract_of({"c0": "double"}, Unique(("c0",)))
    assert assert_agreement(contract, [(NAN,), (NAN,), (0.0,), (-0.0,), (1.5,)]) == {0, 1, 2, 3}


def test_null_repeats_nothing_unless_a_rule_says_so() -> None:
    rows = [(None, 1), (None, 1), (1, None), (1, None), (None, None), (None, None)]
    kinds = {"c0": "long", "c1": "long"}
    one = contract_of(kinds, Unique(("c0",)))
    assert assert_agreement(one, rows) == {2, 3}
    passed_over = contract_of(kinds, Unique(("c0", "c1")))
    assert assert_agreement(passed_over, rows) == set()
    equal = contract_of(kinds, Unique(("c0", "c1"), nulls_are_equal=True))
    assert assert_agreement(equal, rows) == {0, 1, 2, 3, 4, 5}


def test_a_float_of_four_bytes_is_compared_with_the_nearest_float() -> None:
    contract = contract_of({"c0": "float"}, Range("c0", maximum=0.1))
    assert assert_agreement(contract, [(0.10000000149011612,), (0.25,)]) == {1}


def test_times_of_day_are_compared_although_polars_holds_nanoseconds() -> None:
    contract = contract_of({"c0": "time"}, Range("c0", time(12, 30)))
    assert assert_agreement(contract, [(time(12, 29, 59, 999999),), (time(12, 30),)]) == {0}


def test_bytes_that_are_no_text_are_reported() -> None:
    """Pandera on polars casts the values that fail to text."""
    contract = contract_of({"c0": "boolean", "c1": "binary"}, Unique(("c1",)))
    assert assert_agreement(contract, [(None, b"\xff\xfe"), (None, b"\xff\xfe")]) == {0, 1}
    both = contract_of({"c0": "boolean", "c1": "binary"}, Unique(("c0", "c1")))
    assert assert_agreement(both, [(True, b"\xff\xfe"), (True, b"\xff\xfe")]) == {0, 1}


def test_a_long_beyond_every_double_is_reported_beside_a_float() -> None:
    """Pandera on pandas gathers the values that fail in one column of one dtype."""
    contract = contract_of({"c0": "float", "c1": "long"}, NotNull("c0"), Unique(("c1",)))
    assert assert_agreement(contract, [(None, 2**53 + 1), (None, 2**53 + 1)]) == {0, 1}


def test_rows_of_lists_are_reported() -> None:
    """Pandera on pandas lays the cells of rows that fail below each other, in one dtype."""
    contract = contract_of({"c0": "list", "c1": "list"}, Unique(("c0", "c1"), True))
    assert assert_agreement(contract, [([1, None], None), ([1, None], None), ([1], None)]) == {0, 1}


def test_length_counts_code_points() -> None:
    contract = contract_of({"c0": "string"}, Length("c0", 2, 2))
    rows = [("𝒳𝒴",), ("🛩️",), ("e\u0301",), ("é",), ("",), (None,)]
    assert assert_agreement(contract, rows) == {3, 4}


def test_a_pattern_matches_a_part_and_the_end_is_the_end_of_the_text() -> None:
    contract = contract_of({"c0": "string"}, Pattern("c0", "b$"))
    assert assert_agreement(contract, [("ab",), ("ab\n",), ("ba",), (None,)]) == {1, 2}


def test_decimals_are_compared_by_every_digit() -> None:
    most, next_to_it = (Decimal(f"{'9' * 28}.999999999{digit}") for digit in "98")
    contract = contract_of(
        {"c0": "decimal(38, 10)"}, Range("c0", maximum=most, includes_maximum=False)
    )
    assert assert_agreement(contract, [(most,), (next_to_it,)]) == {0}
