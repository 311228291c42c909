"""``dbt-phlo schema`` and ``phlo_schema`` on a real project: classes, imports, proposals, drift."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pandera.errors
import pytest
from cli import phlo
from lake import Lake

from dbt_phlo.contracts.yaml_source import contract_from_yaml

ORDERS = """
select range::int as id, range % 7 as customer, ['new', 'paid'][1 + (range % 2)::int] as state,
  'a' || range as email, (range / 4)::decimal(9, 2) as amount
from range(100)
"""
SCHEMA = """\
models:
  - name: orders
    description: One row an order.
    data_tests:
      - phlo_unique_combination: {arguments: {combination_of_columns: [id, customer]}}
    columns:
      - {name: id, data_type: integer, data_tests: [not_null, unique]}
      - name: customer
        data_type: bigint
        data_tests: [{relationships: {arguments: {to: ref('totals'), field: customer}}}]
      - {name: state, data_type: varchar, data_tests: [{not_null: {config: {severity: warn}}}]}
      - {name: email, data_type: varchar(20), config: {meta: {phlo: {pii: true}}}}
      - {name: amount, data_type: "decimal(9,2)"}
  - name: totals
    columns:
      - {name: customer, data_type: bigint, data_tests: [not_null]}
      - {name: orders, data_type: bigint}
  - name: class
    columns:
      - {name: import, data_type: integer}
      - {name: 'he said "x"', data_type: varchar, quote: true}
"""
CLASS = '''\
"""Schemas of what is delivered."""

import pandera.pandas as pa


class RawOrders(pa.DataFrameModel):
    """Orders as they come."""

    id: int = pa.Field(unique=True, ge=0)
    customer: str = pa.Field(nullable=True, isin=["a", "b"], description="Who ordered.")
    amount: float = pa.Field(gt=0, le=10)

    @pa.dataframe_check
    def is_paid(cls, frame):
        return frame["amount"] > 1
'''
EXISTING = """\
# What is delivered.
version: 2

