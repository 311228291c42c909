"""A source gets further attempts where its error may pass, and no more time than it has."""

import socket
import threading
import time

import pytest
import requests

from dbt_phlo.errors import DataRefused, LoadError
from dbt_phlo.loads.attempts import attempted
from dbt_phlo.loads.deadline import Deadline
from dbt_phlo.loads.transient import is_transient


def _answer(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError("told", response=response)


def _wrapped(error: Exception) -> Exception:
    outer = RuntimeError("the extraction failed")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (socket.gaierror(), True),
        (requests.ConnectionError(), True),
        (requests.ReadTimeout(), True),
        (_wrapped(requests.ConnectionError()), True),
        *((_answer(status), True) for status in (408, 429, 500, 502, 503, 504)),
        *((_answer(status), False) for status in (400, 401, 403, 404, 410, 501)),
        (_wrapped(_answer(503)), True),
        (ValueError("a bug"), False),
        (DataRefused("a bad row"), False),
        (KeyError("id"), False),
        (PermissionError(), False),
    ],
)
def test_errors_that_may_pass(error: Exception, may_pass: bool) -> None:
    assert is_transient(error) is may_pass


class _Source:
    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.numbers: list[int] = []

    def __call__(self, number: int) -> str:
        self.numbers.append(number)
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        return "rows"


def _try(source: _Source, retries: int, seconds: float = 30, delay: float = 0.01) -> str:
    return attempted(
        source,
        retries=retries,
        delay_seconds=delay,
        deadline=Deadline(seconds),
        tell=lambda number, delay, error: None,
    )


def test_a_source_that_recovers_is_loaded() -> None:
    source = _Source(TimeoutError(), ConnectionError())
    assert _try(source, 3) == "rows"
    assert source.numbers == [1, 2, 3]


def test_retries_are_further_attempts() -> None:
    source = _Source(*(TimeoutError(str(n)) for n in range(9)))
    with pytest.raises(TimeoutError, match="2"):
        _try(source, 2)
    assert source.numbers == [1, 2, 3]
    with pytest.raises(TimeoutError):
        _try(none := _Source(TimeoutError()), 0)
    assert none.numbers == [1]


def test_an_error_that_stays_is_told_at_once() -> None:
    source = _Source(ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        _try(source, 3)
    assert source.numbers == [1]


def test_no_attempt_begins_beyond_the_deadline() -> None:
    source = _Source(TimeoutError(), TimeoutError())
    with pytest.raises(TimeoutError):
        _try(source, 5, seconds=1, delay=60)
    assert source.numbers == [1]


def test_a_source_that_blocks_is_left_behind() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    abandoned = threading.Event()
    began = time.monotonic()
    with pytest.raises(LoadError, match=r"orders: .* within 0\.3 seconds") as told:
        Deadline(0.3).run(lambda: client.recv(1), "orders", abandoned.set)
    assert told.value.code == "PHLO652"
    assert time.monotonic() - began < 5
    assert abandoned.is_set()
    client.close()
    server.close()


def test_what_ends_in_time_is_returned_or_raised() -> None:
    assert Deadline(5).run(lambda: 7, "orders", lambda: None) == 7
    with pytest.raises(ZeroDivisionError):
        Deadline(5).run(lambda: 1 / 0, "orders", lambda: None)
