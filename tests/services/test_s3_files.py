"""The files of a warehouse, in a folder and on S3: one behaviour, two stores."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from s3_server import BUCKET, OWNER, READER, Server, foreign_keys

from dbt_phlo import extras
from dbt_phlo.errors import CatalogError, ConfigError, InstallError
from dbt_phlo.storage import Hidden, Storage
from dbt_phlo.tables.files import CachedFiles, Files, LocalFiles
from dbt_phlo.tables.s3_files import S3Files

NAMES = ("a/metadata/0.json", "a/data/x=1%20%2F/ü (y)'.parquet", "a/b c/d#e?f.bin")


class Place(NamedTuple):
    """A store, an empty folder in it, and the same store for somebody who may only read."""

    files: Files
    folder: str
    read_only: Callable[[], Files]


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Place(LocalFiles(), f"file://{tmp_path}/wh", LocalFiles)
    server: Server = request.getfixturevalue("s3")
    return Place(
        S3Files(server.storage()),
        f"s3://{BUCKET}/{tmp_path.name}",
        lambda: S3Files(server.storage(READER)),
    )


def test_what_is_written_is_read_whatever_its_name(place: Place) -> None:
    for name in NAMES:
        place.files.write(f"{place.folder}/{name}", name.encode())
        place.files.write(f"{place.folder}/{name}", b"again " + name.encode())
    for name in NAMES:
        assert place.files.read(f"{place.folder}/{name}") == b"again " + name.encode()


def test_a_file_of_20_mb_arrives_whole(place: Place) -> None:
    data = bytes(range(256)) * 80_000
    place.files.write(f"{place.folder}/large", data)
    assert place.files.read(f"{place.folder}/large") == data


def test_every_file_below_a_folder_is_listed_with_its_size_and_no_other(place: Place) -> None:
    for number, name in enumerate(NAMES):
        place.files.write(f"{place.folder}/t/{name}", b"x" * number)
    place.files.write(f"{place.folder}/tt/beside", b"")
    listed = {(file.location, file.size) for file in place.files.listed(f"{place.folder}/t")}
    assert listed == {(f"{place.folder}/t/{name}", number) for number, name in enumerate(NAMES)}
    assert list(place.files.listed(f"{place.folder}/none")) == []


def test_what_is_deleted_is_gone_and_what_is_gone_already_is_no_error(place: Place) -> None:
    locations = [f"{place.folder}/t/{name}" for name in NAMES]
    place.files.write(f"{place.folder}/t/kept", b"")
    for _ in range(2):
        place.files.write(locations[0], b"")
        place.files.delete(iter(locations))
        assert [f.location for f in place.files.listed(place.folder)] == [f"{place.folder}/t/kept"]
    place.files.delete([])


def test_nothing_is_left_of_a_table_that_is_no_more(place: Place) -> None:
    table = f"{place.folder}/main/t-1"
    place.files.prepare(table)
    place.files.write(f"{table}/metadata/0.json", b"{}")
    place.files.delete([f"{table}/metadata/0.json"])
    place.files.prune([table])
    assert list(place.files.listed(place.folder)) == []
    assert not Path(table.removeprefix("file://")).exists()


def test_a_folder_that_holds_something_is_not_pruned(place: Place) -> None:
    place.files.write(f"{place.folder}/t/data/x", b"x")
    place.files.prune([f"{place.folder}/t"])
    assert place.files.read(f"{place.folder}/t/data/x") == b"x"


def test_a_file_that_is_gone_is_told(place: Place) -> None:
    with pytest.raises(CatalogError, match="is gone") as caught:
        place.files.read(f"{place.folder}/none.json")
    assert caught.value.code == "PHLO305"


def test_what_may_not_be_written_or_deleted_is_told_and_stays(
    place: Place, request: pytest.FixtureRequest
) -> None:
    location = f"{place.folder}/t/x.json"
    place.files.write(location, b"old")
    local = location.startswith("file://")
    folder = Path(location.removeprefix("file://")).parent
    if local:
        made_read_only(folder, request)
    for action, code in (
        (lambda files: files.write(location, b"new"), "PHLO306"),
        (lambda files: files.delete([location]), "PHLO317"),
    ):
        with pytest.raises(CatalogError, match=r"x\.json") as caught:
            action(place.read_only())
        assert caught.value.code == code
        assert caught.value.remedy
    assert place.read_only().read(location) == b"old"


def made_read_only(folder: Path, request: pytest.FixtureRequest) -> None:
    folder.chmod(0o500)
    request.addfinalizer(lambda: folder.chmod(0o700))
    try:
        (folder / "probe").touch()
    except OSError:
        return
    (folder / "probe").unlink()
    pytest.skip("permissions do not bind this user")


# ---- what can go wrong on the way to a bucket


def no_way(server: Server, case: str) -> Storage:
    return {
        "a wrong secret": server.storage(secret=Hidden("wr0ng-s3cret")),
        "an unknown key": server.storage(key_id="NOBODY"),
        "a token that is none": server.storage(session_token=Hidden("t0ken-of-nobody")),
        "a server that is down": server.storage(endpoint="127.0.0.1:9"),
        "a name that leads nowhere": server.storage(endpoint="nowhere.invalid"),
        "https where http is spoken": server.storage(use_ssl=True),
    }[case]


ACTIONS: dict[str, tuple[Callable[[Files, str], Any], str]] = {
    "read": (lambda files, at: files.read(at), "PHLO317"),
    "write": (lambda files, at: files.write(at, b""), "PHLO306"),
    "list": (lambda files, at: list(files.listed(at)), "PHLO317"),
    "delete": (lambda files, at: files.delete([at]), "PHLO317"),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "case, words",
    [
        ("a wrong secret", "SignatureDoesNotMatch"),
        ("an unknown key", "InvalidAccessKeyId"),
        ("a token that is none", ""),
        ("a server that is down", "cannot be reached"),
        ("a name that leads nowhere", "cannot be reached"),
        ("https where http is spoken", "cannot be reached"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_no_secret_is_in_it(
    s3: Server, action: str, case: str, words: str
) -> None:
    way = no_way(s3, case)
    act, code = ACTIONS[action]
    with pytest.raises(CatalogError, match=words or None) as caught:
        act(S3Files(way), f"s3://{BUCKET}/started")
    assert caught.value.code == code
    shown = str(caught.value) + repr(caught.value.__cause__)
    assert not [h for h in (way.secret, way.session_token) if h and h.revealed() in shown]
    assert "\n" not in caught.value.message
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("action", ACTIONS)
def test_a_bucket_that_is_not_there_is_told(s3: Server, action: str) -> None:
    act, code = ACTIONS[action]
    if action == "delete":
        pytest.skip("SeaweedFS answers that there is nothing to delete")
    with pytest.raises(CatalogError) as caught:
        act(S3Files(s3.storage()), "s3://no-such-bucket/x")
    assert caught.value.code == ("PHLO305" if action == "read" else code)


def test_a_thousand_files_are_listed_and_deleted_by_a_request_each(s3: Server) -> None:
    """A file after the other would take seconds: a round trip and a look-up for each."""
    from concurrent.futures import ThreadPoolExecutor

    files, folder = S3Files(s3.storage()), f"s3://{BUCKET}/thousand"
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: files.write(f"{folder}/{n}", b"x"), range(1200)))
    began = time.perf_counter()
    files.write(f"{folder}/one", b"x")
    files.delete([f"{folder}/one"])
    once = time.perf_counter() - began
    began = time.perf_counter()
    found = [file.location for file in files.listed(folder)]
    files.delete(found)
    assert len(found) == 1200
    assert time.perf_counter() - began < 1200 * once / 3
    assert list(files.listed(folder)) == []


def test_a_cache_stands_before_a_bucket_as_before_a_folder(s3: Server) -> None:
    files, location = CachedFiles(S3Files(s3.storage())), f"s3://{BUCKET}/cached.json"
    files.write(location, b"{}")
    S3Files(s3.storage()).delete([location])
    assert files.read(location) == b"{}"


def test_the_keys_of_awss_own_chain_are_found(
    s3: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch, tmp_path)
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = {OWNER.key_id}\naws_secret_access_key = {OWNER.secret}\n"
    )
    way = s3.storage(key_id="", secret=Hidden())
    S3Files(way).write(f"s3://{BUCKET}/chained", b"x")
    assert S3Files(way).read(f"s3://{BUCKET}/chained") == b"x"


def test_no_keys_anywhere_are_told(
    s3: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch, tmp_path)
    files = S3Files(s3.storage(key_id="", secret=Hidden()))
    with pytest.raises(ConfigError, match="there are no keys") as caught:
        files.read(f"s3://{BUCKET}/started")
    assert caught.value.code == "PHLO124"
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="nobody"):
        files.read(f"s3://{BUCKET}/started")


def test_a_program_that_should_give_keys_and_fails_is_told(
    s3: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch, tmp_path)
    (tmp_path / "config").write_text("[default]\ncredential_process = /bin/false\n")
    with pytest.raises(ConfigError, match="custom-process"):
        S3Files(s3.storage(key_id="", secret=Hidden())).read(f"s3://{BUCKET}/started")


def test_variables_for_other_keys_and_another_server_are_not_mixed_in(
    s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_keys(monkeypatch)
    files = S3Files(s3.storage())
    files.write(f"s3://{BUCKET}/mine", b"x")
    assert files.read(f"s3://{BUCKET}/mine") == b"x"


@pytest.mark.parametrize(
    "way, endpoint, region",
    [
        (Storage("K", Hidden("s"), endpoint="h:9", use_ssl=False), "http://lake.h:9", None),
        (Storage("K", Hidden("s"), endpoint="h", url_style="path"), "https://h", None),
        (Storage("K", Hidden("s"), region="eu-1"), None, "eu-1"),
    ],
)
def test_the_bucket_is_part_of_the_host_or_of_the_path(
    way: Storage, endpoint: str | None, region: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch, Path("/none"))
    config = S3Files(way)._store("lake").config
    assert (config.get("endpoint"), config.get("region")) == (endpoint, region)


def without_keys(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(InstallError) as caught:
        S3Files(Storage("K", Hidden("s")))
    assert caught.value.remedy == "pip install 'dbt-phlo[s3]'"