models:
  - name: other   # stays as it is
    columns: [{name: x, data_type: date}]

  - name: raw_orders
    columns:
      - name: id
        data_type: "integer"   # will be wider
        data_tests: [not_null]
      - name: kept
        data_type: date
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A project that is built, with a run that is kept."""
    lake = Lake(tmp_path_factory.mktemp("schema") / "shop")
    lake.write("models/orders.sql", ORDERS)
    lake.write(
        "models/totals.sql",
        "select customer, count(*) as orders from {{ ref('orders') }} group by customer",
    )
    lake.write("models/class.sql", """select 1 as import, 'a' as "he said ""x\"\"" """)
    lake.write(
        "models/late.sql",
        "{{ config(materialized='view') }} select id, state from {{ ref('orders') }} where id > 50",
    )
    lake.write("models/schema.yml", SCHEMA)
    lake.write("schemas/raw.py", CLASS)
    built = lake.dbt("build")
    assert built.code == 0, built.text
    lake.write("models/totals.sql", "select 1 as customer, 2 as order_count")
    assert lake.dbt("run", "-s", "totals", PHLO_WAP="hold", PHLO_RUN_ID="held").code == 0
    return lake


def run(module: str, *arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_every_model_becomes_a_module_that_the_tools_have_nothing_to_say_of(
    lake: Lake, tmp_path: Path, backend: str
) -> None:
    out = tmp_path / "made"
    made = phlo("schema", "generate", "--all", "--out", str(out), "--backend", backend, lake=lake)
    assert made.code == 0, made.err
    names = {file.name for file in out.iterdir()}
    assert names == {"__init__.py", "orders.py", "totals.py", "class_.py"}
    assert "late" in made.out  # it declares no columns
    for expected in ("relationships", "needs another table", "severity is warn"):
        assert expected in made.out
        assert expected in (out / "orders.py").read_text()
    assert run("ruff", "format", "--isolated", "--line-length", "100", "--check", folder=out) == ""
    assert run("ruff", "check", "--isolated", "--line-length", "100", folder=out) == ""
    assert run("mypy", "--strict", "made", folder=tmp_path) == ""


def test_a_class_judges_frames(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        phlo("schema", "generate", "orders", "--out", str(tmp_path / "judge"), lake=lake).code == 0
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from judge.orders import Orders

    good = {"id": [1, 2], "customer": [1, None], "state": ["new", None], "email": ["a", "b"]}
    Orders.validate(pd.DataFrame({**good, "amount": [None, None]}))
    with pytest.raises(pandera.errors.SchemaErrors):
        Orders.validate(pd.DataFrame({**good, "id": [1, 1], "amount": [None, None]}), lazy=True)


def test_the_same_yaml_gives_the_same_bytes_and_a_check_says_what_is_stale(
    lake: Lake, tmp_path: Path
) -> None:
    out = tmp_path / "made"
    command = ["schema", "generate", "--all", "--out", str(out), "--json"]
    check = [*command, "--check"]
    first = phlo(*check, lake=lake)
    assert (first.code, out.exists()) == (1, False)
    assert {one["action"] for one in first.document["modules"]} == {"create"}
    assert phlo(*command, lake=lake).code == 0
    before = {file.name: file.stat().st_mtime_ns for file in out.iterdir()}
    again = phlo(*command, lake=lake)
    assert again.document["up_to_date"] is True
    assert {file.name: file.stat().st_mtime_ns for file in out.iterdir()} == before
    assert phlo(*check, lake=lake).code == 0

    orders = out / "orders.py"
    text = orders.read_bytes()
    orders.write_bytes(text.replace(b"One row an order", b"Something else"))
    (out / "gone.py").write_bytes(text)
    (out / "mine.py").write_text("x = 1\n")
    stale = phlo(*check, lake=lake)
    actions = {one["file"]: one["action"] for one in stale.document["modules"]}
    assert stale.code == 1
    assert {f: a for f, a in actions.items() if a != "keep"} == {
        "orders.py": "change",
        "gone.py": "remove",
    }
    assert phlo(*command, lake=lake).code == 0
    assert orders.read_bytes() == text
    assert not (out / "gone.py").exists()
    assert (out / "mine.py").read_text() == "x = 1\n"


def test_a_file_of_somebody_else_is_never_written_over(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text("x = 1\n")
    done = phlo("schema", "generate", "--all", "--out", str(tmp_path), "--json", lake=lake)
    assert (done.code, done.document["error"]["code"]) == (1, "PHLO807")
    assert [file.name for file in tmp_path.iterdir()] == ["orders.py"]
    assert (tmp_path / "orders.py").read_text() == "x = 1\n"


def test_mistakes_are_told_together_and_nothing_is_written(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    lake.write(
        "models/schema.yml",
        """\
models:
  - name: orders
    columns:
      - {name: id, data_type: integr}
  - name: totals
    columns:
      - {name: customer}
