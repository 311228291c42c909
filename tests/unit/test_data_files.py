"""Data files of a load: rolled, split by partition, readable by every engine, never left behind."""

import datetime
import math
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dbt_phlo.catalogs import open_catalog
from dbt_phlo.catalogs.iceberg import iceberg_table
from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.errors import DataRefused
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.loads.writing.data_files import ROW_GROUP, DataFileWriter
from dbt_phlo.settings import catalog_configuration, warehouse_uri
from dbt_phlo.tables.files import local_path

UTC = datetime.timezone.utc


class Place:
    """A lake on this machine with one schema ``s``, and tables by name."""

    def __init__(self, folder: Path) -> None:
        self.configuration = catalog_configuration({}, warehouse_uri(str(folder / "lake"), folder))
        self.catalog = open_catalog(self.configuration)
        self.tables = self.catalog.at("main")
        self.tables.create_namespace("s")

    def table(
        self,
        fields: dict[str, Any],
        *,
        required: tuple[str, ...] = (),
        by: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Create a table with a name of its own; ``by`` are transforms of columns."""
        name = f"t{uuid.uuid4().hex[:8]}"
        columns = [
            {"id": number, "name": column, "type": kind, "required": column in required}
            for number, (column, kind) in enumerate(fields.items(), 1)
        ]
        ids = {column: number for number, column in enumerate(fields, 1)}
        spec = [
            {"source-id": ids[column], "name": f"p{number}", "transform": transform}
            for number, (column, transform) in enumerate(by.items())
        ]
        self.tables.create(
            "s",
            {
                "name": name,
                "schema": {"type": "struct", "fields": columns},
                "partition-spec": {"fields": spec},
            },
        )
        return name

    def open(self, name: str) -> Any:
        return iceberg_table(self.tables, "s", name, self.configuration)

    def written(self, name: str, rows: list[dict[str, Any]], **limits: Any) -> Any:
        """Files of rows that nothing has committed."""
        table = self.open(name)
        with DataFileWriter(table, **limits) as writer:
            if rows:
                writer.write(as_table(table, rows))
        return writer.files

    def load(self, name: str, rows: list[dict[str, Any]], **limits: Any) -> Any:
        """Append rows in one commit."""
        files = self.written(name, rows, **limits)
        commit(self.open(name), added=files)
        return files

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.open(name).scan().to_arrow().to_pylist()
        return found

    def by_duckdb(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows as DuckDB reads them through the endpoint; ``lake`` is the catalog."""
        endpoint, connection = Endpoint(self.configuration, "main", writable=True), None
        try:
            connection = extensions.connect()
            endpoint.attach(connection, "lake")
            return list(connection.execute(sql).fetchall())
        finally:
            if connection is not None:
                connection.close()
            endpoint.close()

    def data(self, name: str) -> set[str]:
        """The data files that lie in the table's folder."""
        folder = self.tables.metadata("s", name)["location"]
        return {file.location for file in self.catalog.stored.listed(f"{folder}/data")}


def as_table(table: Any, rows: list[dict[str, Any]]) -> pa.Table:
    schema = table.schema().as_arrow()
    plain = pa.schema([pa.field(f.name, _storage(f.type)) for f in schema])
    found = pa.Table.from_pylist([{**r} for r in rows], schema=plain)
    columns = [found[f.name].cast(f.type) for f in schema]
    return pa.table(columns, names=schema.names)


def _storage(kind: Any) -> Any:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    yield made
    made.catalog.close()


EVERY_TYPE: dict[str, tuple[str, Any]] = {
    "a": ("boolean", True),
    "b": ("int", -(2**31)),
    "c": ("long", 2**63 - 1),
    "d": ("float", 0.5),
    "e": ("double", -0.1),
    "f": ("decimal(9, 2)", Decimal("-1234567.89")),
    "g": ("decimal(38, 0)", Decimal(10**38 - 1)),
    "h": ("date", datetime.date(1969, 12, 31)),
    "i": ("time", datetime.time(23, 59, 59, 999999)),
    "j": ("timestamp", datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)),
    "k": ("timestamptz", datetime.datetime(2024, 2, 29, 10, 0, 0, 1, tzinfo=UTC)),
    "l": ("string", "größ\x00e" * 30),
    "m": ("uuid", uuid.UUID("f0000000-0000-0000-0000-0000000000ff").bytes),
    "n": ("binary", b"\x00\xff" * 20),
    "with space": ("string", "x"),
    "a.b": ("long", 7),
    "größe": ("long", 8),
}


def test_every_type_is_read_alike_by_pyiceberg_and_by_duckdb(place: Place) -> None:
    name = place.table({column: kind for column, (kind, _) in EVERY_TYPE.items()})
    values = {column: value for column, (_, value) in EVERY_TYPE.items()}
    place.load(name, [values, dict.fromkeys(values)])
    as_read = {**values, "m": uuid.UUID(bytes=values["m"])}
    assert place.rows(name) == [as_read, dict.fromkeys(values)]
    assert place.by_duckdb(f"select * from lake.s.{name} order by b nulls last") == [
        tuple(as_read.values()),
        tuple([None] * len(values)),
    ]


