"""A table at one ref as a pyiceberg ``Table``, whose commits go through the ``Tables`` port.

pyiceberg writes data files and manifests; which snapshot becomes a table's next one is decided
where everything else is decided, by the compare-and-swap of the port. A commit that finds the table
moved is our ``Conflict``: pyiceberg retries only a failure of its own kind, and would else put rows
that were made for one snapshot onto another.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from dbt_phlo.catalogs.port import Tables
from dbt_phlo.extras import optional
from dbt_phlo.storage import Storage

if TYPE_CHECKING:
    from pyiceberg.table import Table

EXTRA = "pyiceberg"
NO_RETRIES = {"commit.retry.num-retries": "0"}
"""For pyiceberg alone, in what it is shown of the table; the table itself does not say so."""
ANY_REGION = "us-east-1"
"""What a server that has no regions is told; without one pyiceberg asks AWS whose bucket it is."""


def iceberg_table(
    tables: Tables, namespace: str, name: str, configuration: Mapping[str, Any]
) -> "Table":
    """The table as it is now on the ref of ``tables``.

    ``configuration`` is that of the catalog (see ``settings.catalog_configuration``); it has the
    way into the warehouse. Raises ``NotFound``; its commits raise ``Conflict`` when another writer
    was faster, and ``ReadOnly``.
    """
    return _adaptor()(tables, configuration).load_table((namespace, name))  # type: ignore[no-any-return]


def file_properties(configuration: Mapping[str, Any]) -> dict[str, str]:
    """What pyiceberg's file access needs: nothing for a folder, keys and server for S3.

    Without keys in the profile or the environment AWS's own chain is asked, as everywhere.
    """
    storage: Storage | None = configuration.get("storage")
    implementation = {"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}
    if storage is None:
        return implementation
    given = {
        "s3.endpoint": storage.server if storage.endpoint else "",
        "s3.region": storage.region or (ANY_REGION if storage.endpoint else ""),
        "s3.access-key-id": storage.key_id,
        "s3.secret-access-key": storage.secret.revealed(),
        "s3.session-token": storage.session_token.revealed(),
        "s3.force-virtual-addressing": "true" if storage.url_style == "vhost" else "",
    }
    return implementation | {key: value for key, value in given.items() if value}


@cache
def _adaptor() -> Any:
    """The class of the catalogs that pyiceberg is given; made when pyiceberg is first needed."""
    tables_module = optional("pyiceberg.table", extra=EXTRA)
    updates_module = optional("pyiceberg.table.update", extra=EXTRA)
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.io import load_file_io
    from pyiceberg.table import CommitTableResponse, Table
    from pyiceberg.table.metadata import TableMetadata, TableMetadataUtil

    class OfTables(NoopCatalog):
        """Loads and commits; what else a catalog does is not done through pyiceberg."""

        def __init__(self, tables: Tables, configuration: Mapping[str, Any]) -> None:
            super().__init__(tables.ref)
            self._tables = tables
            self._files = load_file_io(file_properties(configuration), configuration["warehouse"])

        def load_table(self, identifier: Any) -> Table:
            namespace, name = identifier
            location, raw = self._tables.load(namespace, name)
            metadata = _shown(json.loads(raw))
            return Table((namespace, name), metadata, location, self._files, self)

        def commit_table(
            self, table: Table, requirements: tuple[Any, ...], updates: tuple[Any, ...]
        ) -> CommitTableResponse:
            namespace, name = table.name()
            if not any(isinstance(one, updates_module.AssertRefSnapshotId) for one in requirements):
                main = table.metadata.refs.get("main")
                still = updates_module.AssertRefSnapshotId(
                    ref="main", snapshot_id=main and main.snapshot_id
                )
                requirements = (*requirements, still)
            request = tables_module.CommitTableRequest(
                identifier=tables_module.TableIdentifier(namespace=[namespace], name=name),
                requirements=requirements,
                updates=updates,
            )
            asked = json.loads(request.model_dump_json())
            change = (namespace, name, asked["requirements"], asked["updates"])
            ((location, document),) = self._tables.commit([change])
            return tables_module.CommitTableResponse(  # type: ignore[no-any-return]
                metadata=_shown(document), metadata_location=location
            )

    def _shown(document: dict[str, Any]) -> TableMetadata:
        properties = {**document.get("properties", {}), **NO_RETRIES}
        return TableMetadataUtil.parse_obj({**document, "properties": properties})

    return OfTables
