"""The embedded catalog: refs, pointers and runs in SQLite or PostgreSQL.

``catalog.SqlCatalog`` is the port's implementation and hands each part on: ``refs`` makes, lists
and deletes refs; ``promotion`` compares and merges them; ``pointers`` is what one ref's tables are
bound to; ``runs`` keeps run records, leases and the ledger; ``lake`` lays the database out.
``tables`` is that layout and its queries; ``database`` is one connection, over the engines
``sqlite`` and ``postgres`` (``reading``: SQLite for whoever may only read). All of it needs the
standard library alone when the database is SQLite, since the endpoint's child process uses it too.
"""

from dbt_phlo.catalogs.sql.catalog import SqlCatalog

__all__ = ["SqlCatalog"]
