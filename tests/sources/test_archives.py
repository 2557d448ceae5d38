"""Files in zip archives and Excel sheets, and folders that say columns."""

import gzip
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from config.errors import InputError
from tasks.sources import files
from tasks.sources.files import find, local, partitions
from tests.sources.helpers import COLUMNS, accepted, mapping, quarantined, run, source, totals

NDJSON = '{"kind":"visit","id":"%s","at":"2025-01-05"}\n'
CSV = "kind,id,at\nvisit,%s,2025-01-05\n"


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def test_each_file_of_an_archive_is_a_file_of_the_source(tmp_path: Path) -> None:
    members = {
        "120/app_2025-01-05_0.json.gz": gzip.compress((NDJSON % "ann").encode(), mtime=0),
        "120/b.csv": (CSV % "bob").encode(),
        "notes.txt": b"x",
        "__MACOSX/._b.csv": b"x",
        "empty/": b"",
    }
    archive(tmp_path / "export.zip", members)
    origin = source(uri="*.zip")
    found = find(origin, str(tmp_path))
    assert [file.key for file in found] == ["export.zip/120/app_2025-01-05_0.json.gz", "export.zip/120/b.csv"]
    ids = []
    for number, file in enumerate(found):
        staging = tmp_path / str(number)
        staging.mkdir()
        raw = local(origin, file, staging)
        assert (raw.parent, files.is_steady(file)) == (staging, True)
        ids += accepted(run(raw, mapping(), file.key))["customer_id"].to_list()
    assert ids == ["ann", "bob"]


def test_an_archive_cannot_write_outside_staging(tmp_path: Path) -> None:
    inside = tmp_path / "store" / "staging"
    inside.mkdir(parents=True)
    archive(tmp_path / "a.zip", {"../../evil.csv": b"kind\n", "/etc/evil.csv": b"kind\n"})
    origin = source(uri="a.zip", format="csv")
    for file in find(origin, str(tmp_path)):
        assert local(origin, file, inside) == inside / "unpacked"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "staging", "store", "unpacked"]


