"""Retention: the refs of old runs go, then every file that no ref and no writer needs.

A file that no ref reaches may be garbage, or may have been written a moment ago by somebody who has
not committed it yet. Ages do not tell the two apart when a clock jumps; writers do. Whoever writes
registers first and renews a lease. A file that is listed *before* the writers are read, and the
writers *before* the refs, is one of three: reached by a ref; written by one of those writers; or
garbage. What may be a writer's is remembered with the writers' ids and deleted by a later cleanup,
once all of them have ended (epoch-based reclamation: K. Fraser, Practical lock-freedom, 2004).

A writer that has not renewed its lease is watched for ``PATIENCE_SECONDS`` and then fenced off: its
process was killed, or is suspended and will find its next commit refused.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from dbt_phlo import names
from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Expired, Ref, Writer
from dbt_phlo.errors import CatalogError
from dbt_phlo.runs.lease import LEASE_SECONDS
from dbt_phlo.tables.files import StoredFile
from dbt_phlo.tables.reach import bare, reached

PATIENCE_SECONDS = 45.0
"""How long a lease that looks lapsed is watched: over two renewals (``runs.lease``)."""


class Garbage(NamedTuple):
    """Files that nothing reaches."""

    files: int
    bytes: int


class Cleanup(NamedTuple):
    """What was deleted or, dry, would be."""

    refs: tuple[Ref, ...]
    deleted: Garbage
    waiting: Garbage
    """What nothing reaches either, but may be of somebody who writes now."""
    writers: tuple[str, ...]
    """The invocations that ``waiting`` waits for."""
    dry_run: bool


def cleanup(
    catalog: Catalog,
    project: str | None,
    *,
    dry_run: bool = False,
    patience: float = PATIENCE_SECONDS,
    tell: Callable[[str], None] = lambda line: None,
    clock: Callable[[], float] = time.time,
) -> Cleanup:
    """Delete the run refs whose time is over (of ``project``; None: of all), then unreached files.

    ``tell`` is given a line before a long wait. Raises ``CatalogError``; nothing that a ref reaches
    is deleted then either.
    """
    now = clock()
    expired, dead = _watched(catalog, project, now, patience, tell)
    if dry_run:
        refs = [entry.ref for entry in expired]
    else:
        refs = catalog.delete_expired(expired, now)
        catalog.fence(dead)
    listed = _files_of_tables(catalog)
    writers = [writer for writer in catalog.writers() if writer not in dead]
    reach = _reached(catalog, [ref.name for ref in refs])
    orphans = {file.location: file for file in listed if bare(file.location) not in reach}
    waiting = _waiting(orphans, catalog.garbage(), writers)
    garbage = [file for location, file in orphans.items() if not waiting[location]]
    kept = {location: ids for location, ids in waiting.items() if ids}
    if not dry_run:
        catalog.note_garbage(kept)
        catalog.stored.delete(file.location for file in garbage)
        catalog.stored.prune(_dead_folders(catalog, garbage, reach, kept))
    return Cleanup(
        tuple(refs),
        _sum(garbage),
        _sum(orphans[location] for location in kept),
        tuple(sorted({writer for ids in kept.values() for writer in ids})),
        dry_run,
    )


def _watched(
    catalog: Catalog,
    project: str | None,
    now: float,
    patience: float,
    tell: Callable[[str], None],
) -> tuple[list[Expired], list[Writer]]:
    """The expired refs that nobody is at work on, and the writers that are dead."""
    expired = catalog.expired(now, project=project)
    silent = [writer for writer in catalog.writers() if _looks_silent(writer, now)]
    unsure = [entry.ref.name for entry in expired if not entry.released]
    if not silent and not unsure:
        return expired, []
    told = ", ".join(sorted({writer.id for writer in silent} or unsure))
    tell(
        f"{told} did not come to an end: killed, or at work beside a clock that jumped; "
        f"watching for {patience:.0f} seconds"
    )
    time.sleep(patience)
    before = {(entry.ref.name, entry.renewals) for entry in expired}
    again = catalog.expired(now, project=project)
    still_silent = [writer for writer in catalog.writers() if writer in silent]
    return [entry for entry in again if (entry.ref.name, entry.renewals) in before], still_silent


def _reached(catalog: Catalog, without: list[str]) -> set[str]:
    """What the refs reach, but those ``without``.

    Another cleanup may delete a ref, and the files that only it reached, while this one reads them:
    a file that is gone is an error only if what pointed to it is still there.
    """
    roots = catalog.roots(without=without)
    while True:
        try:
            return reached(catalog.stored, roots)
        except CatalogError:
            now = catalog.roots(without=without)
            if now == roots:
                raise
            roots = now


def _looks_silent(writer: Writer, now: float) -> bool:
    """Whether a lease is over, or ends later than any can that was renewed by this clock."""
    return not now <= writer.lease_until <= now + 2 * LEASE_SECONDS


def _files_of_tables(catalog: Catalog) -> list[StoredFile]:
    """The files in folders that a table of ours was given; what else lies there is not ours."""
    start = len(catalog.warehouse) + 1
    return [
        file
        for file in catalog.stored.listed(catalog.warehouse)
        if names.table_folder(file.location[start:])
    ]


def _waiting(
    orphans: Iterable[str], known: Mapping[str, frozenset[str]], writers: Iterable[Writer]
) -> dict[str, frozenset[str]]:
    """The writers that each unreached file must wait for: those of its first sighting."""
    alive = frozenset(writer.id for writer in writers)
    return {location: known.get(location, alive) & alive for location in orphans}


def _dead_folders(
    catalog: Catalog, deleted: Iterable[StoredFile], reach: Iterable[str], kept: Iterable[str]
) -> set[str]:
    """The folders of tables of which nothing is left: no table is ever made in one again."""
    start = len(catalog.warehouse) + 1
    bare_start = len(bare(catalog.warehouse)) + 1
    alive = {names.table_folder(location[bare_start:]) for location in (*reach, *map(bare, kept))}
    gone = {names.table_folder(file.location[start:]) for file in deleted} - alive
    return {f"{catalog.warehouse}/{folder}" for folder in gone}


def _sum(files: Iterable[StoredFile]) -> Garbage:
    sizes = [file.size for file in files]
    return Garbage(len(sizes), sum(sizes))
