"""Every setting: where it may be given, its default, and what it means.

``KEYS`` is the one list of them: docs/configuration.md is printed from it.
"""

from typing import Any, NamedTuple

SNAPSHOT_DAYS = 30


class SettingKey(NamedTuple):
    """One setting: where it may be given, its default, and what it means."""

    name: str
    profile: str
    variable: str
    environment: str
    default: Any
    allowed: tuple[str, ...]
    meaning: str


KEYS = (
    SettingKey(
        "warehouse",
        "warehouse",
        "",
        "",
        "./lake",
        (),
        "Folder of the lake, relative to the project, or `s3://bucket/prefix` (see [S3](s3.md)). "
        "It cannot be moved later.",
    ),
    SettingKey(
        "iceberg_catalog",
        "iceberg_catalog",
        "",
        "",
        {"type": "sql"},
        (),
        "`{type: sql}`: SQLite in the warehouse. `uri:` names another database, "
        "`sqlite:////path/catalog.db` or `postgresql://user:password@host/database`; a warehouse "
        "on S3 needs one.",
    ),
    SettingKey(
        "secrets",
        "secrets",
        "",
        "",
        None,
        (),
        "DuckDB's secrets, as in dbt-duckdb. The one of `type: s3` that covers the warehouse holds "
        "its keys.",
    ),
    SettingKey(
        "branch",
        "branch",
        "phlo_branch",
        "PHLO_BRANCH",
        "main",
        (),
        "The branch that this target builds into; created from `base_branch` when it is missing.",
    ),
    SettingKey(
        "base_branch",
        "base_branch",
        "",
        "",
        "main",
        (),
        "What a new branch is created from.",
    ),
    SettingKey(
        "wap",
        "wap",
        "phlo_wap",
        "PHLO_WAP",
        "auto",
        ("auto", "hold", "off"),
        "`auto`: isolate, audit, promote. `hold`: isolate, audit, keep for `phlo_promote`. "
        "`off`: write the branch directly.",
    ),
    SettingKey(
        "run_id",
        "",
        "",
        "PHLO_RUN_ID",
        "",
        (),
        "Id of the run to create or join, so that several invocations are one transaction.",
    ),
    SettingKey(
        "isolation",
        "",
        "phlo_isolation",
        "",
        "snapshot",
        ("snapshot", "serializable"),
        "`serializable` refuses a promotion when a table that the run only read has moved.",
    ),
    SettingKey(
        "require_checks",
        "",
        "phlo_require_checks",
        "",
        "declared",
        ("declared", "all", "off"),
        "`declared`: every declared error-severity check must have passed. `all`: each written "
        "table needs a check. `off`: only failures block.",
    ),
    SettingKey(
        "retention_days",
        "",
        "phlo_retention_days",
        "",
        7,
        (),
        "Days that the ref of a promoted run is kept.",
    ),
    SettingKey(
        "failed_retention_days",
        "",
        "phlo_failed_retention_days",
        "",
        14,
        (),
        "Days that the ref of a run that was not promoted is kept.",
    ),
    SettingKey(
        "snapshot_days",
        "",
        "phlo_snapshot_days",
        "",
        SNAPSHOT_DAYS,
        (),
        "Days that a table's earlier snapshots can be read; its current one always can.",
    ),
    SettingKey(
        "history",
        "",
        "phlo_history",
        "PHLO_HISTORY",
        "on",
        ("on", "off"),
        "`on`: each run appends what it and its checks came to to the schema `_phlo` of its branch "
        "(see [History](history.md)).",
    ),
    SettingKey(
        "check_samples",
        "",
        "phlo_check_samples",
        "PHLO_CHECK_SAMPLES",
        "on",
        ("on", "off"),
        "`off`: no values of failing rows in the records of checks "
        "(see [The check contract](check-contract.md)).",
    ),
    SettingKey(
        "partition_key",
        "",
        "",
        "PHLO_PARTITION_KEY",
        "",
        (),
        "The partition that checks are limited to, where dbt's `--event-time-start` and "
        "`--event-time-end` do not say it: `2024-01`, `2024-01-05`, `2024-01-05T13` or "
        "`start/end`, in UTC.",
    ),
)
