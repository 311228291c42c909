"""SIGTERM ends a dbt command as Ctrl-C does: dbt cancels its queries, and the run is kept."""

import signal
import threading
from typing import Any


def interrupt_on_sigterm() -> None:
    """From now on, unless the program has a handler of its own."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _raise_interrupt)


def restore_sigterm() -> None:
    """Give the signal back to a program that runs dbt in its own process."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGTERM) is _raise_interrupt:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise_interrupt(number: int, frame: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt
