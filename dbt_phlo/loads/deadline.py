"""A source has its time: a load ends then, also where the source blocks in a read."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dbt_phlo.errors import LoadError

Result = TypeVar("Result")
_LOOK_SECONDS = 0.2


class Deadline:
    """``seconds`` from now on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; never below 0."""
        return max(0.0, self._end - time.monotonic())

    def run(self, work: Callable[[], Result], model: str, abandon: Callable[[], None]) -> Result:
        """What ``work`` returns or raises, if it does so in time.

        Python cannot end a thread that waits in a read, so the work has one of its own, which the
        process does not wait for; ``abandon`` is called when it is left behind, and must make it
        harmless. Raises ``LoadError`` (PHLO652) at the deadline.
        """
        results: list[Result] = []
        errors: list[BaseException] = []

        def guarded() -> None:
            try:
                results.append(work())
            except BaseException as error:  # handed to the caller, which waits
                errors.append(error)

        thread = threading.Thread(target=guarded, name=f"dbt-phlo-load-{model}", daemon=True)
        thread.start()
        try:
            while thread.is_alive() and self.left > 0:
                thread.join(min(_LOOK_SECONDS, self.left))
        except BaseException:  # an interrupt: nobody waits for the source any more
            abandon()
            raise
        if errors:
            raise errors[0]
        if results:
            return results[0]
        abandon()
        raise LoadError(
            f"{model}: the source did not end within {self.seconds:g} seconds; nothing was loaded",
            remedy="give it more with meta.phlo.timeout_seconds, load a smaller window, or look at "
            "what it waits for",
            code="PHLO652",
        )
