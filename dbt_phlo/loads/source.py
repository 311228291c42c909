"""What a model returned, page by page: by dlt where it is dlt's, else by itself."""

from collections.abc import Callable, Iterator
from typing import Any

from dbt_phlo.loads import dlt_source
from dbt_phlo.loads.cursor import State
from dbt_phlo.loads.plan import Window


class Enough(Exception):
    """The rows that were asked for are there."""


def extract(
    result: Any,
    state: State,
    take: Callable[[Any], None],
    *,
    model: str,
    window: Window | None,
    limit: int | None,
) -> State:
    """Give every page to ``take``; returns the state of the source after it.

    What is not dlt's has no cursor: its state stays what it was.
    """
    if dlt_source.is_of_dlt(result):
        try:
            return dlt_source.extract(result, state, take, model=model, window=window, limit=limit)
        except Exception as error:
            if _is_enough(error):
                return state
            raise
    try:
        for page in _pages(result):
            take(page)
    except Enough:
        pass
    return state


def _pages(result: Any) -> Iterator[Any]:
    if result is None:
        return
    if isinstance(result, list):
        for first in range(0, len(result), dlt_source.PAGE_ROWS):
            yield result[first : first + dlt_source.PAGE_ROWS]
        return
    if isinstance(result, Iterator):
        yield from dlt_source.pages(result)
        return
    is_frame = hasattr(result, "columns") or hasattr(result, "schema") or isinstance(result, dict)
    if is_frame or not hasattr(result, "__iter__"):
        yield result
        return
    yield from dlt_source.pages(iter(result))


def _is_enough(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, Enough):
            return True
        error = error.__cause__ or error.__context__
    return False
