"""dbt-phlo: a dbt project as a lakehouse in which every build is isolated, audited and promoted.

Importing this package costs nothing on purpose: dbt imports every ``dbt_*`` module at every
command. What it exports is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt_phlo.notebook import connect

__all__ = ["__version__", "connect"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "connect":
        from dbt_phlo.notebook import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
