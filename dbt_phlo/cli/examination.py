"""The checks of ``dbt-phlo doctor``, in the order in which one stands on the other.

``INSTALLATION`` needs nothing, ``PROJECT`` the installation, ``LAKE`` a readable target. A check is
a function that returns a ``Finding``; an error of ours that it raises is its finding.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dbt_phlo.errors import PhloError

if TYPE_CHECKING:
    from dbt_phlo.cli.options import Place

Status = Literal["ok", "warning", "wrong", "not checked"]
_MARK = {"ok": "ok  ", "warning": "warn", "wrong": "FAIL", "not checked": "?   "}


class Finding(NamedTuple):
    """What one check found; ``remedy`` is the command or line that mends it."""

    check: str
    status: Status
    message: str
    remedy: str = ""
    code: str = ""

    def lines(self) -> list[str]:
        told = f"{self.code} {self.message}".strip()
        lines = [f"{_MARK[self.status]}  {self.check}: {told}"]
        return [*lines, *(f"        {line}" for line in self.remedy.splitlines())]


Check = tuple[str, Callable[[Any], Finding]]


def all_of(place: "Place") -> list[Finding]:
    """Every check's finding."""
    from dbt_phlo.cli import installation, lake_health, project_health

    findings = _run(installation.CHECKS, None)
    usable = all(finding.status != "wrong" for finding in findings)
    if not usable:
        later = (*project_health.CHECKS, *lake_health.CHECKS)
        return [*findings, *_unchecked(later, "the installation is not complete")]
    findings += _run(project_health.CHECKS, project_health.Subject(place))
    subject = lake_health.Subject.of(place)
    if subject is None:
        return [*findings, *_unchecked(lake_health.CHECKS, "no usable target")]
    try:
        return [*findings, *_run(lake_health.CHECKS, subject)]
    finally:
        subject.close()


def ok(message: str) -> Finding:
    return Finding("", "ok", message)


def warning(message: str, remedy: str) -> Finding:
    return Finding("", "warning", message, remedy)


def wrong(message: str, remedy: str) -> Finding:
    return Finding("", "wrong", message, remedy)


def not_checked(message: str) -> Finding:
    return Finding("", "not checked", message)


def _run(checks: Iterable[Check], subject: Any) -> list[Finding]:
    return [_found(name, check, subject) for name, check in checks]


def _found(name: str, check: Callable[[Any], Finding], subject: Any) -> Finding:
    try:
        return check(subject)._replace(check=name)
    except PhloError as error:
        return Finding(name, "wrong", error.message, error.remedy, error.code)
    except OSError as error:
        return Finding(name, "wrong", str(error), "mend the permissions or the path named")


def _unchecked(checks: Iterable[Check], why: str) -> list[Finding]:
    return [Finding(name, "not checked", why) for name, _ in checks]
