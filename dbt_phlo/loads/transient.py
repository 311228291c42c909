"""Which errors of a source may be over at the next attempt.

Classes are told by their names, so that no library is imported for it; each error's causes count
too, because dlt wraps what a source raises.
"""

from collections.abc import Iterator

_NAMES = frozenset(
    {
        "builtins.ConnectionError",
        "builtins.TimeoutError",
        "socket.gaierror",
        "ssl.SSLError",
        "http.client.IncompleteRead",
        "http.client.RemoteDisconnected",
        "urllib3.exceptions.HTTPError",
        "requests.exceptions.ConnectionError",
        "requests.exceptions.Timeout",
        "requests.exceptions.ChunkedEncodingError",
        "requests.exceptions.ContentDecodingError",
        "requests.exceptions.JSONDecodeError",
        "httpx.TransportError",
        "aiohttp.client_exceptions.ClientConnectionError",
        "sqlalchemy.exc.OperationalError",
        "sqlalchemy.exc.InterfaceError",
        "sqlalchemy.exc.DisconnectionError",
        "psycopg.OperationalError",
        "psycopg2.OperationalError",
        "botocore.exceptions.ConnectionError",
        "botocore.exceptions.HTTPClientError",
    }
)
_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of HTTP servers that ask for another attempt, or may pass (RFC 9110, 15.5 and 15.6)."""


def is_transient(error: BaseException) -> bool:
    """Whether the load is worth another attempt."""
    return any(map(_may_pass, causes(error)))


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, the outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _may_pass(error: BaseException) -> bool:
    answer = getattr(error, "response", None)
    status = getattr(answer, "status_code", None)
    if isinstance(status, int):
        return status in _STATUSES
    return any(f"{of.__module__}.{of.__qualname__}" in _NAMES for of in type(error).__mro__)
