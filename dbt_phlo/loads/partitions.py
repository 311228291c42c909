"""``partition_by``: the texts of ``meta.phlo`` as an Iceberg partition spec.

Transforms are those of the Iceberg specification v2, "Partition Transforms".
"""

import re
from collections.abc import Mapping
from typing import Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.errors import ContractError, nearest

TIMES = ("year", "month", "day", "hour")
_CALL = re.compile(r"(?P<name>[a-z]+)\((?:(?P<width>\d+)\s*,\s*)?(?P<column>[^(),]+)\)")


def spec(contract: Contract, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The partition spec of a contract over its schema, as in a request of the REST protocol.

    Raises ``ContractError`` (PHLO942), with file and line, for a transform or column that is none.
    """
    ids = {field["name"].lower(): field for field in schema["fields"]}
    fields = []
    for text in contract.partition_by:
        transform, column = _parsed(text, contract)
        field = ids.get(column.lower())
        if field is None:
            known = [one["name"] for one in schema["fields"]]
            raise _wrong(contract, text, f"{column} is no column.{nearest(column, known)}")
        if transform in TIMES and not _is_time(field["type"], transform):
            raise _wrong(contract, text, f"{column} is {field['type']}, which has no {transform}")
        suffix = "" if transform == "identity" else f"_{transform.split('[')[0]}"
        fields.append(
            {
                "source-id": field["id"],
                "name": f"{field['name']}{suffix}",
                "transform": transform,
            }
        )
    return {"spec-id": 0, "fields": fields}


def _parsed(text: str, contract: Contract) -> tuple[str, str]:
    """The transform and column of a text.

    >>> from dbt_phlo.contracts.contract import Contract
    >>> [_parsed(t, Contract("t", ())) for t in ("state", "day(at)", "bucket(16, id)")]
    [('identity', 'state'), ('day', 'at'), ('bucket[16]', 'id')]
    """
    plain = text.strip()
    call = _CALL.fullmatch(plain)
    if call is None:
        if "(" in plain:
            raise _wrong(contract, text, "it is no transform")
        return "identity", plain.strip('"')
    name, width = call["name"].removesuffix("s"), call["width"]
    column = call["column"].strip().strip('"')
    if name in TIMES and width is None:
        return name, column
    if name == "identity" and width is None:
        return name, column
    if name in ("bucket", "truncate") and width and int(width):
        return f"{name}[{int(width)}]", column
    raise _wrong(contract, text, "it is no transform")


def _is_time(kind: Any, transform: str) -> bool:
    if kind == "date":
        return transform != "hour"
    return kind in ("timestamp", "timestamptz")


def _wrong(contract: Contract, text: str, why: str) -> ContractError:
    return ContractError(
        f"{contract.origin}: {contract.name}: partition_by has {text!r}: {why}",
        remedy="write a column, or year, month, day, hour(column), bucket(16, column), "
        "truncate(4, column)",
        code="PHLO942",
    )