""",
    )
    out = tmp_path / "made"
    done = phlo("schema", "generate", "--all", "--out", str(out), lake=lake)
    assert done.code == 1
    assert "models/schema.yml:4: orders.id" in done.err
    assert "Did you mean `integer`?" in done.err
    assert "models/schema.yml:7: totals.customer" in done.err
    assert "has no data_type" in done.err
    assert not out.exists()


def test_wrong_use_and_unknown_models_are_told(lake: Lake, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "made")]
    assert phlo("schema", "generate", *out, lake=lake).code == 2
    assert phlo("schema", "generate", "orders", "--all", *out, lake=lake).code == 2
    assert phlo("schema", "generate", "--all", *out, "--backend", "spark", lake=lake).code == 2
    unknown = phlo("schema", "generate", "ordes", *out, lake=lake)
    assert unknown.code == 1
    assert "PHLO808" in unknown.err and "Did you mean `orders`?" in unknown.err
    silent = phlo("schema", "generate", "late", *out, lake=lake)
    assert silent.code == 1 and "PHLO809" in silent.err
    assert not (tmp_path / "made").exists()


def test_a_class_is_imported_into_a_file_that_keeps_its_comments(
    lake: Lake, tmp_path: Path
) -> None:
    file = tmp_path / "_raw.yml"
    file.write_text(EXISTING)
    command = ["schema", "import", "schemas.raw:RawOrders", "--into", str(file)]
    dry = phlo(*command, "--dry-run", "--json", lake=lake)
    assert dry.document["changes"][0] == "id: data_type bigint, was integer"
    assert file.read_text() == EXISTING
    done = phlo(*command, lake=lake)
    assert done.code == 0, done.err
    assert "is_paid" in done.out  # what YAML has no word for
    text = file.read_text()
    for kept in ("# What is delivered.", "# stays as it is", "# will be wider", "name: kept"):
        assert kept in text
    assert text.index("name: other") < text.index("name: raw_orders")
    contract = contract_from_yaml(file, "raw_orders")
    assert [(c.name, c.type) for c in contract.columns] == [
        ("id", "long"),
        ("kept", "date"),
        ("customer", "string"),
        ("amount", "double"),
    ]
    rules = {str(constraint.rule) for constraint in contract.constraints}
    assert "Unique(columns=('id',), nulls_are_equal=False)" in rules
    assert "AcceptedValues(column='customer', values=('a', 'b'))" in rules
    assert not contract.is_nullable("amount")
    again = phlo(*command, "--json", lake=lake)
    assert again.document["changes"] == []
    assert file.read_text() == text


def test_a_class_is_imported_into_a_file_that_is_not_there(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "models" / "_new.yml"
    done = phlo(
        "schema", "import", "schemas.raw:RawOrders", "--into", str(file), "--model", "r", lake=lake
    )
    assert done.code == 0, done.err
    assert contract_from_yaml(file, "r").description == "Orders as they come."
    wrong = phlo("schema", "import", "schemas.raw:RawOrdes", "--into", str(file), lake=lake)
    assert wrong.code == 1
    assert "Did you mean `RawOrders`?" in wrong.err


def test_a_table_proposes_yaml_that_reads_back(lake: Lake, tmp_path: Path) -> None:
    done = phlo("schema", "infer", "orders", lake=lake)
    assert done.code == 0, done.err
    file = tmp_path / "proposed.yml"
    file.write_text(done.out)
    contract = contract_from_yaml(file, "orders")
    types = {column.name: column.type for column in contract.columns}
    assert types == {
        "id": "int",
        "customer": "long",
        "state": "string",
        "email": "string",
        "amount": "decimal(9, 2)",
    }
    assert ("id",) in contract.keys
    assert "# state has few values; always these? - accepted_values:" in done.out
    assert "a17" not in done.out  # email is pii: no value of it is read
    view = phlo("schema", "infer", "late", "--json", lake=lake).document
    assert (view["model"], view["ref"], view["rows"]) == ("late", "main", 49)


def test_drift_names_what_differs_with_the_line_of_the_yaml(lake: Lake) -> None:
    done = phlo("schema", "drift", lake=lake)
    assert done.code == 0, done.out
    assert "no drift: 3 tables on main, as declared" in done.out
    held = phlo("schema", "drift", "--ref", "held", "--json", lake=lake)
    assert held.code == 1
    found = held.document["differences"]
    assert [(one["model"], one["column"], one["kind"]) for one in found] == [
        ("totals", "customer", "type"),
        ("totals", "orders", "missing"),
        ("totals", "order_count", "extra"),
    ]
    assert found[0]["text"].startswith("models/schema.yml:16:")
    assert phlo("schema", "drift", "orders", "--ref", "held", lake=lake).code == 0


def test_drift_sees_views_and_what_is_not_built(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    lake.write("models/v.sql", "{{ config(materialized='view') }} select 1::int as a, 'x' as b")
    lake.write("models/schema.yml", "models: []\n")
    assert lake.dbt("build").code == 0
    lake.write("models/new.sql", "select 1 as a")
    lake.write(
        "models/schema.yml",
        """\
models:
  - name: v
    columns: [{name: a, data_type: bigint}, {name: b, data_type: varchar}]
  - name: new
    columns: [{name: a, data_type: integer}]
