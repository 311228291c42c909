"""Append what the run and its checks came to to the tables of the lake's schema `_phlo`."""

from typing import Any

from dbt_phlo.adapters.history import remember


def hook(phlo: Any, **_: Any) -> None:
    remember(phlo.session, phlo.checks, phlo.log)
