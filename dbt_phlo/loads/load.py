"""``Load``: one ingestion, as it was done."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["success", "no_data", "dry_run"]


@dataclass(frozen=True)
class Load:
    """``rows`` are committed; ``read`` came from the source. Times are seconds.

    ``cursor_before`` and ``cursor_after`` are dlt's last values by resource and field.
    """

    table: str
    status: Status
    load_id: str = ""
    read: int = 0
    rows: int = 0
    rejected: int = 0
    duplicates: int = 0
    outside: int = 0
    """Rows that do not lie in the window that was asked for, and are left out."""
    updated: int = 0
    pages: int = 0
    attempts: int = 1
    files_added: int = 0
    files_removed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    snapshot_id: int | None = None
    cursor_before: dict[str, Any] = field(default_factory=dict)
    cursor_after: dict[str, Any] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @property
    def message(self) -> str:
        """One line for dbt's log."""
        if self.status == "no_data":
            return "no data"
        told = [f"{self.rows:,} rows"]
        told += [
            f"{number:,} {what}"
            for number, what in (
                (self.updated, "updated"),
                (self.duplicates, "duplicates left out"),
                (self.rejected, "rejected"),
                (self.outside, "outside of the window"),
            )
            if number
        ]
        return ", ".join(told) + (" (dry run)" if self.status == "dry_run" else "")
