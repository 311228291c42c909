"""A dbt project on a lake whose warehouse is a bucket."""

import json
import sys
from pathlib import Path
from typing import Any

from lake import Lake

from dbt_phlo.catalogs import Catalog, open_catalog
from dbt_phlo.endpoint import extensions, warehouse
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.settings import catalog_configuration
from dbt_phlo.storage import Storage

sys.path.insert(0, str(Path(__file__).parents[1] / "services"))

from s3_server import BUCKET, Server


class S3Lake(Lake):
    """``Lake`` on ``s3://lake/<prefix>``; the profile holds the keys in ``secrets:``."""

    def __init__(
        self, folder: Path, server: Server, *, prefix: str, uri: str = "", **secret: Any
    ) -> None:
        """``secret``: what the profile says otherwise than the owner's keys."""
        super().__init__(folder, uri or f"sqlite:///{folder}/catalog.db")
        self.warehouse = f"s3://{BUCKET}/{prefix}"
        self.storage: Storage = server.storage()
        self.profile(server.secret(**secret))

    def profile(self, *secrets: dict[str, Any]) -> None:
        """Write profiles.yml with these secrets."""
        target = {
            "type": "phlo_duckdb",
            "warehouse": f"{self.warehouse}/",
            "iceberg_catalog": {"type": "sql", "uri": self.catalog_uri},
            "database": "lake",
            "schema": "main",
            "threads": 2,
        }
        if secrets:
            target["secrets"] = list(secrets)
        outputs = {
            "prod": {**target, "branch": "main", "wap": "auto"},
            "dev": {**target, "branch": "dev", "wap": "off"},
        }
        text = json.dumps({"shop": {"target": "prod", "outputs": outputs}}, indent=1)
        self.write("profiles.yml", text)

    @property
    def configuration(self) -> dict[str, Any]:
        given = {"type": "sql", "uri": self.catalog_uri}
        return catalog_configuration(given, self.warehouse, storage=self.storage)

    def catalog(self) -> Catalog:  # type: ignore[override]
        return open_catalog(self.configuration)

    def rows(self, sql: str, ref: str = "main") -> list[tuple[Any, ...]]:
        endpoint = Endpoint(self.configuration, ref, writable=False)
        try:
            with extensions.connect() as connection:
                warehouse.unlock(connection, self.configuration)
                endpoint.attach(connection, "lake")
                found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
                return found
        finally:
            endpoint.close()
