"""The type of a column that nobody declared, from the values of the first page that has some."""

from typing import Any

from dbt_phlo.contracts.arrow_source import iceberg_type
from dbt_phlo.errors import DataRefused
from dbt_phlo.loads.conforming.kinds import kind_of, plain
from dbt_phlo.tables.schema import Type

_ALONE: dict[frozenset[str], str] = {
    frozenset({"boolean"}): "boolean",
    frozenset({"float"}): "double",
    frozenset({"integer", "float"}): "double",
    frozenset({"date"}): "date",
    frozenset({"date", "timestamp"}): "timestamp",
    frozenset({"time"}): "time",
    frozenset({"timestamp"}): "timestamp",
    frozenset({"timestamptz"}): "timestamptz",
    frozenset({"uuid"}): "uuid",
    frozenset({"bytes"}): "binary",
}


def inferred(name: str, values: Any) -> Type | None:
    """An Iceberg type, or None where every value is NULL.

    An Arrow type is taken as it is. Of Python values, objects and lists become JSON text, because
    one page does not show all their fields, and so does a mixture become text. Raises
    ``DataRefused`` (PHLO616) for an Arrow type that Iceberg lacks.

    >>> inferred("n", [1, None]), inferred("n", [1, 2.5]), inferred("n", ["x", {}])
    ('long', 'double', 'string')
    """
    if isinstance(values, list):
        plain_values = [one for one in map(plain, values) if one is not None]
        return _of_python(plain_values) if plain_values else None
    if values.null_count == len(values):
        return None
    try:
        return iceberg_type(values.type)
    except ValueError as error:
        raise DataRefused(
            f"the source sends {name} as the Arrow type {values.type}, and Iceberg cannot hold "
            f"{error}",
            remedy="cast it in the source, or set on_unknown_columns: ignore",
            code="PHLO616",
        ) from error


def _of_python(values: list[Any]) -> str:
    kinds = frozenset(map(kind_of, values))
    if kinds == {"integer"}:
        least, most = min(values), max(values)
        if least >= -(2**63) and most < 2**63:
            return "long"
        return "decimal(38, 0)" if max(-least, most) < 10**38 else "string"
    if kinds in ({"decimal"}, {"decimal", "integer"}):
        return _decimal([one for one in values if not isinstance(one, int)])
    return _ALONE.get(kinds, "string")


def _decimal(values: list[Any]) -> str:
    finite = [one for one in values if one.is_finite()]
    scale = max((max(0, -one.as_tuple().exponent) for one in finite), default=0)
    return f"decimal(38, {scale})" if scale <= 38 else "string"
