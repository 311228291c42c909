"""``dbt-phlo schema``: contracts become classes, come from classes, and meet the tables."""

import gc
from pathlib import Path
from typing import Literal

import click

from dbt_phlo.cli.options import Place, dry_run_option, place_options
from dbt_phlo.cli.output import say
from dbt_phlo.errors import UsageError


@click.group()
def schema() -> None:
    """Contracts: the YAML of models as Pandera classes, and against the tables that are there.

    \b
    Example:
      dbt-phlo schema generate --all --out schemas
      dbt-phlo schema drift
    """


@schema.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--all", "every", is_flag=True, help="Every model, seed and snapshot of the project.")
@click.option("--out", required=True, metavar="DIR", help="Folder of the modules; it is made.")
@click.option(
    "--backend",
    type=click.Choice(["pandas", "polars"]),
    default="pandas",
    show_default=True,
    help="The data frames that the classes validate.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a module is not up to date.")
@place_options
def generate(
    place: Place,
    as_json: bool,
    models: tuple[str, ...],
    *,
    every: bool,
    out: str,
    backend: Literal["pandas", "polars"],
    check: bool,
) -> int:
    """Write a typed Pandera class for each MODEL, from its YAML.

    MODEL is a model, seed or snapshot, or a source's table as source.table. Files are written all
    or none; the same YAML gives the same bytes. With --all, modules of models that are gone are
    removed. What a class cannot enforce (warnings, filters, other tables) is listed, here and in
    the module.

    \b
    Example:
      dbt-phlo schema generate orders customers --out schemas --backend polars
      dbt-phlo schema generate --all --out schemas --check
    """
    from dbt_phlo.adapters import profile
    from dbt_phlo.adapters.declared_contracts import contracts
    from dbt_phlo.cli import schema_wording as wording
    from dbt_phlo.contracts.pandera import folder

    if every == bool(models):
        raise UsageError(
            "name models, or say --all" if not models else "--all needs no models",
            remedy="`dbt-phlo schema generate --help` shows how",
        )
    target = profile.load(*place)
    project = profile.manifest(target)
    gc.disable()  # the manifest lives as long as the command: walking it again finds nothing
    found = contracts(project, target.project_root, models)
    wanted = {name: of for name, of in found.by_model.items() if name not in found.by_hand}
    planned = folder.planned(Path(out), wanted, backend, whole=every)
    if not check:
        planned.carry_out()
    document = wording.folder_document(planned, found, backend)
    say(document, wording.folder(planned, found, check=check), as_json=as_json)
    return int(check and not planned.is_current)


@schema.command("import")
@click.argument("class_", metavar="package.module:Class")
@click.option("--into", required=True, metavar="FILE", help="YAML file; it is made if need be.")
@click.option("--model", default="", metavar="NAME", help="The model; default: the class's name.")
@dry_run_option
@place_options
def import_(
    place: Place, as_json: bool, class_: str, into: str, model: str, *, dry_run: bool
) -> None:
    """Write the columns of a Pandera class into a dbt YAML file.

    Every other line of the file stays as it is. What the class says of a column replaces its
    data_type and adds the tests that it lacks; what is not written is listed. NAME is a model, seed
    or snapshot, or a source's table as source.table. With --dry-run the difference is printed.

    \b
    Example:
      dbt-phlo schema import schemas.raw:Orders --into models/bronze/_bronze.yml --model raw_orders
      dbt-phlo schema import schemas.raw:Orders --into models/_sources.yml --model shop.orders
    """
    from dbt_phlo.adapters.profile import project_root
    from dbt_phlo.cli import schema_wording as wording
    from dbt_phlo.cli.schema_import import imported
    from dbt_phlo.contracts.pandera_source import contract_from_class, load_class

    root = project_root(place.project_dir)
    contract = contract_from_class(load_class(class_, root))
    done = imported(contract, Path(into), model or wording.snake(class_.rpartition(":")[2]))
    if not dry_run:
        done.write()
    document = wording.import_document(done, dry_run=dry_run)
    say(document, wording.imported(done, class_, dry_run=dry_run), as_json=as_json)


@schema.command()
@click.argument("model")
@click.option("--ref", metavar="REF", help="A branch or a run; default: the target's branch.")
@place_options
def infer(place: Place, as_json: bool, model: str, ref: str | None) -> None:
    """Propose YAML for MODEL from the table that it has built.

    Types come from the table; what has no NULL, and what tells rows apart, from its rows. Values
    of columns that are pii are not read. Nothing is written: look at it, and paste what is true.
    A source's table that lies in the lake is named source.table.

    \b
    Example:
      dbt-phlo schema infer orders
      dbt-phlo schema infer orders --ref nightly-7 > proposed.yml
      dbt-phlo schema infer shop.orders
    """
    from dbt_phlo.cli import schema_wording as wording
    from dbt_phlo.cli.inference import inferred

    found = inferred(place, model, ref)
    say(wording.inference_document(found), wording.inference(found), as_json=as_json)


@schema.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--ref", metavar="REF", help="A branch or a run; default: the target's branch.")
@place_options
def drift(place: Place, as_json: bool, models: tuple[str, ...], ref: str | None) -> int:
    """Compare the YAML with the tables and views that are there; exit 1 where they differ.

    Without MODEL: every model, seed and snapshot of the project that declares columns. What is not
    built yet is told, and is no drift.

    \b
    Example:
      dbt-phlo schema drift
      dbt-phlo schema drift orders --ref pr-12 --json
    """
    from dbt_phlo.adapters import profile
    from dbt_phlo.adapters.declared_contracts import contracts
    from dbt_phlo.adapters.duckdb.reader import describing
    from dbt_phlo.cli import schema_wording as wording
    from dbt_phlo.runs import drift_wording, refs
    from dbt_phlo.runs.schema_drift import drift as compare

    with place.lake(read_only=True) as (target, catalog):
        project = profile.manifest(target)
        found = contracts(project, target.project_root, models)
        name = refs.found(catalog, ref or target.settings.branch).name
        with describing(catalog, target.settings.catalog, target.database, name) as describe:
            done = compare(catalog, name, found.declared(project), describe)
    document = wording.drift_document(done, found.silent)
    say(document, drift_wording.lines(done, found.silent), as_json=as_json)
    return int(bool(done.drifted))
