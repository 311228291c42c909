"""Tell the user how the run ended and what to do next; decide the command's exit code."""

from typing import Any

from dbt_phlo.runs import ending


def hook(phlo: Any, **_: Any) -> None:
    end = ending.tell(phlo.session, failed_here=phlo.failed_here)
    for line in end.lines:
        phlo.log(line)
    phlo.failure = end.failure
