"""One table against its contract: what is asked of the engine, and what it comes to.

Imported when a project has such a test: contracts cost a command their import.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from dbt_phlo.adapters.measuring import Ask
from dbt_phlo.checks import Evidence, redaction, samples
from dbt_phlo.checks.declared import Declared
from dbt_phlo.contracts import failing_rows, judged, manifest_source
from dbt_phlo.contracts.build import build
from dbt_phlo.contracts.class_scan import Table, scan_class
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.drift import found_columns
from dbt_phlo.contracts.judged import Judged
from dbt_phlo.contracts.one_scan import scan
from dbt_phlo.errors import ConfigError, ContractError
from dbt_phlo.names import literal, quoted

NOTHING = "select cast(null as varchar) as problem where false"
DIALECT = "duckdb"
ALL = 1_000_000
"""More rows than any question here has in its answer."""


class Looked(NamedTuple):
    """What a test looks at, as items of FROM: ``rows``, and ``whole`` without the partition, which
    ``scope`` is the condition of (empty: none)."""

    rows: str
    whole: str
    scope: str = ""


class Engine(NamedTuple):
    """How the engine is asked: for the first rows of a query, and for all as Arrow tables (in one,
    if the second argument says so)."""

    ask: Ask
    batches: Callable[[str, bool], Iterator[Any]]


class Result(NamedTuple):
    """What a check has found: the evidence, words for the console, and a query of as many rows as
    dbt is to count failures."""

    evidence: Evidence
    told: str
    query: str


@dataclass(frozen=True)
class ContractCheck:
    """A ``pandera_contract`` test of the node ``tested``, which has other ``tests`` besides."""

    engine: Engine
    looked: Looked
    tested: Any
    tests: Sequence[Any]
    declared: Declared
    root: Path
    has_samples: bool

    def by_yaml(self) -> Result:
        """Check what the YAML says. Raises ``ContractError`` for a mistake in it."""
        declared = manifest_source.declaration(self.tested, self.tests, self.root)
        if not declared.columns:
            raise ContractError(
                f"{declared.place('', 'name')}: {self.tested.name} declares no columns",
                remedy="declare them with data_type in YAML, or name a Pandera class: "
                "meta: {phlo: {schema: package.module:Class}}",
                code="PHLO922",
            )
        return self._by_sql(build(declared, DIALECT))

    def by_class(self, reference: str) -> Result:
        """Check what a class says: by SQL if it is a generated one, else by the class itself.

        Raises ``ConfigError`` with the line of the YAML where the class cannot be found.
        """
        from dbt_phlo.contracts.pandera_source import (
            contract_from_class,
            is_generated,
            load_class,
        )

        try:
            cls = load_class(reference, self.root)
        except ConfigError as error:
            found = manifest_source.declaration(self.tested, (), self.root)
            raise ConfigError(
                f"{found.place('', reference)}: {self.tested.name}: {error.message}",
                remedy=error.remedy,
                code=error.code,
            ) from error
        if is_generated(cls):
            return self._by_sql(contract_from_class(cls, self.tested.name))
        return self._by_itself(cls, reference)

    def _by_sql(self, contract: Contract) -> Result:
        looked = self.looked
        found = found_columns(self._described())
        names = {test.test_metadata.name for test in self.tests}
        scanned = scan(self._all, contract, looked.whole, found, scope=looked.scope)
        result = judged.judge(scanned, contract, self._all, names)
        query = NOTHING
        if result.broken and not result.is_of_table:
            query = failing_rows.breaking(result.broken, contract, looked.whole, scope=looked.scope)
        return self._result(result, query, self._sampled(result, contract))

    def _by_itself(self, cls: Any, reference: str) -> Result:
        from dbt_phlo.contracts.pandera.hand_written import HandWritten

        of = HandWritten(cls, reference, self.root, quotes=not self.declared.pii)
        names = [name for name, _ in self._described()]
        keys = {key.lower() for key in self.declared.keys}
        table = Table(
            self.tested.name,
            self.looked.rows,
            self.looked.whole,
            tuple(names),
            tuple(name for name in names if name.lower() in keys),
        )
        result, sample = scan_class(
            of, table, self._all, lambda sql: self.engine.batches(sql, of.is_whole)
        )
        rows = [{k: samples.json_value(v) for k, v in row.items()} for row in sample]
        told = literal(f"{self.tested.name} breaks {reference}")
        query = f"select {told} as problem from range({result.failed_count})"
        found = self._result(result, query if result.findings else NOTHING, rows, of.pii)
        shown = _by_key(table, sample, self.declared.pii | of.pii)
        return found._replace(evidence=replace(found.evidence, rows_sql=shown))

    def _result(
        self,
        result: Judged,
        query: str,
        sample: Iterable[Mapping[str, Any]],
        pii: frozenset[str] = frozenset(),
    ) -> Result:
        told = tuple(one.text for one in result.findings)
        secret = self.declared.pii | pii
        failed = result.failed_count if result.findings else 0
        if result.is_of_table:
            failed = result.total_count
            query = f"select unnest([{', '.join(map(literal, told))}]) as problem"
        evidence = Evidence(
            failed_count=failed,
            total_count=result.total_count,
            query=query,
            sample=tuple(_redacted(row, secret) for row in sample) if self.has_samples else (),
            notes=(*told, *result.notes),
            is_of_table=result.is_of_table,
        )
        words = "\n".join(judged.lines(result, self.tested.name)) if told else ""
        return Result(evidence, words, query)

    def _sampled(self, result: Judged, contract: Contract) -> list[Mapping[str, Any]]:
        """A few rows of each rule that is broken."""
        found: list[Mapping[str, Any]] = []
        if not result.broken or not self.has_samples:
            return found
        most = max(1, samples.ROWS // len(result.broken))
        for constraint in result.broken[: samples.ROWS]:
            sql = failing_rows.sample(
                constraint, contract, self.looked.whole, scope=self.looked.scope, limit=most
            )
            found += samples.rows(*self.engine.ask(sql, most))
        return found

    def _described(self) -> list[tuple[str, str]]:
        rows = self._all(f"DESCRIBE SELECT * FROM {self.looked.rows}")
        return [(str(row[0]), str(row[1])) for row in rows]

    def _all(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.engine.ask(sql, ALL)[1]


def _by_key(table: Table, sample: Iterable[Mapping[str, Any]], pii: frozenset[str]) -> str | None:
    """A query of the rows of a sample, where numbers or texts that may be shown tell them apart."""
    found: dict[str, None] = {}
    for row in sample:
        keys = [(name, row.get(name)) for name in table.shown]
        if not keys or {name.lower() for name, _ in keys} & {name.lower() for name in pii}:
            return None
        if all(type(value) in (int, str) for _, value in keys):
            same = [
                f"{quoted(name)} = {literal(value) if isinstance(value, str) else value}"
                for name, value in keys
            ]
            found[f"({' and '.join(same)})"] = None
    return f"select * from {table.rows} where {' or '.join(found)}" if found else None


def _redacted(row: Mapping[str, Any], pii: frozenset[str]) -> dict[str, Any]:
    return redaction.redacted(row, redaction.hidden_columns(row, pii=pii))
