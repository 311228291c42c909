"""The endpoint's child process against everything that may be thrown at it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.errors import CatalogError

TABLE = {
    "name": "t",
    "schema": {
        "type": "struct",
        "fields": [{"id": 1, "name": "id", "type": "int", "required": False}],
    },
}


# ---- who may ask


@pytest.mark.parametrize("token", ["", "wrong", "Bearer", "ünï", "x" * 5000])
def test_without_the_right_token_nothing_is_told(served: Any, token: str) -> None:
    endpoint = served.serve()
    for path in ("/v1/config", "/v1/lake/namespaces", "/", "/v1/nonsense"):
        sent = token.encode().decode("latin-1")
        status, body = served.ask(endpoint, "GET", path, token=sent)
        assert (status, body["error"]["message"]) == (401, "missing or wrong token")
    assert endpoint._token not in json.dumps(body)


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_a_foreign_host_is_refused(served: Any, host: str) -> None:
    """What a web page reaches by rebinding its own name to this machine."""
    endpoint = served.serve()
    status, body = served.ask(
        endpoint, "GET", "/v1/config", headers={"Host": host.format(port=endpoint.port)}
    )
    assert (status, body["error"]["message"]) == (403, "unexpected Host")


def test_two_hosts_are_refused(served: Any) -> None:
    endpoint = served.serve()
    head = f"GET /v1/config HTTP/1.1\r\nHost: 127.0.0.1:{endpoint.port}\r\nHost: evil\r\n"
    head += f"Authorization: Bearer {endpoint._token}\r\n\r\n"
    assert raw(endpoint, head.encode()).startswith(b"HTTP/1.1 403")


def test_each_endpoint_has_a_token_of_its_own(served: Any) -> None:
    first, second = served.serve(), served.serve()
    assert served.ask(second, "GET", "/v1/config", token=first._token)[0] == 401


def test_it_listens_on_the_loopback_address_and_nowhere_else(served: Any) -> None:
    endpoint = served.serve()
    port = endpoint.port
    if sys.platform == "linux":
        wanted, listening = f":{port:04X}", []
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[1].endswith(wanted):
                    listening.append(fields[1])
        assert listening == [f"0100007F{wanted}"]
    for address in {info[4][0] for info in _own_addresses()} - {"127.0.0.1"}:
        with pytest.raises(OSError), socket.create_connection((address, port), timeout=2):
            pass


def _own_addresses() -> list[Any]:
    try:
        return socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        return []


def test_the_token_is_on_no_command_line_and_in_no_environment(served: Any) -> None:
    endpoint = served.serve()
    assert endpoint.port
    child = endpoint._child.pid
    told = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(child)], capture_output=True, check=True
    ).stdout
    assert b"child.py" in told
    assert endpoint._token.encode() not in told
    if sys.platform == "linux":
        for process in (child, os.getpid()):
            for part in ("cmdline", "environ"):
                assert endpoint._token.encode() not in Path(f"/proc/{process}/{part}").read_bytes()
    assert endpoint._token not in repr(vars(endpoint._child))


# ---- what is asked


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/other/namespaces"),
        ("GET", "/v1/main/namespaces"),
        ("GET", "/v1/lake"),
        ("GET", "/v1/lake/nonsense"),
        ("GET", "/v1/config/more"),
        ("GET", "/../../etc/passwd"),
        ("GET", "/v1/lake/namespaces/s/tables/nothing"),
        ("GET", "/v1/lake/namespaces/nothing"),
        ("HEAD", "/v1/lake/namespaces/nothing"),
        ("HEAD", "/v1/lake/namespaces/s/tables/nothing"),
        ("PUT", "/v1/lake/namespaces"),
        ("PATCH", "/v1/lake/namespaces"),
        ("OPTIONS", "/v1/lake/namespaces"),
        ("DELETE", "/v1/lake/namespaces/nothing"),
        ("DELETE", "/v1/lake/namespaces/s/tables/nothing"),
        ("POST", "/v1/lake/namespaces/s/tables/nothing"),
    ],
)
def test_what_is_not_there_is_404(served: Any, method: str, path: str) -> None:
    served.catalog.at("main").create_namespace("s")
    status, body = served.ask(served.serve(), method, path)
    assert status == 404
    assert method == "HEAD" or body["error"]["code"] == 404


NONSENSE: tuple[tuple[str, str, Any], ...] = tuple(
    ("POST", path, body)
    for path in (
        "/v1/lake/namespaces",
        "/v1/lake/namespaces/s/tables",
        "/v1/lake/namespaces/s/tables/t",
        "/v1/lake/transactions/commit",
        "/v1/lake/tables/rename",
    )
    for body in (
        b"{",
        b"[]",
        b"null",
        b"7",
        b"{}",
        b"\xff\xfe",
        b'{"namespace": 7}',
        b'{"namespace": [7]}',
        b'{"namespace": []}',
        b'{"namespace": ["a", "b"]}',
        b'{"namespace": ["' + b"x" * 300 + b'"]}',
        b'{"name": "x"}',
        b'{"name": "x", "schema": {}}',
        b'{"name": 7, "schema": {"fields": []}}',
        b'{"name": "x", "schema": {"fields": [{"id": "a", "name": 1, "type": []}]}}',
        b'{"name": "x", "schema": {"type": "struct", "fields": [{"name": "a", "type": {}}]}}',
        b'{"requirements": [{}], "updates": [{}]}',
        b'{"requirements": [{"type": "assert-nonsense"}]}',
        b'{"updates": [{"action": "nonsense"}]}',
        b'{"updates": [{"action": "add-snapshot"}]}',
        b'{"updates": [{"action": "set-current-schema", "schema-id": 99}]}',
        b'{"updates": [{"action": "set-snapshot-ref", "ref-name": "main", "snapshot-id": 5}]}',
        b'{"table-changes": [{}]}',
        b'{"table-changes": [{"identifier": {"namespace": ["s"], "name": "t"}, "updates": 7}]}',
        b'{"source": {}, "destination": {}}',
        b'{"source": {"namespace": ["s"], "name": "t"}}',
        b"[" * 100_000,
    )
)


def test_whatever_is_thrown_at_it_is_4xx_and_changes_no_table(served: Any) -> None:
    tables = served.catalog.at("main")
    tables.create_namespace("s")
    tables.create("s", TABLE)
    before = served.catalog.at("main").metadata("s", "t")
    endpoint = served.serve()
    for method, path, body in NONSENSE:
        status, told = served.ask(endpoint, method, path, body=body)
        if path.endswith("/t") and status == 200:  # a commit of nothing
            assert "updates" not in json.loads(body), body
            continue
        if status == 204:  # a transaction of nothing
            assert body == b'{"table-changes": []}'
        assert 400 <= status < 500, (path, body[:80], status, told)
        assert told["error"]["message"], (path, body)
    assert set(served.catalog.at("main").tables("s")) <= {"t", "x"}
    after = served.catalog.at("main").metadata("s", "t")
    for key in ("schemas", "current-schema-id", "snapshots", "refs", "properties", "location"):
        assert after[key] == before[key]
    assert served.ask(endpoint, "GET", "/v1/config")[0] == 200


RAW = {
    "garbage": b"\x00\x01\x02\r\n\r\n",
    "an unknown method": b"FROB / HTTP/1.1\r\nHost: x\r\n\r\n",
    "an unknown version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "an endless line": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("sent", RAW.values(), ids=RAW)
def test_what_is_no_request_is_4xx_too(served: Any, sent: bytes) -> None:
    endpoint = served.serve()
    answer = raw(endpoint, sent)
    assert answer == b"" or b" 4" in answer.split(b"\r\n")[0] or b'"code": 4' in answer
    assert b" 50" not in answer.split(b"\r\n")[0]
    assert served.ask(endpoint, "GET", "/v1/config")[0] == 200


@pytest.mark.parametrize("length", ["-1", "x", "9" * 30, "1e3", str(65 << 20)])
def test_a_huge_or_nonsensical_body_is_refused_unread(served: Any, length: str) -> None:
    endpoint = served.serve()
    head = request_head(endpoint, "POST", "/v1/lake/namespaces", f"Content-Length: {length}\r\n")
    assert raw(endpoint, head).startswith(b"HTTP/1.1 413")


def test_a_strangers_body_is_not_read(served: Any) -> None:
    endpoint = served.serve()
    head = b"POST /v1/lake/namespaces HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\n"
    assert raw(endpoint, head).startswith(b"HTTP/1.1 401")


def test_a_chunked_body_is_refused(served: Any) -> None:
    endpoint = served.serve()
    head = request_head(endpoint, "POST", "/v1/lake/namespaces", "Transfer-Encoding: chunked\r\n")
    assert raw(endpoint, head + b"0\r\n\r\n").startswith(b"HTTP/1.1 411")


def test_a_head_answer_has_no_body(served: Any) -> None:
    served.catalog.at("main").create_namespace("s")
    served.catalog.at("main").create("s", TABLE)
    endpoint = served.serve()
    for path, status in (
        ("namespaces/s", b"200"),
        ("namespaces/s/tables/t", b"204"),
        ("namespaces/s/tables/u", b"404"),
    ):
        answer = raw(endpoint, request_head(endpoint, "HEAD", f"/v1/lake/{path}"))
        assert answer.split(b" ")[1] == status
        assert answer.endswith(b"\r\n\r\n")


def request_head(endpoint: Endpoint, method: str, path: str, more: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{endpoint.port}\r\nConnection: close\r\n"
    return f"{head}Authorization: Bearer {endpoint._token}\r\n{more}\r\n".encode()


def raw(endpoint: Endpoint, sent: bytes) -> bytes:
    """What comes back for these bytes until the connection is closed."""
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=20) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            return b""
        return answer


# ---- its life


def test_the_child_goes_when_it_is_closed(served: Any) -> None:
    endpoint = served.serve()
    port = endpoint.port
    endpoint.close()
    assert endpoint._child.returncode == 0
    assert closed(port)


PARENT = """
import json, os, sys, time
from dbt_phlo.endpoint.client import Endpoint
endpoint = Endpoint(json.loads(sys.argv[1]), "main", writable=True)
port = endpoint.port
if sys.argv[2] == "fork" and os.fork() == 0:
    time.sleep(60)  # keeps the pipe to the child open
    os._exit(0)
