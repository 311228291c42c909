"""What a comparison of contracts with tables says, line by line."""

from collections.abc import Iterator, Sequence

from dbt_phlo.runs.schema_drift import Drift


def lines(of: Drift, silent: Sequence[str] = ()) -> Iterator[str]:
    """Each difference with its remedy, then what was compared. ``silent`` declare no columns."""
    for one in of.drifted:
        yield f"{one.model} ({one.table}):"
        for difference in one.differences:
            yield f"  {difference.text}"
            yield f"    -> {difference.remedy}"
    if of.not_built:
        yield f"not built on {of.ref}: {', '.join(of.not_built)}"
    if silent:
        yield f"no columns declared: {', '.join(silent)}"
    total = sum(len(one.differences) for one in of.drifted)
    compared = f"{of.compared} table{'' if of.compared == 1 else 's'} on {of.ref}"
    if total:
        yield f"{total} difference{'' if total == 1 else 's'} in {len(of.drifted)} of {compared}"
    else:
        yield f"no drift: {compared}, as declared"
