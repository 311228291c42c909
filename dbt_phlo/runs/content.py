"""What is on one ref: its tables with their rows, and its views."""

from typing import NamedTuple

from dbt_phlo import names
from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.runs import refs
from dbt_phlo.runs.refs import RefState
from dbt_phlo.tables import statistics
from dbt_phlo.tables.statistics import Count


class Relation(NamedTuple):
    """A table, or a view (whose ``rows`` are None: counting them would run it)."""

    schema: str
    name: str
    kind: str
    rows: int | None


class RefContent(NamedTuple):
    state: RefState
    relations: tuple[Relation, ...]


def of(catalog: Catalog, name: str, count: Count) -> RefContent:
    """The content of the ref, or of the run's ref, called ``name``."""
    ref = refs.found(catalog, name)
    run = catalog.run(ref.name.removeprefix(names.RUN_PREFIX)) if ref.kind == "run" else None
    relations = [
        Relation(
            key.namespace,
            key.name,
            key.kind,
            statistics.rows(value, catalog.content(value), count) if key.kind == "table" else None,
        )
        for key, value in catalog.at(ref.name).pointers().items()
    ]
    return RefContent(RefState(ref, run), tuple(sorted(relations)))
