"""Names of refs, runs, schemas and tables: what is allowed, and how they are written.

The rule for refs is Nessie's (``REF_NAME_REGEX`` of its API v2), with a length limit, so that one
name means the same on every catalog.
"""

import re
import uuid

from dbt_phlo.errors import NameRefused

RUN_PREFIX = "pipeline-run-"
MAX_LENGTH = 200

HISTORY_SCHEMA = "_phlo"
"""The schema of a lake that belongs to dbt-phlo itself: what runs and checks came to."""

REJECTED = "__rejected"
"""What the table of a load's bad rows is called behind the name of the table itself."""

_REF = re.compile(r"[A-Za-z](?:(?!\.\.)[A-Za-z0-9./_-])*[A-Za-z0-9_-]|[A-Za-z]")
_RUN_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.))*")
_IN_TABLE_FOLDER = re.compile(
    r"(?P<folder>[A-Za-z0-9_-]+/[A-Za-z0-9_-]+-[0-9a-f]{32})/(?:data|metadata)/."
)
_HOOK = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def branch_name(name: str) -> str:
    """The name unchanged, if a branch may be called so; else ``NameRefused``.

    >>> branch_name("pr/12")
    'pr/12'
    """
    if name.lower().startswith(RUN_PREFIX):
        raise NameRefused(
            f"branch name {name!r} begins with {RUN_PREFIX!r}, which names the refs of runs",
            remedy="to read or join a run, set PHLO_RUN_ID to its id instead",
            code="PHLO202",
        )
    if not _REF.fullmatch(name) or len(name) > MAX_LENGTH:
        raise NameRefused(
            f"branch name {name[:80]!r} is not allowed",
            remedy=f"use letters, digits, '.', '_', '-' and '/', beginning with a letter, without "
            f"'..', at most {MAX_LENGTH} characters",
            code="PHLO201",
        )
    return name


def run_id(name: str) -> str:
    """The id unchanged, if a run may be called so; else ``NameRefused``."""
    if not _RUN_ID.fullmatch(name) or len(name) > MAX_LENGTH - len(RUN_PREFIX):
        raise NameRefused(
            f"run id {name[:80]!r} is not allowed",
            remedy=f"use letters, digits, '.', '_' and '-', beginning with a letter or digit, at "
            f"most {MAX_LENGTH - len(RUN_PREFIX)} characters",
            code="PHLO203",
        )
    return name


def assert_run_ref(name: str) -> str:
    """The name unchanged, if it is the ref of a run that may be called so."""
    if not name.startswith(RUN_PREFIX):
        raise NameRefused(
            f"the ref of a run is called {RUN_PREFIX}<run id>, not {name[:80]!r}", code="PHLO203"
        )
    run_id(name.removeprefix(RUN_PREFIX))
    return name


def run_ref(identifier: str) -> str:
    """The ref of a run.

    >>> run_ref("2024-01-01")
    'pipeline-run-2024-01-01'
    """
    return RUN_PREFIX + run_id(identifier)


def hook_name(name: str) -> str:
    """The name unchanged, if it is an identifier (so that no path can hide in it)."""
    if not isinstance(name, str) or not _HOOK.fullmatch(name):
        raise NameRefused(
            f"hook name {str(name)[:80]!r} is not an identifier",
            remedy="phlo_hook('name') runs python_hooks/name.py: letters, digits and '_' only",
            code="PHLO204",
        )
    return name


def schema_name(name: str) -> str:
    """The name unchanged, if a schema of the lake may be called so."""
    if not name or "." in name or len(name) > MAX_LENGTH or not _is_text(name):
        raise NameRefused(
            f"schema name {name[:80]!r} is not allowed",
            remedy="a schema is one Iceberg namespace level: use a name without dots and "
            f"control characters, at most {MAX_LENGTH} characters",
            code="PHLO205",
        )
    return name


def table_name(name: str) -> str:
    """The name unchanged, if a table or view of the lake may be called so."""
    if name in ("", ".", "..") or len(name) > MAX_LENGTH or not _is_text(name):
        raise NameRefused(
            f"table name {name[:80]!r} is not allowed",
            remedy=f"use at most {MAX_LENGTH} characters, without control characters",
            code="PHLO206",
        )
    return name


def _is_text(name: str) -> bool:
    """Whether every database and file can hold a name: no control characters, no half pairs."""
    return all(char >= " " and char != "\x7f" and not "\ud800" <= char <= "\udfff" for char in name)


def quoted(identifier: str) -> str:
    """An SQL identifier in double quotes.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def folder(namespace: str, name: str) -> str:
    """A folder for a new table's files: readable, safe on every file system, never used twice."""
    safe = "/".join(re.sub(r"[^A-Za-z0-9_-]", "_", part)[:60] for part in (namespace, name))
    return f"{safe}-{uuid.uuid4().hex}"


def table_folder(path: str) -> str:
    """The folder of a table, as ``folder`` names it, that a path below the warehouse lies in.

    >>> table_folder("main/orders-0123456789abcdef0123456789abcdef/data/a.parquet")
    'main/orders-0123456789abcdef0123456789abcdef'
    >>> table_folder("main/notes/readme.txt")
    ''
    """
    found = _IN_TABLE_FOLDER.match(path)
    return found["folder"] if found else ""
