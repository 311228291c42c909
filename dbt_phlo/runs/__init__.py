"""The life of a run: bound to a ref, written, audited, promoted or kept.

``binding`` chooses the ref before the first query; ``lease`` keeps the run alive; ``ledger`` says
what has happened on the ref; ``verdict`` decides, without any I/O; ``promotion`` makes it true.
``session`` holds the one run of an invocation and calls them in that order. ``followup`` is what
the hooks of packages write after it; ``retrying`` finds the run that ``dbt retry`` means.

By hand, from a front door: ``refs`` lists, discards and cleans up, ``approval`` promotes a kept run
by the same verdict, ``changes``, ``content`` and ``history`` show, ``wording`` says it all as text.
"""
