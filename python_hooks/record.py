"""Write into the run's ledger what dbt knows of each node and was not recorded while it ran."""

from typing import Any

from dbt_phlo.adapters.project import statuses


def hook(phlo: Any, **_: Any) -> None:
    phlo.session.results(statuses(phlo.results))
