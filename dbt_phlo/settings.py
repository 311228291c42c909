"""What a run is told by the profile, by variables and by the environment, checked and resolved.

The environment wins over variables, variables over the profile; an empty variable counts as unset.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dbt_phlo import names
from dbt_phlo.errors import ConfigError, nearest
from dbt_phlo.setting_keys import KEYS, SNAPSHOT_DAYS, SettingKey
from dbt_phlo.storage import SCHEME, Storage, storage

PROFILE_KEYS = tuple(key.profile for key in KEYS if key.profile)
"""The keys of a profile's target that are ours."""

CATALOG_KEYS = ("type", "uri")
DAY = 86_400.0
MAX_DAYS = 36_500.0

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX_PART = re.compile(r"[A-Za-z0-9._=-]+")
_ABSOLUTE_SQLITE = re.compile(r"sqlite(?:\+\w+)?:////")


class Settings(NamedTuple):
    """Everything that decides how an invocation binds, audits and promotes."""

    project: str
    warehouse: str
    """``file://`` or ``s3://`` URI of what holds the tables, without a slash at its end."""
    catalog: dict[str, Any]
    """``{type, uri, warehouse, storage, snapshot_seconds}`` for ``catalogs.open_catalog``."""
    branch: str
    base_branch: str
    wap: str
    run_id: str
    isolation: str
    require_checks: str
    retention_seconds: float
    failed_retention_seconds: float
    history: str = "on"
    check_samples: str = "on"
    partition_key: str = ""


def resolve(
    profile: Mapping[str, Any],
    variables: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    project: str,
    project_root: Path,
) -> Settings:
    """Settings from the profile's target, dbt's variables and the environment."""
    value = {key.name: _value(key, profile, variables, environment) for key in KEYS}
    warehouse = warehouse_uri(str(value["warehouse"]), project_root)
    return Settings(
        project=project,
        warehouse=warehouse,
        catalog=catalog_configuration(
            value["iceberg_catalog"],
            warehouse,
            snapshot_seconds=_days("phlo_snapshot_days", value["snapshot_days"]),
            storage=storage(warehouse, value["secrets"], environment)
            if warehouse.startswith(SCHEME)
            else None,
        ),
        branch=names.branch_name(str(value["branch"])),
        base_branch=names.branch_name(str(value["base_branch"])),
        wap=str(value["wap"]),
        run_id=names.run_id(str(value["run_id"])) if value["run_id"] else "",
        isolation=str(value["isolation"]),
        require_checks=str(value["require_checks"]),
        retention_seconds=_days("phlo_retention_days", value["retention_days"]),
        failed_retention_seconds=_days(
            "phlo_failed_retention_days", value["failed_retention_days"]
        ),
        history=str(value["history"]),
        check_samples=str(value["check_samples"]),
        partition_key=str(value["partition_key"]),
    )


def warehouse_uri(warehouse: str, project_root: Path) -> str:
    """The URI of a warehouse given as ``s3://bucket/prefix`` or as a path.

    A path is absolute or relative to the project.
    """
    if warehouse.startswith(SCHEME):
        return _bucket_uri(warehouse)
    if "://" in warehouse and not warehouse.startswith("file://"):
        raise ConfigError(
            f"warehouse {warehouse!r}: only a folder or an S3 bucket is supported",
            remedy="write a path, such as ./lake, or s3://bucket/prefix",
            code="PHLO103",
        )
    path = (project_root / Path(warehouse.removeprefix("file://")).expanduser()).resolve()
    bad = sorted({char for char in str(path) if not " " <= char <= "~" or char in "#%?\\"})
    if bad:
        raise ConfigError(
            f"warehouse {str(path)!r}: its path holds {', '.join(map(repr, bad))}, which DuckDB's "
            "or other readers' Iceberg cannot follow",
            remedy="name a folder whose whole path is plain ASCII without '#', '%', '?' and '\\', "
            "such as /srv/lake",
            code="PHLO117",
        )
    return f"file://{path}"


