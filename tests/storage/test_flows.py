"""Whole runs with sources and store on a real S3 server: the same bytes as on the local disk, whatever happens."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
from prefect.settings import PREFECT_API_URL

from tasks import report
from tasks.objects import bucket
from tasks.objects.client import Patience
from tests.flows.company import Company
from tests.flows.conftest import company  # noqa: F401  a fixture
from tests.flows.crashing import APP, SHOP, timeless
from tests.storage import seaweed
from tests.storage.conftest import reach
from tests.storage.proxy import Proxy, Request, hand_on
from tests.storage.seaweed import BUCKET, Server

pytestmark = pytest.mark.usefixtures("prefect_server")
BACKFILL = ("backfill", "2025-01", "2025-02")


@pytest.fixture
def filled(company: Company) -> Company:  # noqa: F811  the fixture
    for name, rows in {**APP, "shop.csv": SHOP}.items():
        company.write(name, rows)
    company.config["validation"] = {"max_rejected": 0.5}
    return company


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return {}


@pytest.fixture
def expected(filled: Company, known: dict[str, Any]) -> dict[str, Any]:
    """What a run on the local disk stores; the same for every test."""
    if not known:
        assert filled.call(*BACKFILL).code == 0
        known.update(comparable(filled.store))
    return known


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports that take no time to draw."""
    monkeypatch.setattr(report, "render", lambda _, language, __: {f"report.{language}.html": b"<html></html>"})
    monkeypatch.setattr(report, "tables", lambda *_: {})


def comparable(store: Path) -> dict[str, Any]:
    """Not compared: reports, which tell when they were made, and records of files, named by where these lie."""
    found = {key: one for key, one in timeless(store).items() if not key.startswith("ingested/app/files/")}
    return {key: one for key, one in found.items() if not key.rpartition("/")[2].startswith("report.")}


def moved_to(filled: Company, server: Server, prefix: str) -> str:
    """Files and store of the company at an address on S3; returns the store's key."""
    key = prefix.removeprefix(f"s3://{BUCKET}/")
    for file in (filled.folder / "raw").iterdir():
        obstore.put(server.store(), f"{key}/raw data/{file.name}", file)
    filled.source["uri"] = f"{prefix}/raw data/**/*.csv"
    filled.config["store"] = {"uri": f"{prefix}/store"}
    return f"{key}/store"


def stored(server: Server, key: str, folder: Path) -> dict[str, Any]:
    found = server.store(prefix=key)
    for one in obstore.list(found).collect():
        file = folder / one["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(obstore.get(found, one["path"]).bytes()))
    return comparable(folder)


def test_backfill_on_s3_gives_the_bytes_of_the_local_disk(
    filled: Company, expected: dict[str, Any], s3: Server, prefix: str, tmp_path: Path
) -> None:
    key = moved_to(filled, s3, prefix)
    said = filled.call(*BACKFILL)
    assert (said.code, f"{prefix}/store/latest/period=2025-02/report.en.html" in said.err) == (0, True), said
    assert stored(s3, key, tmp_path / "first") == expected
    assert "Nothing to do" in filled.call(*BACKFILL).err
    assert "up to date" in filled.call("status").out
    assert stored(s3, key, tmp_path / "second") == expected


@pytest.mark.usefixtures("plain")
def test_server_that_is_killed_in_a_backfill_and_comes_back_costs_nothing_but_time(
    filled: Company, expected: dict[str, Any], between: Proxy, server: Server, prefix: str, tmp_path: Path
) -> None:
    key = moved_to(filled, server, prefix)

    def revive() -> None:
        time.sleep(1)
        server.start()

    def kill(proxy: Proxy, request: Request) -> None:
        server.kill()
        threading.Thread(target=revive, daemon=True).start()
        hand_on(proxy, request)

    between.will("PUT", *[hand_on] * 20, kill)
    try:
        said = filled.call(*BACKFILL)
    finally:
        server.wait()
    assert said.code == 0, said
    assert not between.faults
    assert len([one for one in between.seen if "list-type=2" in one and "raw" in one]) == 1, "the source is listed once"
    assert stored(server, key, tmp_path / "there") == expected


@pytest.mark.usefixtures("plain")
def test_server_that_stays_away_ends_the_run_in_a_sentence_and_a_rerun_goes_on(
    filled: Company,
    expected: dict[str, Any],
    between: Proxy,
    server: Server,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = moved_to(filled, server, prefix)

    def vanish(proxy: Proxy, request: Request) -> None:
        proxy.target = 1

    with monkeypatch.context() as patched:
        patched.setattr(bucket, "LATER", Patience(request=2, retries=3))
        between.will("PUT", *[hand_on] * 100, vanish)
        said = filled.call(*BACKFILL)
    assert (said.code, said.err.count("Error: "), "Traceback" in said.err) == (1, 1, False), said
    assert prefix in said.err
    between.target = server.port
    assert filled.call(*BACKFILL).code == 0
    assert stored(server, key, tmp_path / "there") == expected


def test_credentials_of_a_block_are_used_and_kept_nowhere(
    filled: Company, server: Server, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect_aws import AwsClientParameters, AwsCredentials
    from pydantic import SecretStr

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    who, secret = seaweed.APP
    block = AwsCredentials(
        aws_access_key_id=who,
        aws_secret_access_key=SecretStr(secret),
        region_name="us-east-1",
        aws_client_parameters=AwsClientParameters(endpoint_url=server.endpoint),
    )
    key = moved_to(filled, server, prefix)
    filled.config["store"]["credentials"] = filled.source["credentials"] = "acme-store"
    filled.call("run", "2025-01").is_refusal("store.credentials", "no block 'acme-store'")
    block.save("acme-store", overwrite=True)
    assert filled.call("run", "2025-01").code == 0
    assert filled.call("status").code == 0
    kept = [one for one in stored(server, key, tmp_path / "there").values() if isinstance(one, bytes)]
    assert not [one for one in kept if secret.encode() in one]
    for what in ("flow_runs", "task_runs", "artifacts", "logs"):
        answer = httpx.post(f"{PREFECT_API_URL.value()}/{what}/filter", json={}, timeout=30).raise_for_status()
        assert answer.json() or what in {"logs", "artifacts"}
        assert secret not in answer.text


def test_wrong_settings_are_told_with_the_address_they_concern(
    filled: Company, server: Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_to(filled, server, prefix)
    reach(monkeypatch, server.endpoint, ("app", "wrong-secret"))
    filled.call("run", "2025-01").is_refusal("secret key is wrong", f"{prefix}/store")
    reach(monkeypatch, server.endpoint)
    filled.source["uri"] = f"{prefix}/raw data/*.parquet"
    filled.call("run", "2025-01").is_refusal("no file matches '*.parquet'", "2025-01.csv")
    filled.source["uri"] = f"{prefix}/elsewhere/2025.csv"
    filled.call("run", "2025-01").is_refusal("source 'app'", "there is no file", "raw data")
