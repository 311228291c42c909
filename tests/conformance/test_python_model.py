"""Python models."""

import pytest
from dbt.tests.adapter.python_model import test_python_model as source
from dbt.tests.adapter.python_model.test_python_model import (
    BasePythonEmptyTests,
    BasePythonIncrementalTests,
    BasePythonMetaGetTests,
    BasePythonModelTests,
    BasePythonSampleTests,
)


class PlainTimestamps:
    """Timestamps without an offset: DuckDB reads one only with its ICU extension."""

    @pytest.fixture(scope="class")
    def input_model_sql(self) -> str:
        return source._input_model_sql.replace(":00-0'", ":00'")


@pytest.mark.fast
class TestPythonModel(BasePythonModelTests):
    pass


class TestPythonIncremental(BasePythonIncrementalTests):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        duckdb_filter = source.incremental_python.replace("df.id > 5", '"id > 5"')
        return {"m_1.sql": source.m_1, "incremental.py": duckdb_filter}


class TestPythonMetaGet(BasePythonMetaGetTests):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        def with_pandas(code: str) -> str:
            frame = "import pandas\n" + code.replace("session.createDataFrame", "pandas.DataFrame")
            return frame.replace("(data, [", "(data, columns=[")

        return {
            "meta_test.py": with_pandas(source.python_model_meta_get),
            "meta_from_schema.py": with_pandas(source.python_model_meta_from_schema),
            "schema.yml": source.schema_yml_with_meta,
        }


class TestPythonEmpty(PlainTimestamps, BasePythonEmptyTests):
    pass


class TestPythonSample(PlainTimestamps, BasePythonSampleTests):
    pass
