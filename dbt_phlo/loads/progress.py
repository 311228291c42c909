"""How far a long load is, in lines that a log can hold."""

import time
from collections.abc import Callable

EVERY_SECONDS = 10.0


class Progress:
    """Tells rows, rows a second and pages every ``EVERY_SECONDS``, from the first of them on."""

    def __init__(
        self, model: str, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._model, self._tell, self._clock = model, tell, clock
        self._began = self._told = clock()

    def note(self, rows: int, pages: int) -> None:
        """``rows`` and ``pages`` have come so far."""
        now = self._clock()
        if now - self._told >= EVERY_SECONDS:
            self._told = now
            speed = rows / (now - self._began)
            self._tell(f"{self._model}: {rows:,} rows in {pages:,} pages, {speed:,.0f} rows/s")
