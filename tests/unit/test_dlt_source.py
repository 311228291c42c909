"""dlt evaluates a resource; its pages and its state are ours."""

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dlt
import pytest

from dbt_phlo.errors import ConfigError
from dbt_phlo.loads import cursor, dlt_source, source
from dbt_phlo.loads.plan import Window
from dbt_phlo.loads.secrets import redacted, remember

UTC = timezone.utc


def _load(result: Any, state: Any = None, **more: Any) -> tuple[list[Any], Any]:
    taken: list[Any] = []
    options = {"window": None, "limit": None, **more}
    after = source.extract(result, state or {}, taken.append, model="raw_orders", **options)
    return taken, after


def _orders(rows: list[dict[str, Any]]) -> Any:
    @dlt.resource(name="orders", primary_key="id")
    def orders(
        at: dlt.sources.incremental[int] = dlt.sources.incremental("id", initial_value=0),  # noqa: B008
    ) -> Iterator[dict[str, Any]]:
        yield from [row for row in rows if row["id"] >= at.last_value]

    return orders()


def test_an_incremental_resource_goes_on_from_the_state_that_it_is_given() -> None:
    rows = [{"id": number} for number in range(1, 4)]
    first, state = _load(_orders(rows))
    assert first == [rows]
    assert cursor.last_values(state) == {"orders.id": 3}
    assert _load(_orders(rows), state)[0] == []
    rows.append({"id": 4})
    second, after = _load(_orders(rows), state)
    assert second == [[{"id": 4}]]
    assert cursor.last_values(after) == {"orders.id": 4}


def test_single_rows_come_as_pages_in_their_order() -> None:
    def rows() -> Iterator[dict[str, int]]:
        yield from ({"id": number} for number in range(25_001))

    for result in (rows(), dlt.resource(rows, name="r"), dlt.resource(rows(), name="r")):
        pages, _ = _load(result)
        assert [len(page) for page in pages] == [10_000, 10_000, 5_001]
        assert [row["id"] for page in pages for row in page] == list(range(25_001))


def test_a_transformer_gets_its_parents_rows_one_by_one() -> None:
    @dlt.resource
    def users() -> Iterator[dict[str, int]]:
        yield {"id": 1}
        yield {"id": 2}

    @dlt.transformer(data_from=users)
    def details(user: dict[str, int]) -> dict[str, int]:
        return {"id": user["id"], "double": 2 * user["id"]}

    pages, _ = _load(details)
    rows = [row for page in pages for row in (page if isinstance(page, list) else [page])]
    assert rows == [{"id": 1, "double": 2}, {"id": 2, "double": 4}]


def test_steps_of_the_user_and_parallel_resources_work() -> None:
    @dlt.resource(parallelized=True)
    def numbers() -> Iterator[list[dict[str, int]]]:
        for first in (0, 2):
            yield [{"id": first}, {"id": first + 1}]

    kept = numbers().add_map(lambda row: {**row, "x": 1}).add_filter(lambda row: row["id"] != 1)
    pages, _ = _load(kept)
    assert [row for page in pages for row in page] == [{"id": n, "x": 1} for n in (0, 2, 3)]


def test_a_window_is_the_interval_that_an_incremental_field_reads() -> None:
    asked: list[tuple[Any, Any]] = []

    @dlt.resource(name="events")
    def events(
        at: dlt.sources.incremental[datetime] = dlt.sources.incremental(  # noqa: B008
            "at", initial_value=datetime(2025, 1, 1, tzinfo=UTC)
        ),
    ) -> Iterator[dict[str, Any]]:
        asked.append((at.start_value, at.end_value))
        yield {"at": at.start_value}

    window = Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    _load(events(), window=window)
    assert asked == [tuple(window)]


def test_a_limit_is_one_of_rows() -> None:
    def rows() -> Iterator[dict[str, int]]:
        for number in range(100_000):
            yield {"id": number}

    pages, _ = _load(dlt.resource(rows, name="r"), limit=10)
    assert sum(map(len, pages)) < 100_000


def test_a_source_of_several_resources_is_refused_with_their_names() -> None:
    @dlt.source(name="shop")
    def shop() -> Any:
        return dlt.resource([1], name="orders"), dlt.resource([2], name="customers")

    with pytest.raises(ConfigError, match=r"several resources: orders, customers") as told:
        _load(shop())
    assert told.value.code == "PHLO182"
    pages, _ = _load(shop().with_resources("orders"))
    assert pages == [1]


def test_dlt_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    _load(dlt.resource([{"id": 1}], name="r"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_dlts_needs_no_dlt() -> None:
    assert not dlt_source.is_of_dlt([{"id": 1}])
    pages, state = _load([{"id": number} for number in range(3)], {"kept": 1})
    assert pages == [[{"id": 0}, {"id": 1}, {"id": 2}]]
    assert state == {"kept": 1}
    assert _load(None)[0] == []
    assert _load([])[0] == []
    assert _load({"id": 1})[0] == [{"id": 1}]


def test_secrets_that_dlt_has_read_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP__API_KEY", "s3cr3t-value")
    assert dlt.secrets["shop.api_key"] == "s3cr3t-value"
    remember()
    told = redacted("401 for url https://shop/orders?key=s3cr3t-value")
    assert told == "401 for url https://shop/orders?key=***"
