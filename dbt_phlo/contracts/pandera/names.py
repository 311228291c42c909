"""Names of classes and attributes: any column and any model has one that Python allows."""

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

MOST_CHARACTERS = 40
"""Longer attribute names get an alias, so that a field's annotation never needs two lines."""

INHERITED = frozenset(
    {"Config", "build_schema_", "empty", "example", "from_json", "from_yaml", "get_metadata"}
    | {"mro", "pydantic_validate", "strategy", "to_json", "to_json_schema", "to_schema"}
    | {"to_yaml", "validate"}
)
"""Public attributes of Pandera's ``DataFrameModel``: a field of that name would replace them."""

IMPORTED = frozenset({"Annotated", "Iceberg", "Table", "TableConfig", "pa", "float"})
"""Names that a generated module uses everywhere."""


def attributes(columns: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """An attribute's name for each column: the column's own wherever Python allows it.

    >>> attributes(["id", "class", "_x", "a-b", "a b", "naïve", "2nd"], set())
    {'id': 'id', 'class': 'class_', '_x': 'x', 'a-b': 'a_b', 'a b': 'a_b_2', 'naïve': 'naive', \
'2nd': 'column_2nd'}
    """
    names = list(columns)
    refused = INHERITED | IMPORTED | set(taken)
    given = {name: name for name in names if _is_plain(name) and name not in refused}
    used = {name.lower() for name in given}
    for name in names:
        if name not in given:
            given[name] = _free(_ascii(name), used, refused)
            used.add(given[name].lower())
    return {name: given[name] for name in names}


def class_name(model: str, taken: Collection[str]) -> str:
    """A class's name for a model.

    >>> [class_name(name, set()) for name in ("daily_delays", "2024 Täble", "table")]
    ['DailyDelays', 'Model2024Table', 'TableModel']
    """
    plain = unicodedata.normalize("NFKD", model).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    name = "".join(word[:1].upper() + word[1:] for word in words)[: MOST_CHARACTERS + 20]
    if not name or name[0].isdigit():
        name = f"Model{name}"
    clashes = keyword.iskeyword(name) or name in IMPORTED or name in taken or name == "Config"
    return f"{name}Model" if clashes else name


@lru_cache(maxsize=4096)
def _is_plain(name: str) -> bool:
    return (
        name.isascii()
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("_")
        and len(name) <= MOST_CHARACTERS
    )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", plain)[:MOST_CHARACTERS].strip("_")
    if not plain or plain[0].isdigit():
        plain = f"column_{plain}".rstrip("_")
    return plain


def _free(name: str, used: Collection[str], refused: Collection[str]) -> str:
    if keyword.iskeyword(name) or name in refused:
        name = f"{name}_"
    free, number = name, 2
    while free.lower() in used or free in refused or keyword.iskeyword(free):
        free, number = f"{name}_{number}", number + 1
    return free
