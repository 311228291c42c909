"""The contract as a Pandera class, on pandas and on polars, and back.

``plan`` decides what each column and rule becomes (``slots``), without importing Pandera.
``source_code`` writes a plan as a module's text; ``classes`` makes the same class while the program
runs. Both build on ``on_pandas`` or ``on_polars``: a base class and a data type, ``Iceberg``, that
takes over a column only where no value changes (``lossless``). Rules that Pandera's own checks
judge in another way than SQL are registered in ``checks``, which asks DuckDB. ``recovery`` reads a
class back; a hand-written one is read by ``dbt_phlo.contracts.pandera_source``.
"""

from dbt_phlo.contracts.pandera.classes import to_class
from dbt_phlo.contracts.pandera.plan import Backend, Plan, plan
from dbt_phlo.contracts.pandera.source_code import to_source

__all__ = ["Backend", "Plan", "plan", "to_class", "to_source"]
