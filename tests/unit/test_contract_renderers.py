"""Contract -> Iceberg, Arrow, dlt, Postgres: every type, and back where there is a way back."""

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_phlo.contracts import Column, Constraint, Contract, Origin, arrow, dlt, iceberg, postgres
from dbt_phlo.contracts.arrow_source import contract_of
from dbt_phlo.contracts.data_types import PRIMITIVES
from dbt_phlo.contracts.rules import Length, NotNull, Unique
from dbt_phlo.errors import NameRefused, PhloError, TypeRefused
from dbt_phlo.tables.duckdb_types import written

pa = pytest.importorskip("pyarrow")

EVERY = sorted({*PRIMITIVES.values(), "decimal(1, 0)", "decimal(12, 5)", "decimal(38, 38)"})
DECIMALS = st.integers(1, 38).flatmap(
    lambda digits: st.integers(0, digits).map(lambda scale: f"decimal({digits}, {scale})")
)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
)


def structs(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    field = st.fixed_dictionaries(
        {"name": NAMES, "required": st.booleans(), "type": inner},
        optional={"doc": st.text(min_size=1, max_size=5)},
    )
    fields = st.lists(field, min_size=1, max_size=3, unique_by=lambda f: f["name"].lower())
    return st.fixed_dictionaries({"type": st.just("struct"), "fields": fields})


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one_of = st.just(True)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("list"), "element": inner}, optional={"element-required": one_of}
        ),
        st.fixed_dictionaries(
            {"type": st.just("map"), "key": st.sampled_from(["string", "long"]), "value": inner},
            optional={"value-required": one_of},
        ),
        structs(inner),
    )


TYPES = st.recursive(st.sampled_from(EVERY) | DECIMALS, nested, max_leaves=6)


@st.composite
def contracts(draw: Any) -> Contract:
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=str.lower))
    columns = tuple(Column(name, draw(TYPES), draw(st.text(max_size=8))) for name in names)
    required = [name for name in names if draw(st.booleans())]
    return Contract(
        "t", columns, tuple(Constraint(NotNull(name), "constraint") for name in required)
    )


def of(**types: Any) -> Contract:
    return Contract("t", tuple(Column(name, kind) for name, kind in types.items()))


@given(contracts())
@settings(max_examples=200, deadline=None)
def test_a_contract_comes_back_from_its_iceberg_schema(contract: Contract) -> None:
    assert iceberg.contract_of("t", iceberg.schema_json(contract)) == contract
    assert iceberg.contract_of("t", iceberg.schema(contract)) == contract


@given(contracts())
@settings(max_examples=200, deadline=None)
def test_a_contract_comes_back_from_its_arrow_schema(contract: Contract) -> None:
    found = contract_of("t", arrow.schema(contract))
    assert [c.name for c in found.columns] == [c.name for c in contract.columns]
    assert [undocumented(c.type) for c in found.columns] == [
        undocumented(c.type) for c in contract.columns
    ]
    assert set(found.constraints) == set(contract.constraints)


def undocumented(kind: Any) -> Any:
    if isinstance(kind, dict):
        return {key: undocumented(value) for key, value in kind.items() if key != "doc"}
    return [undocumented(part) for part in kind] if isinstance(kind, list) else kind


@given(contracts())
@settings(max_examples=100, deadline=None)
def test_pyiceberg_makes_the_same_schema_of_the_arrow_one(contract: Contract) -> None:
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    theirs = schema_to_pyarrow(iceberg.schema(contract), include_field_ids=False)
    found = contract_of("t", theirs)
    assert [undocumented(c.type) for c in found.columns] == [
        undocumented(c.type) for c in contract.columns
    ]


def test_a_type_beyond_version_2_is_an_error() -> None:
    field = {"id": 1, "name": "c", "required": False, "type": "timestamp_ns"}
    with pytest.raises(TypeRefused, match=r"timestamp_ns.*Did you mean `timestamp`"):
        iceberg.contract_of("t", {"type": "struct", "fields": [field]})


