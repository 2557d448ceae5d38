"""What a store does, on the local disk and on a real S3 server alike."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from config.errors import DamagedError, StoreError
from tasks.storage import Storage, sealed
from tasks.store import Made, Request, build, look_up, rows

KEYS = ["a/b c/é.json", "a/b c/ü/period=2025-01.json", "a/bé.json", "100 %/#1?&+'(x).json"]
ROWS = pl.DataFrame({"customer": ["ann-7", "bob-8"], "orders": [1, 2]})


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return Storage(str(tmp_path / "magasin é"))
    request.getfixturevalue("s3")
    return Storage(request.getfixturevalue("prefix"))


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [entry.key for entry in storage.list(prefix)]


def test_what_is_written_is_read_and_listed_by_key(storage: Storage) -> None:
    storage.require_usable()
    assert (storage.list(), storage.list("a")) == ([], [])
    for number, key in enumerate(KEYS):
        storage.write(key, b"x" * number)
    assert keys(storage) == sorted(KEYS)
    assert [storage.read(key) for key in KEYS] == [b"x" * number for number in range(len(KEYS))]
    assert [entry.size for entry in storage.list("a/b c")] == [0, 1]


def test_prefix_is_whole_parts_of_keys(storage: Storage) -> None:
    for key in KEYS:
        storage.write(key, b"{}")
    assert keys(storage, "a/b c") == ["a/b c/é.json", "a/b c/ü/period=2025-01.json"]
    assert keys(storage, "a/b") == keys(storage, "a/b c/é.json") == []


def test_size_is_null_where_nothing_is(storage: Storage) -> None:
    assert storage.size("a/b") is None
    storage.write("a/b", b"123")
    assert (storage.size("a/b"), storage.exists("a/b"), storage.exists("a")) == (3, True, False)
    storage.write("a/b", b"12345")
    assert storage.size("a/b") == 5


def test_fingerprint_changes_with_the_content(storage: Storage) -> None:
    storage.write("a", b"123")
    [before] = storage.list()
    assert storage.list() == [before]
    storage.write("a", b"321")
    assert storage.list()[0].fingerprint != before.fingerprint


def test_missing_object_is_told_with_its_address(storage: Storage) -> None:
    with pytest.raises(StoreError) as refused:
        storage.read("a/é")
    assert f"{storage.uri}/a/é is missing" in str(refused.value)
    assert storage.find_record("a/é") is None


def test_creating_succeeds_for_the_first_and_for_the_same_bytes(storage: Storage) -> None:
    assert storage.create("manifest.json", b"one")
    assert storage.create("manifest.json", b"one")
    assert not storage.create("manifest.json", b"two")
    assert storage.read("manifest.json") == b"one"


def test_of_many_that_create_at_once_one_wins(storage: Storage) -> None:
    contents = [str(number).encode() for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda content: storage.create("manifest.json", content), contents))
    assert sum(won) == 1
    assert storage.read("manifest.json") == contents[won.index(True)]


def test_deleting_what_is_not_there_does_nothing(storage: Storage) -> None:
    storage.write("a", b"1")
    storage.delete("a")
    storage.delete("a")
    assert storage.list() == []


def test_damaged_object_is_set_aside_under_another_name(storage: Storage) -> None:
    storage.write("a/b é", b"1")
    storage.set_aside("a/b é")
    storage.set_aside("a/b é")
    assert keys(storage) == ["a/b é.damaged"]


def test_object_is_held_by_its_content(storage: Storage) -> None:
    one, other = (storage_hash(content) for content in (b"one", b"other"))
    assert not storage.holds("a", one)
    storage.write("a", b"one")
    assert (storage.holds("a", one), storage.holds("a", other)) == (True, False)
    storage.write("a", b"other")
    assert (storage.holds("a", one), storage.holds("a", other)) == (False, True)
    file = storage.local("a", other)
    assert file is not None
    assert file.read_bytes() == b"other"


def storage_hash(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_record_that_is_not_what_was_written_is_told(storage: Storage) -> None:
    storage.write("a", sealed({"rows": 1}))
    assert storage.read_record("a", "Restore it.") == {"rows": 1}
    storage.write("a", sealed({"rows": 1}).replace(b"1", b"2", 1))
    with pytest.raises(DamagedError, match="Restore it"):
        storage.read_record("a", "Restore it.")


def test_table_is_built_once_and_read_as_it_was(storage: Storage) -> None:
    storage.require_usable()
    request = Request("tables/period=2025-01/é", {"step": 1})
    built = build(storage, request, lambda: Made({"orders": ROWS.lazy()}, {"rows": 2}))
    assert look_up(storage, request) == build(storage, request, lambda: pytest.fail("built twice")) == built
    assert rows(storage, list(built.tables.values())).collect().equals(ROWS)
    assert [key.rsplit(".", 1)[1] for key in keys(storage)] == ["json", "parquet"]


def test_damaged_table_is_not_read_but_set_aside(storage: Storage) -> None:
    request = Request("tables", {"step": 1})
    [table] = build(storage, request, lambda: Made({"orders": ROWS.lazy()}, {})).tables.values()
    storage.write(table.key, storage.read(table.key)[:-1] + b"!")
    with pytest.raises(DamagedError):
        rows(storage, [table])
    assert look_up(storage, request) is None


def test_staging_is_gone_afterwards_and_never_listed(storage: Storage) -> None:
    with storage.staging() as folder:
        (folder / "half").write_bytes(b"PAR1")
        assert storage.list() == []
    assert not folder.exists()
