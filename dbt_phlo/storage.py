"""How the objects of an S3 warehouse are reached: on which server, and with whose keys.

The profile's ``secrets:`` (dbt-duckdb's key, DuckDB's names) come first, then the environment's
``AWS_*`` variables. Where neither holds keys, those who open the warehouse ask AWS's own chain
(``~/.aws``, web identity, the container's or the machine's role).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dbt_phlo.errors import ConfigError, nearest

SCHEME = "s3://"

KEYS = ("key_id", "secret", "session_token", "region", "endpoint", "url_style", "use_ssl")
BESIDE = ("type", "name", "provider", "scope", "persistent")
PROVIDERS = ("config", "credential_chain")
URL_STYLES = ("path", "vhost")

_ENDPOINT = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<server>(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?)/?"
)
_REGION = re.compile(r"[A-Za-z0-9-]*")


class Hidden:
    """A text that cannot be formatted, logged or serialized by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def revealed(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "***" if self._text else "''"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


class Storage(NamedTuple):
    """One way into an S3 warehouse. Without a ``key_id`` the keys are AWS's chain to find."""

    key_id: str = ""
    secret: Hidden = Hidden()
    session_token: Hidden = Hidden()
    region: str = ""
    endpoint: str = ""
    """Host and port; empty for AWS's own."""
    url_style: str = "vhost"
    """``path``: the bucket is the first part of the path, not of the host."""
    use_ssl: bool = True
    everywhere: bool = False
    """Whether the keys are the environment's, which every bucket is asked with."""

    @property
    def server(self) -> str:
        """Who is asked, for messages.

        >>> Storage(endpoint="minio:9000", use_ssl=False).server
        'http://minio:9000'
        """
        if not self.endpoint:
            return f"AWS S3{f' in {self.region}' if self.region else ''}"
        return f"{'https' if self.use_ssl else 'http'}://{self.endpoint}"

    def without_secrets(self, text: str) -> str:
        """A message of a server or a library, with what must not be shown taken out."""
        for hidden in (self.secret, self.session_token):
            if hidden:
                text = text.replace(hidden.revealed(), "***")
        return text

    def to_message(self) -> dict[str, Any]:
        """Everything in the clear, for the pipe of a child process and nothing else."""
        return {
            **self._asdict(),
            "secret": self.secret.revealed(),
            "session_token": self.session_token.revealed(),
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> "Storage":
        return cls(
            **{
                **message,
                "secret": Hidden(message["secret"]),
                "session_token": Hidden(message["session_token"]),
            }
        )


def storage(warehouse: str, secrets: Any, environment: Mapping[str, str]) -> Storage:
    """The way into ``warehouse`` (an ``s3://`` URI without a slash at its end).

    The entry of ``secrets`` with the longest scope that covers the warehouse is taken; keys, server
    and region that it does not name are the environment's. Raises ``ConfigError`` (PHLO121).
    """
    entry = _covering(warehouse, secrets)
    given = {**_environment(environment), **_checked(entry)}
    if str(entry.get("provider")) == "credential_chain":
        given.update(key_id="", secret="", session_token="")
    scheme, endpoint = _endpoint(given["endpoint"])
    use_ssl = given["use_ssl"] if scheme is None else scheme == "https"
    if not _REGION.fullmatch(given["region"]):
        raise _refused(f"the region {given['region']!r} is not one", "such as eu-central-1")
    return Storage(
        key_id=given["key_id"],
        secret=Hidden(given["secret"]),
        session_token=Hidden(given["session_token"]),
        region=given["region"],
        endpoint=endpoint,
        url_style=given["url_style"] or ("path" if endpoint else "vhost"),
        use_ssl=use_ssl,
        everywhere=not entry and bool(given["key_id"]),
    )


def no_keys(why: str = "") -> ConfigError:
    """The error for a warehouse that nobody has keys for, with the words of who was asked."""
    return ConfigError(
        "there are no keys for the warehouse: neither in `secrets:` of the profile nor in "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS's own chain gives none"
        + (f" ({why})" if why else ""),
        remedy="give some in one of these places; `aws sts get-caller-identity` asks the chain",
        code="PHLO124",
    )


def _covering(warehouse: str, secrets: Any) -> Mapping[str, Any]:
    """The entry that DuckDB would choose for the warehouse's files; an empty one if there is none.

    DuckDB compares scopes as beginnings of a path, and takes the longest.
    """
    best: tuple[int, Mapping[str, Any]] = (-1, {})
    for entry in secrets or ():
        if not isinstance(entry, Mapping):
            raise _refused("an entry of `secrets` is no mapping", "{type: s3, key_id: ...}")
        if str(entry.get("type", "")).lower() == "s3":
            for scope in _scopes(entry.get("scope")):
                if f"{warehouse}/".startswith(scope) and len(scope) > best[0]:
                    best = (len(scope), entry)
    return best[1]


def _scopes(given: Any) -> Iterable[str]:
    if given in (None, "", []):
        return ("",)
    return (given,) if isinstance(given, str) else map(str, given)


def _checked(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of ``KEYS``; its values are shown in no message."""
    for key in entry:
        if key not in (*KEYS, *BESIDE):
            raise _refused(
                f"the secret of the warehouse has a key {key!r}, which only DuckDB would heed."
                f"{nearest(str(key), KEYS)}",
                f"use {', '.join(KEYS)}; what other buckets need goes into an entry with a `scope`",
            )
    provider = entry.get("provider") or "config"
    if provider not in PROVIDERS:
        raise _refused(
            "the provider of the warehouse's secret is not known",
            f"use one of: {', '.join(PROVIDERS)}",
        )
    given: dict[str, Any] = {}
    for key in KEYS:
        value = entry.get(key)
        if value in (None, ""):
            continue
        if key == "use_ssl":
            given[key] = _flag(value)
        elif not isinstance(value, str):
            raise _refused(f"`{key}` of the warehouse's secret is no text", "put it into quotes")
        else:
            given[key] = value
    if given.get("url_style") not in (None, *URL_STYLES):
        raise _refused(
            f"url_style is {given['url_style']!r}", f"use one of: {', '.join(URL_STYLES)}"
        )
    if ("key_id" in given) != ("secret" in given):
        raise _refused("the warehouse's secret has half of a pair", "give `key_id` and `secret`")
    if "key_id" in given:  # a token belongs to its keys, and a server's scheme to its server
        given.setdefault("session_token", "")
    if "endpoint" in given:
        given.setdefault("use_ssl", True)
    return given


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    key_id = environment.get("AWS_ACCESS_KEY_ID", "")
    secret = environment.get("AWS_SECRET_ACCESS_KEY", "")
    both = bool(key_id and secret)
    return {
        "key_id": key_id if both else "",
        "secret": secret if both else "",
        "session_token": environment.get("AWS_SESSION_TOKEN", "") if both else "",
        "region": environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "",
        "endpoint": environment.get("AWS_ENDPOINT_URL_S3")
        or environment.get("AWS_ENDPOINT_URL")
        or "",
        "url_style": "",
        "use_ssl": True,
    }


def _endpoint(given: str) -> tuple[str | None, str]:
    """Scheme, if one is written, and host with port."""
    if not given:
        return None, ""
    found = _ENDPOINT.fullmatch(given)
    if found is None:
        raise _refused("the endpoint of the S3 server is not host:port", "such as minio:9000")
    return found["scheme"], found["server"]


def _flag(value: Any) -> bool:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise _refused("use_ssl is neither true nor false", "use_ssl: false for http://")
    return text == "true"


def _refused(problem: str, remedy: str) -> ConfigError:
    return ConfigError(problem, remedy=remedy, code="PHLO121")
