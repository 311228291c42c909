"""Where the include project (macros, models, python_hooks) lies."""

from pathlib import Path


def include_folder() -> Path:
    """The checkout's root in a checkout, ``dbt/include/phlo`` beside the package in a wheel."""
    beside = Path(__file__).resolve().parents[1]
    shipped = beside / "dbt" / "include" / "phlo"
    return shipped if (shipped / "dbt_project.yml").is_file() else beside
