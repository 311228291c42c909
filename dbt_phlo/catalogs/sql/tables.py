"""The database's tables.

``iceberg_tables`` and ``iceberg_namespace_properties`` are pyiceberg's own (its SqlCatalog opens
any ref by ``catalog_name``); a ref is a value of ``catalog_name``. The ``phlo_`` tables beside them
hold what pyiceberg has no notion of.
"""

LAYOUT = 2
"""Version of this layout; a lake with a newer one is refused, an older one gets what it lacks.

2: who writes now (``phlo_writers``), and what cleanup will delete later (``phlo_garbage``).
"""

COMMON = (
    """CREATE TABLE IF NOT EXISTS iceberg_tables (
        catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL,
        table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000),
        previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),
        PRIMARY KEY (catalog_name, table_namespace, table_name))""",
    """CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
        catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL,
        property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL,
        PRIMARY KEY (catalog_name, namespace, property_key))""",
    "CREATE TABLE IF NOT EXISTS phlo_lake (layout INTEGER NOT NULL, warehouse TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS phlo_refs (
        name VARCHAR(255) PRIMARY KEY, kind VARCHAR(8) NOT NULL, base VARCHAR(255),
        is_open INTEGER NOT NULL, created_at DOUBLE PRECISION NOT NULL,
        expires_at DOUBLE PRECISION)""",
    """CREATE TABLE IF NOT EXISTS phlo_base (
        ref VARCHAR(255) NOT NULL, kind VARCHAR(9) NOT NULL, namespace VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL, value VARCHAR(1000) NOT NULL,
        PRIMARY KEY (ref, kind, namespace, name))""",
    """CREATE TABLE IF NOT EXISTS phlo_views (
        location VARCHAR(64) PRIMARY KEY, document TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS phlo_reads (
        ref VARCHAR(255) NOT NULL, kind VARCHAR(9) NOT NULL, namespace VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL, value VARCHAR(1000) NOT NULL,
        PRIMARY KEY (ref, kind, namespace, name))""",
    """CREATE TABLE IF NOT EXISTS phlo_runs (
        id VARCHAR(255) PRIMARY KEY, ref VARCHAR(255) NOT NULL, branch VARCHAR(255) NOT NULL,
        state VARCHAR(16) NOT NULL, reason TEXT NOT NULL, project VARCHAR(255) NOT NULL,
        created_at DOUBLE PRECISION NOT NULL, updated_at DOUBLE PRECISION NOT NULL,
        lease_until DOUBLE PRECISION NOT NULL, renewals INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS phlo_invocations (
        invocation VARCHAR(255) PRIMARY KEY, run VARCHAR(255) NOT NULL,
        at DOUBLE PRECISION NOT NULL,
        ended INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS phlo_invocations_run ON phlo_invocations (run)",
    """CREATE TABLE IF NOT EXISTS phlo_ledger (
        run VARCHAR(255) NOT NULL, sequence INTEGER NOT NULL, invocation VARCHAR(255) NOT NULL,
        kind VARCHAR(8) NOT NULL, node TEXT NOT NULL, status TEXT NOT NULL,
        tables TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (run, sequence))""",
    """CREATE TABLE IF NOT EXISTS phlo_promotions (
        branch VARCHAR(255) NOT NULL, kind VARCHAR(9) NOT NULL, namespace VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL, value VARCHAR(1000), run VARCHAR(255) NOT NULL,
        at DOUBLE PRECISION NOT NULL)""",
    """CREATE INDEX IF NOT EXISTS phlo_promotions_key
        ON phlo_promotions (branch, kind, namespace, name, at)""",
    """CREATE TABLE IF NOT EXISTS phlo_writers (
        id VARCHAR(255) PRIMARY KEY, ref VARCHAR(255) NOT NULL,
        lease_until DOUBLE PRECISION NOT NULL, renewals INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS phlo_garbage (
        location VARCHAR(1000) PRIMARY KEY, waits_for TEXT NOT NULL)""",
)

KEYS = """SELECT LOWER(COALESCE(iceberg_type, 'TABLE')) AS kind, table_namespace AS namespace,
        table_name AS name, metadata_location AS value FROM iceberg_tables WHERE catalog_name = ?
    UNION ALL SELECT DISTINCT 'namespace', namespace, '', 'true'
        FROM iceberg_namespace_properties WHERE catalog_name = ?"""
"""Every key of a ref with its value; both parameters are the ref's name.

A row without a type is a table: older versions of pyiceberg write none.
"""

_KIND = "LOWER(COALESCE({0}.iceberg_type, 'TABLE'))"
_OURS, _THEIRS = _KIND.format("ours"), _KIND.format("theirs")

THREE_WAY = f"""
    WITH changed AS (
        SELECT b.kind, b.namespace, b.name, b.value AS base, ours.metadata_location AS ours
        FROM phlo_base AS b LEFT JOIN iceberg_tables AS ours ON ours.catalog_name = b.ref
            AND ours.table_namespace = b.namespace AND ours.table_name = b.name
            AND {_OURS} = b.kind
        WHERE b.ref = ? AND b.kind <> 'namespace'
            AND COALESCE(ours.metadata_location, '') <> b.value
        UNION ALL
        SELECT {_OURS}, ours.table_namespace, ours.table_name, NULL, ours.metadata_location
        FROM iceberg_tables AS ours LEFT JOIN phlo_base AS b ON b.ref = ours.catalog_name
            AND b.kind = {_OURS} AND b.namespace = ours.table_namespace
            AND b.name = ours.table_name
        WHERE ours.catalog_name = ? AND b.ref IS NULL
        UNION ALL
        SELECT b.kind, b.namespace, '', b.value, NULL FROM phlo_base AS b
        WHERE b.ref = ? AND b.kind = 'namespace' AND NOT EXISTS (
            SELECT 1 FROM iceberg_namespace_properties AS ours
            WHERE ours.catalog_name = b.ref AND ours.namespace = b.namespace)
        UNION ALL
        SELECT DISTINCT 'namespace', ours.namespace, '', NULL, 'true'
        FROM iceberg_namespace_properties AS ours
        WHERE ours.catalog_name = ? AND NOT EXISTS (
            SELECT 1 FROM phlo_base AS b WHERE b.ref = ours.catalog_name
                AND b.kind = 'namespace' AND b.namespace = ours.namespace))
    SELECT changed.kind, changed.namespace, changed.name, changed.base, changed.ours,
        CASE WHEN changed.kind <> 'namespace' THEN theirs.metadata_location
            WHEN EXISTS (SELECT 1 FROM iceberg_namespace_properties AS held
                WHERE held.catalog_name = ? AND held.namespace = changed.namespace) THEN 'true' END
    FROM changed LEFT JOIN iceberg_tables AS theirs ON theirs.catalog_name = ?
        AND theirs.table_namespace = changed.namespace AND theirs.table_name = changed.name
        AND {_THEIRS} = changed.kind
    ORDER BY changed.kind, changed.namespace, changed.name"""
"""What a ref has changed since its base; parameters: ref four times, target twice.

Joined by primary keys: 10,000 tables compare in a fifth of the time that grouping them takes.
"""

MOVED_READS = f"""
    SELECT r.kind, r.namespace, r.name FROM phlo_reads AS r
    JOIN phlo_base AS b ON b.ref = r.ref AND b.kind = r.kind AND b.namespace = r.namespace
        AND b.name = r.name
    LEFT JOIN iceberg_tables AS theirs ON theirs.catalog_name = ?
        AND theirs.table_namespace = r.namespace AND theirs.table_name = r.name
        AND {_THEIRS} = r.kind
    WHERE r.ref = ? AND COALESCE(theirs.metadata_location, '') <> b.value
    ORDER BY r.namespace, r.name"""
"""What a ref has read and the target has moved since; parameters: target, ref."""

OF_OTHER_KIND = """
    SELECT ours.table_namespace, ours.table_name, theirs.metadata_location
    FROM iceberg_tables AS ours JOIN iceberg_tables AS theirs ON theirs.catalog_name = ?
        AND theirs.table_namespace = ours.table_namespace AND theirs.table_name = ours.table_name
    WHERE ours.catalog_name = ?
        AND COALESCE(ours.iceberg_type, 'TABLE') <> COALESCE(theirs.iceberg_type, 'TABLE')"""
"""Names that are a table on one ref and a view on the other; parameters: target, ref."""

INSERT_POINTER = """
    INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location,
        previous_metadata_location, iceberg_type) VALUES (?, ?, ?, ?, NULL, ?)"""

COPY_NAMESPACE = """
    INSERT INTO iceberg_namespace_properties
    SELECT ?, namespace, property_key, property_value FROM iceberg_namespace_properties
    WHERE catalog_name = ? AND namespace = ? AND NOT EXISTS (
        SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?)"""
"""Parameters: target, ref, namespace, target, namespace."""

ADD_NAMESPACE = """
    INSERT INTO iceberg_namespace_properties
    SELECT CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)), 'exists', 'true' WHERE NOT EXISTS (
        SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?)"""
"""Parameters: ref and namespace, twice."""

DROP_EMPTY_NAMESPACE = """
    DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?
        AND NOT EXISTS (SELECT 1 FROM iceberg_tables AS held WHERE held.catalog_name = ?
            AND held.table_namespace = iceberg_namespace_properties.namespace)"""
"""Parameters: target, namespace, target."""

TABLES_OF_REFS = """
    SELECT metadata_location FROM iceberg_tables
    WHERE COALESCE(iceberg_type, 'TABLE') = 'TABLE' AND catalog_name NOT IN ({held})
    UNION SELECT value FROM phlo_base WHERE kind = 'table' AND ref NOT IN ({base})"""
"""The tables that any ref holds, or was made from; parameters: the refs to leave out, twice."""

DELETE_UNREACHED_VIEWS = """
    DELETE FROM phlo_views WHERE location NOT IN (
        SELECT metadata_location FROM iceberg_tables WHERE iceberg_type = 'VIEW'
        UNION SELECT value FROM phlo_base WHERE kind = 'view'
        UNION SELECT value FROM phlo_promotions WHERE kind = 'view' AND value IS NOT NULL)"""
"""Documents of views that no ref holds and that were never promoted."""