def _bucket_uri(warehouse: str) -> str:
    bucket, _, prefix = warehouse.removeprefix(SCHEME).rstrip("/").partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise ConfigError(
            f"warehouse {warehouse!r}: {bucket!r} is not the name of a bucket",
            remedy="write s3://bucket/prefix; a bucket's name has 3 to 63 lower-case letters, "
            "digits, '-' and '.'",
            code="PHLO117",
        )
    parts = prefix.split("/") if prefix else []
    bad = next((p for p in parts if p in (".", "..") or not _PREFIX_PART.fullmatch(p)), None)
    if bad is not None:
        raise ConfigError(
            f"warehouse {warehouse!r}: its prefix holds {bad!r}, which DuckDB's or other readers' "
            "Iceberg cannot follow",
            remedy="name a prefix of letters, digits, '-', '_', '.' and single '/'",
            code="PHLO117",
        )
    return "/".join([f"{SCHEME}{bucket}", *parts])


def catalog_configuration(
    given: Any,
    warehouse: str,
    *,
    snapshot_seconds: float = SNAPSHOT_DAYS * DAY,
    storage: Storage | None = None,
) -> dict[str, Any]:
    """What ``catalogs.open_catalog`` takes, with SQLite in the warehouse as the default database.

    ``snapshot_seconds``: how long a table's earlier snapshots are kept. ``storage``: the way into a
    warehouse on S3.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"iceberg_catalog must be a mapping, not {given!r}",
            remedy="write iceberg_catalog: {type: sql}",
            code="PHLO104",
        )
    for key in given:
        if key not in CATALOG_KEYS:
            raise ConfigError(
                f"iceberg_catalog has no key {key!r}.{nearest(str(key), CATALOG_KEYS)}",
                remedy=f"known keys: {', '.join(CATALOG_KEYS)}",
                code="PHLO104",
            )
    kind, uri = given.get("type", "sql"), given.get("uri")
    if warehouse.startswith(SCHEME):
        _assert_database(kind, uri)
    folder = warehouse.removeprefix("file://")
    return {
        "type": kind,
        "uri": uri or f"sqlite:///{folder}/catalog.db",
        "warehouse": warehouse,
        "storage": storage,
        "snapshot_seconds": snapshot_seconds,
    }


def _assert_database(kind: Any, uri: Any) -> None:
    """Raise for a warehouse on S3 whose catalog has no place of its own: S3 holds no database."""
    relative = str(uri or "").startswith("sqlite") and not _ABSOLUTE_SQLITE.match(str(uri))
    if kind == "sql" and (not uri or relative):
        problem = "is relative" if relative else "is missing"
        raise ConfigError(
            f"a warehouse on S3 needs a database for its catalog: iceberg_catalog.uri {problem}",
            remedy="write iceberg_catalog: {type: sql, uri: "
            "'postgresql://user:password@host/database'}, or for one machine alone "
            "uri: 'sqlite:////absolute/path/catalog.db'",
            code="PHLO122",
        )


def _value(
    key: SettingKey,
    profile: Mapping[str, Any],
    variables: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Any:
    found, source = key.default, "the default"
    for mapping, name in (
        (profile, key.profile),
        (variables, key.variable),
        (environment, key.environment),
    ):
        if name and mapping.get(name) not in (None, ""):
            found, source = mapping[name], name
    if found is False and "off" in key.allowed:  # YAML reads a bare `off` as false
        found = "off"
    if found is True and "on" in key.allowed:  # and `on` as true
        found = "on"
    if key.allowed and found not in key.allowed:
        raise ConfigError(
            f"{source} is {found!r}.{nearest(str(found), key.allowed)}",
            remedy=f"use one of: {', '.join(key.allowed)}",
            code="PHLO102",
        )
    return found


def _days(name: str, given: Any) -> float:
    try:
        days = -1.0 if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        days = -1.0
    if not 0 <= days <= MAX_DAYS:
        raise ConfigError(
            f"{name} is {given!r}",
            remedy=f"write a number of days from 0 to {MAX_DAYS:.0f}",
            code="PHLO109",
        )
    return days * DAY
