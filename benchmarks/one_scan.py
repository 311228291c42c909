"""A contract of 20 rules over 10,000,000 rows in one scan, against hand-written SQL."""

import sys
from pathlib import Path

from benchmarks.harness import Row, Side, alternate, both_clocks, compared, tell, worker

ROUNDS = 5
ROWS = 10_000_000
GOAL = "<= 1.2"

TABLE = """
    select range as id,
      (range * 7919) % 1000003 as customer,
      case when range % 50 <> 0 then 'c' || (range % 977) end as code,
      ['new', 'paid', 'sent', 'lost'][1 + range % 4] as state,
      ((range % 100000) / 100)::decimal(9, 2) as amount,
      case when range % 9 <> 0 then (range % 1000) / 7 end as ratio,
      date '2020-01-01' + (range % 1000)::integer as day,
      timestamptz '2020-01-01 00:00:00+00' + to_seconds(range % 1000000) as moment,
      (range % 120)::integer as age,
      range % 3 = 0 as is_new
    from range({rows})
"""

BY_HAND = """
    select count(*)
      {unique},
      count(*) filter (where id is null),
      count(*) filter (where customer is null),
      count(*) filter (where state is null),
      count(*) filter (where amount is null),
      count(*) filter (where day is null),
      count(*) filter (where moment is null),
      count(*) filter (where id < 0),
      count(*) filter (where customer < 0 or customer > 1000003),
      count(*) filter (where state not in ('new', 'paid', 'sent', 'lost')),
      count(*) filter (where amount < 0 or amount > 1000),
      count(*) filter (where ratio < 0 or ratio > 100),
      count(*) filter (where day < date '2020-01-01' or day >= date '2023-01-01'),
      count(*) filter (where moment < timestamptz '2020-01-01 00:00:00+00'),
      count(*) filter (where age < 0 or age > 110),
      count(*) filter (where length(code) < 2 or length(code) > 4),
      count(*) filter (where not regexp_matches(code, '^c[0-9]+$')),
      count(*) filter (where not (amount >= 0 or is_new)),
      count(*) filter (where is_new is null),
      count(*) filter (where age is null)
    from '{file}'
"""


def measure(work: Path, rounds: int) -> list[Row]:
    file = work / "t.parquet"
    worker("one_scan", "make", file)
    rows = []
    for unique, what in (("", "19 rules of single rows"), ("unique", "the same and a unique id")):
        sides = [
            Side(lambda side=side, unique=unique: worker("one_scan", side, file, unique))
            for side in ("contract", "by_hand")
        ]
        ours, theirs = alternate(sides, rounds, f"one_scan, {what}")
        rows.append(
            compared(
                "one_scan",
                f"{ROWS:,} rows, {what}",
                "one SQL query by hand",
                GOAL,
                (ours, theirs),
                told="scan",
            )
        )
    return rows


def make(file: Path) -> None:
    """The table that is checked."""
    import duckdb

    with duckdb.connect() as engine:
        engine.execute(f"copy ({TABLE.format(rows=ROWS)}) to '{file}' (format parquet)")


def by_hand(file: Path, unique: bool) -> None:
    """The query that somebody writes who knows the rules."""
    import duckdb

    distinct = ", count(id) - count(distinct id)" if unique else ""
    query = BY_HAND.format(file=file, unique=distinct)
    with duckdb.connect() as engine:
        tell(both_clocks("scan", lambda: engine.execute(query).fetchall()))


def contract(file: Path, unique: bool) -> None:
    """The same rules of a contract: schema, query and counts."""
    import duckdb
    import sqlglot.dialects.duckdb  # noqa: F401  what reads types; once an invocation

    from dbt_phlo.contracts.drift import found_columns
    from dbt_phlo.contracts.one_scan import scan

    def check() -> None:
        described = engine.execute(f"describe select * from '{file}'").fetchall()
        found = found_columns([(row[0], row[1]) for row in described])
        result = scan(execute, declared, f"'{file}'", found)
        failed = {one.failed_count for one in result.counted}
        assert result.total_count == ROWS and not result.differences and None not in failed

    declared = _contract(unique)
    with duckdb.connect() as engine:

        def execute(query: str) -> list[tuple[object, ...]]:
            return engine.execute(query).fetchall()

        tell(both_clocks("scan", check))


def _contract(unique: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202 - imported in the worker
    from datetime import date, datetime, timezone

    from dbt_phlo.contracts import Column, Constraint, Contract
    from dbt_phlo.contracts import rules as r

    types = {
        "id": "long", "customer": "long", "code": "string", "state": "string",
        "amount": "decimal(9, 2)", "ratio": "double", "day": "date", "moment": "timestamptz",
        "age": "int", "is_new": "boolean",
    }  # fmt: skip
    required = ("id", "customer", "state", "amount", "day", "moment", "is_new", "age")
    rules: list[r.Rule] = [
        *map(r.NotNull, required),
        r.Range("id", 0),
        r.Range("customer", 0, 1000003),
        r.AcceptedValues("state", ("new", "paid", "sent", "lost")),
        r.Range("amount", 0, 1000),
        r.Range("ratio", 0, 100),
        r.Range("day", date(2020, 1, 1), date(2023, 1, 1), includes_maximum=False),
        r.Range("moment", datetime(2020, 1, 1, tzinfo=timezone.utc)),
        r.Range("age", 0, 110),
        r.Length("code", 2, 4),
        r.Pattern("code", "^c[0-9]+$"),
        r.Expression("amount >= 0 or is_new", ("amount", "is_new")),
    ]
    rules += [r.Unique(("id",))] if unique else []
    return Contract(
        "t",
        tuple(Column(name, kind) for name, kind in types.items()),
        tuple(Constraint(rule, "benchmark") for rule in rules),
    )


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        {"contract": contract, "by_hand": by_hand}[sys.argv[1]](
            Path(sys.argv[2]), sys.argv[3] == "unique"
        )
