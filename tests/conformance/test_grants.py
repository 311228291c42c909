"""Grants: a lake in a folder has no users, so they are refused, not ignored."""

from typing import Any

import pytest
from dbt.tests.util import run_dbt

MODEL = "{{ config(materialized='%s', grants={'select': ['reader']}) }} select 1 as id"


@pytest.mark.fast
class TestGrantsAreRefused:
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        return {f"my_{kind}.sql": MODEL % kind for kind in ("table", "view", "incremental")}

    def test_a_model_with_grants_fails_and_says_why(self, project: Any) -> None:
        for result in run_dbt(["run"], expect_pass=False):
            assert "PHLO116" in result.message
            assert "declares grants" in result.message
