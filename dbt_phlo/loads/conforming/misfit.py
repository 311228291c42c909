"""``Misfit``: one value that a column cannot take as it is."""

from typing import Any


class Misfit(ValueError):
    """``text`` completes 'the value ...' and never contains it; ``path`` is where it lies within
    the column's value, as ``.zip`` or ``[2]``."""

    def __init__(self, text: str, value: Any = None, path: str = "") -> None:
        super().__init__(text)
        self.text, self.value, self.path = text, value, path

    def under(self, step: str) -> "Misfit":
        """The same, seen from the value around it."""
        return Misfit(self.text, self.value, step + self.path)


MISSING = "is not allowed: the column is not null"
NOT_SENT = f"{MISSING}, and the source does not send it"
