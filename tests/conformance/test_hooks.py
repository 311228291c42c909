"""Hooks of models, seeds, snapshots and runs."""

from typing import Any

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseDuplicateHooksInConfigs,
    BaseHookRefs,
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooks,
    BasePrePostModelHooksInConfig,
    BasePrePostModelHooksInConfigKwargs,
    BasePrePostModelHooksInConfigWithCount,
    BasePrePostModelHooksOnSeeds,
    BasePrePostModelHooksOnSeedsPlusPrefixed,
    BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace,
    BasePrePostModelHooksOnSnapshots,
    BasePrePostSnapshotHooksInConfigKwargs,
)
from dbt.tests.adapter.hooks.test_model_hooks import (
    TestPrePostModelHooksUnderscores as PrePostModelHooksUnderscores,
)
from dbt.tests.adapter.hooks.test_run_hooks import BaseAfterRunHooks, BasePrePostRunHooks


class OurTarget:
    """What a hook sees of the target: ours instead of that of dbt's Postgres."""

    def check_hooks(self, state: str, project: Any, host: Any, count: int = 1) -> None:
        if isinstance(self, BasePrePostRunHooks):
            seen = [self.get_ctx_vars(state, project)]
        else:
            seen = self.get_ctx_vars(state, count=count, project=project)
        for context in seen:
            assert context["test_state"] == state
            assert context["target_name"] == "default"
            assert context["target_schema"] == project.test_schema
            assert context["target_threads"] == 4
            assert context["target_type"] == "phlo_duckdb"
            assert context["run_started_at"]
            assert context["invocation_id"]
            assert context["thread_id"].startswith(("Thread-", "MainThread"))


@pytest.mark.fast
class TestPrePostModelHooks(OurTarget, BasePrePostModelHooks):
    pass


class TestPrePostModelHooksUnderscores(OurTarget, PrePostModelHooksUnderscores):
    pass


class TestHookRefs(OurTarget, BaseHookRefs):
    pass


class TestPrePostModelHooksOnSeeds(BasePrePostModelHooksOnSeeds):
    pass


class TestHooksRefsOnSeeds(BaseHooksRefsOnSeeds):
    pass


class TestPrePostModelHooksOnSeedsPlusPrefixed(BasePrePostModelHooksOnSeedsPlusPrefixed):
    pass


class TestPrePostModelHooksOnSeedsPlusPrefixedWhitespace(
    BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace
):
    pass


class TestPrePostModelHooksOnSnapshots(BasePrePostModelHooksOnSnapshots):
    pass


class TestPrePostModelHooksInConfig(OurTarget, BasePrePostModelHooksInConfig):
    pass


class TestPrePostModelHooksInConfigWithCount(OurTarget, BasePrePostModelHooksInConfigWithCount):
    pass


class TestPrePostModelHooksInConfigKwargs(OurTarget, BasePrePostModelHooksInConfigKwargs):
    pass


class TestPrePostSnapshotHooksInConfigKwargs(BasePrePostSnapshotHooksInConfigKwargs):
    pass


class TestDuplicateHooksInConfigs(BaseDuplicateHooksInConfigs):
    pass


@pytest.mark.fast
class TestPrePostRunHooks(OurTarget, BasePrePostRunHooks):
    pass


class TestAfterRunHooks(BaseAfterRunHooks):
    pass
