"""The dbt adapters: the only part of dbt-phlo that imports dbt.

``lifecycle`` is the mixin that both adapters share: it binds an invocation to its ref, and to
another one when the run is decided; ``release`` ends both. ``hook_lines`` is what the project's two
hook lines call, ``observer`` writes the ledger, ``retry`` reads what ``dbt retry`` takes up, and
``operations`` are the run-operations. ``project`` reads dbt's manifest into the terms of ``runs``.
``duckdb`` is the embedded adapter.
"""
