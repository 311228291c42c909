"""Views, and the descriptions of views and tables, at one ref."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbt_phlo import names
from dbt_phlo.catalogs.pointers import Pointers
from dbt_phlo.catalogs.values import Key
from dbt_phlo.errors import NotFound
from dbt_phlo.tables import metadata
from dbt_phlo.tables.files import Metadata


class DescribedViews:
    """The part of ``BoundTables`` that keeps documents beside the tables' own."""

    _pointers: Pointers
    ref: Any
    amend: Callable[[str, str, Callable[[Metadata], Metadata]], None]
    _assert_writable: Callable[[], None]

    def document(
        self, namespace: str, name: str, comment: str | None, columns: Mapping[str, str]
    ) -> None:
        """Set a table's or view's comment and its columns' docs (names without regard to case)."""
        self._assert_writable()
        found = self._pointers.get(namespace, name)
        if found is None:
            raise NotFound(f"table {namespace}.{name} does not exist on {self.ref}")
        if found[0].kind == "view":
            view = self._pointers.view(found[1])
            described = {**view, "column_comments": {**view.get("column_comments", {}), **columns}}
            described["comment"] = view.get("comment") if comment is None else comment
            if described != view:
                self._put(found[0], found[1], described)
            return
        self.amend(namespace, name, lambda of: metadata.documented(of, comment, columns))

    def put_view(self, namespace: str, name: str, document: dict[str, Any]) -> None:
        """Create or replace a view; a table of that name gives way.

        A view whose query stays the same stays as it is, with the comments that ``document`` does
        not mention.
        """
        self._assert_writable()
        key = Key("view", namespace, names.table_name(name))
        existing = self._pointers.get(namespace, name)
        if existing is not None and existing[0] == key:
            before = self._pointers.view(existing[1])
            if all(before.get(part) == document.get(part) for part in ("sql", "dialect")):
                document = {**before, **document}
            if before != document:
                self._put(key, existing[1], document)
            return
        self._put(key, None, document, gone=[(*existing, None)] if existing else [])

    def _put(
        self,
        key: Key,
        old: str | None,
        document: dict[str, Any],
        *,
        gone: Iterable[tuple[Key, str, None]] = (),
    ) -> None:
        """Store a view's document under a value of its own and move the pointer to it."""
        value = f"phlo-view:{uuid.uuid4()}"
        self._pointers.swap([*gone, (key, old, value)], {value: document})
