"""The dbt adapters: the only part of dbt-phlo that imports dbt.

``lifecycle`` is the mixin that both adapters share: it binds an invocation to its ref and ends its
run. ``project`` reads dbt's manifest into the terms of ``runs``. ``duckdb`` is the embedded
adapter.
"""
