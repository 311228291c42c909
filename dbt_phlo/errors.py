"""Every failure a user can see, as one tree.

::

    PhloError
    ├── ConfigError         PHLO1xx  profile, environment, variables, meta.phlo
    ├── NameRefused         PHLO2xx  names of branches, runs and hooks
    ├── CatalogError        PHLO3xx  refs, tables and pointers
    │   ├── NotFound
    │   ├── AlreadyExists
    │   ├── Conflict
    │   └── ReadOnly
    ├── RunError            PHLO4xx  the life of a run
    │   └── PromotionRefused
    ├── TypeRefused         PHLO5xx  a column type that Iceberg v2 cannot hold
    ├── DataRefused         PHLO6xx  rows that break the declared constraints
    ├── LoadError           PHLO65x  a source that cannot be loaded
    ├── InstallError        PHLO7xx  a missing extra, extension or program
    ├── CommandError        PHLO8xx  the command line, `init`, `doctor`
    │   └── UsageError
    └── ContractError       PHLO9xx  what YAML or a class declares of a table

Each code is stable and has a section in docs/troubleshooting.md. A message says what happened and
where; ``remedy`` says what to do next.
"""

from collections.abc import Iterable


class PhloError(Exception):
    """What happened (``message``), under a stable ``code``, and what to do (``remedy``)."""

    default_code = "PHLO000"

    def __init__(self, message: str, *, remedy: str = "", code: str = "") -> None:
        self.message = message
        self.remedy = remedy
        self.code = code or self.default_code
        super().__init__(message)

    def __str__(self) -> str:
        text = f"[{self.code}] {self.message}"
        return f"{text}\n  -> {self.remedy}" if self.remedy else text


class ConfigError(PhloError):
    """A key or value of the profile, the environment, a variable or ``meta.phlo`` is wrong."""

    default_code = "PHLO100"


class NameRefused(PhloError):
    """A ref, run or hook name that is not allowed."""

    default_code = "PHLO200"


class CatalogError(PhloError):
    """The catalog cannot do what was asked."""

    default_code = "PHLO300"


class NotFound(CatalogError):
    """A ref, namespace, table, view or run that does not exist."""

    default_code = "PHLO301"


class AlreadyExists(CatalogError):
    """A ref, namespace, table or view that exists already."""

    default_code = "PHLO302"


class Conflict(CatalogError):
    """Somebody else moved a table between reading and writing it."""

    default_code = "PHLO303"


class ReadOnly(CatalogError):
    """A write on a ref that is closed, or through a connection that may only read."""

    default_code = "PHLO304"


class RunError(PhloError):
    """A run cannot begin, join, go on or end as asked."""

    default_code = "PHLO400"


class PromotionRefused(RunError):
    """The branch has moved under the run; ``tables`` are the keys, as ``schema.name``."""

    default_code = "PHLO401"

    def __init__(self, message: str, *, tables: Iterable[str], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.tables = tuple(tables)


class TypeRefused(PhloError):
    """A column has a type that Iceberg v2 cannot hold without changing values."""

    default_code = "PHLO500"


class DataRefused(PhloError):
    """Rows break a constraint that the model declares."""

    default_code = "PHLO600"


class LoadError(PhloError):
    """A source that cannot be read, or not in its time."""

    default_code = "PHLO650"


class InstallError(PhloError):
    """Something that must be installed is not."""

    default_code = "PHLO700"


class CommandError(PhloError):
    """A command of ``dbt-phlo`` cannot do what was asked, or has found something wrong."""

    default_code = "PHLO800"


class UsageError(CommandError):
    """The command line itself is wrong (exit code 2)."""

    default_code = "PHLO801"


class ContractError(PhloError):
    """A declaration of a table is wrong: in YAML, in a constraint or test, in a Pandera class."""

    default_code = "PHLO900"


def nearest(word: str, known: Iterable[str]) -> str:
    """' Did you mean `x`?' for the closest known word, or nothing.

    >>> nearest("warehose", ["warehouse", "schema"])
    ' Did you mean `warehouse`?'
    >>> nearest("qqq", ["warehouse"])
    ''
    """
    from difflib import get_close_matches  # 2 ms, only needed when something is wrong

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean `{close[0]}`?" if close else ""
