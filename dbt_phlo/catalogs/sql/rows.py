"""Rows that a commit and a promotion both change, inside the transaction of their caller."""

from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.tables import INSERT_POINTER, KEYS
from dbt_phlo.catalogs.values import Key
from dbt_phlo.errors import NotFound, ReadOnly

_HELD = "catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?"


def assert_open(database: Database, ref: str) -> None:
    """Raise unless the ref is there and still takes writes."""
    row = database.one("SELECT is_open FROM phlo_refs WHERE name = ?", ref)
    if row is None:
        raise NotFound(f"ref {ref} does not exist")
    if not row[0]:
        raise ReadOnly(
            f"ref {ref} is closed: its run was promoted or discarded",
            remedy="begin a new run",
        )


def copied(database: Database, base: str, ref: str) -> None:
    """Copy everything that ``base`` holds to ``ref``, which holds nothing.

    What the ref was made from is taken from the copy, so that the two cannot differ, whoever writes
    meanwhile.
    """
    database.run(
        "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
        "metadata_location, previous_metadata_location, iceberg_type) "
        "SELECT ?, table_namespace, table_name, metadata_location, "
        "previous_metadata_location, iceberg_type FROM iceberg_tables WHERE catalog_name = ?",
        ref,
        base,
    )
    database.run(
        "INSERT INTO iceberg_namespace_properties SELECT ?, namespace, property_key, "
        "property_value FROM iceberg_namespace_properties WHERE catalog_name = ?",
        ref,
        base,
    )
    database.run(
        f"INSERT INTO phlo_base SELECT ?, kind, namespace, name, value FROM ({KEYS}) AS held",
        ref,
        ref,
        ref,
    )


def swapped(database: Database, ref: str, key: Key, old: str | None, new: str | None) -> bool:
    """Move one pointer from ``old`` (None: not there) to ``new`` (None: drop it).

    False when the pointer is not what ``old`` says: somebody else has moved it.
    """
    place = (ref, key.namespace, key.name)
    if old is None:
        try:
            return database.run(INSERT_POINTER, *place, new, key.kind.upper()) == 1
        except database.integrity_error:
            return False
    if new is None:
        return database.run(f"DELETE FROM iceberg_tables WHERE {_HELD}", *place, old) == 1
    moved = database.run(
        "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ? "
        f"WHERE {_HELD}",
        new,
        old,
        *place,
        old,
    )
    return moved == 1
