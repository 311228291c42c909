"""Which entry of a dbt YAML file a name stands for: a model, a version of one, a source's table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbt_phlo.errors import ConfigError, nearest
from dbt_phlo.yaml_document import Document

NODES = ("models", "seeds", "snapshots")
SOURCES = "sources"


@dataclass(frozen=True)
class Entry:
    """One entry: what it declares, and where it stands.

    ``names`` leads to it from its ``section``, and it begins in ``line``. ``tested_as`` is how dbt
    calls it in names of tests.
    """

    section: str
    names: tuple[str, ...]
    declared: Mapping[str, Any]
    tested_as: str
    line: int | None
    tested: tuple[Mapping[str, Any], ...] = ()
    """Columns whose tests count, where these are not those that it declares: a version that
    declares a column anew keeps the tests of the model's."""


def entry_of(document: Document, name: str) -> Entry:
    """The entry of that name; ``orders.v2`` is a version, ``shop.orders`` a table of a source.

    A model of several versions is its latest one, as in ``ref``. Raises ``ConfigError`` where there
    is none (PHLO143) or more than one (PHLO146), or where the file has another form (PHLO144).
    """
    nodes, tables = _nodes(document), _tables(document)
    for found in (
        [entry for known, entry in nodes if known == name],
        [entry for entry in tables if ".".join(entry.names) == name],
        [entry for entry in tables if entry.names[1] == name],
    ):
        if len(found) > 1:
            places = [f"{'.'.join(one.names)} in line {one.line}" for one in found]
            raise document.mistake(
                f"{name!r} is declared {len(found)} times: {', '.join(places)}",
                found[-1].line,
                "PHLO146",
                "remove one of them, or ask for a source's table as source.table",
            )
        if found:
            return found[0]
    known = [*(one for one, _ in nodes), *(".".join(entry.names) for entry in tables)]
    raise document.mistake(
        f"there is no model {name!r}.{nearest(name, known)}",
        None,
        "PHLO143",
        f"it describes: {', '.join(known) or 'nothing'}",
    )


def listed(
    document: Document, owner: Mapping[str, Any], key: str, *names: str, section: str = ""
) -> list[Mapping[str, Any]]:
    """A list of mappings, which ``owner`` (the entry of ``names``) holds under a key."""
    found = owner.get(key)
    if found is None:
        return []
    every = found if isinstance(found, list) else [None]
    wrong = [item for item, entry in enumerate(every) if not isinstance(entry, Mapping)]
    if wrong:
        raise malformed(
            document,
            f"{'.'.join(names) + ': ' if names else ''}{key} must be a list of mappings",
            document.line(
                *names, key=key, section=section, item=wrong[0] if every is found else None
            ),
            f"write {key}: [{{name: ...}}]",
        )
    return list(every)


def name_of(
    document: Document,
    entry: Mapping[str, Any],
    key: str,
    item: int,
    *names: str,
    section: str = "",
) -> str:
    """The name of the entry in place ``item`` of the list ``key``, as its author wrote it."""
    name = entry.get("name")
    if isinstance(name, str) and name.strip() and not any(ord(letter) < 32 for letter in name):
        return name
    line = document.line(*names, key=key, section=section, item=item)
    told = f"{'.'.join(names) + ': ' if names else ''}an entry of {key}"
    if name is None or name == "":
        raise malformed(document, f"{told} has no name", line, "write name: first in it")
    raise malformed(
        document,
        f"{told} has the name {name!r}, which YAML does not read as a plain text",
        line,
        f'put the name into quotes: name: "{name}"',
    )


def malformed(document: Document, told: str, line: int | None, remedy: str) -> ConfigError:
    """The error for a part of a file that has another form than dbt reads."""
    return document.mistake(told, line, "PHLO144", remedy)


def _nodes(document: Document) -> list[tuple[str, Entry]]:
    """Models, seeds and snapshots by name; each version of a model as ``name.v1`` too."""
    data = document.data
    if not isinstance(data, Mapping):
        raise malformed(
            document,
            "a dbt YAML file is a mapping with `models:` in it",
            1,
            "begin it with version: 2 and models:",
        )
    found: list[tuple[str, Entry]] = []
    for section in NODES:
        for item, one in enumerate(listed(document, data, section)):
            name = name_of(document, one, section, item)
            line = document.line(key=section, item=item)
            versions = listed(document, one, "versions", name, section=section)
            if not versions:
                found.append((name, Entry(section, (name,), one, name, line)))
                continue
            of_versions = {
                str(version.get("v")): _versioned(document, name, one, version)
                for version in versions
            }
            latest = str(one.get("latest_version") or max(of_versions, key=_order))
            for number, (declared, tested) in of_versions.items():
                entry = Entry(section, (name,), declared, f"{name}_v{number}", line, tested)
                found.append((f"{name}.v{number}", entry))
                found += [(name, entry)] if number == latest else []
    return found


def _tables(document: Document) -> list[Entry]:
    found = []
    for number, source in enumerate(listed(document, document.data, SOURCES)):
        owner = name_of(document, source, SOURCES, number)
        tables = listed(document, source, "tables", owner, section=SOURCES)
        for item, table in enumerate(tables):
            name = name_of(document, table, "tables", item, owner, section=SOURCES)
            line = document.line(owner, key="tables", section=SOURCES, item=item)
            found.append(Entry(SOURCES, (owner, name), table, f"{owner}_{name}", line))
    return found


def _versioned(
    document: Document, name: str, base: Mapping[str, Any], version: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Mapping[str, Any], ...]]:
    """A version as dbt reads it, the model with what the version says instead; and ``tested``."""
    own = listed(document, version, "columns", name, section=NODES[0])
    choice = next((one for one in own if "include" in one or "exclude" in one), {})
    columns = [
        column
        for column in listed(document, base, "columns", name, section=NODES[0])
        if choice.get("include", "all") in ("all", "*")
        or column.get("name") in _names(choice.get("include"))
        if column.get("name") not in _names(choice.get("exclude"))
    ]
    own = [one for one in own if one is not choice]
    anew = {str(one.get("name")): one for one in own}
    names = [one.get("name") for one in columns]
    merged = {
        **base,
        "columns": [
            *(anew.get(str(one.get("name")), one) for one in columns),
            *(one for one in own if one.get("name") not in names),
        ],
        "config": _merged(base.get("config") or {}, version.get("config") or {}),
    }
    for key in ("description", "constraints"):
        merged[key] = version.get(key) or base.get(key)
    for key in ("data_tests", "tests"):
        if version.get(key) is not None:
            merged["data_tests"], merged["tests"] = version[key], None
    return merged, (*columns, *own)


def _names(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _merged(base: Any, over: Any) -> Any:
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    return {**base, **{k: _merged(base[k], v) if k in base else v for k, v in over.items()}}


def _order(version: str) -> tuple[float, str]:
    try:
        return float(version), ""
    except ValueError:
        return 0.0, version
