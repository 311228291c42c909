"""The way into a warehouse on S3: whose keys are taken, and that nothing shows them."""

import copy
import json
import pickle
from typing import Any

import pytest

from dbt_phlo.errors import ConfigError
from dbt_phlo.storage import Hidden, Storage, storage

WAREHOUSE = "s3://lake/wh"
SECRET = "s3cr3t"
ENTRY = {"type": "s3", "key_id": "K", "secret": SECRET}
KEYS = {"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "env"}


def found(secrets: Any = (), environment: dict[str, str] | None = None) -> Storage:
    return storage(WAREHOUSE, secrets, environment or {})


@pytest.mark.parametrize("scope", [None, "", "s3://", "s3://lake", "s3://lake/wh", "s3://lake/wh/"])
def test_an_entry_without_a_scope_or_with_one_that_covers_the_warehouse_is_taken(
    scope: str | None,
) -> None:
    assert found([{**ENTRY, "scope": scope}]).key_id == "K"
    assert found([{**ENTRY, "scope": ["s3://other", scope or "s3://"]}]).key_id == "K"


@pytest.mark.parametrize("scope", ["s3://other", "s3://lake/wh/deeper", "s3://lake/who"])
def test_an_entry_for_other_places_is_not_taken(scope: str) -> None:
    assert found([{**ENTRY, "scope": scope}], KEYS).key_id == "E"


def test_the_entry_with_the_longest_scope_is_taken_and_other_types_never() -> None:
    entries = [
        {**ENTRY, "key_id": "all"},
        {**ENTRY, "key_id": "mine", "scope": "s3://lake/wh"},
        {**ENTRY, "key_id": "bucket", "scope": "s3://lake"},
        {**ENTRY, "key_id": "gcs", "type": "gcs", "scope": "s3://lake/wh/"},
    ]
    assert found(entries).key_id == "mine"
    assert found(entries[3:]).key_id == ""


def test_keys_server_and_region_that_an_entry_does_not_name_are_the_environments() -> None:
    environment = {
        **KEYS,
        "AWS_SESSION_TOKEN": "token",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://minio:9000/",
    }
    assert found([], environment) == Storage(
        "E", Hidden("env"), Hidden("token"), "eu-west-1", "minio:9000", "path", use_ssl=False,
        everywhere=True,
    )  # fmt: skip
    assert found([ENTRY], environment) == Storage(
        "K", Hidden(SECRET), Hidden(), "eu-west-1", "minio:9000", "path", use_ssl=False
    )
    named = {**ENTRY, "endpoint": "s3.local", "region": "a-1", "url_style": "vhost"}
    assert found([named], environment) == Storage(
        "K", Hidden(SECRET), Hidden(), "a-1", "s3.local", "vhost", use_ssl=True
    )
    special = {**environment, "AWS_ENDPOINT_URL_S3": "https://s3.own", "AWS_REGION": "b-1"}
    assert found([], special)[3:7] == ("b-1", "s3.own", "path", True)


def test_half_of_the_environments_keys_are_none() -> None:
    assert found([], {"AWS_ACCESS_KEY_ID": "E", "AWS_SESSION_TOKEN": "t"}) == Storage()


def test_a_credential_chain_is_asked_even_where_the_environment_has_keys() -> None:
    taken = found([{"type": "s3", "provider": "credential_chain", "region": "eu-1"}], KEYS)
    assert taken == Storage(region="eu-1")


@pytest.mark.parametrize("given, style", [("", "vhost"), ("minio:9000", "path")])
def test_the_bucket_is_in_the_host_on_aws_and_in_the_path_elsewhere(given: str, style: str) -> None:
    assert found([{**ENTRY, "endpoint": given}]).url_style == style


REFUSED: dict[str, tuple[Any, str]] = {
    "a key nearly right": ({**ENTRY, "reigon": "x"}, "Did you mean `region`"),
    "a key for DuckDB alone": ({**ENTRY, "kms_key_id": "x"}, "'kms_key_id'"),
    "half of a pair": ({"type": "s3", "secret": SECRET}, "half of a pair"),
    "the other half": ({"type": "s3", "key_id": "K"}, "half of a pair"),
    "a number": ({"type": "s3", "key_id": "K", "secret": 12}, "`secret`"),
    "no endpoint": ({**ENTRY, "endpoint": "http://h/path"}, "endpoint"),
    "an endpoint with a password": ({**ENTRY, "endpoint": f"http://u:{SECRET}@h"}, "endpoint"),
    "no region": ({**ENTRY, "region": "eu west"}, "region"),
    "no style": ({**ENTRY, "url_style": "virtual"}, "url_style"),
    "no flag": ({**ENTRY, "use_ssl": "maybe"}, "use_ssl"),
    "no provider": ({**ENTRY, "provider": "x"}, "provider"),
    "no mapping": ("s3", "no mapping"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_heeded_is_refused_without_showing_a_secret(case: str) -> None:
    entry, words = REFUSED[case]
    with pytest.raises(ConfigError) as caught:
        found([entry])
    assert words in str(caught.value)
    assert caught.value.code == "PHLO121"
    assert caught.value.remedy
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("flag, expected", [(False, False), ("false", False), ("True", True)])
def test_use_ssl_may_be_a_text(flag: Any, expected: bool) -> None:
    assert found([{**ENTRY, "endpoint": "h", "use_ssl": flag}]).use_ssl is expected


def test_a_secret_cannot_be_shown_or_written_by_accident() -> None:
    way = Storage("K", Hidden(SECRET), Hidden("t0ken"))
    shown = [repr(way), str(way), f"{way}", f"{way.secret!r:>9}", str(way.secret)]
    shown += [format(way.session_token, ""), str({"storage": way})]
    assert not [text for text in shown if SECRET in text or "t0ken" in text]
    with pytest.raises(TypeError):
        json.dumps({"storage": way})
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(way)
    with pytest.raises(TypeError, match="not written"):
        copy.deepcopy(way)
    assert way.without_secrets(f"a {SECRET} b t0ken c") == "a *** b *** c"


def test_what_goes_over_the_pipe_comes_out_the_same() -> None:
    way = Storage("K", Hidden(SECRET), Hidden("t"), "r", "h:1", "path", use_ssl=False)
    assert Storage.from_message(json.loads(json.dumps(way.to_message()))) == way
