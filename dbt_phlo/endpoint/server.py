"""The HTTP side of the endpoint: who may ask, and how errors are told.

Token and Host are checked before a path is looked at or a body is read. An error is always 4xx:
DuckDB repeats what was answered with 5xx, for seconds. An answer leaves in one buffered write
without Nagle's delay (two writes cost 40 ms of delayed acknowledgement each).
"""

import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from dbt_phlo.endpoint.routes import Routes
from dbt_phlo.errors import AlreadyExists, Conflict, NotFound, PhloError, ReadOnly

PREFIX = "lake"
"""Where the routes begin, after ``/v1/``; not the ref's name, which may hold a slash."""

MAX_BODY_BYTES = 64 << 20
STRANGER_SECONDS = 10.0
"""How long a connection may stay silent that has not shown the token yet."""

_STATUS: tuple[tuple[type[PhloError], int, str], ...] = (
    (NotFound, 404, "NoSuchTableException"),
    (AlreadyExists, 409, "AlreadyExistsException"),
    (Conflict, 409, "CommitFailedException"),
    (ReadOnly, 403, "ForbiddenException"),
)


class EndpointServer(ThreadingHTTPServer):
    """Serves ``routes`` on 127.0.0.1 to whoever knows ``token``."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, routes: Routes, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.routes = routes
        self.token = token
        self.port: int = self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is not news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = STRANGER_SECONDS
    server: EndpointServer

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: DuckDB's errors tell what went wrong."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself: broken requests, unknown methods."""
        self.close_connection = True
        self.requestline = getattr(self, "requestline", "")
        text = message or explain or "this request cannot be understood"
        self._send(*_error(code if code < 500 else 405, "BadRequestException", text))

    def _answer(self) -> None:
        refused = self._refusal()
        if refused is not None:
            self.close_connection = True  # the body is left unread
            self._send(*refused)
            return
        self.connection.settimeout(None)
        self._send(*self._routed(self.rfile.read(self._length())))

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = do_PATCH = do_OPTIONS = _answer

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def _refusal(self) -> tuple[int, bytes] | None:
        given = (self.headers.get("Authorization") or "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
            return _error(401, "NotAuthorizedException", "missing or wrong token")
        if self.headers.get_all("Host") != [f"127.0.0.1:{self.server.port}"]:
            return _error(403, "ForbiddenException", "unexpected Host")
        if self.headers.get("Transfer-Encoding"):
            return _error(411, "BadRequestException", "a body needs a Content-Length")
        if not 0 <= self._length() <= MAX_BODY_BYTES:
            return _error(413, "BadRequestException", f"a body has at most {MAX_BODY_BYTES} bytes")
        return None

    def _length(self) -> int:
        """The announced length of the body; -1 when it is no number."""
        given = self.headers.get("Content-Length", "0")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 20 else -1

    def _routed(self, body: bytes) -> tuple[int, bytes]:
        try:
            url = urlsplit(self.path)
            path = [unquote(part) for part in url.path.strip("/").split("/")]
            if path == ["v1", "config"]:
                config = {"defaults": {}, "overrides": {"prefix": PREFIX}}
                return 200, json.dumps(config).encode()
            if path[:2] != ["v1", PREFIX]:
                raise NotFound(f"there is no route {self.command} {url.path}")
            content = json.loads(body) if body else {}
            return self.server.routes.answer(self.command, path[2:], parse_qs(url.query), content)
        except PhloError as error:
            for kind, status, name in _STATUS:
                if isinstance(error, kind):
                    return _error(status, name, str(error))
            return _error(400, "BadRequestException", str(error))
        except Exception as error:  # the process's edge: never 5xx, see above
            text = f"this request cannot be understood: {type(error).__name__}: {error}"
            return _error(400, "BadRequestException", text)


def _error(status: int, kind: str, message: str) -> tuple[int, bytes]:
    body = {"error": {"message": message, "type": kind, "code": status}}
    return status, json.dumps(body).encode()
