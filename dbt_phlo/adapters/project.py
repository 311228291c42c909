"""dbt's manifest, in the terms of ``runs``: checks, nodes that may block, rules of isolation."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dbt_phlo.catalogs.values import TableName
from dbt_phlo.contracts import manifest_source
from dbt_phlo.contracts.repeated_columns import repeated_columns
from dbt_phlo.errors import ConfigError, RunError
from dbt_phlo.meta import check_ingested, check_meta, phlo_meta
from dbt_phlo.names import HISTORY_SCHEMA
from dbt_phlo.runs.rebase import BuiltNode
from dbt_phlo.runs.verdict import CheckSpec
from dbt_phlo.yaml_lines import line_of

HOOK_LINES = """\
on-run-start: "{{ phlo_run_start() }}"
on-run-end: "{{ phlo_run_end(results) }}\""""
_START = re.compile(r"\s*\{\{-?\s*(dbt_phlo\.)?phlo_run_start\(\s*\)\s*-?\}\}\s*")
_END = re.compile(r"\s*\{\{-?\s*(dbt_phlo\.)?phlo_run_end\(\s*results\s*\)\s*-?\}\}\s*")
BUILT = ("model", "seed", "snapshot")
FAILING = ("error", "fail", "skipped", "runtime error", "partial success")
"""The statuses of a node for which dbt exits 1 and that `dbt retry` takes up."""


