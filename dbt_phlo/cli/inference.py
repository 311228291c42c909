"""Questions of ``dbt-phlo schema`` to the tables of a ref, through a connection that only reads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from dbt_phlo.catalogs.values import TableName
from dbt_phlo.cli.options import Place
from dbt_phlo.contracts.table_source import Inferred
from dbt_phlo.errors import CommandError
from dbt_phlo.names import quoted
from dbt_phlo.runs.schema_drift import Describe

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Inference(NamedTuple):
    """What a model's table on ``ref`` makes one think of its contract."""

    model: str
    ref: str
    found: Inferred


def inferred(place: Place, model: str, ref: str | None) -> Inference:
    """Infer the contract of a model's table. Raises ``CommandError`` if it is not built."""
    from dbt_phlo.adapters import profile
    from dbt_phlo.adapters.declared_contracts import named
    from dbt_phlo.contracts.table_source import infer

    target = profile.load(*place)
    project = profile.manifest(target)
    nodes = project.declaring()
    node = nodes[named(model, nodes)]
    table = project.table_of(node)
    if table is None:
        raise CommandError(
            f"{model} is no table or view of the lake", remedy="name another", code="PHLO810"
        )
    hidden = [c.name for c in node.columns.values() if _is_pii(c)]
    with _connected(place, ref) as connection:
        relation = ".".join(map(quoted, (target.database, *table)))
        columns = _described(connection, relation, table, ref or target.settings.branch)

        def execute(sql: str) -> Sequence[Sequence[Any]]:
            return connection.execute(sql).fetchall()

        found = infer(execute, node.name, relation, columns, hidden)
    return Inference(model, ref or target.settings.branch, found)


@contextmanager
def describing(place: Place, database: str, ref: str | None) -> Iterator[Describe]:
    """A function that describes a view; it connects when it is first asked."""
    opened: list[DuckDBPyConnection] = []

    def describe(table: TableName) -> Sequence[tuple[str, str]]:
        if not opened:
            opened.append(_connect(place, ref))
        relation = ".".join(map(quoted, (database, *table)))
        return [(row[0], row[1]) for row in opened[0].execute(f"DESCRIBE {relation}").fetchall()]

    try:
        yield describe
    finally:
        for connection in opened:
            connection.close()


@contextmanager
def _connected(place: Place, ref: str | None) -> Iterator["DuckDBPyConnection"]:
    connection = _connect(place, ref)
    try:
        yield connection
    finally:
        connection.close()


def _connect(place: Place, ref: str | None) -> "DuckDBPyConnection":
    from dbt_phlo.notebook import connect

    return connect(place.project_dir, place.profiles_dir, place.target, ref)


def _described(
    connection: "DuckDBPyConnection", relation: str, table: TableName, ref: str
) -> list[tuple[str, str]]:
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE {relation}").fetchall()
    except duckdb.CatalogException as error:
        raise CommandError(
            f"{table} is not built on {ref}",
            remedy="build it, or name another --ref",
            code="PHLO811",
        ) from error
    return [(row[0], row[1]) for row in rows]


def _is_pii(column: Any) -> bool:
    return any(
        bool(((getattr(holder, "meta", None) or {}).get("phlo") or {}).get("pii"))
        for holder in (getattr(column, "config", None), column)
    )
