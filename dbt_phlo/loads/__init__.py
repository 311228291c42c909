"""What happens when a source is loaded into a table: nine steps, in the order of ``steps.py``.

A ``Plan`` says what is asked, a ``Load`` what was done. The rows go page by page through an
``Intake`` (conform, validate, system columns, files); rows and cursor reach the table in one
Iceberg commit. Nothing here knows dbt; dlt is imported by ``dlt_source`` alone, for models that
return something of dlt's.
"""

from dbt_phlo.loads.load import Load
from dbt_phlo.loads.plan import Plan, Window

__all__ = ["Load", "Plan", "Window"]
