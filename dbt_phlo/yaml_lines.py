"""Where a key stands in a YAML file, for messages that name the line.

Read again with line numbers only when something is wrong: dbt keeps none.
"""

from pathlib import Path

from dbt_phlo.errors import PhloError
from dbt_phlo.yaml_document import Document


def line_of(path: Path, *names: str, key: str, section: str = "") -> int | None:
    """The line (from 1) of ``key`` below the entries of these names; None if it is not found.

    ``section`` is the key that holds the outermost entry, such as ``models``.
    """
    try:
        return Document(path).line(*names, key=key, section=section)
    except PhloError:
        return None
