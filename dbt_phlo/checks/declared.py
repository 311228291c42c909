"""What a project's manifest says of its data tests; nodes are read by attribute."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbt_phlo.checks import failing, names
from dbt_phlo.checks.failing import Shape
from dbt_phlo.checks.samples import json_value
from dbt_phlo.meta import phlo_meta

SINGULAR = "singular"
COUNT = "count(*)"
"""dbt's default ``fail_calc``."""

_SOURCE = re.compile(r"""source\(\s*['"](?P<source>[^'"]+)['"]\s*,\s*['"](?P<table>[^'"]+)['"]""")


@dataclass(frozen=True)
class Declared:
    """One data test as its project declares it."""

    node: str
    name: str
    """The contract's name."""
    test: str
    severity: str
    model: str | None
    model_node: str | None
    column: str | None
    arguments: Mapping[str, Any]
    shape: Shape
    keys: tuple[str, ...]
    """The columns that tell the model's rows apart, as far as that is declared."""
    pii: frozenset[str]
    """The ``pii`` columns of everything that the test reads."""
    counts_rows: bool
    """Whether dbt's number is that of the rows that the test's query returns."""

    @property
    def source(self) -> str:
        return "pandera" if self.test == names.SCHEMA_CONTRACT else "dbt"

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns that tell which row fails and why."""
        asked = self.arguments.get("combination_of_columns")
        more = [str(c) for c in asked] if isinstance(asked, list | tuple) else []
        found = [*self.keys, *([self.column] if self.column else []), *more]
        return tuple(dict.fromkeys(found))


class Declarations:
    """The data tests of one manifest, each read when it is first asked for."""

    def __init__(self, manifest: Any) -> None:
        self._manifest = manifest
        self._names: dict[str, str] | None = None
        self._known: dict[str, Declared] = {}

    def node(self, unique_id: str) -> Any:
        """The manifest's node of a data test; None for anything else."""
        node = self._manifest.nodes.get(unique_id)
        return node if node is not None and str(node.resource_type) == "test" else None

    def of(self, unique_id: str) -> Declared:
        """The declaration of a data test."""
        if unique_id not in self._known:
            self._known[unique_id] = self._read(self.node(unique_id))
        return self._known[unique_id]

    def tested(self, test: Any) -> Any:
        """The node whose rows a generic test is about; None for a singular test."""
        metadata = getattr(test, "test_metadata", None)
        if metadata is None:
            return None
        attached = getattr(test, "attached_node", None)
        if attached:
            return self._any(attached)
        found = _SOURCE.search(str(metadata.kwargs.get("model", "")))
        for unique_id in test.depends_on.nodes:
            end = f".{found['source']}.{found['table']}" if found else ""
            if (unique_id.startswith("source.") and unique_id.endswith(end)) or not found:
                return self._any(unique_id)
        return None

    def _read(self, test: Any) -> Declared:
        metadata = getattr(test, "test_metadata", None)
        kwargs = dict(metadata.kwargs) if metadata else {}
        kind = metadata.name if metadata else SINGULAR
        tested = self.tested(test)
        combination = kwargs.get("combination_of_columns")
        columns = [
            (name, bool(phlo_meta(column).get("pii")))
            for unique_id in test.depends_on.nodes
            for name, column in _columns(self._any(unique_id))
        ]
        return Declared(
            node=test.unique_id,
            name=self._all_names()[test.unique_id],
            test=kind,
            severity=str(test.config.severity).lower(),
            model=_target(test, tested),
            model_node=getattr(tested, "unique_id", None),
            column=_column(test),
            arguments={
                name: json_value(value)
                for name, value in kwargs.items()
                if name not in ("model", "column_name")
            },
            shape=failing.shape(
                (metadata.namespace or "") if metadata else "",
                kind,
                str(kwargs.get("column_name") or ""),
                combination if isinstance(combination, list) else (),
                test.depends_on.macros,
            ),
            keys=_keys(tested),
            pii=frozenset(
                part for name, secret in columns if secret for part in (name, name.split(".")[0])
            ),
            counts_rows=str(test.config.fail_calc).replace(" ", "") == COUNT
            and test.config.limit is None,
        )

    def _all_names(self) -> dict[str, str]:
        if self._names is None:
            tests = [n for n in self._manifest.nodes.values() if str(n.resource_type) == "test"]
            self._names = names.contract_names(map(self._named, tests))
        return self._names

    def _named(self, test: Any) -> names.Named:
        metadata = getattr(test, "test_metadata", None)
        if metadata is None:
            return names.Named(test.unique_id, SINGULAR, test.name)
        target = _target(test, self.tested(test)) or test.name
        return names.Named(test.unique_id, metadata.name, target, _column(test) or "")

    def _any(self, unique_id: str) -> Any:
        return self._manifest.nodes.get(unique_id) or self._manifest.sources.get(unique_id)


def _columns(node: Any) -> Iterable[tuple[str, Any]]:
    return ((c.name, c) for c in (getattr(node, "columns", None) or {}).values())


def _target(test: Any, tested: Any) -> str | None:
    """The name of the tested model, with its version; that of a source's table."""
    if tested is None:
        return None
    version = getattr(tested, "version", None)
    return f"{tested.name}_v{version}" if version is not None else str(tested.name)


def _column(test: Any) -> str | None:
    """The tested column, without the quotes that it may have in SQL."""
    name = getattr(test, "column_name", None)
    if not name:
        return None
    text = str(name)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _keys(node: Any) -> tuple[str, ...]:
    """The columns of a model's key: ``unique_key``, else what dbt takes for its primary key.

    dbt finds that in constraints and in ``unique`` and ``not_null`` tests.
    """
    config = getattr(node, "config", None)
    given = getattr(config, "unique_key", None) or getattr(node, "primary_key", None) or ()
    return (given,) if isinstance(given, str) else tuple(map(str, given))
