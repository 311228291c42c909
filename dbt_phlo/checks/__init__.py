"""What a data test found: one ``Check`` each, with the evidence that the check contract asks for.

The way of a check: ``declared`` reads what the manifest says of a test; while it runs, the adapter
measures it (``failing`` says which rows fail, ``partition`` which rows count, ``samples`` and
``redaction`` what of them may be shown, ``threshold`` how many may fail); ``recorder`` makes the
``Check`` when dbt says how the test ended, and ``jsonl`` writes it at once.
"""

from dbt_phlo.checks.check import Check
from dbt_phlo.checks.recorder import Evidence, Recorder

__all__ = ["Check", "Evidence", "Recorder"]
