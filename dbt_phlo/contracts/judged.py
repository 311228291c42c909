"""What a scan of a table has come to: what breaks its contract, and what is to be said besides."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dbt_phlo.contracts.contract import Constraint, Contract
from dbt_phlo.contracts.one_scan import Counted, Rows, Scan
from dbt_phlo.contracts.rules import Other, Relationship, columns_of
from dbt_phlo.contracts.wording import words

_CONDITION = re.compile(r"(?P<sign>>=|<=|<>|!=|==|=|>|<)\s*(?P<number>\d+)")


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a contract. Without counts it is about the table, not about its rows.

    ``constraint`` is None for a difference of the schema.
    """

    text: str
    constraint: Constraint | None = None
    failed_count: int | None = None
    total_count: int | None = None

    @property
    def is_of_rows(self) -> bool:
        """Whether some rows break it, and others do not."""
        return self.failed_count is not None


@dataclass(frozen=True)
class Judged:
    """``findings`` break the contract; ``notes`` tell what else was counted, or left to others."""

    total_count: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    failed_count: int | None = None
    """The rows that break it, each counted once; None where a query is to count them."""

    @property
    def broken(self) -> tuple[Constraint, ...]:
        """The constraints that too many rows break."""
        return tuple(
            one.constraint for one in self.findings if one.is_of_rows and one.constraint is not None
        )

    @property
    def is_of_table(self) -> bool:
        """Whether something is wrong that is no matter of so many rows."""
        return not all(one.is_of_rows for one in self.findings)


def judge(scan: Scan, contract: Contract, execute: Rows, tests: Collection[str] = ()) -> Judged:
    """What a scan says of a contract, in the order of its columns and constraints.

    ``tests`` are the names of the data tests that the table has besides.

    A column more than declared breaks an enforced contract only. A rule of severity ``warn`` breaks
    nothing, and neither does one that is kept by its threshold or by its ``error_if``, or whose
    test has a ``fail_calc``. A rule that no scan can count breaks the contract, unless it is one of
    ``tests``, which dbt runs by itself.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    for one in scan.differences:
        if one.kind == "extra" and not contract.is_enforced:
            notes.append(str(one))
        else:
            findings.append(Finding(f"{one} -> {one.remedy}"))
    missing = {one.column.lower() for one in scan.differences if one.kind == "missing"}
    for counted in scan.counted:
        if missing & {name.lower() for name in columns_of(counted.constraint.rule)}:
            continue  # told already
        found, note = _judged(counted, contract, execute, tests)
        findings += [found] if found else []
        notes += [note] if note else []
    kept = sum(counted.failed_count == 0 for counted in scan.counted)
    notes.append(f"{kept} of {len(scan.counted)} rules are kept by every row")
    total = max([scan.total_count, *(one.total_count or 0 for one in findings)])
    return Judged(total, tuple(findings), tuple(notes))


def _judged(
    counted: Counted, contract: Contract, execute: Rows, tests: Collection[str]
) -> tuple[Finding | None, str]:
    """What breaks the contract, or what is to be noted of a constraint."""
    constraint = counted.constraint
    told = _told(constraint)
    if counted.failed_count is None:
        if _has_own_test(constraint, contract, tests):
            return None, f"{told}: left to its own test"
        hint = "; add a relationships test" if _is_foreign_key(constraint) else ""
        text = f"{told}: it could not be checked: {counted.problem}{hint}"
        return (None, f"{text} (a warning)") if _warns(constraint) else (Finding(text), "")
    if not counted.failed_count:
        return None, ""
    text = f"{told}: {counted.failed_count:,} of {counted.total_count:,} rows fail"
    if _warns(constraint):
        return None, f"{text} (a warning)"
    if constraint.fail_calc or _is_allowed(counted, execute):
        judge = f"its own test judges by {constraint.fail_calc}" if constraint.fail_calc else ""
        return None, f"{text}, which {judge or 'it allows'}"
    return Finding(text, constraint, counted.failed_count, counted.total_count), ""


def _warns(constraint: Constraint) -> bool:
    return constraint.severity == "warn"


def _told(constraint: Constraint) -> str:
    columns = ", ".join(columns_of(constraint.rule))
    rule = words(constraint.rule)
    filtered = f" where {' '.join(constraint.where.split())}" if constraint.where else ""
    return f"{columns}: {rule}{filtered}" if columns else f"{rule}{filtered}"


def _has_own_test(constraint: Constraint, contract: Contract, tests: Collection[str]) -> bool:
    """Whether dbt runs a data test for what no scan can count."""
    if not isinstance(constraint.rule, Other | Relationship):
        return False
    if constraint.source.rpartition(".")[2] in tests:
        return True
    if not _is_foreign_key(constraint) or "relationships" not in tests:
        return False
    columns = {name.lower() for name in columns_of(constraint.rule)}
    tested = {
        one.rule.column.lower()
        for one in contract.constraints
        if isinstance(one.rule, Relationship)
    }
    return bool(columns) and columns <= tested


def _is_foreign_key(constraint: Constraint) -> bool:
    rule = constraint.rule
    return isinstance(rule, Other) and rule.test == "constraint foreign_key"


def _is_allowed(counted: Counted, execute: Rows) -> bool:
    constraint = counted.constraint
    if constraint.threshold:
        return counted.is_kept
    return bool(constraint.error_if) and not _holds(
        counted.failed_count or 0, constraint.error_if, execute
    )


def _holds(number: int, condition: str, execute: Rows) -> bool:
    """Whether dbt's condition on a number of failures is true."""
    found = _CONDITION.fullmatch(condition.strip())
    if found is None:
        ((answer,),) = execute(f"SELECT {number} {condition}")
        return bool(answer)
    bound = int(found["number"])
    return bool(
        {
            ">": number > bound,
            ">=": number >= bound,
            "<": number < bound,
            "<=": number <= bound,
        }.get(found["sign"], (number == bound) == (found["sign"] in ("=", "==")))
    )


def lines(judged: Judged, name: str) -> Iterator[str]:
    """What breaks a contract, for a reader of the console: a heading, then a line a finding."""
    yield f"the contract of {name} is broken:"
    for one in judged.findings:
        yield f"  {one.text}"
