"""A run's end leaves its rows in the lake's own schema, on the branch that the run was for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import duckdb

from dbt_phlo.errors import PhloError
from dbt_phlo.history import of_run, write
from dbt_phlo.history.of_run import Decided
from dbt_phlo.runs.session import Session


def remember(
    session: Session, checks: Iterable[Mapping[str, Any]], tell: Callable[[str], None]
) -> None:
    """Append what ``session``'s run and its ``checks`` came to.

    The run is decided: history that cannot be written is told, and changes nothing of that.
    """
    if session.run is None or session.verdict is None or session.settings.history != "on":
        return
    catalog = session.catalog
    try:
        done = session.promotion
        decided = Decided(
            run=catalog.run(session.run.id),
            invocation=session.invocation.id,
            command=session.invocation.command,
            diff=done.diff if done is not None else catalog.diff(session.run.ref),
            unchecked=session.verdict.unchecked,
        )
        write(catalog, decided.run.branch, of_run.rows(catalog, decided, checks))
    except (PhloError, OSError, duckdb.Error) as error:
        tell(f"the history of run {session.run.id} is not written: {error}")