def test_nested_values_are_read_alike_too(place: Place) -> None:
    point = {"type": "struct", "fields": [{"id": 9, "name": "x", "type": "int", "required": False}]}
    name = place.table(
        {
            "l": {"type": "list", "element-id": 5, "element": "int", "element-required": False},
            "s": point,
            "m": {
                "type": "map",
                "key-id": 6,
                "key": "string",
                "value-id": 7,
                "value": "double",
                "value-required": False,
            },
        }
    )
    place.load(name, [{"l": [1, None], "s": {"x": 3}, "m": [("k", 1.5)]}])
    assert place.rows(name) == [{"l": [1, None], "s": {"x": 3}, "m": [("k", 1.5)]}]
    assert place.by_duckdb(f"select l, s, m from lake.s.{name}") == [
        ([1, None], {"x": 3}, {"k": 1.5})
    ]


def test_a_file_has_field_ids_bounds_counts_and_zstd(place: Place) -> None:
    name = place.table({"id": "long", "text": "string"})
    (file,) = place.written(name, [{"id": 3, "text": "b" * 50}, {"id": -4, "text": None}])
    assert (file.lower_bounds[1], file.upper_bounds[1]) == (
        (-4).to_bytes(8, "little", signed=True),
        (3).to_bytes(8, "little"),
    )
    assert file.upper_bounds[2] == b"b" * 15 + b"c"
    assert (file.record_count, file.null_value_counts) == (2, {1: 0, 2: 1})
    path = local_path(file.file_path)
    assert path.stat().st_size == file.file_size_in_bytes
    parquet = pq.ParquetFile(path)
    assert [f.metadata[b"PARQUET:field_id"] for f in parquet.schema_arrow] == [b"1", b"2"]
    assert parquet.metadata.row_group(0).column(0).compression == "ZSTD"


def test_files_roll_and_keep_the_order_of_arrival(place: Place) -> None:
    name = place.table({"id": "long"})
    table = place.open(name)
    rows = 3 * ROW_GROUP
    with DataFileWriter(table, rows_per_file=2 * ROW_GROUP) as writer:
        for start in range(0, rows, 70_000):
            ids = range(start, min(start + 70_000, rows))
            writer.write(pa.table({"id": pa.array(ids, pa.int64())}))
    assert [file.record_count for file in writer.files] == [2 * ROW_GROUP, ROW_GROUP]
    assert writer.rows == rows
    assert writer.bytes == sum(file.file_size_in_bytes for file in writer.files)
    groups = pq.ParquetFile(local_path(writer.files[0].file_path)).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [ROW_GROUP] * 2
    commit(table, added=writer.files)
    assert table.scan().to_arrow()["id"].to_pylist() == list(range(rows))


def test_a_file_rolls_at_its_bytes_of_arrow_too(place: Place) -> None:
    name = place.table({"text": "string"})
    files = place.written(name, [{"text": "x" * 1000}] * 1000, bytes_per_file=100_000)
    assert 10 <= len(files) <= 12
    assert sum(file.record_count for file in files) == 1000


def test_nothing_more_waits_than_the_limit_however_many_partitions_there_are(place: Place) -> None:
    name = place.table({"id": "long", "text": "string"}, by={"id": "identity"})
    table = place.open(name)
    with DataFileWriter(table, bytes_per_file=200_000, open_files=3) as writer:
        for start in range(20):
            rows = [{"id": n % 50, "text": f"{start}{'x' * 100}"} for n in range(500)]
            writer.write(as_table(table, rows))
            assert sum(one.bytes for one in writer._waiting.values()) <= 200_000
            assert len(writer._open) <= 3
    commit(table, added=writer.files)
    assert len(place.rows(name)) == 10_000


MOMENT = datetime.datetime(1969, 12, 31, 23, 30, tzinfo=UTC)
PARTITIONED = {
    "identity": ("string", ["a", "b/c", None, "a"]),
    "bucket[7]": ("long", [1, 2, None, 10**12]),
    "bucket[3]": ("uuid", [uuid.uuid4().bytes, None]),
    "bucket[5]": ("decimal(9, 2)", [Decimal("1.10"), Decimal("-3.00")]),
    "truncate[2]": ("string", ["größe", "gröbe", None, ""]),
    "truncate[10]": ("int", [-1, 0, 19, None]),
    "year": ("timestamptz", [MOMENT, MOMENT + datetime.timedelta(hours=1), None]),
    "month": ("timestamp", [datetime.datetime(1969, 12, 31, 1), datetime.datetime(2024, 2, 29)]),
    "day": ("timestamptz", [MOMENT, MOMENT + datetime.timedelta(days=9000), None]),
    "hour": ("timestamp", [datetime.datetime(1969, 12, 31, 23, 59), datetime.datetime(2024, 2, 3)]),
}


