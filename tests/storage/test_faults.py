"""A real S3 server, with what goes wrong between it and us: each fault ends well after a retry, or in a sentence."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from config.errors import ConfigError, LifecycleError, UnreachableError
from tasks.objects import bucket, client
from tasks.objects.client import Patience
from tasks.storage import Storage
from tests.storage import seaweed
from tests.storage.conftest import reach
from tests.storage.proxy import Fault, Proxy, cut_answer, cut_request, hand_on, lose_answer, refuse, stall
from tests.storage.seaweed import BUCKET, Server

LARGE = bytes(range(256)) * (3 * bucket.CHUNK // 256 // 2)
"""Half a chunk more than one."""
SHORT = Patience(request=0.5, retries=1.0, connect=0.5, longest_pause=0.2)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "FIRST", SHORT)
    monkeypatch.setattr(bucket, "LATER", SHORT)


@contextmanager
def told(kind: type[LifecycleError], *words: str, seconds: float = 10) -> Iterator[None]:
    """One sentence, soon, without a key, a secret or what a library said."""
    begun = time.monotonic()
    with pytest.raises(kind) as refused:
        yield
    assert time.monotonic() - begun < seconds
    said = str(refused.value)
    assert all(word in said for word in words), said
    secrets = [part for pair in (seaweed.APP, seaweed.GUEST) for part in pair if "secret" in part]
    assert not [word for word in (*secrets, "<?xml", "Debug", "RetryError") if word in said]
    assert "\n" not in said
    assert refused.value.__cause__ is None


def test_refused_connection_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    reach(monkeypatch, "http://127.0.0.1:1")
    with told(UnreachableError, "s3://b/store", "nobody answers", "AWS_ENDPOINT_URL", seconds=15):
        Storage("s3://b/store").require_usable()


@pytest.mark.parametrize(
    ("uri", "who", "words"),
    [
        (f"s3://{BUCKET}/x", (seaweed.APP[0], "wrong-secret"), ["secret key is wrong", "AWS_SECRET_ACCESS_KEY"]),
        (f"s3://{BUCKET}/x", ("unknown", "any-secret"), ["access key is not known"]),
        (f"s3://{BUCKET}/x", seaweed.GUEST, ["access is denied"]),
        ("s3://nowhere/x", seaweed.ADMIN, ["no such bucket"]),
    ],
)
def test_wrong_setting_is_told_whatever_is_asked_for(
    server: Server, monkeypatch: pytest.MonkeyPatch, uri: str, who: tuple[str, str], words: list[str]
) -> None:
    reach(monkeypatch, server.endpoint, who)
    storage = Storage(uri)
    asked: list[Callable[[], object]] = [storage.list, lambda: storage.read("a"), lambda: storage.local("a", "0")]
    if who != seaweed.ADMIN:  # for whom this server makes a bucket that is missing
        asked += [storage.require_usable, lambda: storage.write("a", b"1"), lambda: storage.create("a", b"1")]
    for one in asked:
        with told(ConfigError, uri, *words):
            one()


@pytest.mark.usefixtures("impatient")
def test_missing_credentials_are_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(monkeypatch, server.endpoint)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    with told(ConfigError, "no credentials", "AWS_ACCESS_KEY_ID", seconds=20):
        Storage(f"s3://{BUCKET}/x").list()


@pytest.mark.parametrize("fault", [cut_answer, lose_answer, refuse])
@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_read_goes_on_after_a_fault(between: Proxy, prefix: str, fault: Fault, content: bytes) -> None:
    storage = Storage(prefix)
    storage.write("a", content)
    between.will("GET", fault, hand_on, fault)
    assert storage.read("a") == content
    between.will("GET", fault, hand_on, fault)
    [found] = [entry for entry in storage.list() if entry.key == "a"]
    assert bucket.at(prefix).fetch("a", found.fingerprint, None).read_bytes() == content


@pytest.mark.parametrize("fault", [cut_request, lose_answer, refuse])
@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_write_goes_on_after_a_fault(between: Proxy, prefix: str, fault: Fault, content: bytes) -> None:
    storage = Storage(prefix)
    between.will("PUT", fault, fault)
    storage.write("a", content)
    assert storage.read("a") == content
    assert sum(seen.startswith("PUT") for seen in between.seen) == 3


def test_table_is_uploaded_by_one_request_whatever_its_size(between: Proxy, prefix: str) -> None:
    storage = Storage(prefix)
    with storage.staging() as staging:
        (staging / "table").write_bytes(LARGE)
        content = storage.adopt(staging / "table", "table")
    assert [seen.split("?")[0].split(" ")[0] for seen in between.seen] == ["PUT"]
    assert storage.holds("table", content)
    assert len(between.seen) == 1, "what was uploaded is not fetched again"
    assert storage.read("table") == LARGE


@pytest.mark.parametrize("fault", [cut_request, lose_answer, refuse])
def test_three_faults_in_a_row_are_survived_by_a_listing_and_a_creation(
    between: Proxy, prefix: str, fault: Fault
) -> None:
    storage = Storage(prefix)
    between.will("GET", *[refuse] * 3)
    assert storage.list() == []
    between.will("PUT", fault)
    assert storage.create("manifest.json", b"ours")
    assert not storage.create("manifest.json", b"theirs")
    assert storage.read("manifest.json") == b"ours"


def test_creation_whose_answer_is_lost_while_another_was_first_is_lost(between: Proxy, prefix: str) -> None:
    storage = Storage(prefix)
    storage.write("manifest.json", b"theirs")
    between.will("PUT", lose_answer)
    assert not storage.create("manifest.json", b"ours")


@pytest.mark.usefixtures("impatient")
def test_stalled_server_is_told_before_long(between: Proxy, prefix: str) -> None:
    storage = Storage(prefix)
    storage.write("a", b"1")
    asked: list[tuple[str, Callable[[], object]]] = [
        ("GET", storage.list),
        ("GET", lambda: storage.read("a")),
        ("PUT", lambda: storage.write("a", b"2")),
        ("PUT", lambda: storage.create("b", b"2")),
    ]
    for method, ask in asked:
        between.faults.clear()
        between.will(method, *[stall] * 20)
        between.will("GET", *[stall] * 20)
        with told(UnreachableError, prefix, "did not answer in time", seconds=12):
            ask()


@pytest.mark.usefixtures("impatient")
def test_service_that_keeps_failing_is_told_by_its_own_code(between: Proxy, prefix: str) -> None:
    between.will("GET", *[refuse] * 40)
    with told(UnreachableError, prefix, "SlowDown (HTTP 503)"):
        Storage(prefix).list()


def test_patience_ends_within_a_minute() -> None:
    """What a stall may take: a request that begins just before the last retry, and for a creation a second look."""
    assert client.LATER.retries + client.LATER.request + client.FIRST.request <= 60
    assert client.FIRST.retries + client.FIRST.request <= 20


def test_large_object_that_is_replaced_while_it_is_fetched_is_fetched_anew(
    between: Proxy, server: Server, prefix: str
) -> None:
    storage, other = Storage(prefix), LARGE[::-1]
    storage.write("a", LARGE)

    def replace(proxy: Proxy, request: object) -> None:
        import obstore

        obstore.put(server.store(prefix=prefix.removeprefix(f"s3://{BUCKET}/")), "a", other)
        hand_on(proxy, request)  # type: ignore[arg-type]

    between.will("GET", hand_on, hand_on, replace)
    import hashlib

    assert storage.holds("a", hashlib.sha256(other).hexdigest())


def test_no_key_leads_outside_the_prefix(s3: Server, prefix: str) -> None:
    storage = Storage(prefix)
    for key in ("../a", "a/../../b"):
        with pytest.raises(ValueError, match=r"\.\."):
            storage.write(key, b"1")


def test_what_was_fetched_is_gone_when_the_process_ends(s3: Server, prefix: str, tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.conftest import ROOT

    Storage(prefix).write("a", b"one")
    script = (
        "import hashlib, sys; from tasks.storage import Storage; "
        "print(Storage(sys.argv[1]).local('a', hashlib.sha256(b'one').hexdigest()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, prefix], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert "lifecycle-cache-" in said
    assert not Path(said).parent.exists()


def test_tables_scan_lazily_from_a_bucket(s3: Server, prefix: str) -> None:
    from tasks.store import Made, Request, build, scan

    frame = pl.DataFrame({"a": [1, 2, 3]})
    built = build(Storage(prefix), Request("t", {}), lambda: Made({"t": frame.lazy()}, {}))
    assert scan(Storage(prefix), built)["t"].filter(pl.col("a") > 1).collect().height == 2
