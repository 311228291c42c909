"""Our lines among dbt's own output."""

from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note


def announce(text: str, *, loud: bool = False) -> None:
    """Print a line through dbt's logger; a ``loud`` one is seen under ``--quiet`` too.

    It is no warning, which ``--warn-error`` would raise in the middle of a command's end.
    """
    fire_event(Note(msg=text), EventLevel.ERROR if loud else EventLevel.INFO)
