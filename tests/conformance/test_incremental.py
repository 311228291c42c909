"""Incremental models: keys, predicates, schema changes, excluded columns, microbatch."""

from typing import Any

import pytest
from dbt.tests.adapter.incremental.test_incremental_merge_exclude_columns import (
    BaseMergeExcludeColumns,
)
from dbt.tests.adapter.incremental.test_incremental_microbatch import (
    BaseMicrobatch,
    _input_model_sql,
    _microbatch_model_sql,
)
from dbt.tests.adapter.incremental.test_incremental_on_schema_change import (
    BaseIncrementalOnSchemaChange,
)
from dbt.tests.adapter.incremental.test_incremental_predicates import BaseIncrementalPredicates
from dbt.tests.adapter.incremental.test_incremental_predicates import (
    TestPredicatesDeleteInsert as PredicatesDeleteInsert,
)
from dbt.tests.adapter.incremental.test_incremental_unique_id import BaseIncrementalUniqueKey


class TestIncrementalUniqueKey(BaseIncrementalUniqueKey):
    pass


@pytest.mark.fast
class TestIncrementalOnSchemaChange(BaseIncrementalOnSchemaChange):
    pass


class TestPredicatesDeleteInsert(PredicatesDeleteInsert):
    pass


class TestIncrementalPredicates(BaseIncrementalPredicates):
    pass


class TestMergeExcludeColumns(BaseMergeExcludeColumns):
    pass


@pytest.mark.fast
class TestMicrobatch(BaseMicrobatch):
    @pytest.fixture(scope="class")
    def microbatch_model_sql(self) -> str:
        return _microbatch_model_sql.replace("unique_key='id', ", "")

    @pytest.fixture(scope="class")
    def input_model_sql(self) -> str:
        return _input_model_sql.replace(":00-0'", ":00'")

    @pytest.fixture(scope="class")
    def insert_two_rows_sql(self, project: Any) -> str:
        return (
            f"insert into {project.test_schema}.input_model (id, event_time) values "
            "(4, TIMESTAMP '2020-01-04 00:00:00'), (5, TIMESTAMP '2020-01-05 00:00:00')"
        )
