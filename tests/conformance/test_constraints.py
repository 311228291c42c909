"""Enforced contracts and their constraints."""

import pytest
from dbt.tests.adapter.constraints.test_constraints import (
    BaseConstraintQuotedColumn,
    BaseConstraintsRollback,
    BaseConstraintsRuntimeDdlEnforcement,
    BaseIncrementalConstraintsColumnsEqual,
    BaseIncrementalConstraintsRollback,
    BaseIncrementalConstraintsRuntimeDdlEnforcement,
    BaseIncrementalContractSqlHeader,
    BaseIncrementalForeignKeyConstraint,
    BaseModelConstraintsRuntimeEnforcement,
    BaseTableConstraintsColumnsEqual,
    BaseTableContractSqlHeader,
    BaseViewConstraintsColumnsEqual,
)


class DuckDBTypes:
    """DuckDB's names of the types that dbt's tests declare and report."""

    @pytest.fixture
    def string_type(self) -> str:
        return "VARCHAR"

    @pytest.fixture
    def int_type(self) -> str:
        return "INTEGER"

    @pytest.fixture
    def data_types(self) -> list[list[str]]:
        """(value in the model's SQL, declared type, type in the error)."""
        moment = "'2013-11-03 00:00:00-07'"
        return [
            ["1", "INTEGER", "INTEGER"],
            ["'1'", "VARCHAR", "VARCHAR"],
            ["true", "bool", "BOOLEAN"],
            [f"{moment}::timestamptz", "timestamptz", "TIMESTAMP WITH TIME ZONE"],
            ["'2013-11-03 00:00:00'::timestamp", "timestamp", "TIMESTAMP"],
            ["ARRAY['a','b','c']", "text[]", "VARCHAR[]"],
            ["ARRAY[1,2,3]", "int[]", "INTEGER[]"],
            ["'1'::numeric(18, 3)", "numeric(18, 3)", "DECIMAL(18,3)"],
            ["""'{"bar": "baz", "balance": 7.77, "active": false}'::json""", "json", "JSON"],
        ]


class RowsCheckedFirst:
    """Constraints are checked on the rows before they become the table, not declared in its DDL."""

    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        return """
create table <model_identifier> as (
    select id, color, date_day from (
        -- depends_on: <foreign_key_model_identifier>
        select 'blue' as color, 1 as id, '2019-01-01' as date_day
    ) as model_subq
);
"""


class OurMessages:
    """The error of a broken constraint, in our words."""

    @pytest.fixture(scope="class")
    def expected_error_messages(self) -> list[str]:
        return ["PHLO600", "NOT NULL constraint failed", "my_model, id"]


class TestTableConstraintsColumnsEqual(DuckDBTypes, BaseTableConstraintsColumnsEqual):
    pass


class TestViewConstraintsColumnsEqual(DuckDBTypes, BaseViewConstraintsColumnsEqual):
    pass


class TestIncrementalConstraintsColumnsEqual(DuckDBTypes, BaseIncrementalConstraintsColumnsEqual):
    pass


class TestConstraintsRuntimeDdlEnforcement(RowsCheckedFirst, BaseConstraintsRuntimeDdlEnforcement):
    pass


@pytest.mark.fast
class TestConstraintsRollback(OurMessages, BaseConstraintsRollback):
    pass


class TestIncrementalConstraintsRuntimeDdlEnforcement(
    RowsCheckedFirst, BaseIncrementalConstraintsRuntimeDdlEnforcement
):
    pass


class TestIncrementalConstraintsRollback(OurMessages, BaseIncrementalConstraintsRollback):
    pass


class TestTableContractSqlHeader(BaseTableContractSqlHeader):
    pass


class TestIncrementalContractSqlHeader(BaseIncrementalContractSqlHeader):
    pass


class TestModelConstraintsRuntimeEnforcement(
    RowsCheckedFirst, BaseModelConstraintsRuntimeEnforcement
):
    pass


class TestConstraintQuotedColumn(BaseConstraintQuotedColumn):
    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        return """
create table <model_identifier> as (
    select id, "from", date_day from (
        select 'blue' as "from", 1 as id, '2019-01-01' as date_day
    ) as model_subq
);
"""


class TestIncrementalForeignKeyConstraint(BaseIncrementalForeignKeyConstraint):
    pass
