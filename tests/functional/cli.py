"""``dbt-phlo`` in this process, as a user would call it."""

import json
from typing import Any, NamedTuple

from click.testing import CliRunner
from lake import Lake

from dbt_phlo.cli import main


class Answer(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def phlo(*arguments: str, lake: Lake | None = None) -> Answer:
    """Call ``dbt-phlo``; ``lake`` gives the project."""
    place = ["--project-dir", str(lake.folder)] if lake else []
    result = CliRunner().invoke(main, [*arguments, *place])
    return Answer(result.exit_code, result.stdout, result.stderr)
