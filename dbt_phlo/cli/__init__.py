"""The command ``dbt-phlo``: what people do beside dbt.

``main`` is the root of the commands. A command imports what it needs when it is called, so that
``--help`` answers at once. ``options`` are the options that commands share, ``output`` says results
(``--json``: one document), ``edge`` turns errors into exit codes: 0 done, 1 refused or failed, 2
wrong use.
"""

import click

from dbt_phlo import __version__
from dbt_phlo.cli.branches import branches
from dbt_phlo.cli.doctor import doctor
from dbt_phlo.cli.edge import Root
from dbt_phlo.cli.init import init
from dbt_phlo.cli.runs import runs
from dbt_phlo.cli.schema import schema

__all__ = ["main"]


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dbt-phlo", help="Print the version and end.")
def main() -> None:
    """Branches, runs, contracts and the health of a dbt-phlo lake.

    \b
    Example:
      dbt-phlo init my_lake
      cd my_lake && dbt build
      dbt-phlo branches list
    """


for command in (init, doctor, branches, runs, schema):
    main.add_command(command)