@pytest.mark.parametrize("transform", PARTITIONED)
def test_each_row_lies_in_the_partition_that_pyiceberg_says(place: Place, transform: str) -> None:
    kind, values = PARTITIONED[transform]
    name = place.table({"n": "long", "x": kind}, by={"x": transform})
    files = place.load(name, [{"n": n, "x": value} for n, value in enumerate(values)])
    table = place.open(name)
    (field,) = table.spec().fields
    apply = field.transform.transform(table.schema().find_type("x"))
    found = []
    for file in files:
        rows = pq.read_table(local_path(file.file_path))
        found += rows["n"].to_pylist()
        for value in rows["n"].to_pylist():
            assert file.partition[0] == apply(_internal(values[value]))
    assert sorted(found) == list(range(len(values)))
    assert len({file.partition[0] for file in files}) == len(files)
    if kind != "uuid":
        for n, value in enumerate(values):
            if isinstance(value, datetime.datetime) and value.year < 1970:
                continue  # DuckDB 1.5 misses its own rows too where a day or month before 1970 is =
            condition = f"x = '{value}'" if value is not None else "x is null"
            read = place.by_duckdb(f"select n from lake.s.{name} where {condition}")
            assert (n,) in read


def _internal(value: Any) -> Any:
    if isinstance(value, bytes):
        return uuid.UUID(bytes=value)
    if isinstance(value, datetime.datetime):
        since = value.replace(tzinfo=UTC) - datetime.datetime(1970, 1, 1, tzinfo=UTC)
        return since // datetime.timedelta(microseconds=1)
    return value


def test_two_partition_fields_split_together(place: Place) -> None:
    name = place.table(
        {"a": "string", "b": "date", "n": "long"}, by={"a": "identity", "b": "month"}
    )
    rows = [
        {"a": a, "b": datetime.date(2024, m, d), "n": d}
        for d in (1, 2)
        for m in (1, 2)
        for a in "xy"
    ]
    files = place.load(name, rows)
    assert sorted((f.partition[0], f.partition[1], f.record_count) for f in files) == [
        ("x", 648, 2),
        ("x", 649, 2),
        ("y", 648, 2),
        ("y", 649, 2),
    ]
    for file in files:  # the order of arrival stays in each
        assert pq.read_table(local_path(file.file_path))["n"].to_pylist() == [1, 2]


def test_an_error_in_the_block_leaves_no_file_behind(place: Place) -> None:
    name = place.table({"id": "long", "p": "int"}, by={"p": "identity"})
    table = place.open(name)
    rows = as_table(table, [{"id": n, "p": n % 3} for n in range(100)])
    with pytest.raises(KeyError), DataFileWriter(table, rows_per_file=10) as writer:
        writer.write(rows)
        writer.finish()
        assert len(place.data(name)) == 12
        writer.write(rows)
        raise KeyError
    assert place.data(name) == set()
    assert place.rows(name) == []
    assert writer.files == []


def test_a_writer_begins_anew_and_keeps_what_it_is_told_to_keep(place: Place) -> None:
    name = place.table({"id": "long"})
    table = place.open(name)
    with pytest.raises(KeyError), DataFileWriter(table) as writer:
        writer.write(as_table(table, [{"id": 1}]))
        writer.finish()
        writer.restart()
        assert (writer.rows, place.data(name)) == (0, set())
        writer.write(as_table(table, [{"id": 2}]))
        files = writer.finish()
        writer.keep()
        commit(table, added=files)
        raise KeyError
    assert place.rows(name) == [{"id": 2}]


def test_what_the_table_cannot_hold_is_refused_with_table_and_column(place: Place) -> None:
    name = place.table({"id": "long", "n": "int"}, required=("id",))
    cases = {
        "PHLO630": {"id": [1], "other": [1]},
        "PHLO631": {"id": pa.array([1, None], pa.int64())},
        "PHLO632": {"id": [1], "n": pa.array([2**31], pa.int64())},
    }
    for code, columns in cases.items():
        refused = pytest.raises(DataRefused, match=f"s.{name}")
        with refused as caught, DataFileWriter(place.open(name)) as writer:
            writer.write(pa.table(columns))
        assert caught.value.code == code
    refused = pytest.raises(DataRefused, match="needs a value for id")
    with refused, DataFileWriter(place.open(name)) as writer:
        writer.write(pa.table({"n": [1]}))
    assert place.data(name) == set()


def test_a_missing_column_is_null_and_the_order_of_columns_does_not_matter(place: Place) -> None:
    name = place.table({"a": "long", "b": "string", "c": "double"})
    table = place.open(name)
    with DataFileWriter(table) as writer:
        writer.write(pa.table({"c": [math.pi], "a": pa.array([1], pa.int32())}))
    commit(table, added=writer.files)
    assert place.rows(name) == [{"a": 1, "b": None, "c": math.pi}]