def test_a_replaced_archive_is_noticed_and_equal_members_are_told_by_their_checksum(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.csv": b"one", "b.csv": b"two"})
    a, b = find(source(uri="a.zip"), str(tmp_path))
    assert a.fingerprint != b.fingerprint
    archive(path, {"a.csv": b"one", "b.csv": b"other"})
    assert not files.is_steady(a)


def damaged(content: bytes, *, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def test_archives_that_cannot_be_unpacked_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = archive(tmp_path / "good.zip", {"a.csv": (CSV % "ann").encode() * 9}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(good[:-5])
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 no archive")
    archive(tmp_path / "other.zip", {"a.txt": b"x"})
    for name, says in (
        ("cut.zip", "not a readable zip"),
        ("no.zip", "not a readable zip"),
        ("other.zip", "holds a.txt"),
    ):
        with pytest.raises(InputError, match=rf"source 'app', file '{name}'.*{says}"):
            find(source(uri=name), str(tmp_path))
    (tmp_path / "bad.zip").write_bytes(damaged(good, at=45))
    [file] = find(source(uri="bad.zip"), str(tmp_path))
    with pytest.raises(InputError, match=r"file 'bad\.zip/a\.csv': cannot be unpacked .*Fetch it again"):
        local(source(), file, tmp_path)
    monkeypatch.setattr(files, "HARMLESS", 1000)
    archive(tmp_path / "bomb.zip", {"a.csv": b"0" * 1_000_000})
    [file] = find(source(uri="bomb.zip"), str(tmp_path))
    with pytest.raises(InputError, match=r"would unpack to 1,000,000 bytes from"):
        local(source(), file, tmp_path)


def sheet(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        page.write_datetime(number, column, value, moment)
                    elif value is not None:
                        page.write(number, column, value)
    return path


ORDERS: list[list[Any]] = [
    [None],
    ["kind", "id ", "at", "amount", "flag", "at"],
    ["purchase", 17850, datetime(2025, 1, 5, 10, 0, 3), 0.1, True, "x"],
    [None],
    ["purchase", "85123A", datetime(2025, 1, 6), 1234.56, False, "y"],
    ["purchase", 7.0, "2025-01-07", -3, True, "z"],
]
SHEET = {**COLUMNS, "occurred_at": '"at (1)"', "amount": "amount", "item": "flag"}


def test_an_excel_sheet_is_read_as_text_is_and_blank_rows_are_no_rows(tmp_path: Path) -> None:
    result = run(sheet(tmp_path / "a.xlsx", {"Orders": ORDERS, "Blank": []}), mapping(columns=SHEET))
    assert accepted(result).select("customer_id", "amount", "item", "day").rows() == [
        ("17850", Decimal("0.1"), "true", 5), ("85123A", Decimal("1234.56"), "false", 6),
    ]  # fmt: skip
    [row] = quarantined(result)
    assert (row["row"], row["rules"], row["original"]["id "]) == (3, ["amount_negative"], "7")


def test_one_of_several_sheets_must_be_named(tmp_path: Path) -> None:
    raw = sheet(tmp_path / "a.xlsx", {"2024": ORDERS, "2025": ORDERS[:3]})
    assert totals(run(raw, mapping(columns=SHEET, sheet="2025"))) == {"accepted": 1}
    with pytest.raises(InputError, match=r"has 2 sheets with cells, of '2024', '2025'\. Say which"):
        run(raw, mapping(columns=SHEET))
    with pytest.raises(InputError, match=r"has no sheet '2026'\. It has '2024', '2025'"):
        run(raw, mapping(columns=SHEET, sheet="2026"))
    with pytest.raises(InputError, match="has no header"):
        run(sheet(tmp_path / "b.xlsx", {"a": [], "b": []}), mapping(columns=SHEET, sheet="a"))


def test_a_workbook_in_an_archive_is_read(tmp_path: Path) -> None:
    content = sheet(tmp_path / "a.xlsx", {"Orders": ORDERS[:3]}).read_bytes()
    archive(tmp_path / "a.zip", {"jan/a.xlsx": content})
    origin = source(uri="a.zip")
    [file] = find(origin, str(tmp_path))
    staging = tmp_path / "staging"
    staging.mkdir()
    assert totals(run(local(origin, file, staging), mapping(columns=SHEET), file.key)) == {"accepted": 1}


def test_folders_say_columns_where_the_mapping_reads_them(tmp_path: Path) -> None:
    raw = tmp_path / "a.csv"
    raw.write_text("kind,id,country\n?,ann,\nvisit,ann,FR\n")
    columns = {**COLUMNS, "occurred_at": "event_date", "item": "plan || '!'", "name": "country"}
    label = "event_date=2025-01-05/plan=a%20b/country=DE/unused=1/a.csv"
    result = run(raw, mapping(columns=columns), label)
    assert accepted(result).select("item", "day", "name").rows() == [("a b!", 5, "FR")]
    assert quarantined(result)[0]["original"] == {
        "kind": "?", "id": "ann", "country": None, "event_date": "2025-01-05", "plan": "a b",
    }  # fmt: skip


def test_partitions_are_those_of_folders_alone() -> None:
    assert partitions("a=1/b/c%3D=x=y/d=__HIVE_DEFAULT_PARTITION__/e=2.csv") == {"a": "1", "c=": "x=y", "d": None}
    assert partitions("e=2.csv") == {}


def test_folders_leave_json_notes_alone_and_patterns_take_them(tmp_path: Path) -> None:
    for name in ("a.parquet", "manifest.json", "b.xlsx"):
        (tmp_path / name).write_bytes(io.BytesIO(b"x").read())
    assert [file.key for file in find(source(uri="."), str(tmp_path))] == ["a.parquet", "b.xlsx"]
    assert [file.key for file in find(source(uri="*.json"), str(tmp_path))] == ["manifest.json"]
