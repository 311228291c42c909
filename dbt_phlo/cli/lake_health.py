"""``doctor``: the warehouse, the catalog, the endpoint, branches and runs."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_phlo.cli import bucket_health
from dbt_phlo.cli.examination import Check, Finding, not_checked, ok, warning, wrong
from dbt_phlo.errors import NotFound, PhloError

if TYPE_CHECKING:
    from dbt_phlo.adapters.profile import Target
    from dbt_phlo.catalogs import Catalog
    from dbt_phlo.cli.options import Place

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afpfs", "webdav", "ceph")
LOW_SPACE = 1 << 30
"""Bytes below which a lake is close to trouble."""


class Subject:
    """The lake of one target; the catalog is opened once, without making one."""

    def __init__(self, target: "Target") -> None:
        self.target = target
        self.configuration = target.settings.catalog
        self.on_s3 = self.configuration["storage"] is not None
        self.folder = _folder(self.configuration)
        self._catalog: Catalog | None = None

    @classmethod
    def of(cls, place: "Place") -> "Subject | None":
        """The subject, None when the target cannot be read (which another check tells)."""
        from dbt_phlo.adapters import profile

        try:
            return cls(profile.load(*place))
        except PhloError:
            return None

    def catalog(self) -> "Catalog":
        from dbt_phlo.catalogs import open_catalog

        if self._catalog is None:
            self._catalog = open_catalog(self.configuration, read_only=True)
        return self._catalog

    def known(self) -> "Catalog | None":
        """The catalog, None when it cannot be opened (which another check tells)."""
        try:
            return self.catalog()
        except PhloError:
            return None

    def close(self) -> None:
        if self._catalog is not None:
            self._catalog.close()


def warehouse(subject: Subject) -> Finding:
    """The warehouse's folder can be written, or can be made; the bucket can be written."""
    if subject.on_s3:
        return bucket_health.bucket(subject.configuration)
    folder = subject.folder
    assert folder is not None
    place = _existing(folder)
    if not place.is_dir():
        return wrong(f"{place} is not a folder", "correct `warehouse:` in the profile")
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".dbt-phlo-"):
            pass
    except OSError as error:
        return wrong(
            f"{place} cannot be written: {error.strerror}",
            f"chmod u+w {place}, or become its owner; reading with dbt_phlo.connect works without",
        )
    return ok(f"{folder} can be written" if place == folder else f"{folder} will be made")


def file_system(subject: Subject) -> Finding:
    """The lake is not on a network file system, where SQLite's locks are not safe."""
    if subject.folder is None:
        return not_checked("nothing of the lake lies on this machine")
    kind = _file_system(_existing(subject.folder))
    if kind is None:
        return not_checked(f"the kind of file system is not known on {sys.platform}")
    if kind in NETWORK:
        return wrong(
            f"{subject.folder} is on a network file system ({kind}), where SQLite can lose writes",
            "move `warehouse:` to a local disk and build anew (a lake cannot be moved), or use "
            "`iceberg_catalog: {type: sql, uri: postgresql://...}`",
        )
    return ok(kind)


def space(subject: Subject) -> Finding:
    """There is space left."""
    if subject.folder is None:
        return not_checked("nothing of the lake lies on this machine")
    free = shutil.disk_usage(_existing(subject.folder)).free
    text = f"{free / (1 << 30):.1f} GiB free"
    if free < LOW_SPACE:
        return warning(text, "`dbt-phlo branches cleanup --dry-run` shows which refs can go")
    return ok(text)


def catalog(subject: Subject) -> Finding:
    """The catalog answers, and it is this warehouse's."""
    try:
        refs = subject.catalog().refs()
    except NotFound as error:
        if _holds_tables(subject):
            return wrong(
                f"{error.message}, though {_shown(subject)} holds tables",
                "put the catalog's database back, or correct `iceberg_catalog.uri`",
            )
        return ok("there is no lake yet; the first `dbt build` makes it")
    return ok(f"answers, and belongs to {_shown(subject)}: {len(refs)} refs")


