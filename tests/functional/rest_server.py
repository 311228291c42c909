"""A REST API on 127.0.0.1 with pages, rate limits and every way to fail that a test asks for."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 4


class Api:
    """``orders`` are served in pages; each of ``faults`` spoils one answer, in their order.

    Faults: a status (500, 429, 404), ``broken`` JSON, ``hang`` (no answer before the end).
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.orders: list[dict[str, Any]] = []
        self.faults: deque[int | str] = deque()
        self.asked: list[str] = []
        self.closing = threading.Event()


@contextmanager
def serving() -> Iterator[Api]:
    """A server on a free port, which is stopped in the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_address[1]}")
    server.api = api  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        api: Api = self.server.api  # type: ignore[attr-defined]
        api.asked.append(self.path)
        fault = api.faults.popleft() if api.faults else None
        if fault == "hang":
            api.closing.wait(60)
            time.sleep(0.1)
            return
        if isinstance(fault, int):
            self._answer(fault, b'{"error": "spoilt"}')
            return
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        found = [row for row in api.orders if str(row["updated_at"]) >= asked.get("since", "")]
        page = int(asked.get("page", 1))
        body = {
            "data": found[(page - 1) * PAGE : page * PAGE],
            "total_pages": max(1, -(-len(found) // PAGE)),
        }
        data = json.dumps(body).encode()
        self._answer(200, data[: len(data) // 2] if fault == "broken" else data)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """The test's output is its own."""
