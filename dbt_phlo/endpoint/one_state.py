"""All tables of one statement are shown as they were at one moment.

DuckDB asks for each table of a statement on its own. A promotion between two of these questions
would show the first table as it was before and the second as it is after: a state that never was.
DuckDB asks once for each table in a statement (duckdb-iceberg 1.5), so a table that is asked for
again belongs to the next one: only then, and after ``SECONDS``, is the newest state looked at.
Statements that run side by side on one connection may share a moment, or renew it for each other.
"""

import threading
import time

from dbt_phlo.catalogs.port import Catalog

SECONDS = 0.5
"""How long the tables of a statement may take to be asked for, and how old an answer can be."""


class OneState:
    """Freezes ``catalog`` from a statement's first table on."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._asked: set[tuple[str, ...]] = set()
        self._frozen_until = 0.0
        self._frozen = threading.Event()
        threading.Thread(target=self._thaw_when_idle, name="phlo-thaw", daemon=True).start()

    def before(self, table: tuple[str, ...]) -> None:
        """``table`` is about to be looked up."""
        with self._lock:
            if table in self._asked or time.monotonic() >= self._frozen_until:
                self._freeze()
            self._asked.add(table)

    def renew(self, table: tuple[str, ...]) -> None:
        """``table`` was not there: look whether it has come since."""
        with self._lock:
            self._freeze()
            self._asked.add(table)

    def _freeze(self) -> None:
        self._catalog.freeze()
        self._asked.clear()
        self._frozen_until = time.monotonic() + SECONDS
        self._frozen.set()

    def _thaw_when_idle(self) -> None:
        """A database that is never let go of cannot tidy up its log."""
        while self._frozen.wait():
            time.sleep(SECONDS)
            with self._lock:
                if time.monotonic() >= self._frozen_until:
                    self._catalog.thaw()
                    self._frozen.clear()
