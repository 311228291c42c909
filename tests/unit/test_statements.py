"""Reading SQL: what is a name, what is only text, what is a statement of ours."""

import time

import pytest

from dbt_phlo.adapters.duckdb import statements
from dbt_phlo.adapters.duckdb.statements import Ddl

NOT_NAMES = {
    "a string": "'lake.s.t'",
    "a string with a quote in it": "'it''s lake.s.t'",
    "a line comment": "-- lake.s.t\n",
    "a line comment at the end": "-- lake.s.t",
    "a block comment": "/* lake.s.t */",
    "a block comment over lines": "/* a\n lake.s.t\n */",
    "a dollar quote": "$$ lake.s.t $$",
    "a tagged dollar quote": "$tag$ lake.s.t $$ still $tag$",
    "a comment in a string": "'-- lake.s.t'",
    "a string in a comment": "/* ' */ /* lake.s.t ' */",
    "a dash dash in a string": "'--' /* lake.s.t */",
    "an escaped quote": r"e'it\'s lake.s.t'",
    "an escaped backslash at the end": r"E'\\' /* lake.s.t */",
    "a doubled quote in an escaped string": r"e'it''s lake.s.t'",
    "a comment in a comment": "/* a /* b */ lake.s.t */",
}


@pytest.mark.parametrize("text", NOT_NAMES.values(), ids=NOT_NAMES)
def test_text_is_no_name_and_is_not_touched(text: str) -> None:
    sql = f"select 1 {text} from x"
    sql = sql if "\n" in text or not text.startswith("--") else f"select 1 from x {text}"
    assert ("lake", "s", "t") not in list(statements.names(sql))
    assert statements.with_names(sql, lambda chain: "NO" if len(chain) == 3 else None) == sql


NAMES = {
    "lake.s.t": ("lake", "s", "t"),
    "Lake . S .\n t": ("Lake", "S", "t"),
    '"lake"."s"."t"': ("lake", "s", "t"),
    'lake."a.b"."c""d"': ("lake", "a.b", 'c"d'),
    '"--".x': ("--", "x"),
    '"it\'s".x': ("it's", "x"),
    "münchen.straße": ("münchen", "straße"),
    "_a.b$c.d1": ("_a", "b$c", "d1"),
}


@pytest.mark.parametrize("sql, parts", NAMES.items())
@pytest.mark.parametrize("around", ["select * from {}", "({})", "x={},y", "'a'{}--b", "1+{}*2"])
def test_dotted_names_are_found_and_replaced_whole(
    sql: str, parts: tuple[str, ...], around: str
) -> None:
    assert statements.parts(sql) == parts
    assert parts in list(statements.names(around.format(sql)))
    changed = statements.with_names(
        around.format(sql), lambda chain: "NEW" if chain == parts else None
    )
    assert changed == around.format("NEW")


def test_only_what_the_caller_changes_is_changed() -> None:
    sql = 'select a.b, \'a.b\', "a"."b" -- a.b\nfrom a.b.c /* a.b */ where $$a.b$$ = a . b'
    changed = statements.with_names(sql, lambda chain: "X" if chain == ("a", "b") else None)
    assert changed == "select X, 'a.b', X -- a.b\nfrom a.b.c /* a.b */ where $$a.b$$ = X"
    assert statements.with_names(sql, lambda chain: None) == sql


