"""The parent's side of the endpoint: starts the child and attaches DuckDB to it."""

import json
import secrets
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from dbt_phlo import names
from dbt_phlo.endpoint import child
from dbt_phlo.errors import CatalogError


class Endpoint:
    """A running child that serves ``catalog`` at ``ref``.

    ``consistent``: whether all tables of one statement, or of the whole command, are shown as they
    were at one moment; for reading what others write.

    The token and the keys of a warehouse on S3 go over the pipe, never on a command line or into
    the environment. ``start`` returns at once; ``port`` waits for the child, so that other work can
    be done meanwhile.
    """

    def __init__(
        self,
        catalog: dict[str, Any],
        ref: str,
        *,
        writable: bool,
        writer: str = "",
        track: bool = False,
        consistent: Literal["", "statement", "command"] = "",
    ) -> None:
        self.ref = ref
        self._token = secrets.token_urlsafe(32)
        self._port: int | None = None
        self._answer = threading.Lock()
        package = str(Path(__file__).resolve().parents[2])
        storage = catalog.get("storage")
        standard_library_is_enough = catalog["uri"].startswith("sqlite") and storage is None
        orders = {
            "path": [package] if standard_library_is_enough else [package, *sys.path],
            "token": self._token,
            "ref": ref,
            "writable": writable,
            "writer": writer,
            "track": track,
            "consistent": consistent,
            "catalog": {**catalog, "storage": storage and storage.to_message()},
        }
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", child.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the parent, which still needs to roll back
        )
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):  # it has ended; `port` tells why
            self._child.stdin.write(json.dumps(orders) + "\n")
            self._child.stdin.flush()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, once the child listens."""
        with self._answer:
            if self._port is None:
                assert self._child.stdout is not None
                line = self._child.stdout.readline()
                answer = json.loads(line) if line else {"error": "it ended without a word"}
                if "error" in answer:
                    raise CatalogError(
                        f"the catalog's endpoint did not start: {answer['error']}", code="PHLO312"
                    )
                self._port = int(answer["port"])
            return self._port

    def attach(self, connection: Any, alias: str, *, read_only: bool = False) -> None:
        """ATTACH the ref to a DuckDB connection under the name ``alias``.

        ``read_only`` makes DuckDB itself refuse what writes, in its own words.

        DuckDB asks an attached catalog for its default schema when a statement says ``main``; a
        REST catalog has none unless it is told, and then no schema ``main`` could be used.
        """
        connection.execute(
            f"ATTACH {names.literal(self.ref)} AS {names.quoted(alias)} (TYPE iceberg, "
            f"ENDPOINT 'http://127.0.0.1:{self.port}', TOKEN {names.literal(self._token)}, "
            f"DEFAULT_SCHEMA 'main'{', READ_ONLY' if read_only else ''})"
        )

    def close(self) -> None:
        """End the child; nothing that was answered is lost."""
        if self._child.stdin is not None:
            with suppress(BrokenPipeError):
                self._child.stdin.close()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