def test_field_ids_are_fresh_and_used_once() -> None:
    schema = iceberg.schema_json(
        of(a="int", b={"type": "map", "key": "string", "value": "int"}, c="date")
    )
    ids = [field["id"] for field in schema["fields"]]
    assert (ids, schema["fields"][1]["type"]["key-id"]) == ([1, 2, 5], 3)


@pytest.mark.parametrize(
    "required, kinds, identifiers",
    [
        (("a", "b"), ("int", "string"), [1, 2]),
        (("a",), ("int", "string"), None),
        (("a", "b"), ("int", "double"), None),
    ],
)
def test_a_key_identifies_rows_only_if_all_of_it_is_required(
    required: tuple[str, ...], kinds: tuple[str, str], identifiers: list[int] | None
) -> None:
    columns = (Column("a", kinds[0]), Column("b", kinds[1]))
    rules = tuple(Constraint(NotNull(name), "constraint") for name in required)
    contract = Contract("t", columns, rules, unique_key=("A", "b"))
    assert iceberg.schema_json(contract).get("identifier-field-ids") == identifiers
    if identifiers:
        assert iceberg.contract_of("t", iceberg.schema(contract)).unique_key == ("a", "b")


def test_a_warning_or_a_filtered_rule_makes_nothing_required() -> None:
    rules = (
        Constraint(NotNull("a"), "not_null", severity="warn"),
        Constraint(NotNull("b"), "not_null", where="a > 1"),
    )
    contract = Contract("t", (Column("a", "int"), Column("b", "int")), rules)
    assert [f["required"] for f in iceberg.schema_json(contract)["fields"]] == [False, False]
    assert [field.nullable for field in arrow.schema(contract)] == [True, True]
    assert postgres.definitions(contract) == ['"a" integer', '"b" integer']
    assert [hints["nullable"] for hints in dlt.columns(contract).values()] == [True, True]


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as pyarrow takes and gives them."""
    if isinstance(kind, dict):
        if kind["type"] == "list":
            return st.lists(st.none() | values_of(kind["element"]), max_size=3)
        if kind["type"] == "map":
            entries = st.dictionaries(
                values_of(kind["key"]), st.none() | values_of(kind["value"]), max_size=3
            )
            return entries.map(lambda found: list(found.items()))
        fields = {f["name"]: st.none() | values_of(f["type"]) for f in kind["fields"]}
        return st.fixed_dictionaries(fields)
    if kind.startswith("decimal"):
        digits, scale = iceberg.digits(kind)
        most = 10**digits - 1
        return st.integers(-most, most).map(
            lambda n: Decimal((int(n < 0), tuple(map(int, str(abs(n)))), -scale))
        )
    moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 30))
    return {
        "boolean": st.booleans(),
        "int": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(width=32),
        "double": st.floats(),
        "date": st.dates(),
        "time": st.times(),
        "timestamp": moments,
        "timestamptz": moments.map(lambda m: m.replace(tzinfo=timezone.utc)),
        "string": st.text(st.characters(codec="utf-8"), max_size=6),
        "uuid": st.uuids(),
        "binary": st.binary(max_size=6),
    }[kind]


def comparable(value: Any) -> Any:
    """NaN equal to itself, -0.0 apart from 0.0, times of one zone, a map by its pairs."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return [(key, comparable(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [comparable(part) for part in value]
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(timezone.utc).replace(tzinfo=None)
    return value