OURS = {
    "create schema s": Ddl("create schema", ("s",), False),
    "CREATE SCHEMA IF NOT EXISTS lake.s;": Ddl("create schema", ("lake", "s"), True),
    "/* dbt */ -- x\n create schema s": Ddl("create schema", ("s",), False),
    ";; create schema s -- done": Ddl("create schema", ("s",), False),
    "drop schema if exists s cascade": Ddl("drop schema", ("s",), True, cascade=True),
    "drop schema s restrict": Ddl("drop schema", ("s",), False),
    'create view "a b"."c" as select 1;': Ddl("create view", ("a b", "c"), False, body="select 1"),
    "create or replace view s.v as (\nselect 1\n)": Ddl(
        "create view", ("s", "v"), False, replace=True, body="(\nselect 1\n)"
    ),
    "create view if not exists s.v as select ';'": Ddl(
        "create view", ("s", "v"), True, body="select ';'"
    ),
    "drop view if exists lake.s.v": Ddl("drop view", ("lake", "s", "v"), True),
    "drop view s.v -- all; of it": Ddl("drop view", ("s", "v"), False),
    "drop view s.v cascade": Ddl("drop view", ("s", "v"), False),
    'alter view s.v rename to "w x"': Ddl("rename view", ("s", "v"), False, body="w x"),
}
NOT_OURS = (
    "",
    "   ",
    "-- create schema s",
    "/* create view s.v as select 1 */",
    "select 'create schema s'",
    "select * from create_schema",
    "create table s.t as select 1",
    "create temp table t as select 1",
    "drop table s.t",
    "insert into s.v select 1",
    "alter table s.t rename to u",
    "created schema s",
    "drop view s.v, s.w",
    "drop view s.v; insert into s.t values (1)",
    "create view s.v as select 1; insert into s.t values (1)",
    "alter view s.v rename to w; drop table s.t",
    "create schema s; drop table s.t",
    "create viewer v as select 1",
    "with create_view as (select 1) select * from create_view",
)


@pytest.mark.parametrize("sql, expected", OURS.items())
def test_statements_that_iceberg_cannot_do_are_recognised(sql: str, expected: Ddl) -> None:
    assert statements.ddl(sql) == expected
    assert statements.ddl(sql.upper().replace("AS", "as") if "'" not in sql else sql) is not None


@pytest.mark.parametrize("sql", NOT_OURS)
def test_all_other_statements_are_duckdbs(sql: str) -> None:
    assert statements.ddl(sql) is None


@pytest.mark.parametrize(
    "sql, expected",
    [
        ("select 1", True),
        ("  -- a\n/* b */ ; SELECT 1", True),
        ("with x as (select 1) insert into y", True),
        ("insert into x select 1", False),
        ("selected", False),
        ("", False),
        ("-- select", False),
        ("(select 1)", False),
    ],
)
def test_the_first_word_is_read_after_comments(sql: str, expected: bool) -> None:
    assert statements.starts_with(sql, ("select", "with")) is expected


SPLIT = {
    "": [],
    " ; -- nothing; here\n;": [],
    "select 1": ["select 1"],
    "select 1;": ["select 1"],
    "select 1; select 2 ;": ["select 1", "select 2"],
    "select ';'; select \"a;b\"": ["select ';'", 'select "a;b"'],
    r"select e'\';'; select 2": [r"select e'\';'", "select 2"],
    "select $$;$$; select $a$;$$;$a$": ["select $$;$$", "select $a$;$$;$a$"],
    "-- a;\nselect 1 /* ; */; -- b;": ["-- a;\nselect 1 /* ; */"],
    "/* a /* ; */ ; */ select 1; select 2": ["/* a /* ; */ ; */ select 1", "select 2"],
}


@pytest.mark.parametrize("sql, expected", SPLIT.items())
def test_statements_are_parted_at_semicolons_outside_of_text(sql: str, expected: list[str]) -> None:
    assert statements.split(sql) == expected


@pytest.mark.parametrize(
    "text", ["/* " + "/* */ " * 3000, "/* " * 3000, "drop view a.b " + "--" * 3000 + "\nx"]
)
def test_what_never_ends_is_read_in_no_time(text: str) -> None:
    started = time.perf_counter()
    statements.split(text)
    statements.ddl(text)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "sql, expected",
    [
        ("select 1", True),
        ("-- a\nFROM t", True),
        ("with z as (select 1) select * from z", True),
        ("with z as (select 'insert', t.update from t) -- delete\nselect * from z", True),
        ("explain select 1", True),
        ("with z as (select 1) insert into t from z", False),
        ("with z as (select 1) DELETE FROM t using z", False),
        ("explain analyze insert into t values (1)", False),
        ("insert into t values (1)", False),
        ("call something()", False),
        ("", False),
    ],
)
def test_what_may_write_does_not_count_as_reading(sql: str, expected: bool) -> None:
    assert statements.only_reads(sql) is expected
