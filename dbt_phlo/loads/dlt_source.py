"""Extraction with dlt: one resource, in a private folder, from a cursor that we hold.

dlt evaluates the resource (its generators, transformers, incremental fields and credentials) and
gives every page to the last step of the pipe, which is ours and hands nothing on. So dlt writes no
file and needs no destination; what it keeps is the state of the source.
"""

import copy
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from dbt_phlo.errors import ConfigError
from dbt_phlo.extras import optional
from dbt_phlo.loads.cursor import State
from dbt_phlo.loads.plan import Window
from dbt_phlo.loads.secrets import remembering
from dbt_phlo.loads.transient import causes

Take = Callable[[Any], None]

PAGE_ROWS = 10_000
PAGE_SECONDS = 2.0
_LOOK_ROWS = 64

_QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
"""dlt's settings that a user's own environment or config.toml comes before."""


def is_of_dlt(result: Any) -> bool:
    """Whether a model returned a source or resource of dlt's; asked without importing dlt."""
    return any(one.__module__.startswith("dlt.extract") for one in type(result).__mro__)


def extract(
    result: Any, state: State, take: Take, *, model: str, window: Window | None, limit: int | None
) -> State:
    """Give every page of a resource to ``take``; returns what dlt's state of it is then.

    ``window`` is dlt's interval from an external scheduler: an incremental field reads it in the
    place of its cursor. Raises what the source raises, and ``ConfigError`` (PHLO182) for a source
    of several resources.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    dlt = optional("dlt", extra="ingest")
    resource = _only(result, model)
    _page(resource)
    resource.add_step(_sink(take))
    if limit is not None:
        resource.add_limit(limit, count_rows=True)
    folder = tempfile.mkdtemp(prefix=f"dbt-phlo-{model}-")
    try:
        pipeline = dlt.pipeline(model, pipelines_dir=folder)
        pipeline.config.restore_from_destination = False
        with pipeline.managed_state() as held:
            held["sources"] = copy.deepcopy(state)
        with _interval(window), remembering():
            pipeline.extract(resource, table_name=model)
        return dict(pipeline.state.get("sources", {}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def takes_no_interval(error: BaseException) -> bool:
    """Whether dlt refused an interval, as it does for an incremental field that is text."""
    return any(type(one).__name__ == "JoinSchedulerError" for one in causes(error))


def _only(result: Any, model: str) -> Any:
    """The one resource that a model returned."""
    sources = optional("dlt.extract", extra="ingest")
    if isinstance(result, sources.DltResource):
        return result
    selected = result.selected_resources
    if len(selected) == 1:
        return next(iter(selected.values()))
    told = ", ".join(selected) or "none"
    raise ConfigError(
        f"{model} returns the source {result.name} with several resources: {told}",
        remedy="return one of them, such as "
        f"`{result.name}.{next(iter(selected), 'orders')}`; a model is one table",
        code="PHLO182",
    )


def _page(resource: Any) -> None:
    """Let a resource that yields single rows yield pages: dlt takes 7 microseconds for each item.

    A transformer gets its parent's items one by one, as its author expects. ``Pipe.gen`` and
    ``Pipe.replace_gen`` are dlt's own (1.31); tests/unit/test_dlt_source.py fails without them.
    """
    if resource.is_transformer:
        return
    made = resource._pipe.gen
    if callable(made):

        @functools.wraps(made)
        def paged(*args: Any, **kwargs: Any) -> Any:
            found = made(*args, **kwargs)
            return pages(found) if isinstance(found, Iterator) else found

        resource._pipe.replace_gen(paged)
    elif isinstance(made, Iterator):
        resource._pipe.replace_gen(pages(made))


def pages(items: Iterator[Any]) -> Iterator[Any]:
    """Rows that come one by one, as lists of up to ``PAGE_ROWS``; anything else as it comes.

    A page is given on after ``PAGE_SECONDS`` at the latest, so that a slow source is seen to move.
    """
    page: list[Any] = []
    began = time.monotonic()
    for item in items:
        if type(item) is not dict:
            if page:
                yield page
                page = []
            yield item
            continue
        if not page:
            began = time.monotonic()
        page.append(item)
        if len(page) >= PAGE_ROWS or (
            not len(page) % _LOOK_ROWS and time.monotonic() - began > PAGE_SECONDS
        ):
            yield page
            page = []
    if page:
        yield page


def _sink(take: Take) -> Any:
    from dlt.extract.items_transform import ItemTransform

    class Sink(ItemTransform):  # type: ignore[type-arg]
        """The last step: after dlt's incremental, limit and validation (at most 2 in dlt 1.31)."""

        placement_affinity = 3

        def __init__(self) -> None:
            super().__init__(lambda item: item)

        def __call__(self, item: Any, meta: Any = None) -> None:
            if item is not None:
                take(item)

    return Sink()


def _interval(window: Window | None) -> Any:
    from dlt.common.configuration.container import Container
    from dlt.extract.incremental.context import TimeIntervalContext

    interval = (window.start, window.end) if window is not None else None
    context = TimeIntervalContext(interval, allow_external_schedulers=interval is not None)
    return Container().injectable_context(context)
