"""Ephemeral models, chained and nested."""

import re
from pathlib import Path
from typing import Any

import pytest
from dbt.tests.adapter.ephemeral.test_ephemeral import (
    BaseEphemeralErrorHandling,
    BaseEphemeralMulti,
    BaseEphemeralNested,
)
from dbt.tests.util import check_relations_equal, run_dbt


def compiled(model: str) -> str:
    """The statement that built a model, without white space and comments."""
    text = Path("target/run/test/models", f"{model}.sql").read_text()
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*", "", text))


@pytest.mark.fast
class TestEphemeralMulti(BaseEphemeralMulti):
    def test_ephemeral_multi(self, project: Any) -> None:
        run_dbt(["seed"])
        assert len(run_dbt(["run"])) == 3
        for model in ("dependent", "double_dependent", "super_dependent"):
            check_relations_equal(project.adapter, ["seed", model])
        schema = project.test_schema
        assert compiled("double_dependent") == (
            f'createorreplaceview"lake"."{schema}"."double_dependent"as('
            f"with__dbt__cte__baseas(select*from{schema}.seed),"
            "__dbt__cte__base_copyas(select*from__dbt__cte__base)"
            "select*from__dbt__cte__basewheregender='Male'"
            "unionall"
            "select*from__dbt__cte__base_copywheregender='Female');"
        )


class TestEphemeralNested(BaseEphemeralNested):
    def test_ephemeral_nested(self, project: Any) -> None:
        assert len(run_dbt(["run"])) == 2
        place = f'"lake"."{project.test_schema}"'
        assert compiled("root_view") == (
            f'createorreplaceview{place}."root_view"as('
            f'with__dbt__cte__ephemeral_level_twoas(select*from{place}."source_table"),'
            "__dbt__cte__ephemeralas(select*from__dbt__cte__ephemeral_level_two)"
            "select*from__dbt__cte__ephemeral);"
        )


class TestEphemeralErrorHandling(BaseEphemeralErrorHandling):
    pass
