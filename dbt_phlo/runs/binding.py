"""Which ref an invocation reads and writes, decided before its first query."""

import time
from typing import NamedTuple

from dbt_phlo import names
from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import RunRecord
from dbt_phlo.errors import AlreadyExists, ConfigError, NotFound, RunError
from dbt_phlo.runs.lease import LEASE_SECONDS
from dbt_phlo.settings import Settings

WRITING = ("run", "build", "seed", "snapshot")
"""dbt commands that create or join a run."""


class Invocation(NamedTuple):
    """One dbt command. ``retried`` is the id of the invocation that ``dbt retry`` takes up."""

    id: str
    command: str
    retried: str = ""


class Binding(NamedTuple):
    """The ref that an invocation is bound to; ``run`` is None when it only reads, or WAP is off."""

    ref: str
    writable: bool
    run: RunRecord | None = None
    joined: bool = False
    """Whether PHLO_RUN_ID made it part of a longer transaction, which may still await checks."""


def bind(catalog: Catalog, settings: Settings, invocation: Invocation) -> Binding:
    """Create or join the invocation's run, or bind it to the branch. Raises ``RunError``."""
    if invocation.command in WRITING:
        return _bind_writer(catalog, settings, invocation)
    if invocation.command == "test" and invocation.retried and settings.wap != "off":
        retried = catalog.run_of_invocation(invocation.retried)
        if retried is not None and not settings.run_id:
            return _join(catalog, settings, retried.id, invocation)
    if settings.run_id:
        run = catalog.run(settings.run_id)
        if invocation.command == "test" and settings.wap != "off" and not run.over:
            return _join(catalog, settings, run.id, invocation)
        return Binding(run.ref, writable=False)
    if settings.wap == "off":
        return Binding(_branch(catalog, settings), writable=True)
    return Binding(_branch_to_read(catalog, settings), writable=False)


def _bind_writer(catalog: Catalog, settings: Settings, invocation: Invocation) -> Binding:
    if settings.wap == "off":
        if settings.run_id:
            raise ConfigError(
                f"PHLO_RUN_ID={settings.run_id} is set, but this target has wap: off",
                remedy="unset PHLO_RUN_ID, or set PHLO_WAP=auto",
                code="PHLO110",
            )
        return Binding(_branch(catalog, settings), writable=True)
    if invocation.retried and not settings.run_id:
        return _retry(catalog, settings, invocation)
    if settings.run_id:
        try:
            return _join(catalog, settings, catalog.run(settings.run_id).id, invocation)
        except NotFound:
            return _create(catalog, settings, settings.run_id, invocation)._replace(joined=True)
    return _create(catalog, settings, invocation.id, invocation)


def begun(catalog: Catalog, settings: Settings, run_id: str, invocation: Invocation) -> Binding:
    """A new run on a ref of its own. Raises ``AlreadyExists``."""
    branch, now = _branch(catalog, settings), time.time()
    record = RunRecord(
        id=run_id,
        ref=names.run_ref(run_id),
        branch=branch,
        state="open",
        reason="",
        project=settings.project,
        created_at=now,
        updated_at=now,
        lease_until=now + LEASE_SECONDS,
        renewals=0,
        invocations=(invocation.id,),
    )
    run = catalog.create_run(
        record, base=branch, expires_at=now + settings.failed_retention_seconds
    )
    return Binding(run.ref, writable=True, run=run)


def _create(catalog: Catalog, settings: Settings, run_id: str, invocation: Invocation) -> Binding:
    try:
        return begun(catalog, settings, run_id, invocation)
    except AlreadyExists:  # two processes began the same PHLO_RUN_ID at once
        return _join(catalog, settings, run_id, invocation)


def _join(catalog: Catalog, settings: Settings, run_id: str, invocation: Invocation) -> Binding:
    run = catalog.run(run_id)
    if run.branch != settings.branch:
        raise RunError(
            f"run {run.id} builds into branch {run.branch}, this target into {settings.branch}",
            remedy=f"use the target of branch {run.branch}, or another PHLO_RUN_ID",
            code="PHLO403",
        )
    if run.project != settings.project:
        raise RunError(
            f"run {run.id} is of project {run.project}, and this is {settings.project}, which does "
            "not know its checks",
            remedy="give each project's run an id of its own",
            code="PHLO413",
        )
    now = time.time()
    run = catalog.join_run(
        run.id,
        invocation.id,
        now + LEASE_SECONDS,
        expires_at=now + settings.failed_retention_seconds,
    )
    return Binding(run.ref, writable=True, run=run, joined=True)


def retried_run(catalog: Catalog, invocation: str) -> RunRecord:
    """The run that an invocation was part of. Raises ``RunError``."""
    run = catalog.run_of_invocation(invocation)
    if run is None:
        raise RunError(
            f"run_results.json is of invocation {invocation}, which is not a run of this lake "
            "(it may be older than the run you mean, or of another target)",
            remedy="`dbt-phlo runs list` shows the runs; PHLO_RUN_ID=<id> dbt build finishes one",
            code="PHLO404",
        )
    return run


def _retry(catalog: Catalog, settings: Settings, invocation: Invocation) -> Binding:
    run = retried_run(catalog, invocation.retried)
    return _join(catalog, settings, run.id, invocation)._replace(joined=False)


def _branch(catalog: Catalog, settings: Settings) -> str:
    """The branch, created from the base branch if it is not there yet."""
    try:
        return catalog.ref(settings.branch).name
    except NotFound:
        pass
    try:
        return catalog.create_ref(settings.branch, settings.base_branch, kind="branch").name
    except AlreadyExists:  # somebody else was faster
        return settings.branch


def _branch_to_read(catalog: Catalog, settings: Settings) -> str:
    """The branch, or what it would be created from: reading creates nothing."""
    try:
        return catalog.ref(settings.branch).name
    except NotFound:
        return catalog.ref(settings.base_branch).name
