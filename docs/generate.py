"""Print the reference pages from the code: `make docs` writes them, a test finds stale ones."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from dbt_phlo import meta, settings
from dbt_phlo.adapters.duckdb import credentials
from dbt_phlo.contracts import type_names
from dbt_phlo.contracts.data_types import parse
from dbt_phlo.loads.conforming.conversions import documented
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


WRITTEN = {
    "INT": "integer",
    "UINT": "uinteger",
    "INT128": "hugeint",
    "UINT128": "uhugeint",
    "FLOAT": "real",
    "TIMESTAMPTZ": "timestamp with time zone",
    "TIMETZ": "time with time zone",
    "IPADDRESS": "ipaddress",
    "TEXT": "text",
    "ENUM": "enum('a', 'b')",
}
"""How a type is written, where sqlglot calls it otherwise."""

ONE_AMONG_OTHERS = {
    "timestampntz": "timestamp without time zone",
    "nvarchar": "",
    "nchar": "",
    "bpchar": "",
}
"""What is written otherwise too, or is left out because nobody writes it."""


def data_types() -> str:
    """docs/types.md."""
    lines = [
        "# Types",
        "",
        "_Printed from `dbt_phlo/contracts/type_names.py` and `dbt_phlo/tables/types.py` by",
        "`make docs`._",
        "",
        "Tables are Iceberg v2. A `data_type` in YAML means the same on every target; what it says",
        "beyond its Iceberg type is a rule that is checked like a test.",
        "",
        "| `data_type` | Iceberg | rule |",
        "| --- | --- | --- |",
        *_declared(),
        "",
        "Names of types have no case. DuckDB's further names are read on Trino too:",
        *_aliases(),
        "",
        "Lists are written `integer[]` or `array(integer)`, structs `struct(a integer)` or",
        "`row(a integer)`, maps `map(varchar, integer)`, nested to any depth. A part of one cannot",
        "have a length or a list of values, which nothing could check; the range of a small",
        "integer inside of one is not checked either.",
        "",
        "| refused | write |",
        "| --- | --- |",
        "| `decimal`, `numeric` without digits: (18, 3) on DuckDB, (38, 0) on Trino | "
        "`decimal(18, 3)`, with the digits that the column needs |",
        "| more than 6 digits of seconds, as in `timestamp(9)` | `timestamp(6)` |",
        *(f"| `{_written(kind)}` | {new} |" for kind, new in type_names.REFUSED.items()),
        "",
        "## What DuckDB makes, and the lake holds",
        "",
        "What DuckDB has and Iceberg v2 lacks is made wider without changing a value, or refused",
        "with the column's name.",
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
        "## NaN in filters",
        "",
        "DuckDB orders NaN above every number, so `x > 5` holds for a NaN. Iceberg's bounds of a",
        "file leave NaN out, and the Iceberg reader of DuckDB 1.5 passes over a file whose upper",
        "bound is not above 5: **a filter such as `x > 5` may miss rows whose `x` is NaN**,",
        "depending on which other rows are in their file. Where a column may hold NaN, write",
        "`x > 5 or isnan(x)`, or make it NULL.",
        "",
    ]
    return "\n".join(lines)


def _declared() -> Iterator[str]:
    for kind, iceberg in type_names.PRIMITIVES.items():
        written = _written(kind)
        if written:
            yield f"| `{written}` | `{iceberg}` | {_rule(kind)} |"
    yield "| `decimal(p, s)`, `numeric(p, s)` | `decimal(p, s)` | |"
    for written in ("integer[]", "map(varchar, integer)", "struct(a integer)"):
        found = parse(written).type
        assert isinstance(found, dict)
        yield f"| `{written}` | `{found['type']}` | |"


def _written(kind: str) -> str:
    name = WRITTEN.get(kind, kind.lower())
    return ONE_AMONG_OTHERS.get(name, name)


def _rule(kind: str) -> str:
    if kind in type_names.BOUNDS:
        low, high = type_names.BOUNDS[kind]
        return f"{low:,} to {high:,}" if high is not None else f"at least {low}"
    if kind == "ENUM":
        return "one of these values"
    if kind == "FLOAT":
        return "`float(25)` and more bits are `double`"
    if (
        type_names.PRIMITIVES[kind] == "string"
        and type_names.PARAMETERS.get(kind)
        and kind != "BIT"
    ):
        return f"`{_written(kind)}(n)`: at most n characters"
    return ""


def _aliases() -> list[str]:
    told = ", ".join(f"`{alias.lower()}`" for alias in type_names.ALIASES)
    return wrap(f"{told}.", 95)


def conversions() -> str:
    """docs/conversions.md."""
    rows = documented()
    taken = [row for row in rows if not row.what.startswith("refused")]
    refused = [row for row in rows if row.what.startswith("refused")]
    lines = [
        "# Conversions",
        "",
        "_Printed from `dbt_phlo/loads/conforming/conversions.py` by `make docs`._",
        "",
        "What a source yields becomes the type that the model's YAML declares, if it means the",
        "same value there; a value is never changed. What does not fit is a bad row, with the",
        "reason: see `on_bad_rows` in [Ingestion](ingestion.md).",
        "",
        "A field of a source is a column by its name, else without regard to case, else in snake",
        "case: `userId` is `user_id`.",
        "",
        "| a source's | becomes | where it is |",
        "| --- | --- | --- |",
        *(f"| {row.source} | {row.target} | {row.what} |" for row in taken),
        "",
        "Everything else is refused. Some of it is asked for often:",
        "",
        "| a source's | as | |",
        "| --- | --- | --- |",
        *(
            f"| {row.source} | {row.target} | {row.what.removeprefix('refused: ')} |"
            for row in refused
        ),
        "",
        "In pandas, NaN is NULL. Times have microseconds, and lie within the years 1 to 9999.",
        "",
    ]
    return "\n".join(lines)


PAGES = {
    "configuration.md": configuration,
    "conversions.md": conversions,
    "types.md": data_types,
}


def main() -> None:
    """Write every generated page."""
    for name, render in PAGES.items():
        (HERE / name).write_text(render())


if __name__ == "__main__":
    main()
