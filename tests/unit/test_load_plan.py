"""What a model's `meta.phlo` says of its loads, and what is wrong with it."""

from typing import Any

import pytest

from dbt_phlo.contracts.contract import Column, Contract, Origin
from dbt_phlo.contracts.iceberg import schema_json
from dbt_phlo.errors import ConfigError, ContractError
from dbt_phlo.loads.partitions import spec
from dbt_phlo.loads.plan import Deduplicate, settings
from dbt_phlo.loads.progress import EVERY_SECONDS, Progress


def _settings(**meta: Any) -> dict[str, Any]:
    return settings(meta, lambda key: f"models/x.yml:{len(key)}", "orders")


def test_keys_that_are_not_given_keep_their_defaults() -> None:
    assert _settings() == {}
    assert _settings(owner="ann") == {}


def test_known_values_are_taken() -> None:
    found = _settings(
        deduplicate={"keep": "first", "order_by": "at"},
        on_bad_rows="quarantine",
        on_unknown_columns="add",
        retries=0,
        retry_delay_seconds=0.5,
        timeout_seconds=60,
        max_bad_rows=0.01,
    )
    assert found["deduplicate"] == Deduplicate("first", "at")
    assert found["retries"] == 0
    assert found["max_bad_rows"] == 0.01
    assert _settings(deduplicate="hash")["deduplicate"] == Deduplicate("hash")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("deduplicate", "newest"),
        ("deduplicate", {"keep": "hash", "order_by": "at"}),
        ("deduplicate", {"keeps": "last"}),
        ("on_bad_rows", "quarantined"),
        ("on_unknown_columns", True),
        ("retries", 1.5),
        ("retries", -1),
        ("retries", True),
        ("timeout_seconds", 0),
        ("timeout_seconds", "5m"),
        ("max_bad_rows", -0.1),
    ],
)
def test_a_value_that_is_none_is_refused_with_its_line(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"models/x\.yml:{len(key)}: orders: meta\.phlo\.{key}"):
        _settings(**{key: value})


CONTRACT = Contract(
    "orders",
    (Column("id", "long"), Column("at", "timestamptz"), Column("day", "date")),
    origin=Origin("models/x.yml", 3),
)


def _spec(*texts: str) -> list[tuple[int, str, str]]:
    contract = Contract("orders", CONTRACT.columns, partition_by=texts, origin=CONTRACT.origin)
    fields = spec(contract, schema_json(contract))["fields"]
    return [(field["source-id"], field["name"], field["transform"]) for field in fields]


def test_partition_texts_are_icebergs_transforms() -> None:
    assert _spec("id", "bucket(16, id)", "truncate(4, id)") == [
        (1, "id", "identity"),
        (1, "id_bucket", "bucket[16]"),
        (1, "id_truncate", "truncate[4]"),
    ]
    assert _spec("day(at)", "months(day)", 'hour("AT")') == [
        (2, "at_day", "day"),
        (3, "day_month", "month"),
        (2, "at_hour", "hour"),
    ]


@pytest.mark.parametrize(
    "text", ["days", "dya(at)", "bucket(id)", "bucket(0, id)", "day(id)", "hour(day)", "day(at"]
)
def test_a_partition_text_that_is_none_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ContractError, match=r"models/x\.yml:3: orders: partition_by"):
        _spec(text)


def test_progress_is_told_now_and_then() -> None:
    now = [0.0]
    told: list[str] = []
    progress = Progress("orders", told.append, lambda: now[0])
    progress.note(10, 1)
    assert told == []
    now[0] = EVERY_SECONDS
    progress.note(20_000, 2)
    progress.note(20_001, 3)
    assert told == ["orders: 20,000 rows in 2 pages, 2,000 rows/s"]
