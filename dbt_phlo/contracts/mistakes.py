"""A mistake in what an author declares, told with its file and line."""

from dbt_phlo.contracts.contract import Origin
from dbt_phlo.contracts.declarations import Declaration
from dbt_phlo.errors import ContractError, PhloError


def mistake(
    declared: Declaration, column: str, key: str, told: str, *, code: str, remedy: str
) -> PhloError:
    """The error. ``key`` is where it stands below the column (or, without one, the model)."""
    place = prefix(declared.place(column, key))
    owner = f"{declared.name}.{column}" if column else declared.name
    joint = " " if told.startswith(("has ", "is ")) else ": "
    return ContractError(f"{place}{owner}{joint}{told}", remedy=remedy, code=code)


def prefix(place: Origin) -> str:
    """How a message about a place begins."""
    return f"{place}: " if place.file else ""
