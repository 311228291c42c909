"""``dbt-phlo runs``: what is recorded of the runs."""

import click

from dbt_phlo.cli.options import Place, place_options
from dbt_phlo.cli.output import say, say_listing


@click.group()
def runs() -> None:
    """Runs: which there were, how they ended and why.

    \b
    Example:
      dbt-phlo runs list
    """


@runs.command("list")
@click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many of the latest runs.",
)
@place_options
def list_(place: Place, as_json: bool, limit: int) -> None:
    """List the latest runs, the newest first.

    \b
    Example:
      dbt-phlo runs list --limit 10
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.runs import wording

    with place.lake(read_only=True) as (_, catalog):
        found = catalog.runs(limit)
    document = {"runs": [documents.run(run) for run in found]}
    say_listing(document, wording.runs(found), as_json=as_json, nothing="no runs yet: `dbt build`")


@runs.command()
@click.argument("run")
@place_options
def show(place: Place, as_json: bool, run: str) -> None:
    """Show one run: its state and reason, what each node came to, what it changed.

    \b
    Example:
      dbt-phlo runs show nightly-7
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.endpoint.counting import counter
    from dbt_phlo.runs import history, wording

    with place.lake(read_only=True) as (target, catalog):
        found = history.of(catalog, run, counter(target.settings.catalog))
    say(documents.history(found), wording.history(found), as_json=as_json)
