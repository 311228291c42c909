"""What cleanup must know of files: the tables of all refs, and files that it left."""

import json
from collections.abc import Iterable, Mapping

from dbt_phlo.catalogs.sql import tables
from dbt_phlo.catalogs.sql.database import Database


class SqlGarbage:
    """The part of the ``Catalog`` port that concerns files which nothing reaches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def roots(self, without: Iterable[str]) -> set[str]:
        """The metadata files of every table that a ref holds, or held when the ref was made."""
        gone = list(without)
        marks = "''" + ", ?" * len(gone)  # PostgreSQL has no empty list
        sql = tables.TABLES_OF_REFS.format(held=marks, base=marks)
        return {location for (location,) in self._database.all(sql, *gone, *gone)}

    def known(self) -> dict[str, frozenset[str]]:
        """Unreached files that earlier cleanups left, with the writers that they wait for."""
        rows = self._database.all("SELECT location, waits_for FROM phlo_garbage")
        return {location: frozenset(json.loads(waits_for)) for location, waits_for in rows}

    def note(self, waiting: Mapping[str, Iterable[str]]) -> None:
        """Make ``waiting`` all that is known."""
        with self._database.transaction("phlo_garbage"):
            self._database.run("DELETE FROM phlo_garbage")
            self._database.many(
                "INSERT INTO phlo_garbage (location, waits_for) VALUES (?, ?)",
                [(location, json.dumps(sorted(ids))) for location, ids in waiting.items()],
            )
