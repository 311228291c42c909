"""The loopback Iceberg REST endpoint that serves a catalog at one ref to DuckDB.

``client.Endpoint`` starts ``child.py`` as a process of its own and attaches DuckDB to it;
``server`` is the HTTP side (token and Host first, then ``routes``). It is a child process because
DuckDB's Python API holds the interpreter's lock while it waits for an answer: inside the dbt
process ``session.table`` and ``insert_into`` would wait for ever.
"""
