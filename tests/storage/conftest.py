"""The server, the proxy before it, and the environment that leads to them."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.storage import proxy, seaweed
from tests.storage.proxy import Proxy
from tests.storage.seaweed import BUCKET, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with seaweed.running(tmp_path_factory.mktemp("seaweed")) as found:
        yield found


@pytest.fixture
def s3(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The environment says how to reach the server."""
    reach(monkeypatch, server.endpoint)
    return server


@pytest.fixture
def between(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The environment leads to a proxy before the server."""
    with proxy.between(server.port) as found:
        reach(monkeypatch, found.endpoint)
        yield found


@pytest.fixture
def prefix() -> str:
    """An address of its own, of a kind that people have: with a space, and letters beyond ASCII."""
    return f"s3://{BUCKET}/{uuid4().hex[:8]} données"


def reach(monkeypatch: pytest.MonkeyPatch, endpoint: str, who: tuple[str, str] = seaweed.APP) -> None:
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
    for name, value in zip(names, (endpoint, *who, "us-east-1"), strict=True):
        monkeypatch.setenv(name, value)
