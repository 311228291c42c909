"""The routes of the Iceberg REST catalog specification that DuckDB uses, over one ref."""

import json
from collections.abc import Callable
from typing import Any

from dbt_phlo.catalogs.port import Tables
from dbt_phlo.catalogs.values import Key
from dbt_phlo.endpoint.one_state import OneState
from dbt_phlo.errors import NotFound

Answer = tuple[int, bytes]
EMPTY: Answer = (204, b"")


class Routes:
    """Answers requests; ``path`` is the decoded path after ``/v1/{prefix}/``, in parts."""

    def __init__(
        self,
        tables: Tables,
        on_read: Callable[[Key, str], None],
        one_state: OneState | None = None,
    ) -> None:
        self._tables = tables
        self._on_read = on_read
        self._one_state = one_state

    def answer(
        self, method: str, path: list[str], query: dict[str, list[str]], body: Any
    ) -> Answer:
        """The answer to one request; ``body`` is its JSON, ``{}`` where there was none."""
        for routed, pattern, handler in _ROUTES:
            if method == routed and len(path) == len(pattern):
                pairs = list(zip(pattern, path, strict=True))
                if all(wanted in ("*", part) for wanted, part in pairs):
                    names = [part for wanted, part in pairs if wanted == "*"]
                    return handler(self, names, query, body)
        raise NotFound(f"there is no route {method} /{'/'.join(path)}")

    # ---- namespaces

    def list_namespaces(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        if query.get("parent"):  # namespaces have one level
            return _json({"namespaces": []})
        return _json({"namespaces": [[name] for name in self._tables.namespaces()]})

    def create_namespace(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        self._tables.create_namespace(".".join(body["namespace"]))
        return _json({"namespace": body["namespace"], "properties": {}})

    def namespace(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        if names[0] not in self._tables.namespaces():
            raise NotFound(f"namespace {names[0]} does not exist on {self._tables.ref}")
        return _json({"namespace": names, "properties": {}})

    def drop_namespace(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        self._tables.drop_namespace(names[0])
        return EMPTY

    # ---- tables

    def list_tables(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        found = [{"namespace": names, "name": name} for name in self._tables.tables(names[0])]
        return _json({"identifiers": found})

    def list_views(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        """None: DuckDB cannot use them; the adapter realises ours beside the lake."""
        return _json({"identifiers": []})

    def create_table(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        if body.get("stage-create"):
            return _json({"metadata": self._tables.stage(names[0], body), "config": {}})
        location, metadata = self._tables.create(names[0], body)
        return _json({"metadata-location": location, "metadata": metadata, "config": {}})

    def load_table(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        """The pointer and the metadata file's own bytes, not parsed."""
        location, metadata = self._load(names)
        self._on_read(Key("table", *names), location)
        head = f'{{"metadata-location":{json.dumps(location)},"config":{{}},"metadata":'
        return 200, b"".join((head.encode(), metadata, b"}"))

    def has_table(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        self._load(names)
        return EMPTY

    def commit_table(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        done = self._tables.commit([(names[0], names[1], *_change(body))])
        return _json({"metadata-location": done[0][0], "metadata": done[0][1]})

    def drop_table(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        """``purgeRequested`` is not heard: the files belong to every ref."""
        self._tables.drop(*names)
        return EMPTY

    def rename_table(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        self._tables.rename(_identifier(body["source"]), _identifier(body["destination"]))
        return EMPTY

    def commit_tables(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        self._tables.commit(
            [
                (*_identifier(change["identifier"]), *_change(change))
                for change in body["table-changes"]
            ]
        )
        return EMPTY

    def metrics(self, names: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        """Nobody keeps them."""
        return EMPTY

    def _load(self, names: list[str]) -> tuple[str, bytes]:
        table = tuple(names)
        if self._one_state is None:
            return self._tables.load(*table)
        self._one_state.before(table)
        try:
            return self._tables.load(*table)
        except NotFound:
            self._one_state.renew(table)
            return self._tables.load(*table)


Handler = Callable[[Routes, list[str], dict[str, list[str]], Any], Answer]

_ROUTES: tuple[tuple[str, tuple[str, ...], Handler], ...] = (
    ("GET", ("namespaces", "*", "tables", "*"), Routes.load_table),
    ("HEAD", ("namespaces", "*", "tables", "*"), Routes.has_table),
    ("POST", ("namespaces", "*", "tables", "*"), Routes.commit_table),
    ("DELETE", ("namespaces", "*", "tables", "*"), Routes.drop_table),
    ("POST", ("namespaces", "*", "tables", "*", "metrics"), Routes.metrics),
    ("GET", ("namespaces", "*", "tables"), Routes.list_tables),
    ("POST", ("namespaces", "*", "tables"), Routes.create_table),
    ("GET", ("namespaces", "*", "views"), Routes.list_views),
    ("GET", ("namespaces",), Routes.list_namespaces),
    ("POST", ("namespaces",), Routes.create_namespace),
    ("GET", ("namespaces", "*"), Routes.namespace),
    ("HEAD", ("namespaces", "*"), Routes.namespace),
    ("DELETE", ("namespaces", "*"), Routes.drop_namespace),
    ("POST", ("transactions", "commit"), Routes.commit_tables),
    ("POST", ("tables", "rename"), Routes.rename_table),
)
"""Method, path (``*`` is a name) and what answers it."""


def _json(document: Any) -> Answer:
    return 200, json.dumps(document, separators=(",", ":")).encode()


def _identifier(body: Any) -> tuple[str, str]:
    return ".".join(body["namespace"]), body["name"]


def _change(body: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return body.get("requirements", []), body.get("updates", [])
