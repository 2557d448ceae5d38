"""The first rows of a file, as a file of the same form."""

import gzip
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import pytest

from config.models import Csv
from tasks.sources.formats import open_raw
from tasks.sources.sampling import cut
from tests.sources.helpers import source

TABLE = pl.DataFrame({"id": [1, 2, 3, 4], "said": ["a", "two\nlines", "c", "d"]})


def rows_of(raw: Path, rows: int, **given: object) -> tuple[pl.DataFrame, bool]:
    """What a cut of so many rows reads as, and whether it is said to be all."""
    staging = Path(mkdtemp(dir=raw.parent))
    head = cut(raw, raw.name, source(**given), rows, staging)
    opened = open_raw(head.path, raw.name, source(**given), staging)
    assert opened.unread == ()
    return opened.frame.collect(), head.is_whole


@pytest.mark.parametrize("name", ["raw.parquet", "raw.csv", "raw.ndjson", "raw.csv.gz"])
@pytest.mark.parametrize(("rows", "read", "is_whole"), [(1, 1, False), (2, 2, False), (4, 4, True), (9, 4, True)])
def test_first_rows(tmp_path: Path, name: str, rows: int, read: int, is_whole: bool) -> None:
    file = tmp_path / name
    match name:
        case "raw.parquet":
            TABLE.write_parquet(file)
        case "raw.ndjson":
            TABLE.write_ndjson(file)
        case "raw.csv":
            TABLE.write_csv(file)
        case _:
            file.write_bytes(gzip.compress(TABLE.write_csv().encode()))
    found, whole = rows_of(file, rows)
    assert (found["said"].to_list(), whole) == (TABLE["said"].to_list()[:read], is_whole)


def test_header_that_the_config_gives_is_no_line_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "raw.csv"
    file.write_text("1;a\n2;b\n3;c\n", encoding="utf-8")
    options = Csv(header=("id", "said"), delimiter=";")
    assert rows_of(file, 2, csv=options)[0]["said"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("raw.json", b'[{"id": 1},\n {"id": 2},\n {"id": 3}]'),
        ("raw.csv", "id,said\n1,a\n2,b\n3,c\n".encode("utf-16")),
    ],
)
def test_what_cannot_be_cut_stays_whole(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found, is_whole = rows_of(tmp_path / name, 1, csv=Csv(encoding="utf-16") if name == "raw.csv" else None)
    assert (found.height, is_whole) == (3, True)


def test_a_damaged_file_is_left_for_the_reader_to_refuse(tmp_path: Path) -> None:
    file = tmp_path / "raw.csv.gz"
    file.write_bytes(gzip.compress(b"id\n" * 10_000)[:40])
    head = cut(file, file.name, source(), 20_000, tmp_path)
    assert head.path == file


def test_a_stray_quote_does_not_make_the_cut_endless(tmp_path: Path) -> None:
    file = tmp_path / "raw.csv"
    file.write_text('id,said\n1,"\n' + "2,b\n" * 20_000, encoding="utf-8")
    head = cut(file, file.name, source(), 5, tmp_path)
    assert (head.path.stat().st_size < 10_000, head.is_whole) == (True, False)