SHAPES: dict[str, Any] = {
    **{kind: kind for kind in EVERY},
    "list": {"type": "list", "element": "timestamptz"},
    "map": {"type": "map", "key": "string", "value": "decimal(38, 9)"},
    "struct": {
        "type": "struct",
        "fields": [
            {"name": "At", "required": False, "type": "time"},
            {
                "name": "select",
                "required": False,
                "type": {"type": "list", "element": {"type": "list", "element": "binary"}},
            },
        ],
    },
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from pyiceberg.catalog.sql import SqlCatalog

    folder = tmp_path_factory.mktemp("warehouse")
    found = SqlCatalog("c", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}")
    found.create_namespace("s")
    return found


@given(data=st.data())
@settings(max_examples=3, deadline=None)
@pytest.mark.parametrize("name", SHAPES)
def test_values_written_by_duckdb_and_by_pyiceberg_are_read_the_same(
    catalog: Any, tmp_path_factory: pytest.TempPathFactory, name: str, data: Any
) -> None:
    kind = SHAPES[name]
    contract = of(n="long", c=kind)
    values = [None, *data.draw(st.lists(values_of(kind), min_size=1, max_size=8))]
    rows = pa.table(
        {"n": range(len(values)), "c": pa.array(values, arrow.data_type(kind))},
        arrow.schema(contract),
    )
    expected = comparable(rows["c"].to_pylist())
    file = tmp_path_factory.mktemp("duckdb") / "t.parquet"
    with duckdb.connect(config={"arrow_lossless_conversion": True}) as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute(f"create table t (n bigint, c {written(kind)})")
        engine.execute("insert into t select * from rows")
        back = engine.sql("select * from t order by n").to_arrow_table()
        assert comparable(back.cast(rows.schema)["c"].to_pylist()) == expected
        engine.execute(f"copy (select * from t order by n) to '{file}' (format parquet)")
    identifier = f"s.t{abs(hash(name))}"
    if catalog.table_exists(identifier):
        catalog.drop_table(identifier)
    table = catalog.create_table(identifier, iceberg.schema(contract))
    table.append(rows)
    assert iceberg.contract_of("t", table.schema()) == contract
    mine = table.scan().to_arrow().sort_by("n").cast(rows.schema)
    assert comparable(mine["c"].to_pylist()) == expected
    with duckdb.connect(config={"arrow_lossless_conversion": True}) as engine:
        engine.execute("set timezone = 'UTC'")
        files = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]
        found = engine.read_parquet(files).order("n").to_arrow_table()
        assert comparable(found.cast(rows.schema)["c"].to_pylist()) == expected
    table.overwrite(rows.slice(0, 0))
    table.add_files([str(file)])
    theirs = table.scan().to_arrow().sort_by("n").cast(rows.schema)
    assert comparable(theirs["c"].to_pylist()) == expected


def test_arrow_schemas_carry_no_metadata() -> None:
    schema = arrow.schema(of(**{name.replace(" ", ""): kind for name, kind in SHAPES.items()}))
    assert schema.metadata is None
    assert all(field.metadata is None for field in schema)


def test_every_type_has_a_postgres_one() -> None:
    assert [postgres.data_type(SHAPES[name]) for name in SHAPES] == [
        "bytea",
        "boolean",
        "date",
        "numeric(1, 0)",
        "numeric(12, 5)",
        "numeric(20, 0)",
        "numeric(38, 0)",
        "numeric(38, 38)",
        "double precision",
        "real",
        "integer",
        "bigint",
        "text",
        "time",
        "timestamp",
        "timestamptz",
        "uuid",
        "timestamptz[]",
        "jsonb",
        "jsonb",
    ]


def test_a_length_and_not_null_reach_postgres() -> None:
    rules = (
        Constraint(Length("a", maximum=20), "data_type"),
        Constraint(Length("a", maximum=30), "data_type"),
        Constraint(NotNull("a"), "constraint"),
        Constraint(Length("b", minimum=2), "data_type"),
        Constraint(Length("c", maximum=20_000_000), "data_type"),
    )
    contract = Contract("t", tuple(Column(name, "string") for name in "abc"), rules)
    assert postgres.definitions(contract) == ['"a" varchar(20) not null', '"b" text', '"c" text']


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32, "", "a\0b"])
def test_a_name_that_postgres_would_cut_is_an_error_that_names_the_column(name: str) -> None:
    contract = Contract("orders", (Column(name, "int", origin=Origin("m.yml", 7)),))
    with pytest.raises(NameRefused) as refused:
        postgres.definitions(contract)
    assert refused.value.code == "PHLO241"
    assert "m.yml:7: " in str(refused.value) and "of orders" in str(refused.value)
    assert f"{len(name.encode())} bytes" in str(refused.value)


