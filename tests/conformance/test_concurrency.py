"""Models that are built by several threads at once."""

import pytest
from dbt.tests.adapter.concurrency.test_concurrency import BaseConcurrency


@pytest.mark.fast
class TestConcurrency(BaseConcurrency):
    pass
