"""A lake for each test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lake import Lake


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty project on an empty lake."""
    for name in ("PHLO_RUN_ID", "PHLO_WAP", "PHLO_BRANCH"):
        monkeypatch.delenv(name, raising=False)
    return Lake(tmp_path / "shop")


@pytest.fixture
def shop(lake: Lake) -> Lake:
    """A project of two tables and three checks, not built yet."""
    return lake.shop()


@pytest.fixture(autouse=True, scope="session")
def without_history() -> Iterator[None]:
    """Tests of history turn it on: the others count files and tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHLO_HISTORY", "off")
        yield
