"""What a generated class's ``Config`` says beyond Pandera's own words."""

from typing import Any


def recorded(
    *,
    unique_key: list[str] | None = None,
    primary_key: list[str] | None = None,
    partition_by: list[str] | None = None,
    is_enforced: bool = False,
    constraints: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """``Config.metadata``: what Pandera has no word for, so that the class can be read back whole.

    ``constraints`` are all constraints in their order, each with what declared it; those that the
    class enforces point to its checks, the others stand there as data.

    >>> recorded(unique_key=["id"])
    {'phlo': {'unique_key': ['id']}}
    """
    said = {
        "unique_key": unique_key,
        "primary_key": primary_key,
        "partition_by": partition_by,
        "is_enforced": is_enforced,
        "constraints": constraints,
    }
    return {"phlo": {key: value for key, value in said.items() if value or value == []}}


def combinations(*columns: list[str]) -> list[list[str]]:
    """The sets of columns in which no two rows may be the same."""
    return list(columns)
