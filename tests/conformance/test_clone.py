"""`dbt clone`."""

import pytest
from dbt.tests.adapter.dbt_clone.test_dbt_clone import (
    BaseClonePossible,
    BaseCloneSameSourceAndTarget,
    BaseCloneSameTargetAndState,
)
from dbt.tests.adapter.dbt_clone.test_dbt_clone import (
    TestPostgresCloneNotPossible as PostgresCloneNotPossible,
)


@pytest.mark.fast
class TestClonePossible(BaseClonePossible):
    pass


class TestCloneNotPossible(PostgresCloneNotPossible):
    pass


class TestCloneSameSourceAndTarget(BaseCloneSameSourceAndTarget):
    pass


class TestCloneSameTargetAndState(BaseCloneSameTargetAndState):
    pass
