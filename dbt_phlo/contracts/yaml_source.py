"""Contracts from a dbt YAML file alone, without dbt and without the rest of the project."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbt_phlo.contracts.build import build
from dbt_phlo.contracts.contract import Contract, Origin
from dbt_phlo.contracts.data_tests import unquoted
from dbt_phlo.contracts.declarations import ColumnDeclaration, Declaration, TestDeclaration
from dbt_phlo.errors import ConfigError, PhloError, nearest
from dbt_phlo.meta import check_meta
from dbt_phlo.yaml_document import Document

LISTS = ("models", "seeds", "snapshots")
_CONFIGURING = ("config", "description", "name", "tags", "test_name")
_OF_CONFIG = ("severity", "where", "error_if", "warn_if", "limit", "enabled", "fail_calc", "meta")


def contract_from_yaml(path: str | Path, model_name: str, dialect: str = "duckdb") -> Contract:
    """The contract of a model, seed, snapshot or source's table in a YAML file.

    ``dialect`` is the one that ``data_type`` is written in. Raises ``PhloError`` with file and line
    for a mistake in the file, and for a value that only the project can render (Jinja).
    """
    document = Document(Path(path))
    entries = dict(_entries(document))
    if model_name not in entries:
        raise document.mistake(
            f"there is no model {model_name!r}.{nearest(model_name, entries)}",
            None,
            "PHLO143",
            f"it describes: {', '.join(entries) or 'nothing'}",
        )
    return build(_Reader(document, model_name, entries[model_name]).declaration(), dialect)


def _entries(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every entry with its name; a table of a source also as ``source.table``."""
    data = document.data
    if not isinstance(data, Mapping):
        raise document.mistake(
            "a dbt YAML file is a mapping with `models:` in it",
            1,
            "PHLO144",
            "begin it with version: 2 and models:",
        )
    for key in LISTS:
        for entry in _listed(document, data, key):
            yield str(entry.get("name")), entry
    for source in _listed(document, data, "sources"):
        for table in _listed(document, source, "tables"):
            yield f"{source.get('name')}.{table.get('name')}", table
            yield str(table.get("name")), table


