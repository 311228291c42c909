"""`--sample`."""

import pytest
from dbt.tests.adapter.sample_mode.fixtures import input_model_sql
from dbt.tests.adapter.sample_mode.test_sample_mode import BaseSampleModeTest


@pytest.mark.fast
class TestSampleMode(BaseSampleModeTest):
    @pytest.fixture(scope="class")
    def input_model_sql(self) -> str:
        return input_model_sql.replace(":00-0'", ":00'")
