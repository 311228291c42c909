"""The child process: reads its orders from the pipe, serves, and dies with its parent.

Started with ``python -I -S``, so that nothing but the standard library is on the path until the
first line of the pipe has said where this package is. That line is a JSON object::

    {"path": [...], "token": ..., "ref": ..., "writable": ..., "writer": ...,
     "consistent": ..., "track": ..., "catalog": {...}}

The answer on standard output is one line, ``{"port": ...}`` or ``{"error": ...}``. When the pipe
closes, the parent is gone or done, and the child leaves at once. A process that the parent has
forked may keep the pipe open, so the child also looks whether it still has the same parent.
"""

import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt_phlo.catalogs.values import Key

WATCH_SECONDS = 0.5


def main() -> None:
    parent = os.getppid()
    orders = json.loads(sys.stdin.readline())
    sys.path.extend(orders["path"])
    try:
        port = _serve(orders)
    except Exception as error:  # the process's edge: told to the parent, which raises it
        _tell({"error": str(error) or type(error).__name__})
        return
    _tell({"port": port})
    threading.Thread(target=_leave_without, args=(parent,), daemon=True).start()
    sys.stdin.read()
    os._exit(0)


def _serve(orders: dict[str, Any]) -> int:
    """Begin to serve; returns the port."""
    _without_ssl()
    from dbt_phlo.catalogs import open_catalog
    from dbt_phlo.endpoint.one_state import OneState
    from dbt_phlo.endpoint.routes import Routes
    from dbt_phlo.endpoint.server import EndpointServer
    from dbt_phlo.storage import Storage

    configuration = orders["catalog"]
    if configuration.get("storage") is not None:
        configuration["storage"] = Storage.from_message(configuration["storage"])
    reads_only = not orders["writable"] and not orders["track"]
    catalog = open_catalog(configuration, read_only=reads_only)
    tables = catalog.at(orders["ref"], writable=orders["writable"], writer=orders["writer"])
    record = (lambda reads: catalog.record_reads(orders["ref"], reads)) if orders["track"] else None
    one_state = OneState(catalog) if orders["consistent"] == "statement" else None
    if orders["consistent"] == "command":
        catalog.freeze()
    server = EndpointServer(Routes(tables, _once(record), one_state), orders["token"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.port


def _without_ssl() -> None:
    """Keep http.server from loading OpenSSL by way of http.client: 6 ms of a start of 50."""
    if "ssl" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        importlib.import_module("http.server")
        del sys.modules["ssl"]


def _once(record: "Callable[[dict[Key, str]], None] | None") -> "Callable[[Key, str], None]":
    """Record the first read of each key; later ones see what the run itself has written."""
    seen: set[Key] = set()

    def on_read(key: "Key", value: str) -> None:
        if record is not None and key not in seen:
            record({key: value})
            seen.add(key)

    return on_read


def _leave_without(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(0)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
