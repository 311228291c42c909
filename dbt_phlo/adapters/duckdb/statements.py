"""Just enough SQL reading: which names a statement holds, and what its first words ask for.

Strings, comments and dollar-quoted text are skipped, so that a name inside one is never touched.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_IDENTIFIER = r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'
_CHAIN = rf"{_IDENTIFIER}(?:\s*\.\s*{_IDENTIFIER})*"
_IN_COMMENT = r"[^*/]|\*(?!/)|/(?!\*)"
_COMMENT = rf"/\*(?:{_IN_COMMENT}|/\*(?:{_IN_COMMENT})*\*/)*\*/"  # one may stand in another
_SKIPPED = (
    r"(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
    rf"|--[^\n]*|{_COMMENT}|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"
)
_TOKENS = re.compile(rf"(?P<skipped>{_SKIPPED})|(?P<chain>{_CHAIN})|(?P<end>;)", re.DOTALL)
_PART = re.compile(_IDENTIFIER)
_LEADING = re.compile(rf"(?:\s+|--[^\n]*(?:\n|$)|{_COMMENT}|;)*", re.DOTALL)
_END = rf"\s*(?:--[^\n]*(?:\n|$)|{_COMMENT}|\s)*$"
_WRITING = frozenset(
    ("insert", "update", "delete", "merge", "create", "drop", "alter", "copy", "truncate")
)
_READING = ("select", "from", "describe", "show", "set", "pragma", "begin", "values")

_SCHEMA = re.compile(
    rf"(?P<verb>create|drop)\s+schema\s+(?P<if>if\s+(?:not\s+)?exists\s+)?(?P<name>{_CHAIN})"
    rf"\s*(?P<cascade>cascade|restrict)?{_END}",
    re.IGNORECASE | re.DOTALL,
)
_CREATE_VIEW = re.compile(
    rf"create\s+(?P<replace>or\s+replace\s+)?view\s+(?P<if>if\s+not\s+exists\s+)?"
    rf"(?P<name>{_CHAIN})\s+as\s*(?P<body>.*)",
    re.IGNORECASE | re.DOTALL,
)
_DROP_VIEW = re.compile(
    rf"drop\s+view\s+(?P<if>if\s+exists\s+)?(?P<name>{_CHAIN})\s*(?:cascade|restrict)?{_END}",
    re.IGNORECASE | re.DOTALL,
)
_VACUUM = re.compile(
    rf"vacuum\s+(?:analyze\s+)?(?P<name>{_CHAIN}){_END}", re.IGNORECASE | re.DOTALL
)
_RENAME_VIEW = re.compile(
    rf"alter\s+view\s+(?P<name>{_CHAIN})\s+rename\s+to\s+(?P<to>{_IDENTIFIER}){_END}",
    re.IGNORECASE | re.DOTALL,
)


class Ddl(NamedTuple):
    """A statement that DuckDB's Iceberg catalog cannot do and that we do in its place."""

    action: str
    """``create`` or ``drop schema``; ``create``, ``drop`` or ``rename view``; ``vacuum``."""
    name: tuple[str, ...]
    """The parts of the name, unquoted."""
    conditional: bool
    """``if exists``, ``if not exists``."""
    replace: bool = False
    cascade: bool = False
    body: str = ""
    """The query of a view, or a view's new name."""


def split(sql: str) -> list[str]:
    """The statements of a text, without the semicolons between them; mere comments are none.

    >>> split("drop view v; -- all; of it\\n insert into t values (';');")
    ['drop view v', "-- all; of it\\n insert into t values (';')"]
    """
    ends = [match.start() for match in _TOKENS.finditer(sql) if match["end"]]
    bounds = zip([-1, *ends], [*ends, len(sql)], strict=True)
    texts = (sql[start + 1 : end] for start, end in bounds)
    return [text.strip() for text in texts if _without_leading(text)]


def ddl(sql: str) -> Ddl | None:
    """What a text asks for, if it is one statement and one of ours."""
    is_ours = starts_with(sql, ("create", "drop", "alter", "vacuum"))
    single = split(sql) if is_ours else []
    if len(single) != 1:
        return None
    text = _without_leading(single[0])
    if match := _SCHEMA.match(text):
        return Ddl(
            f"{match['verb'].lower()} schema",
            parts(match["name"]),
            bool(match["if"]),
            cascade=(match["cascade"] or "").lower() == "cascade",
        )
    if match := _CREATE_VIEW.match(text):
        return Ddl(
            "create view",
            parts(match["name"]),
            bool(match["if"]),
            replace=bool(match["replace"]),
            body=match["body"].strip(),
        )
    if match := _RENAME_VIEW.match(text):
        return Ddl("rename view", parts(match["name"]), False, body=parts(match["to"])[0])
    if match := _DROP_VIEW.match(text):
        return Ddl("drop view", parts(match["name"]), bool(match["if"]))
    match = _VACUUM.match(text)
    return Ddl("vacuum", parts(match["name"]), False) if match else None


def parts(chain: str) -> tuple[str, ...]:
    """The parts of a dotted name, unquoted.

    >>> parts('"lake".silver . "a b"')
    ('lake', 'silver', 'a b')
    """
    return tuple(_unquoted(part) for part in _PART.findall(chain))


def names(sql: str) -> Iterator[tuple[str, ...]]:
    """Every dotted name in a statement, keywords included, outside strings and comments."""
    for match in _TOKENS.finditer(sql):
        if match["chain"]:
            yield parts(match["chain"])


def with_names(sql: str, change: Callable[[tuple[str, ...]], str | None]) -> str:
    """The statement with each dotted name that ``change`` has another text for replaced."""

    def replaced(match: re.Match[str]) -> str:
        if not match["chain"]:
            return match[0]
        return change(parts(match["chain"])) or match[0]

    return _TOKENS.sub(replaced, sql)


def starts_with(sql: str, words: tuple[str, ...]) -> bool:
    """Whether a statement's first word, after comments, is one of ``words`` (lower case)."""
    match = _PART.match(_without_leading(sql))
    return match is not None and match[0].lower() in words


def only_reads(sql: str) -> bool:
    """Whether a statement surely writes nothing.

    >>> only_reads("with t as (select 1) select * from t")
    True
    >>> only_reads("with t as (select 1) insert into u from t")
    False
    """
    if starts_with(sql, ("with", "explain")):
        return _WRITING.isdisjoint(m["chain"].lower() for m in _TOKENS.finditer(sql) if m["chain"])
    return starts_with(sql, _READING)


def _without_leading(sql: str) -> str:
    """A text from its first word on."""
    return sql[_LEADING.match(sql).end() :]  # type: ignore[union-attr]


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
