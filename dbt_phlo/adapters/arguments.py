"""What ``--args`` of a run-operation may say."""

from typing import Any

from dbt_phlo.errors import ConfigError


def flag(name: str, given: Any) -> bool:
    """A yes or no of ``--args``; anything else is refused, so that a typo never deletes."""
    if isinstance(given, bool):
        return given
    if given is None or str(given).lower() in ("", "false", "no", "off", "0"):
        return False
    if str(given).lower() in ("true", "yes", "on", "1"):
        return True
    raise ConfigError(
        f"{name} is {given!r}", remedy=f"write {name}: true or {name}: false", code="PHLO114"
    )
