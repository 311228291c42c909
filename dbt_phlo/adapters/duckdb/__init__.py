"""``phlo_duckdb``: dbt-duckdb whose database is an Iceberg lake, served at one ref.

A connection flows: ``connections`` opens the one ``environment`` of the invocation, which starts
the endpoint and attaches the lake under its name; each dbt thread gets a ``cursor`` that keeps the
search path and brings in the ``views`` that a statement names; ``statements`` reads just enough SQL
for that. ``impl`` is the adapter that dbt's macros call.
"""
