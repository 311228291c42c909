"""Our errors, as dbt's: dbt prints its own without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from dbt_common.exceptions import DbtRuntimeError

from dbt_phlo.errors import PhloError


class PhloDbtError(DbtRuntimeError):
    """A ``PhloError`` on its way through dbt."""

    def __init__(self, error: PhloError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def as_dbt_errors() -> Iterator[None]:
    """Turn a ``PhloError`` into an error that dbt reports for the node or command."""
    try:
        yield
    except PhloError as error:
        raise PhloDbtError(error) from error