""",
    )
    done = phlo("schema", "drift", "--json", lake=lake).document
    assert [(one["relation"], one["column"]) for one in done["differences"]] == [("main.v", "a")]
    assert done["not_built"] == ["new"]
    assert sorted(done["without_columns"]) == ["orders", "totals"]


def test_a_view_is_compared_as_the_ref_asked_for_has_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    lake.write("models/v.sql", "{{ config(materialized='view') }} select 1::int as a")
    lake.write(
        "models/schema.yml",
        "models: [{name: v, columns: [{name: a, data_type: integer, data_tests: [not_null]}]}]\n",
    )
    assert lake.dbt("build").code == 0
    lake.write("models/v.sql", "{{ config(materialized='view') }} select 'x' as a")
    kept = lake.dbt("run", "--select", "v", PHLO_RUN_ID="other")
    assert "not audited: main.v" in kept.text
    for command in (["schema", "drift", "v", "--ref"], None):
        for ref, differs in (("main", False), ("other", True)):
            if command:
                done = phlo(*command, ref, lake=lake)
                assert (done.code == 1) == differs, done.out + done.err
            else:
                args = json.dumps({"select": "v", "ref": ref})
                asked = lake.dbt("run-operation", "phlo_schema", "--args", args)
                assert (asked.code != 0) == differs, asked.text


def test_a_view_that_its_tables_do_not_carry_is_drift_and_no_crash(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    lake.write("models/t.sql", "select 1 as a, 2 as b")
    lake.write("models/v.sql", "{{ config(materialized='view') }} select b from {{ ref('t') }}")
    lake.write(
        "models/schema.yml", "models: [{name: v, columns: [{name: b, data_type: integer}]}]\n"
    )
    assert lake.dbt("build").code == 0
    lake.write("models/t.sql", "select 1 as a")
    assert lake.dbt("build", "--select", "t").code == 0
    done = phlo("schema", "drift", "v", "--json", lake=lake)
    assert done.code == 1, done.err
    (found,) = done.document["differences"]
    assert found["kind"] == "broken"
    assert "main.v cannot be read" in found["text"]


def test_a_table_of_a_source_proposes_its_yaml(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    assert lake.dbt("build").code == 0
    lake.write(
        "models/sources.yml",
        "sources: [{name: sales, schema: main, tables: [{name: bought, identifier: orders}]}]\n",
    )
    done = phlo("schema", "infer", "sales.bought", lake=lake)
    assert done.code == 0, done.err
    lake.write("models/sources.yml", done.out)
    assert lake.dbt("parse").code == 0
    assert phlo("schema", "drift", "sales.bought", lake=lake).code == 0
    wrong = phlo("schema", "infer", "sales.bougth", lake=lake)
    assert wrong.code == 1
    assert "sales.bought" in wrong.err


def test_a_column_that_is_declared_twice_is_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    lake.write(
        "models/schema.yml",
        "models: [{name: orders, columns: [{name: id, data_type: int},"
        " {name: id, data_type: bigint}]}]\n",
    )
    assert lake.dbt("build").code == 0
    for command in (["generate", "orders", "--out", "made"], ["drift", "orders"]):
        done = phlo("schema", *command, lake=lake)
        assert done.code == 1
        assert "id" in done.err and "twice" in done.err, done.err
    assert not (lake.folder / "made").exists()


def test_a_test_in_plain_sql_is_listed_as_not_enforced(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "shop").shop()
    lake.write("tests/no_negative.sql", "select * from {{ ref('orders') }} where id < 0")
    lake.write(
        "models/schema.yml", "models: [{name: orders, columns: [{name: id, data_type: int}]}]\n"
    )
    out = tmp_path / "out"
    done = phlo("schema", "generate", "orders", "--out", str(out), lake=lake)
    assert done.code == 0, done.err
    assert "singular test no_negative" in done.out
    assert "singular test no_negative" in (out / "orders.py").read_text()


def test_a_folder_in_a_modules_place_is_refused(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "out" / "orders.py").mkdir(parents=True)
    done = phlo("schema", "generate", "orders", "--out", str(tmp_path / "out"), lake=lake)
    assert done.code == 1
    assert "PHLO807" in done.err, done.out + done.err


def test_dbt_alone_compares_too_and_fails_where_they_differ(lake: Lake) -> None:
    same = lake.dbt("run-operation", "phlo_schema", "--args", json.dumps({"select": "orders"}))
    assert same.code == 0, same.text
    assert "no drift: 1 table on main" in same.text
    other = lake.dbt("run-operation", "phlo_schema", "--args", json.dumps({"ref": "held"}))
    assert other.code == 1
    assert "PHLO931" in other.text and "column customer of totals" in other.text
