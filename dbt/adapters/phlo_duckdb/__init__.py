"""The plugin object that dbt looks for when a profile says ``type: phlo_duckdb``."""

from dbt.adapters.base import AdapterPlugin

from dbt_phlo.adapters.duckdb.credentials import PhloDuckDBCredentials
from dbt_phlo.adapters.duckdb.impl import PhloDuckDBAdapter
from dbt_phlo.include import include_folder

Plugin = AdapterPlugin(
    adapter=PhloDuckDBAdapter,  # type: ignore[arg-type]
    credentials=PhloDuckDBCredentials,
    include_path=str(include_folder()),
    project_name="dbt_phlo",
    dependencies=["duckdb"],
)
