"""What each ``data_type`` means on each target, and that a table's schema tells it again."""

from typing import Any

import pytest

from dbt_phlo.contracts import iceberg, type_names
from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.data_types import parse
from dbt_phlo.contracts.rules import AcceptedValues, Length, Range
from dbt_phlo.errors import TypeRefused

DIALECTS = ("duckdb", "trino")
NUMBERS: dict[str, tuple[str, Any]] = {
    "boolean": ("boolean", None),
    "tinyint": ("int", (-128, 127)),
    "smallint": ("int", (-32768, 32767)),
    "integer": ("int", None),
    "int": ("int", None),
    "bigint": ("long", None),
    "utinyint": ("int", (0, 255)),
    "usmallint": ("int", (0, 65535)),
    "uinteger": ("long", (0, 4294967295)),
    "ubigint": ("decimal(20, 0)", (0, 18446744073709551615)),
    "hugeint": ("decimal(38, 0)", None),
    "uhugeint": ("decimal(38, 0)", (0, None)),
    "int8": ("long", None),
    "uint32": ("long", (0, 4294967295)),
    "real": ("float", None),
    "float": ("float", None),
    "float(24)": ("float", None),
    "float(25)": ("double", None),
    "float8": ("double", None),
    "double": ("double", None),
    "double precision": ("double", None),
    "decimal(18, 3)": ("decimal(18, 3)", None),
    "numeric(5)": ("decimal(5, 0)", None),
    "DECIMAL(38,38)": ("decimal(38, 38)", None),
    "date": ("date", None),
    "time": ("time", None),
    "time(3)": ("time", None),
    "timestamp": ("timestamp", None),
    "timestamp(0)": ("timestamp", None),
    "timestamp(6)": ("timestamp", None),
    "timestamp_s": ("timestamp", None),
    "timestamp_ms": ("timestamp", None),
    "timestamp_us": ("timestamp", None),
    "datetime": ("timestamp", None),
    "timestamp without time zone": ("timestamp", None),
    "timestamptz": ("timestamptz", None),
    "timestamp with time zone": ("timestamptz", None),
    "timestamp(6) with time zone": ("timestamptz", None),
    "uuid": ("uuid", None),
    "varbinary": ("binary", None),
    "blob": ("binary", None),
    "bytea": ("binary", None),
    "bit": ("string", None),
}
TEXTS = {
    "varchar": None, "varchar(20)": 20, "char(3)": 3, "char": None, "string": None,
    "text": None, "text(7)": 7, "json": None, " VarChar(1) ": 1,
}  # fmt: skip
A = {"name": "a", "required": False, "type": "int"}
NESTED: dict[str, Any] = {
    "array(integer)": {"type": "list", "element": "int"},
    "integer[]": {"type": "list", "element": "int"},
    "varchar[][]": {"type": "list", "element": {"type": "list", "element": "string"}},
    "map(varchar, decimal(9, 2))": {"type": "map", "key": "string", "value": "decimal(9, 2)"},
    "row(a integer)": {"type": "struct", "fields": [A]},
    "struct(a integer)": {"type": "struct", "fields": [A]},
    'row("a b" array(map(uuid, row(a integer))))': {
        "type": "struct",
        "fields": [
            {
                "name": "a b",
                "required": False,
                "type": {
                    "type": "list",
                    "element": {
                        "type": "map",
                        "key": "uuid",
                        "value": {"type": "struct", "fields": [A]},
                    },
                },
            }
        ],
    },
}
REFUSED = {
    "decimal": "PHLO513",
    "numeric": "PHLO513",
    "array(decimal)": "PHLO513",
    "row(a decimal)": "PHLO513",
    "interval": "PHLO512",
    "interval year to month": "PHLO512",
    "array(interval)": "PHLO512",
    "timestamp(7)": "PHLO512",
    "timestamp(9) with time zone": "PHLO512",
    "timestamp_ns": "PHLO512",
    "datetime(9)": "PHLO512",
    "time(9)": "PHLO512",
    "time with time zone": "PHLO512",
    "union(a int)": "PHLO512",
    "variant": "PHLO512",
    "decimal(39, 0)": "PHLO512",
    "decimal(3, 5)": "PHLO512",
    "decimal(0)": "PHLO512",
    "array(varchar(3))": "PHLO512",
    "map(char(2), int)": "PHLO512",
    "varchar(1)[]": "PHLO512",
    "integer[3]": "PHLO512",
    "row(a integer[3])": "PHLO512",
    "bit(3)": "PHLO512",
    "struct(a integer not null)": "PHLO512",
    "row(a integer default 3)": "PHLO512",
    "row(a integer check (a > 1))": "PHLO512",
    "array(row(a integer unique))": "PHLO512",
    "int" + "[]" * 2000: "PHLO512",
    "intger": "PHLO511",
    "": "PHLO511",
    "5": "PHLO511",
    "array": "PHLO511",
    "map(int)": "PHLO511",
    "array(int, int)": "PHLO511",
    "array(int))": "PHLO511",
    "struct(a int": "PHLO511",
    "struct()": "PHLO511",
    "struct(a)": "PHLO511",
    "row(int, varchar)": "PHLO511",
    "struct(a int, A int)": "PHLO511",
    "varchar(x)": "PHLO511",
    "varchar(1, 2)": "PHLO511",
    "varchar(-1)": "PHLO511",
    "int(11)": "PHLO511",
    "double(10)": "PHLO511",
    "decimal(a, b)": "PHLO511",
    "decimal(1, 1, 1)": "PHLO511",
    "int not null": "PHLO511",
    "int default 3": "PHLO511",
    "int; drop table t": "PHLO511",
    "nullable(int)": "PHLO511",
    "{{ x }}": "PHLO511",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("written", NUMBERS)
def test_a_plain_type_is_its_iceberg_type_and_its_range(written: str, dialect: str) -> None:
    found = parse(written, dialect)
    kind, bounds = NUMBERS[written]
    assert found.type == kind
    assert found.rules == ((Range("", *bounds),) if bounds else ())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("written", TEXTS)
def test_a_text_is_a_string_with_its_length(written: str, dialect: str) -> None:
    found = parse(written, dialect)
    most = TEXTS[written]
    assert found.type == "string"
    assert found.rules == ((Length("", maximum=most),) if most else ())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_enum_is_a_string_of_these_values(dialect: str) -> None:
    assert parse("enum('a', 'b')", dialect).rules == (AcceptedValues("", ("a", "b")),)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("written", NESTED)
def test_a_nested_type_is_what_its_parts_are(written: str, dialect: str) -> None:
    assert parse(written, dialect).type == NESTED[written]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_types_are_nested_to_any_depth_of_use(dialect: str) -> None:
    found: Any = parse("row(a " * 30 + "bigint[]" + ")" * 30, dialect).type
    for _ in range(30):
        (field,) = found["fields"]
        found = field["type"]
    assert found == {"type": "list", "element": "long"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("written", REFUSED, ids=lambda text: text[:30])
def test_what_is_no_type_of_the_lake_is_refused_with_a_remedy(written: str, dialect: str) -> None:
    with pytest.raises(TypeRefused) as caught:
        parse(written, dialect)
    assert caught.value.code == REFUSED[written]
    assert caught.value.remedy


def test_the_remedy_keeps_what_is_right_of_the_type() -> None:
    with pytest.raises(TypeRefused) as caught:
        parse("timestamp(9) with time zone", "trino")
    assert caught.value.remedy == "write timestamp(6) with time zone"


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("integer[3][2]", "write integer[][], and a test on the column"),
        ("bit(3)", "write bit, and a test on the column"),
        ("row(a bigint not null)", "write a bigint there, and a test on the column"),
        ("varchar(1)[]", "write varchar there, and a test on the column"),
    ],
)
def test_what_nothing_can_check_is_told_with_what_can_be_kept(written: str, remedy: str) -> None:
    with pytest.raises(TypeRefused, match="nothing can check") as caught:
        parse(written)
    assert caught.value.remedy == remedy