print(endpoint._child.pid, port, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", ["alone", "fork"])
def test_the_child_dies_with_a_parent_that_is_killed(served: Any, how: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, json.dumps(served.configuration), how],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    child, port = map(int, parent.stdout.readline().split())
    assert not closed(port)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(10)
    try:
        assert until(lambda: closed(port) and not alive(child)), "the child has outlived its parent"
    finally:
        if how == "fork":
            os.killpg(parent.pid, signal.SIGKILL)  # what the parent has forked


def test_interrupting_the_terminal_does_not_end_the_child(served: Any) -> None:
    """Ctrl-C goes to the parent's group; the parent still needs the child to roll back."""
    endpoint = served.serve()
    assert endpoint.port
    assert os.getpgid(endpoint._child.pid) != os.getpgid(0)


def test_a_child_that_cannot_start_says_why(served: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for configuration, ref, why in (
        ({**served.configuration, "warehouse": "file:///other"}, "main", "PHLO107"),
        (served.configuration, "nowhere", "ref nowhere does not exist"),
        (
            {"type": "sql", "uri": f"sqlite:///{tmp_path}/file/x.db", "warehouse": "file:///x"},
            "main",
            "PHLO309",
        ),
        (
            {"type": "sql", "uri": "postgresql://127.0.0.1:1/x", "warehouse": "file:///x"},
            "main",
            "PHLO309",
        ),
    ):
        endpoint = Endpoint(configuration, ref, writable=True)
        with pytest.raises(CatalogError, match=why) as caught:
            assert endpoint.port
        assert caught.value.code == "PHLO312"
        endpoint.close()


def closed(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and was not yet waited for does not."""
    told = subprocess.run(
        ["ps", "-o", "state=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()[:1] not in ("", "Z")


def until(holds: Any, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_many_ask_at_once(served: Any) -> None:
    endpoint = served.serve()
    statuses: list[int] = []

    def work(number: int) -> None:
        body = json.dumps({"namespace": [f"s{number % 5}"]})
        for _ in range(10):
            statuses.append(served.ask(endpoint, "POST", "/v1/lake/namespaces", body=body)[0])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(statuses) == 100
    assert statuses.count(200) == 5
    assert set(statuses) == {200, 409}
