"""Where a load of the embedded lake writes, and how its model runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta
from dbt.flags import get_flags

from dbt_phlo.adapters.duckdb.model_code import caller
from dbt_phlo.loads.target import Lake


class LoadsMixin(metaclass=AdapterMeta):
    """Comes before the adapter, whose environment it uses."""

    config: Any
    _environment: Any
    _phlo_base_of: Any

    def phlo_load_target(self) -> Lake:
        environment = self._environment
        return Lake(environment.tables, environment.session.settings.catalog, self._phlo_base_of())

    def phlo_model_caller(self, model: Any, compiled_code: str) -> Callable[[], Any]:
        """Runs the model on a connection of its own, which outlives neither it nor the load."""
        environment = self._environment
        path = Path(self.config.project_root) / model["original_file_path"]

        def connection() -> Any:
            cursor = environment.handle().cursor()
            return environment.initialize_cursor(environment.creds, cursor)

        is_there = environment.tables.exists(
            environment.exact_schema(model["schema"]), model["alias"] or model["name"]
        )
        return caller(
            compiled_code,
            path,
            model["name"],
            connection,
            is_incremental=is_there and not get_flags().FULL_REFRESH,
        )

    def phlo_loaded(self, target: Any) -> None:
        """The engine is to see the table anew."""
        self._environment.views.forget(target.schema, target.identifier)