def test_a_bare_decimal_is_told_with_what_each_engine_would_take_it_for() -> None:
    with pytest.raises(TypeRefused, match=r"decimal\(18, 3\) on DuckDB and decimal\(38, 0\) on T"):
        parse("decimal")


EVERY = [*NUMBERS, *TEXTS, *NESTED]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_contract_comes_back_from_its_iceberg_schema(dialect: str) -> None:
    contract = Contract(
        "t",
        tuple(Column(f"c{n}", parse(written, dialect).type) for n, written in enumerate(EVERY)),
    )
    assert iceberg.contract_of("t", iceberg.schema(contract)) == contract
    assert iceberg.contract_of("t", iceberg.schema_json(contract)) == contract


def test_every_row_of_the_table_has_a_case_here() -> None:
    from sqlglot import exp, parse_one

    from dbt_phlo.contracts.data_types import _dialect

    kinds = set()
    for written in [*NUMBERS, *TEXTS, "enum('a')", "nvarchar", "nchar", "bpchar", "binary"]:
        tree = parse_one(written, into=exp.DataType, dialect=_dialect("duckdb"))
        kinds.add(tree.this.name)
        tree = parse_one(written, into=exp.DataType, dialect=_dialect("trino"))
        kinds.add(tree.this.name)
    assert set(type_names.PRIMITIVES) == (kinds - {"DECIMAL"}) | {"BLOB"}  # read as VARBINARY
    assert kinds - set(type_names.PRIMITIVES) == {"DECIMAL"}


def test_icebergs_own_names_are_read_too() -> None:
    for written, kind in {"string": "string", "long": "long", "timestamptz": "timestamptz"}.items():
        for dialect in DIALECTS:
            assert parse(written, dialect).type == kind
