"""A lake whose warehouse is a bucket: everything that a run does, and that no key is ever shown."""

import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cli import phlo
from s3_lake import S3Lake
from s3_server import OWNER, READER, Server, s3_server

import dbt_phlo
from dbt_phlo.errors import CatalogError, ConfigError

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogs"))

from postgres_server import new_database, postgres_server

AWS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "REGION", "ENDPOINT_URL")


@pytest.fixture(scope="module")
def s3() -> Iterator[Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    with postgres_server() as started:
        yield started


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own settings reaches a test."""
    for name in AWS:
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.fixture
def lake(s3: Server, tmp_path: Path) -> S3Lake:
    """An empty project, its catalog in SQLite."""
    return S3Lake(tmp_path / "shop", s3, prefix=f"{tmp_path.name}/wh")


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, s3: Server, tmp_path: Path) -> S3Lake:
    """An empty project, its catalog in SQLite or in PostgreSQL."""
    uri = ""
    if request.param == "postgres":
        uri = new_database(request.getfixturevalue("postgres"), f"s3_{uuid.uuid4().hex}")
    return S3Lake(tmp_path / "shop", s3, prefix=f"{tmp_path.name}/wh", uri=uri)


VIEW = "{{ config(materialized='view') }} select * from {{ ref('orders') }} where id >= 90"
INCREMENTAL = """\
{{ config(materialized='incremental', unique_key='id') }}
select id, {{ var('version', 0) }} as version from {{ ref('orders') }}
{% if is_incremental() %} where id < 10 {% endif %}
"""
PYTHON = "def model(dbt, session):\n    return dbt.ref('orders').filter('id < 5')\n"
SNAPSHOT = """\
snapshots:
  - name: history
    relation: ref('countries')
    config: {unique_key: code, strategy: check, check_cols: all}
"""


def everything(lake: S3Lake) -> S3Lake:
    """One of each kind of node."""
    lake.shop()
    lake.write("models/late.sql", VIEW)
    lake.write("models/grown.sql", INCREMENTAL)
    lake.write("models/few.py", PYTHON)
    lake.write("seeds/countries.csv", "code,name\nde,Germany\nfr,France\n")
    lake.write("snapshots/history.yml", SNAPSHOT)
    return lake


def test_every_kind_of_node_is_built_promoted_and_built_again(shared: S3Lake) -> None:
    lake = everything(shared)
    first = lake.dbt("build")
    assert first.code == 0, first.text
    assert "into main: 6 tables added, 1 view added" in first.text
    lake.write("seeds/countries.csv", "code,name\nde,Deutschland\nfr,France\n")
    assert lake.dbt("build", "--vars", "{version: 1}").code == 0
    assert {state for state, _ in lake.runs().values()} == {"promoted"}
    counts = "select version, count(*) from lake.main.grown group by 1 order by 1"
    assert lake.rows(counts) == [(0, 90), (1, 10)]
    assert lake.rows("select count(*) from lake.main.history") == [(3,)]
    assert lake.rows("select count(*) from lake.main.few") == [(5,)]
    assert not list(lake.folder.rglob("*.parquet"))
    tables = [value for name, value in lake.holds().items() if name != "main.late"]
    assert [value for value in tables if not value.startswith(f"{lake.warehouse}/main/")] == []
    with dbt_phlo.connect(lake.folder) as connection:
        assert connection.execute("select count(*) from lake.main.late").fetchall() == [(10,)]


def test_a_failed_check_blocks_and_the_branch_stays(lake: S3Lake) -> None:
    lake.shop()
    assert lake.dbt("build").code == 0
    lake.write("models/orders.sql", "select 1 as id, 1 as customer union all select 1, 2")
    blocked = lake.dbt("build", PHLO_RUN_ID="bad")
    assert blocked.code == 1
    assert lake.runs()["bad"][0] == "kept"
    assert lake.rows("select count(*) from lake.main.orders") == [(100,)]
    with dbt_phlo.connect(lake.folder, ref="bad") as connection:
        assert connection.execute("select count(*) from lake.main.orders").fetchall() == [(2,)]


def test_a_branch_is_compared_and_cleanup_leaves_what_is_reached(lake: S3Lake) -> None:
    lake.shop()
    assert lake.dbt("build").code == 0
    lake.write("models/orders.sql", "select range::int as id, 1 as customer from range(40)")
    assert lake.dbt("build", "--target", "dev").code == 0
    assert lake.dbt("run", "--target", "dev").code == 0  # replaces what the command before wrote
    with dbt_phlo.connect(lake.folder, target="dev") as connection:
        assert connection.execute("select count(*) from lake.main.orders").fetchall() == [(40,)]
    difference = phlo("branches", "diff", "dev", "--against", "main", lake=lake)
    assert "main.orders: 100 -> 40 rows" in difference.out
    cleaned = phlo("branches", "cleanup", lake=lake)
    assert cleaned.code == 0, cleaned.err
    assert lake.rows("select count(*) from lake.main.orders") == [(100,)]
    assert lake.rows("select count(*) from lake.main.orders", "dev") == [(40,)]


def test_rows_of_a_table_with_delete_files_are_counted_through_duckdb(lake: S3Lake) -> None:
    lake.shop()
    post = "{{ config(post_hook='delete from {{ this }} where id < 25') }} "
    lake.write("models/orders.sql", post + "select range::int as id, 1 as customer from range(100)")
    assert lake.dbt("build").code == 0
    answer = phlo("branches", "show", "main", "--json", lake=lake)
    assert answer.code == 0, answer.err
    assert '"rows": 75' in answer.out
    assert lake.dbt("build", "--target", "dev").code == 0
    told = lake.dbt("run-operation", "phlo_diff", "--args", "{ref: dev, target: main}")
    assert "75 rows" in told.text


# ---- who may do what


def test_a_reader_connects_and_cannot_build(lake: S3Lake, s3: Server) -> None:
    assert lake.shop().dbt("build").code == 0
    lake.profile(s3.secret(READER))
    with dbt_phlo.connect(lake.folder) as connection:
        assert connection.execute("select count(*) from lake.main.orders").fetchall() == [(100,)]
    outcome = lake.dbt("build", PHLO_RUN_ID="refused")
    assert outcome.code == 1
    assert "AccessDenied" in outcome.text
    assert lake.rows("select count(*) from lake.main.orders") == [(100,)]
    found = doctor(lake)
    assert found["code"] == "PHLO306"
    assert "s3:PutObject" in found["remedy"]


def test_a_sound_bucket_is_well_and_the_probe_is_removed(lake: S3Lake) -> None:
    assert doctor(lake)["status"] == "ok"
    assert lake.shop().dbt("build").code == 0
    answer = phlo("doctor", lake=lake)
    assert answer.code == 0, answer.out
    stored = lake.catalog().stored
    assert not [f for f in stored.listed(lake.warehouse) if "/.dbt-phlo-" in f.location]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"secret": "wr0ng-s3cret"}, "SignatureDoesNotMatch"),
        ({"endpoint": "127.0.0.1:9"}, "cannot be reached"),
    ],
)
def test_what_is_wrong_with_a_bucket_is_said(
    lake: S3Lake, s3: Server, change: dict[str, str], words: str
) -> None:
    lake.profile(s3.secret(**change))
    found = doctor(lake)
    assert words in found["message"]
    assert found["status"] == "wrong"
    assert found["code"] == "PHLO317"


def test_a_lost_catalog_of_a_bucket_is_said(lake: S3Lake) -> None:
    assert lake.shop().dbt("build").code == 0
    for file in lake.folder.glob("catalog.db*"):
        file.unlink()
    found = doctor(lake, "catalog")
    assert f"{lake.warehouse} holds tables" in found["message"]


def doctor(lake: S3Lake, check: str = "warehouse") -> Any:
    document = phlo("doctor", "--json", lake=lake).document
    return next(found for found in document["checks"] if found["check"] == check)


# ---- where the keys come from


def test_keys_of_the_environment_serve_every_bucket_and_are_in_no_setting(
    lake: S3Lake, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.profile()
    for name, value in {
        "ACCESS_KEY_ID": OWNER.key_id,
        "SECRET_ACCESS_KEY": OWNER.secret,
        "ENDPOINT_URL": f"http://{s3.endpoint}",
        "REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    lake.shop()
    beside = "copy (select 1 as i) to 's3://lake/beside.parquet'"
    lake.write("models/totals.sql", f'{{{{ config(pre_hook="{beside}") }}}} select 1 as customer')
    outcome = lake.dbt("build")
    assert outcome.code == 0, outcome.text
    with dbt_phlo.connect(lake.folder) as connection:
        assert connection.execute("from 's3://lake/beside.parquet'").fetchall() == [(1,)]
        assert_redacted(connection)


def test_keys_of_awss_own_chain_serve_duckdb_too(lake: S3Lake, s3: Server, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = {OWNER.key_id}\naws_secret_access_key = {OWNER.secret}\n"
    )
    given = {key: value for key, value in s3.secret().items() if key not in ("key_id", "secret")}
    lake.profile({**given, "provider": "credential_chain"})
    outcome = lake.shop().dbt("build")
    assert outcome.code == 0, outcome.text
    with dbt_phlo.connect(lake.folder) as connection:
        assert connection.execute("select count(*) from lake.main.orders").fetchall() == [(100,)]
        assert_redacted(connection)


def test_a_secret_for_another_bucket_stands_beside_the_warehouses(lake: S3Lake, s3: Server) -> None:
    other = {**s3.secret(secret="wr0ng"), "scope": "s3://elsewhere", "name": "elsewhere"}
    lake.profile(other, s3.secret(name="mine"))
    assert lake.shop().dbt("build").code == 0


def assert_redacted(connection: duckdb.DuckDBPyConnection) -> None:
    """No statement shows a key."""
    for table in ("duckdb_secrets()", "duckdb_settings()"):
        assert OWNER.secret not in str(connection.execute(f"from {table}").fetchall())
    for statement in (
        "from duckdb_secrets(redact = false)",
        "set allow_unredacted_secrets = true",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement)


# ---- no key is shown


@pytest.mark.parametrize("case", ["well", "wrong", "down"])
def test_a_secret_is_in_no_log_no_artifact_no_output_and_no_error(
    lake: S3Lake, s3: Server, case: str, capfd: pytest.CaptureFixture[str]
) -> None:
    everything(lake)
    secret = "wr0ng-s3cret-do-not-show" if case == "wrong" else OWNER.secret
    change = {"endpoint": "127.0.0.1:9"} if case == "down" else {"secret": secret}
    lake.profile(s3.secret(**change))
    debug = ("--log-level", "debug", "--log-level-file", "debug")
    built = lake.dbt("build", *debug)
    assert (built.code == 0) == (case == "well")
    shown = built.text
    for command in (("debug",), ("docs", "generate"), ("show", "--select", "orders")):
        shown += lake.dbt(*command, *debug).text
    for command in (("doctor",), ("doctor", "--json"), ("branches", "show", "main", "--json")):
        answer = phlo(*command, lake=lake)
        shown += answer.out + answer.err
    try:
        with dbt_phlo.connect(lake.folder) as connection:
            connection.execute("from lake.main.orders")
    except (CatalogError, duckdb.Error) as error:
        shown += f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
    shown += "".join(capfd.readouterr())
    assert "On model.shop.orders:" in shown, "the debug log is on"
    assert secret not in shown
    assert files_with(secret, lake.folder) == {"profiles.yml"}


def test_a_secret_that_duckdb_refuses_is_not_in_the_error(
    lake: S3Lake, s3: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """dbt-duckdb writes names and providers into the statement as they are."""
    lake.shop()
    lake.profile(s3.secret(name="no name'", secret="f1rst-s3cret"))
    outcome = lake.dbt("build", "--log-level", "debug", "--log-level-file", "debug")
    shown = outcome.text + "".join(capfd.readouterr())
    assert outcome.code != 0
    assert "PHLO123" in shown
    assert "f1rst-s3cret" not in shown
    assert files_with("f1rst-s3cret", lake.folder) == {"profiles.yml"}


def files_with(text: str, folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    }


def test_an_s3_lake_without_a_database_is_refused(lake: S3Lake) -> None:
    profile = (lake.folder / "profiles.yml").read_text()
    lake.write("profiles.yml", re.sub(r',\s*"uri": "[^"]*"', "", profile))
    with pytest.raises(ConfigError, match=r"iceberg_catalog\.uri is missing") as caught:
        dbt_phlo.connect(lake.folder)
    assert caught.value.code == "PHLO122"
    assert "postgresql://" in caught.value.remedy
