"""Whether RE2, which judges texts on DuckDB, reads a regular expression."""

import os
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def is_re2(regex: str) -> bool:
    """Whether RE2 reads it, which knows no lookaround and no backreferences.

    >>> is_re2("^[a-z]+$"), is_re2("("), is_re2("(?<=a)b")
    (True, False, False)
    """
    import duckdb

    cursor = _connection(os.getpid()).cursor()
    try:
        cursor.execute("select regexp_matches('', ?)", [regex])
    except (duckdb.Error, UnicodeError):  # half of a surrogate pair is no text
        return False
    finally:
        cursor.close()
    return True


@lru_cache(maxsize=1)
def _connection(process: int) -> Any:
    """An empty database in memory, one a process: it must not be shared over a fork."""
    import duckdb

    return duckdb.connect(":memory:")
