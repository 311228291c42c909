"""The on-run-end hooks of packages, which dbt runs after the root project's.

dbt (1.10 to 1.12) skips every hook after one that failed. A run that must exit 1 would so keep
packages from recording it; therefore the last of their hooks carries the failure in our stead.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any


def pending(nodes: Iterable[Any], project: str, ended: Collection[str]) -> list[Any]:
    """The on-run-end hooks of packages that are still to run, in dbt's order.

    ``project`` is the root project's name; ``ended`` are unique ids of hooks that have run.
    """
    found = [
        node
        for node in nodes
        if str(node.resource_type) == "operation"
        and "on-run-end" in node.tags
        and node.package_name != project
        and node.unique_id not in ended
    ]
    return sorted(found, key=lambda node: (node.package_name, node.index or 0))


def carry(hook: Any, statement: str) -> Callable[[], None]:
    """Let a hook that is still to run end with ``statement``; returns what undoes it."""
    before = hook.raw_code
    hook.raw_code = f"{before}\n{statement}"

    def undo() -> None:
        hook.raw_code = before

    return undo
