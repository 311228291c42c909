"""dbt's variables, as they apply to the root project."""

from typing import Any


def project_variables(config: Any) -> dict[str, Any]:
    """The ``vars:`` of a dbt project or runtime config, with those under its own name on top.

    ``dbt debug`` gives the adapter a bare profile, which has none.
    """
    found = getattr(config, "vars", None)
    variables: dict[str, Any] = dict(found.to_dict()) if found else {}
    own = variables.get(getattr(config, "project_name", ""))
    return {**variables, **own} if isinstance(own, dict) else variables
