"""``target/phlo/checks.jsonl``: one object a line, each there as soon as it is known."""

import os
import threading
from pathlib import Path
from typing import Any

from dbt_phlo.checks.record import text


class JsonLines:
    """A file that begins empty and grows by whole lines.

    Every line is one write to a file opened for appending, so that a reader, and whoever comes
    after a killed run, finds whole lines only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file: int | None = None

    def begin(self) -> None:
        """Put an empty file in the place of an earlier run's; who reads that one still can."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with self._lock:
            self._close()
            self._file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
            fresh.replace(self.path)

    def append(self, document: dict[str, Any]) -> None:
        """Add one object."""
        line = f"{text(document)}\n".encode("utf-8", errors="backslashreplace")
        with self._lock:
            if self._file is not None:
                os.write(self._file, line)

    def close(self) -> None:
        """Nothing more will come."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
