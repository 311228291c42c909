"""Promote, hold or block: the verdict on everything that happened on the run's ref."""

from typing import Any


def hook(phlo: Any, **_: Any) -> None:
    phlo.session.decide(
        phlo.project.checks(),
        phlo.project.blocking_nodes(),
        failed_hooks=phlo.failed_hooks,
    )
