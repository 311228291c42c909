"""Run the project's hooks that wait for the verdict; what they do cannot change it any more."""

from typing import Any


def hook(phlo: Any, **_: Any) -> None:
    phlo.run_hooks("promoted" if phlo.promotion else "blocked")
