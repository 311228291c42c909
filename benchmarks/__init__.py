"""Benchmarks: what dbt-phlo costs, against a peer or a limit.

`python -m benchmarks` runs all of them, `python -m benchmarks --list` names them. Both sides of a
comparison run in turn on the same machine, each measurement in a fresh process (`harness`); a
benchmark is a file with `measure(work, rounds)`; `report` prints the table. Nothing is asserted:
the goals stand beside the figures.
"""
