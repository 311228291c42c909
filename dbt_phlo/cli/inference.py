"""What a built table makes one think of its contract: ``dbt-phlo schema infer``."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dbt_phlo.adapters.project import Project
from dbt_phlo.catalogs.values import TableName
from dbt_phlo.cli import schema_text
from dbt_phlo.cli.options import Place
from dbt_phlo.cli.schema_yaml import entry
from dbt_phlo.contracts.data_tests import unquoted
from dbt_phlo.contracts.table_source import Inferred
from dbt_phlo.errors import CommandError
from dbt_phlo.meta import phlo_meta
from dbt_phlo.names import quoted


class Inference(NamedTuple):
    """What the table of ``model`` on ``ref`` holds, and the YAML that declares it."""

    model: str
    ref: str
    found: Inferred
    yaml: str


def inferred(place: Place, model: str, ref: str | None) -> Inference:
    """Infer the contract of a model's table, or of a source's (``source.table``) in the lake.

    Raises ``CommandError`` for a name that the project does not have (PHLO808), for what is no
    table of the lake (PHLO810) and for what is not built (PHLO811).
    """
    from dbt_phlo.adapters import profile
    from dbt_phlo.adapters.declared_contracts import named
    from dbt_phlo.adapters.duckdb import reader
    from dbt_phlo.contracts.table_source import infer
    from dbt_phlo.notebook import connect

    target = profile.load(*place)
    project = profile.manifest(target)
    nodes = project.declaring()
    name = named(model, nodes)
    node = nodes[name]
    table = _table(project, name, node)
    hidden = [unquoted(c.name) for c in node.columns.values() if phlo_meta(c).get("pii")]
    on = ref or target.settings.branch
    _assert_built(place, table, on)
    with connect(place.project_dir, place.profiles_dir, place.target, ref) as connection:
        columns = reader.columns(connection, target.database, table)

        def execute(sql: str) -> Sequence[Sequence[Any]]:
            return connection.execute(sql).fetchall()

        relation = ".".join(map(quoted, (target.database, *table)))
        found = infer(execute, node.name, relation, columns, hidden)
    return Inference(name, on, found, schema_text.document(_document(node, found)))


def _table(project: Project, name: str, node: Any) -> TableName:
    table = project.table_of(node)
    if table is None:
        raise CommandError(
            f"{name} is no table or view of the lake",
            remedy="name another; a source of another database is read once a model has copied it",
            code="PHLO810",
        )
    return table


def _assert_built(place: Place, table: TableName, ref: str) -> None:
    from dbt_phlo.runs import refs

    with place.lake(read_only=True) as (_, catalog):
        tables = catalog.at(refs.found(catalog, ref).name, writable=False)
        known = {
            (key.namespace.lower(), key.name.lower())
            for key in tables.pointers()
            if key.kind != "namespace"
        }
    if (table.namespace.lower(), table.name.lower()) not in known:
        raise CommandError(
            f"{table} is not built on {ref}",
            remedy="build it, or name another --ref",
            code="PHLO811",
        )


def _document(node: Any, found: Inferred) -> dict[str, Any]:
    """A YAML file that declares what was found, where the node is declared."""
    said = entry(found.contract).said(node.name)
    if str(node.resource_type) == "source":
        return {"version": 2, "sources": [_source(node, said)]}
    version = getattr(node, "version", None)
    if version is not None:
        del said["name"]
        said = {"name": node.name, "versions": [{"v": version, **said}]}
    return {"version": 2, f"{node.resource_type}s": [said]}


def _source(node: Any, said: Mapping[str, Any]) -> dict[str, Any]:
    source: dict[str, Any] = {"name": node.source_name}
    if node.schema != node.source_name:
        source["schema"] = node.schema
    other = {"identifier": node.identifier} if node.identifier != node.name else {}
    return {**source, "tables": [{"name": node.name, **other, **said}]}
