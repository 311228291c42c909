"""The tables, views and namespaces at one ref, over any store of pointers.

A write is always: read the pointer, write a new immutable file, compare-and-swap the pointer. Who
loses the swap gets a ``Conflict``; nothing is overwritten.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from dbt_phlo import names
from dbt_phlo.catalogs.described import DescribedViews
from dbt_phlo.catalogs.pointers import Pointers
from dbt_phlo.catalogs.values import Key
from dbt_phlo.errors import AlreadyExists, Conflict, NotFound, ReadOnly
from dbt_phlo.tables import append, commits, expiry, files, metadata, replacement
from dbt_phlo.tables.files import Files, Metadata
from dbt_phlo.tables.manifests import DataFile


class BoundTables(DescribedViews):
    """Implements ``Tables`` (see ``catalogs.port``) over ``Pointers`` and ``Files``."""

    def __init__(
        self,
        pointers: Pointers,
        stored: Files,
        warehouse: str,
        *,
        snapshot_seconds: float = expiry.SNAPSHOT_SECONDS,
        writable: bool = True,
    ) -> None:
        self._pointers = pointers
        self._files = stored
        self._warehouse = warehouse
        self._snapshot_seconds = snapshot_seconds
        self._writable = writable
        self._staged: dict[tuple[str, str, str], Metadata] = {}

    @property
    def ref(self) -> str:
        return self._pointers.ref

    # ---- namespaces

    def namespaces(self) -> list[str]:
        return self._pointers.namespaces()

    def create_namespace(self, namespace: str) -> None:
        self._assert_writable()
        self._pointers.create_namespace(names.schema_name(namespace))

    def drop_namespace(self, namespace: str, *, cascade: bool = False) -> None:
        """Drop a namespace; one that holds tables or views only with ``cascade``."""
        self._assert_writable()
        self._pointers.drop_namespace(namespace, cascade=cascade)

    # ---- reading

    def tables(self, namespace: str) -> list[str]:
        return self._pointers.names("table", namespace)

    def views(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every view's document, by (namespace, name), in one look-up."""
        return self._pointers.views()

    def pointers(self) -> dict[Key, str]:
        return self._pointers.all()

    def exists(self, namespace: str, name: str) -> bool:
        return self._pointers.get(namespace, name) is not None

    def pointer(self, namespace: str, name: str) -> str | None:
        """The value of a table or view, None if it is not there."""
        found = self._pointers.get(namespace, name)
        return found[1] if found else None

    def load(self, namespace: str, name: str) -> tuple[str, bytes]:
        """A table's metadata location and the metadata file's bytes."""
        found = self._pointers.get(namespace, name)
        if found is None or found[0].kind != "table":
            raise NotFound(f"table {namespace}.{name} does not exist on {self.ref}")
        return found[1], self._files.read(found[1])

    def metadata(self, namespace: str, name: str) -> Metadata:
        """A table's metadata document."""
        return files.parsed(*self.load(namespace, name))

    # ---- writing

    def stage(self, namespace: str, request: dict[str, Any]) -> Metadata:
        """The metadata of a table that its first commit will create."""
        self._assert_new(namespace, request["name"])
        staged = self._new_metadata(namespace, request)
        self._staged[namespace, request["name"], staged["table-uuid"]] = staged
        return staged

    def create(self, namespace: str, request: dict[str, Any]) -> tuple[str, Metadata]:
        """Create an empty table from a REST ``CreateTableRequest``."""
        self._assert_new(namespace, request["name"])
        document = self._new_metadata(namespace, request)
        location = self._written(None, document)
        self._pointers.swap([(Key("table", namespace, request["name"]), None, location)])
        return location, document

    def commit(
        self, changes: Iterable[tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]]
    ) -> list[tuple[str, Metadata]]:
        """Apply (namespace, name, requirements, updates) of one or several tables, all or none."""
        self._assert_writable()
        moves: list[tuple[Key, str | None, str | None]] = []
        done: list[tuple[str, Metadata]] = []
        for namespace, name, requirements, updates in changes:
            old, document = self._to_change(namespace, name, requirements, updates)
            commits.apply(document, updates)
            location = self._written(old, document)
            moves.append((Key("table", namespace, name), old, location))
            done.append((location, document))
        self._pointers.swap(moves)
        for move, (_, document) in zip(moves, done, strict=True):
            self._staged.pop((move[0].namespace, move[0].name, document["table-uuid"]), None)
        return done

    def append(
        self, namespace: str, name: str, added: Sequence[DataFile], *, instead_of: str = ""
    ) -> None:
        """Make Parquet files that are written already rows of a table, in one commit.

        With ``instead_of``, a value of the table, they are its only rows, in the place of those of
        that value. Raises ``Conflict`` when another writer is faster.
        """
        self._assert_writable()
        location, raw = self.load(namespace, name)
        if instead_of and instead_of != location:
            raise Conflict(f"{namespace}.{name} has moved on {self.ref} meanwhile")
        document = append.appended(
            self._files, files.parsed(location, raw), added, replace=bool(instead_of)
        )
        written = self._written(location, document)
        self._pointers.swap([(Key("table", namespace, name), location, written)])

    def drop(self, namespace: str, name: str) -> None:
        """Drop a table or view from this ref; its files stay for the refs that still reach them."""
        self._assert_writable()
        found = self._pointers.get(namespace, name)
        if found is None:
            raise NotFound(f"table {namespace}.{name} does not exist on {self.ref}")
        self._pointers.swap([(found[0], found[1], None)])

    def rename(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        self._assert_writable()
        found = self._pointers.get(*source)
        if found is None:
            raise NotFound(f"table {'.'.join(source)} does not exist on {self.ref}")
        key, value = found
        new = Key(key.kind, target[0], names.table_name(target[1]))
        self._pointers.swap([(key, value, None), (new, None, value)])

    def replace(
        self,
        namespace: str,
        staging: str,
        target: str,
        *,
        required: Collection[str] = (),
        order: Sequence[str] = (),
    ) -> None:
        """Make the staging table the next snapshot of ``target``, in one commit.

        ``required`` are the columns (in lower case) that hold no NULL and shall hold none, and
        ``order`` is that of the columns. A view of that name gives way; a target that does not
        exist yet is created. Raises ``Conflict`` when the target is not what it was when the
        staging table was made: its field ids may be taken, and what the other writer did would be
        lost.
        """
        self._assert_writable()
        staged_at, raw = self.load(namespace, staging)
        staged = files.parsed(staged_at, raw)
        shaped = metadata.arranged(staged, required, order)
        existing = self._pointers.get(namespace, target)
        leave = (Key("table", namespace, staging), staged_at, None)
        stands_on = staged["properties"].get(metadata.REPLACES)
        if existing is not None and existing[0].kind == "table" and existing[1] != stands_on:
            raise Conflict(
                f"{namespace}.{target} has moved on {self.ref} while it was built again",
                remedy="another writer was faster; run the model again",
            )
        if existing is not None and existing[0].kind == "table":
            document = replacement.adopt(self._files, self._read(existing[1]), staged)
            location = self._written(existing[1], document)
            self._pointers.swap([leave, (existing[0], existing[1], location)])
            return
        if not staged["snapshots"]:
            staged = replacement.settle(self._files, staged)
            shaped = True
        location = self._written(staged_at, staged) if shaped else staged_at
        view = [(existing[0], existing[1], None)] if existing else []
        self._pointers.swap([*view, leave, (Key("table", namespace, target), None, location)])

    def clone(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """A new table on the files of ``source``, in place of whatever ``target`` was."""
        self._assert_writable()
        names.table_name(target[1])
        folder = f"{self._warehouse}/{names.folder(*target)}"
        read_at, raw = self.load(*source)
        document = metadata.clone(files.parsed(read_at, raw), folder)
        self._files.prepare(folder)
        location = self._written(None, document)
        old = self._pointers.get(*target)
        gone = [(old[0], old[1], None)] if old else []
        # Where the source has gone meanwhile, its files may go too.
        still = [(Key("table", *source), read_at, read_at)]
        self._pointers.swap([*still, *gone, (Key("table", *target), None, location)])

    def restore(self, namespace: str, name: str, value: str | None) -> None:
        """Point a table at an earlier value of it, or drop it where that is None.

        What was written since is for the cleanup. Raises ``Conflict`` when another writer is
        faster.
        """
        self._assert_writable()
        found = self._pointers.get(namespace, name)
        if found is not None and found[1] != value:
            self._pointers.swap([(found[0], found[1], value)])

    def amend(self, namespace: str, name: str, change: Callable[[Metadata], Metadata]) -> None:
        """Change a table's metadata document, in one commit; none where nothing changes."""
        self._assert_writable()
        location, raw = self.load(namespace, name)
        after = change(files.parsed(location, raw))
        if after != files.parsed(location, raw):
            written = self._written(location, after)
            self._pointers.swap([(Key("table", namespace, name), location, written)])

    # ---- helpers

    def _written(self, previous: str | None, document: Metadata) -> str:
        """Write the next metadata file of a table, without what is old; returns its location."""
        expiry.forget(document, self._snapshot_seconds)
        return files.write_metadata(self._files, previous, document)

    def _read(self, location: str) -> Metadata:
        """A private copy of a metadata document."""
        return files.parsed(location, self._files.read(location))

    def _assert_writable(self) -> None:
        if not self._writable:
            raise ReadOnly(
                f"this connection may only read {self.ref}",
                remedy="writing is for `dbt build`, `run`, `seed` and `snapshot`; `dbt clone`, "
                "`dbt test --store-failures` outside of a run and writing run-operations work with "
                "PHLO_WAP=off",
            )

    def _assert_new(self, namespace: str, name: str) -> None:
        self._assert_writable()
        names.table_name(metadata.under_construction(name) or name)
        if namespace not in self.namespaces():
            raise NotFound(f"namespace {namespace} does not exist on {self.ref}")
        if self.exists(namespace, name):
            raise AlreadyExists(f"{namespace}.{name} already exists on {self.ref}")

    def _new_metadata(self, namespace: str, request: dict[str, Any]) -> Metadata:
        """The first metadata; a staging table takes location and ids of what it will replace."""
        name, base, replaces = request["name"], None, ""
        target = metadata.under_construction(name)
        if target is not None:
            found = self._pointers.get(namespace, target)
            if found is not None and found[0].kind == "table":
                replaces = found[1]
                base = self._read(replaces)
        folder = names.folder(namespace, target or name)
        document = metadata.new(request, f"{self._warehouse}/{folder}", base)
        if replaces:
            document["properties"][metadata.REPLACES] = replaces
        self._files.prepare(document["location"])
        return document

    def _to_change(
        self,
        namespace: str,
        name: str,
        requirements: list[dict[str, Any]],
        updates: list[dict[str, Any]],
    ) -> tuple[str | None, Metadata]:
        """The pointer (None: not there yet) and a private copy of the document to change."""
        table = f"{namespace}.{name}"
        found = self._pointers.get(namespace, name)
        if found is not None and found[0].kind == "view":
            raise AlreadyExists(f"{table} is a view on {self.ref}")
        if found is None:
            commits.check(None, requirements, table)
            wanted = [u.get("uuid", "") for u in updates if u["action"] == "assign-uuid"]
            staged = self._staged.get((namespace, name, wanted[0] if wanted else ""))
            if staged is None:
                raise NotFound(f"table {table} does not exist on {self.ref}")
            return None, json.loads(json.dumps(staged))
        document = self._read(found[1])
        commits.check(document, requirements, table)
        return found[1], document