def test_a_name_of_63_bytes_is_kept() -> None:
    assert postgres.identifier("é" * 31 + "x") == '"' + "é" * 31 + 'x"'


def test_text_is_quoted_whatever_is_in_it() -> None:
    contract = Contract(
        "t",
        (Column('a"b', "int", "it's \\ here\0"), Column("c", "int")),
        description="all of it",
    )
    assert postgres.comments(contract, "my s", "t") == [
        """comment on table "my s"."t" is 'all of it'""",
        """comment on column "my s"."t"."a""b" is E'it''s \\\\ here\ufffd'""",
    ]


def test_every_type_has_hints_for_dlt() -> None:
    assert {name: dlt.data_type(SHAPES[name]) for name in SHAPES} == {
        "binary": {"data_type": "binary"},
        "boolean": {"data_type": "bool"},
        "date": {"data_type": "date"},
        "decimal(1, 0)": {"data_type": "decimal", "precision": 1, "scale": 0},
        "decimal(12, 5)": {"data_type": "decimal", "precision": 12, "scale": 5},
        "decimal(20, 0)": {"data_type": "decimal", "precision": 20, "scale": 0},
        "decimal(38, 0)": {"data_type": "decimal", "precision": 38, "scale": 0},
        "decimal(38, 38)": {"data_type": "decimal", "precision": 38, "scale": 38},
        "double": {"data_type": "double"},
        "float": {"data_type": "double"},
        "int": {"data_type": "bigint", "precision": 32},
        "long": {"data_type": "bigint"},
        "string": {"data_type": "text"},
        "time": {"data_type": "time", "precision": 6},
        "timestamp": {"data_type": "timestamp", "precision": 6, "timezone": False},
        "timestamptz": {"data_type": "timestamp", "precision": 6, "timezone": True},
        "uuid": {"data_type": "text"},
        "list": {"data_type": "json"},
        "map": {"data_type": "json"},
        "struct": {"data_type": "json"},
    }


def test_keys_lengths_and_words_reach_dlt() -> None:
    rules = (
        Constraint(NotNull("id"), "constraint"),
        Constraint(Unique(("id",)), "constraint"),
        Constraint(Length("name", maximum=20), "data_type"),
    )
    contract = Contract("t", (Column("id", "long", "the key"), Column("name", "string")), rules)
    assert dlt.columns(contract) == {
        "id": {
            "name": "id",
            "data_type": "bigint",
            "nullable": False,
            "unique": True,
            "primary_key": True,
            "description": "the key",
        },
        "name": {"name": "name", "data_type": "text", "precision": 20, "nullable": True},
    }


@pytest.mark.parametrize(
    "kind",
    [pa.null(), pa.duration("s"), pa.decimal256(76, 1), pa.list_(pa.duration("s")), pa.struct([])],
)
def test_an_arrow_type_that_iceberg_lacks_is_an_error_that_names_the_column(kind: Any) -> None:
    with pytest.raises(PhloError, match=r"PHLO544.*column waited of visits") as refused:
        contract_of("visits", pa.schema([pa.field("waited", kind)]))
    assert refused.value.remedy


@pytest.mark.parametrize(
    "kind, expected",
    [
        (pa.uint64(), "decimal(20, 0)"),
        (pa.dictionary(pa.int8(), pa.string()), "string"),
        (pa.timestamp("ns", "Europe/Berlin"), "timestamptz"),
        (pa.large_list(pa.int8()), {"type": "list", "element": "int"}),
        (pa.list_(pa.float16(), 3), {"type": "list", "element": "float"}),
        (pa.decimal256(38, 2), "decimal(38, 2)"),
        (pa.time32("s"), "time"),
        (pa.binary(16), "binary"),
        (pa.date64(), "date"),
    ],
)
def test_other_arrow_types_become_the_one_that_holds_them(kind: Any, expected: Any) -> None:
    assert contract_of("t", pa.schema([pa.field("c", kind)])).columns[0].type == expected
