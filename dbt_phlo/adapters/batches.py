"""The batches of a microbatch model, as dbt itself cuts them."""

from datetime import datetime
from typing import Any

from dbt.materializations.incremental.microbatch import MicrobatchBuilder

from dbt_phlo.errors import ConfigError
from dbt_phlo.loads import Plan, Window


def batches(node: Any, plan: Plan, *, is_incremental: bool) -> list[Window]:
    """The windows to load, the oldest first: what was asked for, else the last ones with lookback.

    ``event_time``, ``batch_size``, ``begin`` and ``lookback`` are dbt's own keys. Raises
    ``ConfigError`` (PHLO183) where one is missing.
    """
    config = node.config
    for key in ("event_time", "batch_size"):
        if not getattr(config, key, None):
            raise _missing(plan, key)
    start, end = plan.window or (None, None)
    builder = MicrobatchBuilder(node, is_incremental, _naive(start), _naive(end))
    if start is None and not (is_incremental or config.begin):
        raise _missing(plan, "begin")
    last = builder.build_end_time()
    first = builder.build_start_time(last)
    return [Window(*batch) for batch in builder.build_batches(first, last)]


def _naive(moment: datetime | None) -> datetime | None:
    """UTC without saying so, which is how dbt takes its own flags."""
    return moment.replace(tzinfo=None) if moment is not None else None


def _missing(plan: Plan, key: str) -> ConfigError:
    return ConfigError(
        f"{plan.contract.origin}: {plan.model}: microbatch needs {key}",
        remedy="declare event_time, batch_size (hour, day, month or year) and begin in the "
        "model's config, as for any microbatch model of dbt",
        code="PHLO183",
    )
