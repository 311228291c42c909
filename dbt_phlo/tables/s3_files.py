"""The files of a warehouse on S3, by ``s3://`` URIs.

An object is there whole or not at all, so nothing has to be written beside its name first, and
there are no folders to make or to prune. obstore stands here because a process that serves the
catalog starts with it: it loads in 20 ms (pyarrow: 390 ms), deletes a thousand objects by one
request (pyarrow: three requests each), and leaves no marker objects behind.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from dbt_phlo.extras import optional
from dbt_phlo.storage import SCHEME, Storage, no_keys
from dbt_phlo.tables.files import StoredFile, damaged, denied, gone, unwritten

RETRIES = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
REMEDY = "check the keys and what they may do (`dbt-phlo doctor` tries it)"
_ANSWER = re.compile(
    r"<Code>(?P<code>\w+)</Code>(?:\s*<Message>(?P<message>[^<]{0,300})</Message>)?"
)
_OF_BULK = re.compile(r"for key .*?: (?P<message>[^\n]*) \(code: (?P<code>\w+)\)")


class S3Files:
    """Implements ``Files``; a store is opened for each bucket when it is first asked."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._obstore = optional("obstore", extra="s3")
        self._failures = (optional("obstore.exceptions", extra="s3").BaseError, OSError)
        self._stores: dict[str, Any] = {}

    def read(self, location: str) -> bytes:
        try:
            store, key = self._place(location)
            return bytes(self._obstore.get(store, key).bytes())
        except (ValueError, UnicodeError) as error:  # what named the object is damaged
            raise damaged(repr(location), str(error)) from None
        except FileNotFoundError:
            raise gone(location) from None
        except self._failures as error:
            raise denied("read", location, self._reason(error), REMEDY) from None

    def write(self, location: str, data: bytes) -> None:
        store, key = self._place(location)
        try:
            self._obstore.put(store, key, data)
        except self._failures as error:
            raise unwritten(location, self._reason(error), REMEDY) from None

    def prepare(self, location: str) -> None:
        """Nothing: a bucket has no folders."""

    def listed(self, folder: str) -> Iterator[StoredFile]:
        """Every object below ``folder``, a thousand a request."""
        store, key = self._place(folder)
        start = f"{folder[: len(folder) - len(key)].rstrip('/')}/"
        try:
            for page in self._obstore.list(store, prefix=key or None):
                for found in page:
                    yield StoredFile(f"{start}{found['path']}", found["size"])
        except self._failures as error:
            raise denied("list", folder, self._reason(error), REMEDY) from None

    def delete(self, locations: Iterable[str]) -> None:
        """Delete objects, a thousand a request; those that are gone already are no error."""
        keys: dict[str, list[str]] = {}
        for location in locations:
            bucket, _, key = location.removeprefix(SCHEME).partition("/")
            keys.setdefault(bucket, []).append(key)
        for bucket, found in keys.items():
            try:
                self._obstore.delete(self._store(bucket), found)
            except self._failures as error:
                place = f"{SCHEME}{bucket}/{found[0]}"
                raise denied("delete", place, self._reason(error), REMEDY) from None

    def prune(self, folders: Iterable[str]) -> None:
        """Nothing: what looks like a folder ends with its last object."""

    def _place(self, location: str) -> tuple[Any, str]:
        bucket, _, key = location.removeprefix(SCHEME).partition("/")
        return self._store(bucket), key

    def _store(self, bucket: str) -> Any:
        if bucket not in self._stores:
            self._stores[bucket] = self._opened(bucket)
        return self._stores[bucket]

    def _opened(self, bucket: str) -> Any:
        storage = self._storage
        # What obstore finds in AWS_* variables by itself may be for other keys or another server.
        options: dict[str, Any] = {
            "credential_provider": self._given if storage.key_id else _chain(),
            "skip_signature": False,
            "virtual_hosted_style_request": storage.url_style == "vhost",
        }
        if storage.endpoint:
            scheme = "https" if storage.use_ssl else "http"
            host = f"{bucket}." if storage.url_style == "vhost" else ""
            options["endpoint"] = f"{scheme}://{host}{storage.endpoint}"
        if storage.region:
            options["region"] = storage.region
        store = optional("obstore.store", extra="s3").S3Store
        return store(
            bucket,
            client_options={"allow_http": not storage.use_ssl},
            retry_config=RETRIES,
            **options,
        )

    def _given(self) -> dict[str, Any]:
        """The keys of the profile or the environment, as obstore asks for them."""
        return {
            "access_key_id": self._storage.key_id,
            "secret_access_key": self._storage.secret.revealed(),
            "token": self._storage.session_token.revealed() or None,
            "expires_at": None,
        }

    def _reason(self, error: Exception) -> str:
        """The server's own words; the library's error repeats the whole request."""
        text = str(error)
        found = _ANSWER.search(text) or _OF_BULK.search(text)
        if found is not None:
            said = f"{found['code']}: {found['message']}" if found["message"] else found["code"]
        elif "error sending request" in text:
            said = f"{self._storage.server} cannot be reached"
        else:
            said = f"{self._storage.server} answers: {text[:300].partition('Debug source')[0]}"
        return self._storage.without_secrets(" ".join(said.split()))


def _chain() -> Any:
    """AWS's own chain of credentials, which renews them. Raises ``ConfigError``."""
    boto3 = optional("boto3", extra="s3")
    failure = optional("botocore.exceptions", extra="s3").BotoCoreError
    try:
        session = boto3.Session()
        found, why = session.get_credentials() is not None, ""
    except failure as error:
        found, why = False, str(error)
    if not found:
        raise no_keys(why)
    return optional("obstore.auth.boto3", extra="s3").Boto3CredentialProvider(session)
