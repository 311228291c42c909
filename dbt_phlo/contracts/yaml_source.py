"""Contracts from a dbt YAML file alone, without dbt and without the rest of the project."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbt_phlo.contracts.build import build
from dbt_phlo.contracts.contract import Contract, Origin
from dbt_phlo.contracts.data_tests import is_jinja, unquoted
from dbt_phlo.contracts.declarations import ColumnDeclaration, Declaration, TestDeclaration
from dbt_phlo.contracts.generic_test_name import generic_test_name
from dbt_phlo.contracts.yaml_entries import SOURCES, Entry, entry_of, listed, malformed, name_of
from dbt_phlo.errors import ConfigError, PhloError, nearest
from dbt_phlo.meta import check_meta
from dbt_phlo.yaml_document import Document

SEVERITIES = ("error", "warn")
_OF_CONFIG = (
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
)
"""What dbt takes for a test's config wherever it stands (dbt-core, ``TestBuilder.CONFIG_ARGS``)."""


def contract_from_yaml(path: str | Path, model_name: str, dialect: str = "duckdb") -> Contract:
    """The contract of a model, seed, snapshot or source's table in a YAML file.

    ``orders.v2`` is a version of a model, ``shop.orders`` a table of a source. ``dialect`` is the
    one that ``data_type`` is written in. It is the contract that dbt's manifest gives, but for what
    stands in other files: ``doc()`` blocks, singular tests, and configs of ``dbt_project.yml`` or
    of SQL.
    Raises ``PhloError`` with file and line for a mistake in the file, and for a value that only the
    project can render (Jinja).
    """
    document = Document(Path(path))
    return build(_Reader(document, entry_of(document, model_name)).declaration(), dialect)


