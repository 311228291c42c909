"""The profile of ``phlo_duckdb``: dbt-duckdb's keys that make sense on a lake, and ours."""

from dataclasses import dataclass, field
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials

from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.errors import ConfigError, nearest
from dbt_phlo.settings import PROFILE_KEYS

INHERITED = (
    "type",
    "database",
    "schema",
    "threads",
    "attach",
    "config_options",
    "disable_transactions",
    "extensions",
    "external_root",
    "filesystems",
    "module_paths",
    "plugins",
    "retries",
    "settings",
)
WITHOUT_MEANING = ("path", "remote", "is_ducklake", "motherduck_token", "flights")
"""Keys of dbt-duckdb that say where *its* database is: here that is what `warehouse` says."""

DEFAULT_DATABASE = "lake"


@dataclass
class PhloDuckDBCredentials(DuckDBCredentials):
    """``database`` is the lake's name in SQL; DuckDB itself runs in memory."""

    warehouse: str = "./lake"
    iceberg_catalog: dict[str, Any] = field(default_factory=lambda: {"type": "sql"})
    branch: str = "main"
    base_branch: str = "main"
    wap: Any = "auto"

    def __post_init__(self) -> None:
        """The parent takes the types and names out of ``secrets``; they stay as they are given."""
        given = [dict(secret) for secret in self.secrets or []]
        super().__post_init__()  # type: ignore[no-untyped-call]
        self.secrets = given

    @property
    def type(self) -> str:
        return "phlo_duckdb"

    @property
    def unique_field(self) -> str:
        return self.warehouse

    @classmethod
    def __pre_deserialize__(cls, data: dict[Any, Any]) -> dict[Any, Any]:
        with as_dbt_errors():
            for key, value in data.items():
                _assert_known(str(key))
                _assert_meaning(str(key), value)
        data = {"database": DEFAULT_DATABASE, **data, "path": ":memory:"}
        lake = {"path": data["database"], "alias": data["database"]}
        # The parent accepts a `database` only if it is the path's or an attachment's name.
        attach = list(data.get("attach") or [])
        data = super().__pre_deserialize__({**data, "attach": [*attach, lake]})
        return {**data, "attach": attach or None}

    def _connection_keys(self) -> tuple[str, ...]:
        """What ``dbt debug`` and the logs show; ``iceberg_catalog`` may hold a password."""
        return ("database", "schema", "warehouse", "branch", "base_branch", "wap")


def _assert_known(key: str) -> None:
    known = (*PROFILE_KEYS, *INHERITED)
    # dbt serializes a target with every field of the parent, and reads it back.
    if key in known or key in DuckDBCredentials.__dataclass_fields__:
        return
    raise ConfigError(
        f"the profile has no key {key!r}.{nearest(key, known)}",
        remedy=f"keys of phlo_duckdb: {', '.join(known)}",
        code="PHLO101",
    )


def _assert_meaning(key: str, value: Any) -> None:
    """Raise for a key that would be ignored; dbt's own copy of a target has them empty."""
    if key in WITHOUT_MEANING and value not in (None, "", ":memory:"):
        raise ConfigError(
            f"the profile's key {key!r} means nothing to phlo_duckdb: the data lies in the lake",
            remedy="remove it; `warehouse` names the folder of the lake, and `attach` adds other "
            "databases beside it",
            code="PHLO119",
        )
