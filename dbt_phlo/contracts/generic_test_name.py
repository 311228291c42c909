"""The names that dbt gives to generic tests.

They are made of the test, what it tests and its arguments (dbt-core 1.11,
``synthesize_generic_test_names``), so a file that is read alone tells the same ones.
"""

import re
from collections.abc import Mapping
from typing import Any

_OTHER = re.compile(r"[^0-9a-zA-Z_]+")


def generic_test_name(
    test: str, owner: str, arguments: Mapping[str, Any], *, of_source: bool = False
) -> str:
    """The full name of a test of ``owner``; ``arguments`` has ``column_name`` for one of a column.

    >>> generic_test_name("dbt_utils.accepted_range", "shop", {"column_name": "id", "min_value": 0})
    'dbt_utils_accepted_range_shop_id__0'
    """
    parts: list[Any] = []
    for key in sorted(arguments):
        given = arguments[key]
        if isinstance(given, Mapping):
            parts += given.values()
        elif isinstance(given, list | tuple):
            parts += given
        else:
            parts.append(given)
    told = "__".join(_OTHER.sub("_", str(part)) for part in parts)
    package, _, bare = test.rpartition(".")
    first = [*([package] if package else []), *(["source"] if of_source else [])]
    return "_".join([*first, bare, owner, told])
