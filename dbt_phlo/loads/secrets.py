"""Secrets that dlt has read for a source do not reach a message."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SHORTEST = 4
HIDDEN = "***"


_KNOWN: set[str] = set()


def remember() -> None:
    """Note the secrets that dlt has resolved in this thread: it keeps them apart by thread."""
    _KNOWN.update(_secrets())


@contextmanager
def remembering() -> Iterator[None]:
    """While dlt extracts: the secrets that it resolves are known here at once.

    dlt forgets them at the end of an extraction (``TraceLogContext.log`` and ``clear``, 1.31).
    """
    from dlt.common.configuration.utils import get_resolved_traces

    traces: Any = get_resolved_traces()
    log = traces.log

    def remembering_log(trace: Any) -> None:
        log(trace)
        _KNOWN.update(_secret(trace))

    traces.log = remembering_log
    try:
        yield
    finally:
        del traces.log


def redacted(text: str) -> str:
    """``text`` without the values of secrets that are known in this process."""
    for secret in sorted(_KNOWN, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets() -> set[str]:
    if "dlt" not in sys.modules:
        return set()
    from dlt.common.configuration.utils import get_resolved_traces

    traces = get_resolved_traces().resolved_traces
    return {text for trace in traces for text in _secret(trace)}


def _secret(trace: Any) -> list[str]:
    """The texts of a resolved value, where it is a secret."""
    from dlt.common.configuration.specs.base_configuration import is_secret_hint

    if trace.value is None or trace.hint is None or not is_secret_hint(trace.hint):
        return []
    return [text for text in _texts(trace.value) if len(text) >= _SHORTEST]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    password = getattr(value, "password", None)
    found = [str(value)] if isinstance(value, str | bytes) else []
    return [*found, str(password)] if password else found