def endpoint(subject: Subject) -> Finding:
    """The endpoint starts, and DuckDB can ask it."""
    import duckdb

    from dbt_phlo.endpoint import extensions
    from dbt_phlo.endpoint.client import Endpoint

    known = subject.known()
    if known is None:
        return not_checked("there is no catalog to serve")
    began = time.perf_counter()
    server = Endpoint(subject.configuration, known.refs()[0].name, writable=False)
    try:
        with extensions.connect() as connection:
            server.attach(connection, "lake", read_only=True)
            connection.execute("SELECT count(*) FROM duckdb_schemas() WHERE database_name = 'lake'")
    except duckdb.Error as error:
        return wrong(
            f"DuckDB cannot ask the endpoint on 127.0.0.1: {error}",
            "allow connections to 127.0.0.1, and set NO_PROXY=127.0.0.1 if a proxy is configured",
        )
    finally:
        server.close()
    return ok(f"starts and answers in {(time.perf_counter() - began) * 1000:.0f} ms")


def branch(subject: Subject) -> Finding:
    """The target's branch is there, or can be made."""
    known = subject.known()
    if known is None:
        return not_checked("there is no catalog to look into")
    settings = subject.target.settings
    names = [ref.name for ref in known.refs()]
    if settings.branch in names:
        return ok(settings.branch)
    if settings.base_branch in names:
        return ok(f"{settings.branch} will be made from {settings.base_branch}")
    return wrong(
        f"neither branch {settings.branch} nor its base {settings.base_branch} exists",
        "correct `base_branch:` in the profile; `dbt-phlo branches list` shows what there is",
    )


def unfinished(subject: Subject) -> Finding:
    """No run was left behind by a process that ended without a word."""
    known = subject.known()
    if known is None:
        return not_checked("there is no catalog to look into")
    now = time.time()
    stale = [
        run.id
        for run in known.runs(1_000_000)
        if run.state in ("open", "promoting") and run.lease_until < now
    ]
    if stale:
        return warning(
            f"interrupted: {', '.join(stale)}",
            f"PHLO_RUN_ID={stale[0]} dbt build finishes it; "
            f"dbt-phlo branches discard {stale[0]} removes it",
        )
    return ok("no run is interrupted")


def expired(subject: Subject) -> Finding:
    """No refs are kept beyond their time."""
    known = subject.known()
    if known is None:
        return not_checked("there is no catalog to look into")
    now = time.time()
    over = [ref for ref in known.refs() if ref.expires_at is not None and ref.expires_at < now]
    if over:
        return warning(f"{len(over)} refs have expired", "dbt-phlo branches cleanup")
    return ok("no ref has expired")


def _folder(configuration: dict[str, Any]) -> Path | None:
    """The folder of this machine that the lake lies in, or at least its catalog; None if none."""
    from dbt_phlo.catalogs.sql.urls import scheme, sqlite_path

    if configuration["storage"] is None:
        return Path(configuration["warehouse"].removeprefix("file://"))
    if scheme(configuration["uri"]) == "sqlite":
        return sqlite_path(configuration["uri"]).parent
    return None


def _shown(subject: Subject) -> str:
    """The warehouse as a person writes it."""
    return subject.target.settings.warehouse.removeprefix("file://")


def _holds_tables(subject: Subject) -> bool:
    if subject.on_s3:
        return bucket_health.holds_tables(subject.configuration)
    folder = subject.folder
    return folder is not None and folder.is_dir() and any(folder.glob("*/*/metadata"))


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def _file_system(path: Path) -> str | None:
    """The kind of file system that holds a path; None where the system does not tell."""
    mounts = Path("/proc/mounts")
    if not mounts.is_file():
        return None
    best, kind = "", None
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        point, found = line.split(" ")[1:3]
        point = point.replace("\\040", " ")
        if os.path.commonpath([point, str(path)]) == point and len(point) >= len(best):
            best, kind = point, found
    return kind


CHECKS: tuple[Check, ...] = (
    ("warehouse", warehouse),
    ("file system", file_system),
    ("free space", space),
    ("catalog", catalog),
    ("endpoint", endpoint),
    ("branch", branch),
    ("interrupted runs", unfinished),
    ("expired refs", expired),
)
