"""Print the reference pages from the code: `make docs` writes them, a test finds stale ones."""

from pathlib import Path

from dbt_phlo import meta, settings
from dbt_phlo.adapters.duckdb import credentials
from dbt_phlo.tables import types

HERE = Path(__file__).parent


def configuration() -> str:
    """docs/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "_Printed from `dbt_phlo/setting_keys.py` by `make docs`._",
        "",
        "The environment wins over variables, variables over the profile. An empty variable counts",
        "as unset.",
        "",
        "| profile | variable | environment | default | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    for key in settings.KEYS:
        names = [
            f"`{name}`" if name else "" for name in (key.profile, key.variable, key.environment)
        ]
        default = f"`{key.default}`" if key.default not in ("", None) else "none"
        lines.append(f"| {' | '.join(names)} | {default} | {key.meaning} |")
    lines += [
        "",
        "## The profile of `phlo_duckdb`",
        "",
        "```yaml",
        "my_lake:",
        "  target: dev",
        "  outputs:",
        "    dev:  {type: phlo_duckdb, warehouse: ./lake, database: lake, schema: main,",
        "           branch: dev, wap: off, threads: 4}",
        "    prod: {type: phlo_duckdb, warehouse: ./lake, database: lake, schema: main,",
        "           branch: main, wap: auto, threads: 4}",
        "```",
        "",
        "`database` is the lake's name in SQL. Keys of dbt-duckdb that work as they do there: "
        + ", ".join(f"`{key}`" for key in credentials.INHERITED if key not in ("type", "threads"))
        + ". An unknown key is refused with the nearest known one.",
        "",
        "## `meta.phlo` of models and columns",
        "",
        "This version acts on: " + ", ".join(f"`{key}`" for key in meta.META_SUPPORTED) + ".",
        "Any other key is refused with its file and line, and the nearest known one.",
        "",
    ]
    return "\n".join(lines)


def data_types() -> str:
    """docs/types.md."""
    lines = [
        "# Types",
        "",
        "_Printed from `dbt_phlo/tables/types.py` by `make docs`._",
        "",
        "Tables are Iceberg v2. What DuckDB has and Iceberg v2 lacks is made wider without",
        "changing a value, or refused with the column's name.",
        "",
        "| DuckDB | in the lake |",
        "| --- | --- |",
        *(f"| `{old.lower()}` | `{new.lower()}` |" for old, new in types.WIDENED.items()),
        *(
            f"| `{old.lower()}` | `{new.lower()}`, and an error for a value that it would cut |"
            for old, new in types.EXACT.items()
        ),
        *(f"| `{old.lower()}` | refused: write {new} |" for old, new in types.REFUSED.items()),
        "",
        "A part of a list, struct or map is treated like a column.",
        "",
    ]
    return "\n".join(lines)


PAGES = {"configuration.md": configuration, "types.md": data_types}


def main() -> None:
    """Write every generated page."""
    for name, render in PAGES.items():
        (HERE / name).write_text(render())


if __name__ == "__main__":
    main()