def _listed(document: Document, owner: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = owner.get(key) or []
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        line = document.line(*([str(owner["name"])] if "name" in owner else []), key=key)
        raise document.mistake(
            f"{key} must be a list of mappings", line, "PHLO144", f"write {key}: [{{name: ...}}]"
        )
    return found


class _Reader:
    """Reads one entry; every message has its line."""

    def __init__(self, document: Document, name: str, entry: Mapping[str, Any]) -> None:
        self._document = document
        self._names = tuple(name.split(".")) if entry.get("name") != name else (name,)
        self._entry = entry

    def declaration(self) -> Declaration:
        entry, config = self._entry, self._mapping(self._entry, "config")
        self._check_meta("", entry, config)
        columns = _listed(self._document, entry, "columns")
        tests = [*self._tests("", entry)]
        for column in columns:
            tests += self._tests(_name(column), column)
        contract = config.get("contract") or entry.get("contract") or {}
        phlo = self._phlo(entry)
        return Declaration(
            name=str(entry["name"]),
            columns=tuple(self._column(column) for column in columns),
            constraints=tuple(_listed(self._document, entry, "constraints")),
            tests=tuple(tests),
            description=self._words("", entry),
            unique_key=_names(config.get("unique_key")),
            partition_by=_names(phlo.get("partition_by")),
            is_enforced=isinstance(contract, Mapping) and contract.get("enforced") is True,
            file=self._document.name,
            place=self._place,
        )

    def _place(self, column: str, key: str) -> Origin:
        names = (*self._names, *([column] if column else []))
        return Origin(self._document.name, self._document.line(*names, key=key))

    def _column(self, column: Mapping[str, Any]) -> ColumnDeclaration:
        name = _name(column)
        self._check_meta(name, column, self._mapping(column, "config"))
        data_type = column.get("data_type")
        if isinstance(data_type, str):
            self._refuse_jinja(name, "data_type", data_type)
        return ColumnDeclaration(
            name=name,
            data_type=None if data_type is None else str(data_type),
            description=self._words(name, column),
            constraints=tuple(_listed(self._document, column, "constraints")),
            pii=bool(self._phlo(column).get("pii")),
        )

    def _tests(self, column: str, owner: Mapping[str, Any]) -> Iterator[TestDeclaration]:
        for key in ("data_tests", "tests"):
            given = owner.get(key) or []
            if not isinstance(given, list):
                raise self._mistake(column, key, f"{key} must be a list")
            for test in given:
                found = self._test(column, key, test)
                if found is not None:
                    yield found

    def _test(self, column: str, key: str, test: Any) -> TestDeclaration | None:
        """dbt's forms of a test: a name, a mapping of one name, a mapping with ``test_name``."""
        if isinstance(test, str):
            return TestDeclaration(test, column=column)
        if isinstance(test, Mapping) and "test_name" in test:
            name, body = str(test["test_name"]), dict(test)
        elif isinstance(test, Mapping) and len(test) == 1:
            name, body = next(iter(test.items()))
            body = {} if body is None else body
        else:
            raise self._mistake(
                column, key, f"a test of {key} must be a name, or one name with its arguments"
            )
        if not isinstance(body, Mapping):
            raise self._mistake(column, key, f"the arguments of {name} must be a mapping")
        config = {k: v for k, v in body.items() if k in _OF_CONFIG}
        config |= body.get("config") or {}
        if config.get("enabled") is False:
            return None
        arguments = {
            k: v for k, v in body.items() if k not in (*_CONFIGURING, *_OF_CONFIG, "arguments")
        }
        arguments |= body.get("arguments") or {}
        own = arguments.pop("column_name", column)
        for word in ("severity", "where", "error_if"):
            if isinstance(config.get(word), str):
                self._refuse_jinja(column, word, config[word])
        return TestDeclaration(
            test=str(name),
            arguments=arguments,
            column=unquoted(str(own)) if own else "",
            severity=str(config.get("severity") or "error").lower(),
            where=str(config.get("where") or ""),
            error_if=str(config.get("error_if") or "!= 0"),
            name=str(body.get("name") or ""),
        )

    def _words(self, column: str, owner: Mapping[str, Any]) -> str:
        """A description; ``doc()`` blocks stand in other files, so their calls stay as they are."""
        return str(owner.get("description") or "").strip()

    def _phlo(self, owner: Mapping[str, Any]) -> Mapping[str, Any]:
        for holder in (self._mapping(owner, "config"), owner):
            found = (holder.get("meta") or {}).get("phlo") if holder else None
            if isinstance(found, Mapping):
                return found
        return {}

    def _check_meta(self, column: str, owner: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        told = ".".join([str(self._entry.get("name")), *([column] if column else [])])
        for holder in (config, owner):
            meta = holder.get("meta")
            if isinstance(meta, Mapping) and "phlo" in meta:
                check_meta(meta["phlo"], told, lambda key: str(self._place(column, key)))

    def _mapping(self, owner: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = owner.get(key) or {}
        if not isinstance(found, Mapping):
            raise self._mistake("", key, f"{key} must be a mapping")
        return found

    def _refuse_jinja(self, column: str, key: str, text: str) -> None:
        if "{{" in text or "{%" in text:
            place = self._place(column, key)
            raise ConfigError(
                f"{place}: {key} is Jinja, which only the whole project can render",
                remedy="build it from the project: dbt-phlo schema generate",
                code="PHLO145",
            )

    def _mistake(self, column: str, key: str, told: str) -> PhloError:
        line = self._place(column, key).line
        return self._document.mistake(told, line, "PHLO144", "see dbt's docs on properties files")


def _name(column: Mapping[str, Any]) -> str:
    return unquoted(str(column.get("name") or ""))


def _names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return (unquoted(given),)
    return tuple(unquoted(str(name)) for name in given) if isinstance(given, list) else ()
