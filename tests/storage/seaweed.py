"""A real S3 server for the tests: SeaweedFS with one bucket, a key that may use it, and one that may not."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from flows.server import free_port

BUCKET = "lifecycle"
APP, GUEST, ADMIN = ("app", "apps-secret"), ("guest", "guests-secret"), ("admin", "admins-secret")
IDENTITIES = [
    (ADMIN, ["Admin", "Read", "Write", "List"]),
    (APP, [f"{right}:{BUCKET}" for right in ("Read", "Write", "List")]),
    (GUEST, ["Read:elsewhere"]),
]
WEED = Path(sys.executable).with_name("weed")


def config() -> str:
    return json.dumps(
        {
            "identities": [
                {"name": name, "credentials": [{"accessKey": name, "secretKey": secret}], "actions": actions}
                for (name, secret), actions in IDENTITIES
            ]
        }
    )


@dataclass
class Server:
    """The process, which can be killed and started again on the same ports with the same data."""

    folder: Path

    def __post_init__(self) -> None:
        names = ("master", "volume", "filer", "s3")
        self.ports = {f"{name}.{kind}": free_port() for name in names for kind in ("port", "port.grpc")}
        (self.folder / "s3.json").write_text(config(), encoding="utf-8")
        (self.folder / "data").mkdir()

    @property
    def port(self) -> int:
        return self.ports["s3.port"]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        ports = [f"-{name}={port}" for name, port in self.ports.items()]
        quiet = ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"]
        small = ["-volume.max=50", "-master.volumeSizeLimitMB=64", "-volume.preStopSeconds=0"]
        where = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder}/data", f"-s3.config={self.folder}/s3.json"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(WEED), "server", *where, *ports, *quiet, *small, "-filer", "-s3"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until what is written can be read again; the administrator's first object makes the bucket."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(BaseError, OSError):
                for who in (ADMIN, APP):
                    obstore.put(self.store(who), "ready", b"yes")
                    assert bytes(obstore.get(self.store(who), "ready").bytes()) == b"yes"
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "server.log").read_text(encoding="utf-8")[-2000:])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def store(self, who: tuple[str, str] = APP, prefix: str | None = None) -> S3Store:
        """A client of its own, for what the tests put and look at."""
        return S3Store(
            BUCKET,
            prefix=prefix,
            endpoint=self.endpoint,
            access_key_id=who[0],
            secret_access_key=who[1],
            region="us-east-1",
            client_options={"allow_http": True, "timeout": timedelta(seconds=10)},
            retry_config={"max_retries": 0},
        )


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    server.start()
    try:
        server.wait()
        yield server
    finally:
        server.kill()