class Project:
    """Read-only questions to one manifest, about one lake (``database`` is its name in SQL)."""

    def __init__(self, manifest: Any, name: str, database: str) -> None:
        self._manifest = manifest
        self._name = name
        self._database = database.lower()

    def checks(self) -> list[CheckSpec]:
        """The enabled data tests of error severity."""
        return [
            CheckSpec(
                node.unique_id,
                node.name,
                tuple(str(table) for table in self._audited(node)),
                tuple(self.reads(node.unique_id)),
                f"{node.schema}.{node.alias}",
            )
            for node in self._nodes("test")
            if _must_pass(node)
        ]

    def built(self) -> list[BuiltNode]:
        """The models, seeds and snapshots that make a table or view of the lake."""
        return [
            BuiltNode(
                node.unique_id,
                _selected_by(node),
                table,
                node.config.materialized == "view",
                tuple(self.reads(node.unique_id)),
            )
            for node in self._nodes(*BUILT)
            if not _is_ephemeral(node) and (table := self._table(node)) is not None
        ]

    def blocking_nodes(self) -> dict[str, str]:
        """The nodes whose failure blocks a run, with their names."""
        return {
            node.unique_id: node.name
            for node in self._nodes(*BUILT, "test")
            if not _is_ephemeral(node)
        }

    def planned(self, selected: Iterable[str]) -> list[str]:
        """Of the selected nodes, those that must end well before the run is promoted."""
        return [
            unique_id
            for unique_id in selected
            if (node := self._manifest.nodes.get(unique_id)) is not None
            and (_must_pass(node) or (node.resource_type in BUILT and not _is_ephemeral(node)))
        ]

    def is_check(self, unique_id: str) -> bool:
        node = self._manifest.nodes.get(unique_id)
        return node is not None and str(node.resource_type) == "test"

    def name_of(self, unique_id: str) -> str:
        """A node's name, for people."""
        node = self._manifest.nodes.get(unique_id)
        return str(node.name) if node is not None else unique_id

    def is_built(self, unique_id: str) -> bool:
        """Whether a node's own end says that it is done: a microbatch model ends batch by batch."""
        node = self._manifest.nodes.get(unique_id)
        if node is None or str(node.resource_type) not in BUILT:
            return False
        return str(node.config.get("incremental_strategy")) != "microbatch"

    def reads(self, unique_id: str) -> list[TableName]:
        """The tables and views that a node reads, through views and ephemeral models too."""
        found: dict[TableName, None] = {}
        self._collect_reads(unique_id, found, set())
        return list(found)

    def declaring(self) -> dict[str, Any]:
        """The nodes that may have a contract, by the names that people call them."""
        nodes = {_selected_by(node): node for node in self._nodes(*BUILT)}
        for source in self._manifest.sources.values():
            nodes[f"{source.source_name}.{source.name}"] = source
        return nodes

    def tests(self) -> dict[str, list[Any]]:
        """The data tests, by the node that each is of; see ``manifest_source.every_test``."""
        return manifest_source.every_test(self._manifest)

    def repeated_columns(self) -> dict[tuple[str, ...], list[str]]:
        """The columns that the YAML of a node lists more than once."""
        return repeated_columns(self._manifest)

    def is_own(self, node: Any) -> bool:
        """Whether a node is of this project, and not of a package."""
        return bool(node.package_name == self._name)

    def table_of(self, node: Any) -> TableName | None:
        """The table or view of the lake that a node is; None for one elsewhere, or ephemeral."""
        return None if _is_ephemeral(node) else self._table(node)

    def assert_hooks(self) -> None:
        """Raise unless the project's hook lines are there, the end one last."""
        hooks = [node for node in self._nodes("operation") if node.package_name == self._name]
        start = [n for n in hooks if "on-run-start" in n.tags and _START.fullmatch(n.raw_code)]
        end = sorted((n for n in hooks if "on-run-end" in n.tags), key=lambda n: n.index or 0)
        if start and end and _END.fullmatch(end[-1].raw_code):
            return
        missing = "are missing from" if not (start or end) else "are not complete and last in"
        raise RunError(
            f"the hook lines of dbt-phlo {missing} dbt_project.yml, so nothing would audit and "
            "promote this run; nothing was written",
            remedy="add both lines (phlo_run_end as the last on-run-end), or set PHLO_WAP=off:\n"
            + HOOK_LINES,
            code="PHLO405",
        )

    def assert_inside_lake(self, selected: Iterable[str]) -> None:
        """Raise when a selected model writes where no ref isolates it."""
        for unique_id in selected:
            node = self._manifest.nodes.get(unique_id)
            if node is None or str(node.resource_type) not in BUILT or _is_ephemeral(node):
                continue
            elsewhere = (node.database or "").lower() != self._database
            if not elsewhere and node.config.materialized != "external":
                continue
            if phlo_meta(node).get("outside_wap"):
                continue
            where = f"database {node.database}" if elsewhere else "an external file"
            raise RunError(
                f"{node.original_file_path}: {node.name} writes to {where}, which a run does not "
                "isolate",
                remedy="set meta.phlo.outside_wap: true on the model if that is meant, or run it "
                "with PHLO_WAP=off",
                code="PHLO406",
            )

    def assert_schemas(self) -> None:
        """Raise for a node that would write into the schema of the lake's history."""
        for node in self._nodes(*BUILT):
            in_lake = (node.database or "").lower() == self._database
            if (
                in_lake
                and (node.schema or "").lower() == HISTORY_SCHEMA
                and not _is_ephemeral(node)
            ):
                raise ConfigError(
                    f"{node.original_file_path}: {node.name} would write into schema "
                    f"{node.schema}, which holds the history of runs",
                    remedy="give it another schema",
                    code="PHLO126",
                )

    def assert_meta(self, root: Path) -> None:
        """Raise for an unknown key of ``meta.phlo``, with the file and the nearest known key."""
        sources = self._manifest.sources.values()
        for node in (*self._nodes(*BUILT, "test"), *sources):
            given = (getattr(node.config, "meta", None) or {}).get("phlo")
            if given is not None:
                check_meta(given, node.name, partial(place_of, root, node))
                materialized = getattr(node.config, "materialized", "")
                check_ingested(given, materialized, node.name, partial(place_of, root, node))
            for column in (getattr(node, "columns", None) or {}).values():
                given = (column.meta or {}).get("phlo")
                if given is not None:
                    check_meta(given, f"{node.name}.{column.name}", partial(place_of, root, node))

    def _nodes(self, *types: str) -> Iterator[Any]:
        for node in self._manifest.nodes.values():
            if str(node.resource_type) in types:
                yield node

    def _audited(self, test: Any) -> list[TableName]:
        """The tables whose nodes a test depends on, seen through ephemeral models."""
        found: dict[TableName, None] = {}
        for unique_id in test.depends_on.nodes:
            node = self._manifest.nodes.get(unique_id)
            if node is not None and _is_ephemeral(node):
                found.update(dict.fromkeys(self.reads(unique_id)))
            elif (table := self._table(node or self._source(unique_id))) is not None:
                found[table] = None
        return list(found)

    def _collect_reads(
        self, unique_id: str, found: dict[TableName, None], visited: set[str]
    ) -> None:
        node = self._manifest.nodes.get(unique_id)
        if node is None or unique_id in visited:
            return
        visited.add(unique_id)
        for parent_id in node.depends_on.nodes:
            parent = self._manifest.nodes.get(parent_id)
            table = self._table(parent or self._source(parent_id))
            if table is not None and not (parent is not None and _is_ephemeral(parent)):
                found[table] = None
            if parent is not None and parent.config.materialized in ("view", "ephemeral"):
                self._collect_reads(parent_id, found, visited)

    def _source(self, unique_id: str) -> Any:
        return self._manifest.sources.get(unique_id)

    def _table(self, node: Any) -> TableName | None:
        if node is None or (node.database or "").lower() != self._database:
            return None
        return TableName(node.schema, getattr(node, "alias", None) or node.identifier)


def statuses(results: Iterable[Any]) -> dict[str, str]:
    """The status of each of dbt's results, by node."""
    return {result.node.unique_id: str(result.status) for result in results}


def _selected_by(node: Any) -> str:
    """A node's name for ``--select``."""
    version = getattr(node, "version", None)
    return f"{node.name}.v{version}" if version is not None else str(node.name)


def _must_pass(node: Any) -> bool:
    """Whether a node is a data test of error severity."""
    return str(node.resource_type) == "test" and str(node.config.severity).upper() == "ERROR"


def _is_ephemeral(node: Any) -> bool:
    return getattr(node.config, "materialized", "") == "ephemeral"


def place_of(root: Path, node: Any, key: str) -> str:
    """``FILE:LINE`` of a key in the YAML (or SQL) file that configures a node."""
    patch = getattr(node, "patch_path", None) or ""
    name = patch.split("://", 1)[-1] or str(node.original_file_path)
    line = line_of(root / name, node.name, key=key)
    return f"{name}:{line}" if line else name