class _Reader:
    """Reads one entry; every message has its line."""

    def __init__(self, document: Document, entry: Entry) -> None:
        self._document = document
        self._of = entry
        self._entry = entry.declared

    def declaration(self) -> Declaration:
        entry, config = self._entry, self._mapping("", self._entry, "config")
        self._check_meta("", entry)
        columns = self._columns()
        own = [*self._tests("", entry)]
        of_columns = [
            test
            for column in self._of.tested or [column for _, column in columns]
            for test in self._tests(unquoted(str(column.get("name"))), column)
        ]
        of_source = self._of.section == SOURCES  # dbt reads these in another order
        contract = config.get("contract") or entry.get("contract") or {}
        return Declaration(
            name=str(entry["name"]),
            columns=tuple(self._column(name, column) for name, column in columns),
            constraints=tuple(self._constraints("", entry)),
            tests=tuple([*own, *of_columns] if of_source else [*of_columns, *own]),
            description=self._words("", entry),
            unique_key=self._names(config, "unique_key"),
            partition_by=self._names(self._phlo("", entry), "partition_by"),
            is_enforced=isinstance(contract, Mapping) and contract.get("enforced") is True,
            file=self._document.name,
            place=self._place,
        )

    def _columns(self) -> list[tuple[str, Mapping[str, Any]]]:
        found = []
        of = self._of
        for item, column in enumerate(self._listed("", self._entry, "columns")):
            name = name_of(self._document, column, "columns", item, *of.names, section=of.section)
            self._refuse_jinja(name, "name", name)
            found.append((unquoted(name), column))
        if not found:
            told = (
                f"{'.'.join(self._of.names)} declares no columns, so that nothing can be made of it"
            )
            line = self._place("", "columns").line
            remedy = "list its columns with their data_type"
            raise self._document.mistake(told, line, "PHLO147", remedy)
        return found

    def _place(self, column: str, key: str) -> Origin:
        names = (*self._of.names, *([column] if column else []))
        line = self._document.line(*names, key=key, section=self._of.section)
        return Origin(self._document.name, line)

    def _column(self, name: str, column: Mapping[str, Any]) -> ColumnDeclaration:
        self._check_meta(name, column)
        data_type = column.get("data_type")
        if data_type is not None and not isinstance(data_type, str | int):
            told = f"data_type is {data_type!r}, which is no text"
            raise self._mistake(name, "data_type", told, 'put it into quotes: "bigint[]"')
        self._refuse_jinja(name, "data_type", data_type)
        return ColumnDeclaration(
            name=name,
            data_type=None if data_type is None else str(data_type),
            description=self._words(name, column),
            constraints=tuple(self._constraints(name, column)),
            pii=bool(self._phlo(name, column).get("pii")),
        )

    def _constraints(self, name: str, owner: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for constraint in self._listed(name, owner, "constraints"):
            columns = constraint.get("columns")
            if columns is not None and not _is_texts(columns):
                raise self._mistake(name, "constraints", "columns of a constraint must be a list")
            yield constraint

    def _tests(self, column: str, owner: Mapping[str, Any]) -> Iterator[TestDeclaration]:
        for key in ("data_tests", "tests"):
            given = owner.get(key)
            if given is not None and not isinstance(given, list):
                raise self._mistake(column, key, f"{key} must be a list")
            for test in given or ():
                found = self._test(column, key, test, owner.get("quote") is True)
                if found is not None:
                    yield found

    def _test(self, column: str, key: str, test: Any, is_quoted: bool) -> TestDeclaration | None:
        name, arguments, config = self._parts(column, key, test)
        if config.get("enabled") is False:
            return None
        for word in ("enabled", "error_if", "fail_calc", "severity", "where"):
            self._refuse_jinja(column, word, config.get(word))
        severity = str(config.get("severity") or "error").lower()
        if severity not in SEVERITIES:
            told = f"severity of {name} is {severity!r}.{nearest(severity, SEVERITIES)}"
            raise self._mistake(column, "severity", told, "write error or warn")
        if column:
            arguments = {"column_name": f'"{column}"' if is_quoted else column, **arguments}
        given = str(arguments.pop("name", None) or "")
        told = generic_test_name(
            name, self._of.tested_as, arguments, of_source=self._of.section == SOURCES
        )
        own = arguments.pop("column_name", None)
        return TestDeclaration(
            test=name,
            arguments=arguments,
            column=unquoted(str(own)) if own else "",
            severity=severity,
            where=str(config.get("where") or ""),
            error_if=str(config.get("error_if") or "!= 0"),
            fail_calc=str(config.get("fail_calc") or "count(*)"),
            name=given or told,
        )

    def _parts(
        self, column: str, key: str, test: Any
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """A test's name, its arguments and its config, from each form that dbt knows: a name, a
        mapping of one name, a mapping with ``test_name``; arguments under ``arguments`` or not."""
        name, body = test, {}
        if isinstance(test, Mapping) and "test_name" in test:
            name, body = test["test_name"], {k: v for k, v in test.items() if k != "test_name"}
        elif isinstance(test, Mapping) and len(test) == 1:
            name, body = next(iter(test.items()))
        if not isinstance(name, str):
            raise self._mistake(
                column, key, f"a test of {key} must be a name, or one name with its arguments"
            )
        if not isinstance(body if body is not None else {}, Mapping):
            raise self._mistake(column, key, f"the arguments of {name} must be a mapping")
        given = {str(k): v for k, v in (body or {}).items()}
        for word in ("arguments", "config"):
            if not isinstance(given.get(word) or {}, Mapping):
                raise self._mistake(column, word, f"{word} of {name} must be a mapping")
        given |= given.pop("arguments", None) or {}
        given.pop("description", None)
        config = {word: given.pop(word) for word in _OF_CONFIG if word in given}
        config |= given.pop("config", None) or {}
        return name, given, config

    def _words(self, column: str, owner: Mapping[str, Any]) -> str:
        """A description; ``doc()`` blocks stand in other files, so their calls stay as they are."""
        found = owner.get("description")
        if isinstance(found, Mapping | list):
            raise self._mistake(column, "description", "description must be text")
        return "" if found is None else str(found).strip()

    def _phlo(self, column: str, owner: Mapping[str, Any]) -> Mapping[str, Any]:
        for meta in self._metas(column, owner):
            if isinstance(meta.get("phlo"), Mapping):
                return dict(meta["phlo"])
        return {}

    def _check_meta(self, column: str, owner: Mapping[str, Any]) -> None:
        told = ".".join([*self._of.names, *([column] if column else [])])
        for meta in self._metas(column, owner):
            if "phlo" in meta:
                check_meta(meta["phlo"], told, lambda key: str(self._place(column, key)))

    def _metas(self, column: str, owner: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for holder in (self._mapping(column, owner, "config"), owner):
            yield self._mapping(column, holder, "meta")

    def _mapping(self, column: str, owner: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = owner.get(key) or {}
        if not isinstance(found, Mapping):
            raise self._mistake(column, key, f"{key} must be a mapping")
        return found

    def _listed(self, column: str, owner: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        names = (*self._of.names, *([column] if column else []))
        return listed(self._document, owner, key, *names, section=self._of.section)

    def _names(self, owner: Mapping[str, Any], key: str) -> tuple[str, ...]:
        found = owner.get(key) or []
        found = [found] if isinstance(found, str) else found
        if not _is_texts(found):
            raise self._mistake("", key, f"{key} must be a name, or a list of names")
        for name in found:
            self._refuse_jinja("", key, name)
        return tuple(unquoted(name) for name in found)

    def _refuse_jinja(self, column: str, key: str, given: Any) -> None:
        if is_jinja(given):
            place = self._place(column, key)
            owner = ".".join([*self._of.names, *([column] if column else [])])
            raise ConfigError(
                f"{place}: {owner}: {key} is Jinja, which only the whole project can render",
                remedy="build it from the project: dbt-phlo schema generate",
                code="PHLO145",
            )

    def _mistake(
        self, column: str, key: str, told: str, remedy: str = "see dbt's docs on properties files"
    ) -> PhloError:
        line = self._place(column, key).line
        owner = ".".join([*self._of.names, *([column] if column else [])])
        return malformed(self._document, f"{owner}: {told}", line, remedy)


def _is_texts(given: Any) -> bool:
    return isinstance(given, list | tuple) and all(isinstance(one, str) for one in given)
