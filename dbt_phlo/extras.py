"""Optional and heavy libraries, imported where they are used and named when they are missing."""

import importlib
from types import ModuleType

from dbt_phlo.errors import InstallError


def optional(module: str, *, extra: str) -> ModuleType:
    """Import ``module``, or say which extra of dbt-phlo brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InstallError(
            f"{module} is needed here and is not installed ({error})",
            remedy=f"pip install 'dbt-phlo[{extra}]'",
            code="PHLO701",
        ) from error
