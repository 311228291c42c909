"""What the URL of the catalog's database says, and how it may be shown."""

import re
from pathlib import Path
from urllib.parse import unquote

from dbt_phlo.errors import ConfigError

_AUTHORITY = re.compile(r"://[^:@/?#]*:(?P<password>[^?#]*)@")
_SECRET = re.compile(r"(?P<key>[?&](?:password|sslpassword|passfile)=)[^&#]*", re.IGNORECASE)


def sqlite_path(url: str) -> Path:
    """The file of a SQLAlchemy SQLite URL.

    >>> sqlite_path("sqlite:////lake/a%20b/catalog.db").as_posix()
    '/lake/a b/catalog.db'
    """
    path = unquote(url.split(":///", 1)[1]) if ":///" in url else ""
    if not path or path == ":memory:":
        raise ConfigError(
            f"iceberg_catalog.uri {safe(url)!r} names no file",
            remedy="write sqlite:////absolute/path/catalog.db, or leave uri out",
            code="PHLO106",
        )
    return Path(path)


def scheme(url: str) -> str:
    """The kind of database, without the driver.

    >>> scheme("postgresql+psycopg://db/lake")
    'postgresql'
    """
    return url.split("://", 1)[0].split(":", 1)[0].split("+", 1)[0]


def safe(url: str) -> str:
    """A database URL without its password, for messages.

    >>> safe("postgresql://ann:secret@db:5432/lake?password=secret&x=1")
    'postgresql://ann:***@db:5432/lake?password=***&x=1'
    """
    shown = _SECRET.sub(r"\g<key>***", url)
    password = _password(url)
    return shown.replace(f":{password}@", ":***@", 1) if password else shown


def without_password(text: str, url: str) -> str:
    """A driver's message about ``url``, without the password in any of its spellings."""
    found = [_password(url), *(m[0].split("=", 1)[1] for m in _SECRET.finditer(url))]
    for secret in sorted({*found, *map(unquote, found)} - {""}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _password(url: str) -> str:
    """The password before the host; also of a URL that is broken elsewhere."""
    found = _AUTHORITY.search(url)
    return found["password"] if found else ""
