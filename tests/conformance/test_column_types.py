"""Predicates on column types."""

import pytest
from dbt.tests.adapter.column_types.test_column_types import BasePostgresColumnTypes


@pytest.mark.fast
class TestColumnTypes(BasePostgresColumnTypes):
    pass
