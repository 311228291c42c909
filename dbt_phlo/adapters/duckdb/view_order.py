"""Which views a statement names, and the order in which views can be made: what is below first."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from dbt_phlo.adapters.duckdb import statements

Name = tuple[str, str]
"""Schema and name of a view."""


def by_bare_name(views: Iterable[Name]) -> dict[str, list[Name]]:
    """The views by their names without a schema, in lower case."""
    found: dict[str, list[Name]] = {}
    for view in views:
        found.setdefault(view[1].lower(), []).append(view)
    return found


def named(sql: str, known: Mapping[str, list[Name]]) -> list[Name]:
    """The views that a statement names, or may name: any part of a name may be a view's."""
    parts = {part.lower(): None for chain in statements.names(sql) for part in chain}
    return [view for part in parts for view in known.get(part, ())]


def in_order(
    views: Iterable[Name],
    query: Callable[[Name], str],
    known: Mapping[str, list[Name]],
    done: Iterable[Name] = (),
) -> Iterator[Name]:
    """``views`` and what they stand on, each after those that it names, without what is done."""
    seen = set(done)
    for start in views:
        waiting = [(start, False)]
        while waiting:
            view, below_done = waiting.pop()
            if below_done:
                yield view
            elif view not in seen:
                seen.add(view)
                waiting.append((view, True))
                waiting += [(below, False) for below in named(query(view), known)]
