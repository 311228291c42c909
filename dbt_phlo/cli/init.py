"""``dbt-phlo init``: a project that builds at once, or the few lines that an existing one needs."""

from typing import TYPE_CHECKING, Any

import click

from dbt_phlo.cli.options import dry_run_option, json_option
from dbt_phlo.cli.output import say

if TYPE_CHECKING:
    from dbt_phlo.cli.project_files import File, Plan


@click.command()
@click.argument("name")
@click.option(
    "--target",
    type=click.Choice(["duckdb"]),
    default="duckdb",
    show_default=True,
    help="The engine that the profile is written for.",
)
@dry_run_option
@json_option
def init(name: str, target: str, dry_run: bool, as_json: bool) -> None:
    """Make a project in the folder NAME that builds at once, or prepare an existing dbt project.

    In a dbt project (`init .` in its folder) it adds the two hook lines, targets to the profile and
    what git is to ignore; comments, order and quoting stay, and no file of yours is overwritten.

    \b
    Example:
      dbt-phlo init my_lake && cd my_lake && dbt build
      dbt-phlo init . --dry-run
    """
    from dbt_phlo.adapters.profile import profiles_home
    from dbt_phlo.cli import project_files

    plan = project_files.planned(name, profiles_home())
    if not dry_run:
        plan.carry_out()
    say(_document(plan, dry_run), _lines(plan, dry_run), as_json=as_json)


def _document(plan: "Plan", dry_run: bool) -> dict[str, Any]:
    return {
        "project": plan.project,
        "folder": str(plan.root),
        "dry_run": dry_run,
        "files": [
            {"path": str(file.path), "action": _action(file, False), "note": file.note}
            for file in plan.files
        ],
        "next": _next(plan),
    }


def _lines(plan: "Plan", dry_run: bool) -> list[str]:
    lines = [f"project {plan.project} in {plan.root}"]
    for file in plan.files:
        near = file.path.is_relative_to(plan.root)
        name = file.path.relative_to(plan.root) if near else file.path
        lines.append(
            f"  {_action(file, dry_run)}: {name}" + (f" ({file.note})" if file.note else "")
        )
    return [*lines, "next:", *(f"  {command}" for command in _next(plan))]


def _action(file: "File", dry_run: bool) -> str:
    told = {"create": "created", "change": "changed", "leave": "left alone"}[file.action]
    return f"would be {told}" if dry_run and file.action != "leave" else told


def _next(plan: "Plan") -> list[str]:
    """The commands to try."""
    builds = [f"dbt build --target {target}" for target in plan.targets]
    return [f"cd {plan.root}", *builds, "dbt-phlo branches list"]
