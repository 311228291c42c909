"""A process that dies between any two SQL statements: its connection goes, nothing is committed."""

from typing import Any

from held import Killed


class Dying:
    """Ends the process of a catalog at its ``nth`` statement from now on, before or after it."""

    def __init__(self, catalog: Any, nth: int, *, after: bool) -> None:
        self._database, self._nth, self._after = catalog._database, nth, after
        self._send = self._database._send
        self._database._send = self._sending
        self.statements: list[str] = []
        self.died = False

    def _sending(self, sql: str, parameters: Any) -> Any:
        self.statements.append(sql)
        last = len(self.statements) == self._nth
        if last and not self._after:
            self._die()
        done = self._send(sql, parameters)
        if last:
            self._die()
        return done

    def _die(self) -> None:
        self.died = True
        self._database._closed = True  # a dead process does not connect again
        if self._database.is_sqlite:  # an unread cursor would keep the file locked
            self._database._connection.rollback()
        self._database._connection.close()
        raise Killed

    @property
    def in_a_transaction(self) -> bool:
        """Whether it died with a transaction open."""
        sent = self.statements if self._after else self.statements[:-1]
        begun = [sql for sql in sent if sql.startswith(("BEGIN", "COMMIT"))]
        return self.died and bool(begun) and begun[-1].startswith("BEGIN")
