"""Settings: who wins, what is unset, what is refused."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from dbt_phlo.errors import ConfigError, NameRefused
from dbt_phlo.meta import META_KEYS, META_SUPPORTED, check_meta
from dbt_phlo.settings import KEYS, Settings, resolve, warehouse_uri


def resolved(
    profile: dict[str, Any] | None = None,
    variables: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
) -> Settings:
    return resolve(
        profile or {}, variables or {}, environment or {}, project="shop", project_root=Path("/p")
    )


def test_the_defaults() -> None:
    settings = resolved()
    assert settings == Settings(
        project="shop",
        warehouse="file:///p/lake",
        catalog={
            "type": "sql",
            "uri": "sqlite:////p/lake/catalog.db",
            "warehouse": "file:///p/lake",
            "storage": None,
            "snapshot_seconds": 30 * 86400.0,
        },
        branch="main",
        base_branch="main",
        wap="auto",
        run_id="",
        isolation="snapshot",
        require_checks="declared",
        retention_seconds=7 * 86400.0,
        failed_retention_seconds=14 * 86400.0,
    )


OPEN = {key.name: ("one", "two", "three") for key in KEYS if key.name in ("branch", "base_branch")}
VALUES = {
    **OPEN,
    "wap": ("hold", "off", "auto"),
    "isolation": ("snapshot", "serializable", "snapshot"),
    "require_checks": ("all", "off", "declared"),
    "run_id": ("r1", "r2", "r3"),
    "retention_days": ("1", "2", "3"),
    "failed_retention_days": ("1", "2", "3"),
}
SOURCES = ("profile", "variable", "environment")


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(
    "given", [one for n in range(4) for one in itertools.combinations(SOURCES, n)]
)
@pytest.mark.parametrize("empty", [(), ("environment",), ("environment", "variable")])
def test_the_environment_wins_over_variables_and_these_over_the_profile(
    name: str, given: tuple[str, ...], empty: tuple[str, ...]
) -> None:
    (key,) = [key for key in KEYS if key.name == name]
    where: dict[str, dict[str, Any]] = {source: {} for source in SOURCES}
    expected = key.default
    for source, value in zip(SOURCES, VALUES[name], strict=True):
        spelled = getattr(key, source)
        if source in given and spelled:
            where[source][spelled] = "" if source in empty else value
            expected = expected if source in empty else value
    settings = resolved(*where.values())
    days = {"retention_days": "retention_seconds"}
    days["failed_retention_days"] = "failed_retention_seconds"
    if name in days:
        assert getattr(settings, days[name]) == float(expected) * 86400
    else:
        assert getattr(settings, name) == expected


@pytest.mark.parametrize(
    "profile, variables",
    [({"wap": False}, {}), ({}, {"phlo_wap": False}), ({"wap": "off"}, {"phlo_wap": None})],
)
def test_a_bare_off_which_yaml_makes_false_means_off(
    profile: dict[str, Any], variables: dict[str, Any]
) -> None:
    assert resolved(profile, variables).wap == "off"
    assert resolved({}, {"phlo_require_checks": False}).require_checks == "off"


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str], str, str]] = {
    "a word nearly right": (
        {"wap": "hodl"}, {}, {}, "PHLO102", "wap is 'hodl'. Did you mean `hold`?",
    ),
    "a word of the environment": ({}, {}, {"PHLO_WAP": "x"}, "PHLO102", "PHLO_WAP is 'x'"),
    "true is no mode": ({"wap": True}, {}, {}, "PHLO102", "wap is True"),
    "false where off is no word": ({}, {"phlo_isolation": False}, {}, "PHLO102", "is False"),
    "a list": ({"wap": ["auto"]}, {}, {}, "PHLO102", "wap is ['auto']"),
    "another scheme": ({"warehouse": "gs://bucket/x"}, {}, {}, "PHLO103", "or an S3 bucket"),
    "another word for S3": ({"warehouse": "s3a://bucket/x"}, {}, {}, "PHLO103", "or an S3 bucket"),
    "a bucket in capitals": ({"warehouse": "s3://Lake/x"}, {}, {}, "PHLO117", "'Lake' is not"),
    "no bucket": ({"warehouse": "s3:///x"}, {}, {}, "PHLO117", "'' is not the name of a bucket"),
    "an odd prefix": ({"warehouse": "s3://lake/a b"}, {}, {}, "PHLO117", "holds 'a b'"),
    "a quote": ({"warehouse": "s3://lake/a'b"}, {}, {}, "PHLO117", "holds \"a'b\""),
    "a prefix that climbs": ({"warehouse": "s3://lake/a/../b"}, {}, {}, "PHLO117", "holds '..'"),
    "a prefix with a hole": ({"warehouse": "s3://lake/a//b"}, {}, {}, "PHLO117", "holds ''"),
    "S3 without a database": (
        {"warehouse": "s3://lake/x"}, {}, {}, "PHLO122", "iceberg_catalog.uri is missing",
    ),
    "S3 with a file somewhere": (
        {"warehouse": "s3://lake/x", "iceberg_catalog": {"uri": "sqlite:///catalog.db"}}, {}, {},
        "PHLO122", "relative",
    ),
    "a catalog that is a word": (
        {"iceberg_catalog": "sql"}, {}, {}, "PHLO104", "mapping, not 'sql'",
    ),
    "a key nearly right": (
        {"iceberg_catalog": {"tpye": "sql"}}, {}, {}, "PHLO104",
        "no key 'tpye'. Did you mean `type`?",
    ),
    "no number": (
        {}, {"phlo_retention_days": "soon"}, {}, "PHLO109", "phlo_retention_days is 'soon'",
    ),
    "a negative number": ({}, {"phlo_retention_days": -1}, {}, "PHLO109", "is -1"),
    "no number at all": ({}, {"phlo_retention_days": float("nan")}, {}, "PHLO109", "is nan"),
    "for ever": ({}, {"phlo_failed_retention_days": "inf"}, {}, "PHLO109", "is 'inf'"),
    "a yes": ({}, {"phlo_retention_days": True}, {}, "PHLO109", "is True"),
    "a path that DuckDB cannot follow": ({"warehouse": "/läke"}, {}, {}, "PHLO117", "holds 'ä'"),
    "a path that pyiceberg cannot follow": ({"warehouse": "/a#b?c"}, {}, {}, "PHLO117", "'#', '?'"),
    "an encoded path": ({"warehouse": "/a%20b"}, {}, {}, "PHLO117", "'%'"),
}  # fmt: skip


@pytest.mark.parametrize(
    "profile, variables, environment, code, text", REFUSED.values(), ids=REFUSED
)
def test_what_is_wrong_is_refused_with_the_nearest_known_word(
    profile: dict[str, Any],
    variables: dict[str, Any],
    environment: dict[str, str],
    code: str,
    text: str,
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolved(profile, variables, environment)
    assert caught.value.code == code
    assert text in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    "environment",
    [{"PHLO_BRANCH": "pipeline-run-x"}, {"PHLO_BRANCH": "../x"}, {"PHLO_RUN_ID": "a/b"}],
)
def test_hostile_names_of_the_environment_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(NameRefused):
        resolved({}, {}, environment)


@pytest.mark.parametrize(
    "given, expected",
    [
        ("./lake", "file:///p/lake"),
        ("../lake", "file:///lake"),
        ("/a/./b/../c", "file:///a/c"),
        ("file:///a/b c", "file:///a/b c"),
        ("~/lake", f"file://{Path.home().resolve()}/lake"),
        (".", "file:///p"),
    ],
)
def test_a_warehouse_is_an_absolute_uri(given: str, expected: str) -> None:
    assert warehouse_uri(given, Path("/p")) == expected


def test_a_database_of_its_own_is_taken_as_it_is() -> None:
    uri = "postgresql://ann:pass@db/lake"
    assert resolved({"iceberg_catalog": {"type": "sql", "uri": uri}}).catalog["uri"] == uri
    assert resolved({"iceberg_catalog": {}}).catalog["type"] == "sql"


def test_a_scope_that_is_none_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"PHLO131. models/x.yml:5: .*Did you mean `table`"):
        check_meta({"scope": "tables"}, "model x", lambda key: f"models/x.yml:{len(key)}")


@pytest.mark.parametrize("key", META_KEYS)
def test_known_keys_of_meta_phlo_are_taken_and_nearly_right_ones_refused(key: str) -> None:
    def place(at: str) -> str:
        return f"models/x.yml:{len(at)}"

    if key in META_SUPPORTED:
        check_meta({key: "table" if key == "scope" else 1}, "model x", place)
    else:
        with pytest.raises(ConfigError, match="does nothing in this version"):
            check_meta({key: 1}, "model x", place)
    with pytest.raises(ConfigError, match=r"model x: meta\.phlo has no key") as caught:
        check_meta({f"{key}_": 1}, "model x", place)
    assert caught.value.message.startswith(f"models/x.yml:{len(key) + 1}: ")
    assert f"Did you mean `{key}`?" in caught.value.message
    assert caught.value.code == "PHLO108"


@pytest.mark.parametrize("meta", ["yes", ["a"], 3, None])
def test_meta_phlo_is_a_mapping(meta: Any) -> None:
    with pytest.raises(ConfigError, match="must be a mapping"):
        check_meta(meta, "model x", str)


def test_every_setting_can_be_given_somewhere_and_is_explained() -> None:
    for key in KEYS:
        assert any((key.profile, key.variable, key.environment)), key.name
        assert key.meaning.endswith("."), key.name
        assert not key.variable or key.variable == f"phlo_{key.name}"
        assert not key.environment or key.environment == f"PHLO_{key.name.upper()}"


@pytest.mark.parametrize(
    "given, expected",
    [
        ("s3://lake/wh", "s3://lake/wh"),
        ("s3://lake/wh/", "s3://lake/wh"),
        ("s3://lake", "s3://lake"),
        ("s3://my.lake-1/a_b/c=d/", "s3://my.lake-1/a_b/c=d"),
    ],
)
def test_a_warehouse_may_be_a_bucket(given: str, expected: str) -> None:
    for uri in ("postgresql://db/lake", "sqlite:////srv/catalog.db"):
        settings = resolved(
            {
                "warehouse": given,
                "iceberg_catalog": {"uri": uri},
                "secrets": [{"type": "s3", "key_id": "K", "secret": "s3cr3t"}],
            }
        )
        assert settings.warehouse == settings.catalog["warehouse"] == expected
        assert settings.catalog["storage"].key_id == "K"
        assert "s3cr3t" not in repr(settings)


def test_a_folder_needs_no_keys_whatever_secrets_there_are() -> None:
    wrong = [{"type": "s3", "nonsense": 1}]
    assert resolved({"secrets": wrong}).catalog["storage"] is None
