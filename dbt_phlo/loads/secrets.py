"""Secrets that dlt has read for a source do not reach a message."""

import sys
from typing import Any

_SHORTEST = 4
HIDDEN = "***"


def redacted(text: str) -> str:
    """``text`` without the values of secrets that dlt has resolved in this thread so far."""
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets() -> set[str]:
    if "dlt" not in sys.modules:
        return set()
    from dlt.common.configuration.specs.base_configuration import is_secret_hint
    from dlt.common.configuration.utils import get_resolved_traces

    found: set[str] = set()
    for trace in get_resolved_traces().resolved_traces:
        if trace.hint is not None and is_secret_hint(trace.hint):
            found |= set(_texts(trace.value))
    return {text for text in found if len(text) >= _SHORTEST}


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    password = getattr(value, "password", None)
    found = [str(value)] if isinstance(value, str | bytes) else []
    return [*found, str(password)] if password else found
