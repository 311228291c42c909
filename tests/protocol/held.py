"""The product's own code, held before each of its questions to the catalog.

``promotion.promote`` and ``cleanup`` are several atomic steps in a row. A ``Held`` runs one of them
in a thread and lets it go from one step to the next, so that a test may do anything in between.
"""

import threading
from collections.abc import Callable
from typing import Any


class Held:
    """``work(catalog)`` in a thread; it waits before every call that is named in ``gates``.

    ``stored.listed`` and ``stored.delete`` name what cleanup does with files.
    """

    def __init__(self, catalog: Any, gates: tuple[str, ...], work: Callable[[Any], Any]) -> None:
        self._gates = gates
        self._go, self._there = threading.Semaphore(0), threading.Semaphore(0)
        self._over = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.before_call: dict[str, Callable[[Callable[..., Any]], Any]] = {}
        """What is done instead of a call, by its name: it is given the call itself."""
        held = _Gated(self, catalog, "")

        def run() -> None:
            try:
                self.result = work(held)
            except BaseException as error:
                self.error = error
            self._over = True
            self._there.release()

        self._thread = threading.Thread(target=run, daemon=True)
        self._run: Callable[[], None] | None = self._thread.start

    def go(self) -> bool:
        """Let it go to its next gate; whether it has come to its end."""
        if self._run is not None:
            self._run()
            self._run = None
        else:
            self._go.release()
        assert self._there.acquire(timeout=60), "it hangs"
        return self._over

    def leave(self) -> None:
        """It is killed: it never goes on, and its thread ends."""
        if not self._over and self._run is None:
            self._gates = ()
            self.before_call = dict.fromkeys((*_ALL, "*"), _killed)
            self._go.release()
            self._thread.join(60)

    def at(self, name: str) -> None:
        if name in self._gates:
            self._there.release()
            self._go.acquire()


class Killed(BaseException):
    """The process is no more."""


_ALL = ("delete_expired", "fence", "writers", "roots", "garbage", "note_garbage", "promote")


def _killed(call: Callable[..., Any]) -> Any:
    raise Killed


class _Gated:
    """A catalog (or its files) whose calls are held."""

    def __init__(self, held: Held, target: Any, prefix: str) -> None:
        self._held, self._target, self._prefix = held, target, prefix

    def __getattr__(self, name: str) -> Any:
        value, full = getattr(self._target, name), self._prefix + name
        if name == "stored":
            return _Gated(self._held, value, "stored.")
        if not callable(value):
            return value

        def call(*arguments: Any, **options: Any) -> Any:
            self._held.at(full)
            instead = self._held.before_call.get(full) or self._held.before_call.get("*")
            done = lambda: value(*arguments, **options)  # noqa: E731
            return done() if instead is None else instead(done)

        return call
