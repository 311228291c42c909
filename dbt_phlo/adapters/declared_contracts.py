"""The contracts that a project's YAML declares, by the names that people call its models."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dbt_phlo.adapters.project import Project
from dbt_phlo.contracts import manifest_source
from dbt_phlo.contracts.build import build
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.errors import CommandError, ConfigError, ContractError, PhloError, nearest
from dbt_phlo.meta import phlo_meta
from dbt_phlo.runs.schema_drift import Declared


class Contracts(NamedTuple):
    """Contracts by model (``orders``, ``orders.v2``, ``shop.orders`` for a source's table).

    ``by_hand`` names the class (``package.module:Class``) of each model whose contract is one that
    somebody wrote. ``silent`` are models that declare no column, and so have no contract.
    """

    by_model: dict[str, Contract]
    by_hand: dict[str, str]
    nodes: dict[str, Any]
    silent: tuple[str, ...]

    def declared(self, project: Project) -> list[Declared]:
        """Those whose table or view lies in the lake."""
        return [
            Declared(model, contract, table)
            for model, contract in self.by_model.items()
            if (table := project.table_of(self.nodes[model])) is not None
        ]


def contracts(project: Project, root: Path, models: Sequence[str] = ()) -> Contracts:
    """The contracts of these models, seeds, snapshots or sources; by default of the project's own.

    Raises ``CommandError`` (PHLO808) for a name that the project does not have, and for one that
    declares no columns; ``ContractError`` (PHLO930) for mistakes in the YAML, all of them together.
    """
    nodes = project.declaring()
    wanted = [named(model, nodes) for model in models] or sorted(
        name for name, node in nodes.items() if project.is_own(node) and not _is_source(node)
    )
    tests, repeated = project.tests(), project.repeated_columns()
    found: dict[str, Contract] = {}
    by_hand: dict[str, str] = {}
    wrong: list[PhloError] = []
    silent: list[str] = []
    for name in dict.fromkeys(wanted):
        node = nodes[name]
        reference = phlo_meta(node).get("schema")
        if not node.columns and not reference:
            silent.append(name)
            continue
        try:
            if reference:
                found[name] = of_class(str(reference), node, root)
                by_hand[name] = str(reference)
            else:
                found[name] = of_yaml(node, tests, root, repeated)
        except PhloError as error:
            wrong.append(error)
    _raise(wrong)
    if models and silent:
        raise CommandError(
            f"{', '.join(silent)}: no columns are declared in YAML",
            remedy="declare them with data_type; `dbt-phlo schema infer MODEL` proposes them from "
            "the built table",
            code="PHLO809",
        )
    return Contracts(found, by_hand, nodes, tuple(silent))


def of_yaml(
    node: Any,
    tests: Mapping[str, Sequence[Any]],
    root: Path,
    repeated: Mapping[tuple[str, ...], Iterable[str]],
) -> Contract:
    """The contract that YAML says of a node; ``tests`` and ``repeated`` are the project's."""
    of_node = tests.get(node.unique_id, ())
    return build(manifest_source.declaration(node, of_node, root, repeated), "duckdb")


def of_class(reference: str, node: Any, root: Path) -> Contract:
    """The contract that a class says of a node.

    Raises ``PhloError`` for what is no such class, with the line of the YAML that names it.
    """
    from dbt_phlo.contracts.pandera_source import contract_from_class, load_class

    try:
        return contract_from_class(load_class(reference, root), node.name)
    except ConfigError as error:
        place = manifest_source.declaration(node, (), root).place("", reference)
        raise ConfigError(
            f"{place}: {node.name}: {error.message}", remedy=error.remedy, code=error.code
        ) from error


def named(model: str, nodes: dict[str, Any]) -> str:
    """The key of a model in ``Project.declaring``; without a version, its latest one."""
    if model in nodes:
        return model
    latest = [name for name, node in nodes.items() if node.name == model and _is_latest(node)]
    if len(latest) == 1:
        return latest[0]
    raise CommandError(
        f"the project has no model {model}.{nearest(model, nodes)}",
        remedy="name a model, seed or snapshot, or a source's table as source.table; "
        "`dbt ls` lists them",
        code="PHLO808",
    )


def _is_latest(node: Any) -> bool:
    return not _is_source(node) and getattr(node, "is_latest_version", False)


def _is_source(node: Any) -> bool:
    return str(node.resource_type) == "source"


def _raise(wrong: list[PhloError]) -> None:
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        told = "\n".join(f"  [{one.code}] {one.message}\n      -> {one.remedy}" for one in wrong)
        raise ContractError(
            f"{len(wrong)} contracts are wrong:\n{told}",
            remedy="mend them, then run the command again",
            code="PHLO930",
        )
