"""Sources on a real S3 server: which files they are, by the rules of the local disk, and how each is fetched."""

import io
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import obstore
import pytest

from config.errors import InputError
from config.models import Source
from tasks.objects import bucket
from tasks.sources import files
from tests.storage.proxy import Proxy
from tests.storage.seaweed import BUCKET, Server

KEYS = ("a.csv", "deep/er é/b c.csv", "deep/c.parquet", "deep/_notes.csv", "readme.txt", "day=2025-01-01/d[1].csv")
Put = Callable[[str, bytes], str]


def source(uri: str, **more: Any) -> Source:
    columns = {"kind": "'use'", "customer_id": "user", "occurred_at": "at"}
    return Source(name="app", uri=uri, columns=columns, **more)


@pytest.fixture
def put(s3: Server, prefix: str) -> Put:
    """Puts an object below the test's prefix; returns its address."""

    def put(key: str, content: bytes) -> str:
        obstore.put(s3.store(prefix=prefix.removeprefix(f"s3://{BUCKET}/")), key, content)
        return f"{prefix}/{key}"

    return put


@pytest.mark.parametrize(
    "uri",
    ["", "deep", "*.csv", "**/*.csv", "deep/**", "deep/*/*.csv", "d*/*.parquet", "day=*/*.csv", "a.csv", "**/?.csv"],
)
def test_files_are_those_of_the_same_path_on_the_local_disk(put: Put, prefix: str, tmp_path: Path, uri: str) -> None:
    for key in KEYS:
        put(key, b"user,at\n")
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(b"user,at\n")
    here = files.find(source(uri or "."), str(tmp_path))
    there = files.find(source(f"{prefix}/{uri}"), str(tmp_path))
    assert [(one.key, one.size) for one in there] == [(one.key, one.size) for one in here]
    assert all(one.name.startswith(prefix) and one.name.endswith(one.key) for one in there)
    assert len({one.name for one in there}) == len(there) > 0


def test_file_is_fetched_as_it_was_listed(put: Put, prefix: str, tmp_path: Path) -> None:
    one = source(put("é 1.csv", b"one"))
    [file] = files.find(one, "")
    assert (files.is_steady(file), files.local(one, file, tmp_path).read_bytes()) == (True, b"one")
    put("é 1.csv", b"two")
    assert not files.is_steady(file)
    with pytest.raises(FileNotFoundError):
        files.local(one, file, tmp_path)
    assert files.find(one, "")[0].fingerprint != file.fingerprint


def test_archive_is_looked_into_without_fetching_it_whole(
    put: Put, between: Proxy, prefix: str, tmp_path: Path
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("noise.txt", bytes(range(256)) * 8192)
        archive.writestr("in/ä.csv", "user,at\n")
    put("export.zip", packed.getvalue())
    given = source(f"{prefix}/*.zip")
    [file] = files.find(given, "")
    assert (file.key, file.name) == ("export.zip/in/ä.csv", f"{prefix}/export.zip/in/ä.csv")
    assert len(between.seen) < 8
    assert files.is_steady(file)
    assert files.local(given, file, tmp_path).read_text() == "user,at\n"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("*.parquet", ["no file matches '*.parquet'", "a.csv"]),
        ("nowhere/*.csv", ["no file matches '*.csv'", "nowhere"]),
        ("nowhere", ["there is no file", "nowhere"]),
        ("readme.txt", ["does not tell its format", "readme.txt"]),
    ],
)
def test_address_of_no_file_is_refused(put: Put, prefix: str, uri: str, words: list[str]) -> None:
    for key in KEYS:
        put(key, b"user,at\n")
    with pytest.raises(InputError) as refused:
        files.find(source(f"{prefix}/{uri}"), "")
    assert all(word in str(refused.value) for word in ["source 'app'", *words]), refused.value


def test_other_files_of_a_source_are_found_for_comparison(put: Put, prefix: str) -> None:
    for name in ("1.csv", "2.csv", "3.csv", "4.parquet"):
        put(name, b"user,at\n")
    first, *_ = files.find(source(prefix), "")
    assert [one.key for one in files.siblings(first)] == ["2.csv", "3.csv"]


def test_thousands_of_objects_are_listed_by_the_thousand(put: Put, between: Proxy, prefix: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: put(f"day={number % 31:02d}/{number:04d}.csv", b"x"), range(2100)))
    found = files.find(source(f"{prefix}/**/*.csv"), "")
    assert (len(found), len(between.seen)) == (2100, 3)


def test_connections_and_files_are_shared_until_access_changes(
    s3: Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bucket.at(prefix)
    assert bucket.at(f"{prefix}/") is before
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert bucket.at(prefix) is not before
