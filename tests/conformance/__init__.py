"""dbt's own adapter suite (``dbt-tests-adapter``) on ``phlo_duckdb``.

One file a group; each imports dbt's classes by name and subclasses what runs, so reading a file
tells what it tests. ``deviations`` is the one list of what is skipped, adapted or left out, with
the reason: it drives the skips, and docs/conformance.md is printed from it. ``harness`` is what
lets every test of a class run on one run's ref (``--wap run``).
"""
