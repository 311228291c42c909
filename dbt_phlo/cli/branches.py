"""``dbt-phlo branches``: the refs of the lake."""

import click

from dbt_phlo.cli.options import Place, dry_run_option, place_options
from dbt_phlo.cli.output import notice, say, say_listing


@click.group()
def branches() -> None:
    """Branches and the refs of runs: look at them, promote, discard, clean up.

    REF is a branch, the ref of a run (pipeline-run-...) or a run's id alone.

    \b
    Example:
      dbt-phlo branches list
      dbt-phlo branches diff dev
    """


@branches.command("list")
@place_options
def list_(place: Place, as_json: bool) -> None:
    """List every branch, and every run's ref with what became of the run.

    \b
    Example:
      dbt-phlo branches list --json
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.runs import refs, wording

    with place.lake(read_only=True) as (_, catalog):
        states = refs.listed(catalog)
    document = {"refs": [documents.ref_state(state) for state in states]}
    say_listing(document, wording.branches(states), as_json=as_json, nothing="no refs")


@branches.command()
@click.argument("ref")
@place_options
def show(place: Place, as_json: bool, ref: str) -> None:
    """Show one ref: what it is, and every table and view on it.

    \b
    Example:
      dbt-phlo branches show main
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.endpoint.counting import counter
    from dbt_phlo.runs import content, wording

    with place.lake(read_only=True) as (target, catalog):
        found = content.of(catalog, ref, counter(target.settings.catalog))
    say(documents.content(found), wording.content(found), as_json=as_json)


@branches.command()
@click.argument("ref")
@click.option("--against", metavar="REF", help="What to compare with; default: what REF is from.")
@place_options
def diff(place: Place, as_json: bool, ref: str, against: str | None) -> None:
    """Show what REF has changed: tables and views, row counts, columns.

    For a promoted run it is what the run changed.

    \b
    Example:
      dbt-phlo branches diff dev
      dbt-phlo branches diff dev --against main --json
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.endpoint.counting import counter
    from dbt_phlo.runs import changes, wording

    with place.lake(read_only=True) as (target, catalog):
        found = changes.compared(catalog, ref, against, counter(target.settings.catalog))
    say(documents.diff(found), wording.diff(found), as_json=as_json)


@branches.command()
@click.argument("ref")
@dry_run_option
@click.option("--force", is_flag=True, help="Promote whatever the verdict is; needs --reason.")
@click.option("--reason", default="", metavar="TEXT", help="Why it is forced; kept with the run.")
@place_options
def promote(
    place: Place, as_json: bool, ref: str, *, dry_run: bool, force: bool, reason: str
) -> None:
    """Promote a kept run, if its audit is complete: the verdict is the one of a run's end.

    Refused, with exit code 1, when a check is missing or has failed, and when a table that the run
    wrote has moved on the branch since; --force does without the first, never without the second.

    \b
    Example:
      dbt-phlo branches promote nightly-7 --dry-run
      dbt-phlo branches promote nightly-7 --force --reason "the source is late, agreed with Ann"
    """
    from dbt_phlo.adapters import profile
    from dbt_phlo.cli import documents
    from dbt_phlo.runs import approval, wording

    with place.lake(read_only=False) as (target, catalog):
        approval.promotable(catalog, ref, force=force, reason=reason)
        project = profile.manifest(target)
        done = approval.approve(
            catalog,
            target.settings,
            ref,
            checks=project.checks(),
            nodes=project.blocking_nodes(),
            dry_run=dry_run,
            force=force,
            reason=reason,
        )
    say(documents.approval(done), wording.approval(done), as_json=as_json)


@branches.command()
@click.argument("ref")
@dry_run_option
@place_options
def rebase(place: Place, as_json: bool, ref: str, dry_run: bool) -> None:
    """Move a kept run onto what its branch holds now, after its promotion was refused.

    What nobody else has touched is kept; what must be built again is printed as the dbt command
    that does it.

    \b
    Example:
      dbt-phlo branches rebase nightly-7
    """
    from dbt_phlo.adapters import profile
    from dbt_phlo.cli import documents
    from dbt_phlo.runs import rebase as rebases
    from dbt_phlo.runs import wording

    with place.lake(read_only=False) as (target, catalog):
        project = profile.manifest(target)
        done = rebases.rebase(
            catalog,
            target.settings,
            ref,
            nodes=project.built(),
            checks=project.checks(),
            blocking=project.blocking_nodes(),
            dry_run=dry_run,
        )
    say(documents.rebased(done), wording.rebased(done), as_json=as_json)


@branches.command()
@click.argument("ref")
@dry_run_option
@place_options
def discard(place: Place, as_json: bool, ref: str, dry_run: bool) -> None:
    """Delete the ref of a run that was not promoted, or a branch, with what only it holds.

    \b
    Example:
      dbt-phlo branches discard pr-12 --dry-run
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.runs import refs, wording

    with place.lake(read_only=False) as (_, catalog):
        done = refs.discard(catalog, ref, dry_run=dry_run)
    lines = wording.removal(done, nothing="nothing to delete")
    say(documents.removal(done), lines, as_json=as_json)


@branches.command()
@dry_run_option
@click.option("--all-projects", is_flag=True, help="Also the runs of other projects in this lake.")
@place_options
def cleanup(place: Place, as_json: bool, dry_run: bool, all_projects: bool) -> None:
    """Delete the run refs whose time is over, then the files that no ref reaches.

    What somebody who writes now may need is never touched, whatever the clock says.

    \b
    Example:
      dbt-phlo branches cleanup --dry-run
    """
    from dbt_phlo.cli import documents
    from dbt_phlo.runs import wording
    from dbt_phlo.runs.cleanup import cleanup

    with place.lake(read_only=False) as (target, catalog):
        project = None if all_projects else target.settings.project
        done = cleanup(catalog, project, dry_run=dry_run, tell=notice)
    say(documents.cleanup(done), wording.cleanup(done), as_json=as_json)
