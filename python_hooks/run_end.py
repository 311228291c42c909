"""What happens after the last node of a run, in this order. Reading it is reading the product."""

from typing import Any

from dbt_phlo.adapters.hooks import own

STEPS = ("record", "decide", "promote", "tell", "remember", "notify")


def hook(phlo: Any, **_: Any) -> None:
    """Take each step in order; every step is a file beside this one."""
    for step in STEPS:
        own(step)(phlo)
