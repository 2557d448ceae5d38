"""Which files a source consists of, and what is said when there are none."""

import os
from pathlib import Path

import pytest

from config.errors import InputError
from tasks.sources.files import find
from tests.sources.helpers import source


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("data/a.csv", "data/b.parquet", "data/2025/c.jsonl.gz", "data/2025/01/d.csv", "data/notes.txt",
                 "data/_SUCCESS", "data/.tmp/e.csv", "data/2025/[x].csv"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("uri", "keys"),
    [
        ("data/a.csv", ["a.csv"]),
        ("data/2025/[x].csv", ["[x].csv"]),
        ("data/*.csv", ["a.csv"]),
        ("data/?.[bp]*", ["b.parquet"]),
        ("data/2025/**/*.csv", ["01/d.csv", "[x].csv"]),
        ("data/20*/01/*.csv", ["2025/01/d.csv"]),
        ("data/2025/**", ["01/d.csv", "[x].csv", "c.jsonl.gz"]),
        ("data", ["2025/01/d.csv", "2025/[x].csv", "2025/c.jsonl.gz", "a.csv", "b.parquet"]),
    ],
)
def test_paths_globs_and_folders_list_sorted_keys(base: Path, uri: str, keys: list[str]) -> None:
    for given in (uri, str(base / uri), f"file://{base / uri}"):
        assert [file.key for file in find(source(uri=given), str(base))] == keys


def test_a_source_with_a_format_takes_any_ending(base: Path) -> None:
    assert [file.key for file in find(source(uri="data/notes.txt", format="csv"), str(base))] == ["notes.txt"]


def test_the_fingerprint_changes_with_the_content_and_with_a_replacement_of_equal_size(base: Path) -> None:
    file = base / "data/a.csv"
    [before] = find(source(uri="data/a.csv"), str(base))
    assert (before.size, before.path) == (1, file)
    stat = file.stat()
    other = base / "data/a.new"
    other.write_text("y")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(file)
    [after] = find(source(uri="data/a.csv"), str(base))
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("data/aa.csv", ["no file or folder 'data/aa.csv'", "Did you mean 'a.csv'?"]),
        ("dat/a.csv", ["Did you mean 'data'?"]),
        ("nowhere/at/all.csv", ["It holds data, empty"]),
        ("data/*.pq", ["no file matches '*.pq'", "It holds", "b.parquet"]),
        ("dta/*.csv", ["no file matches", "Did you mean 'data'?"]),
        ("empty", ["has no file with a known ending", ".parquet", "It is empty"]),
        ("data/notes.txt", ["'notes.txt' does not tell its format", 'format = "csv"']),
    ],
)
def test_a_source_without_files_says_what_was_looked_for_and_what_is_near(
    base: Path, uri: str, says: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        find(source(uri=uri), str(base))
    for part in ("source 'app'", *says):
        assert part in str(error.value)


def test_a_file_that_may_not_be_read_is_named(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"source 'app': .*a\.csv may not be read"):
        find(source(uri="data/a.csv"), str(base))
