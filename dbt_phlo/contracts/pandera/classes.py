"""A plan as a class, made while the program runs: what importing the module would give."""

from typing import Annotated, Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.pandera.plan import Backend, plan
from dbt_phlo.contracts.pandera.source_code import docstring
from dbt_phlo.extras import optional


def to_class(contract: Contract, backend: Backend) -> Any:
    """The Pandera class of a contract: a ``DataFrameModel`` of ``pandera.pandas`` or
    ``pandera.polars``.

    Raises ``InstallError`` without the extra of that name.
    """
    of = plan(contract, backend)
    base = optional(f"dbt_phlo.contracts.pandera.on_{backend}", extra=backend)
    pandera = optional(f"pandera.{backend}", extra=backend)
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    for field in of.fields:
        simple = isinstance(field.type, str)
        annotations[field.attribute] = (
            Annotated[base.Iceberg, field.type] if simple else base.Iceberg
        )
        body[field.attribute] = pandera.Field(**field.keywords)
    doc, described = docstring(of)
    config = {**of.config, **described}
    body |= {"__doc__": doc, "Config": type("Config", (base.TableConfig,), config)}
    return type(base.Table)(of.class_name, (base.Table,), body)
