"""Raw values of every type → canonical ones."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.errors import InputError
from tests.sources.helpers import COLUMNS, accepted, broken, mapping, run, write

AT = datetime(2025, 1, 5, 14, 3, tzinfo=UTC)


def read(tmp_path: Path, column: str, series: pl.Series, **given: Any) -> list[Any]:
    """The canonical column of visits that hold `series`; a quarantined row is left out."""
    rows = {"kind": ["visit"] * len(series), "id": ["ann"] * len(series), "at": [AT] * len(series), "x": series}
    result = run(write(tmp_path, rows), mapping(columns={**COLUMNS, column: "x"}, **given))
    return accepted(result)[column].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-05T14:03:07Z", datetime(2025, 1, 5, 14, 3, 7)),
        ("2025-01-05 14:03:07Z", datetime(2025, 1, 5, 14, 3, 7)),
        ("2025-01-05T14:03:07.123456Z", datetime(2025, 1, 5, 14, 3, 7, 123456)),
        ("2025-01-05T14:03:07.5+02:00", datetime(2025, 1, 5, 12, 3, 7, 500000)),
        ("2025-01-05T14:03:07-0530", datetime(2025, 1, 5, 19, 33, 7)),
        ("2025-01-05 14:03:07+01", datetime(2025, 1, 5, 13, 3, 7)),
        ("2025-01-05 14:03:07 +0100", datetime(2025, 1, 5, 13, 3, 7)),
        ("2025-01-05 14:03:07 UTC", datetime(2025, 1, 5, 14, 3, 7)),
        ("2025-01-05T14:03Z", datetime(2025, 1, 5, 14, 3)),
        ("2025-01-05 14:03+01:00", datetime(2025, 1, 5, 13, 3)),
        ("2025-01-05T14:03:07", datetime(2025, 1, 5, 13, 3, 7)),
        ("2025-01-05 14:03:07.25", datetime(2025, 1, 5, 13, 3, 7, 250000)),
        ("2025-01-05 14:03", datetime(2025, 1, 5, 13, 3)),
        ("2025-01-05", datetime(2025, 1, 4, 23)),
        ("  2025-01-05  ", datetime(2025, 1, 4, 23)),
    ],
)
def test_every_form_of_timestamp_is_read_alone_and_among_others(tmp_path: Path, text: str, expected: datetime) -> None:
    among = pl.Series([text, "2025-01-02", "2025-01-02T00:00:00Z", "2025-01-02 00:00"])
    assert read(tmp_path, "occurred_at", among, timezone="Europe/Paris")[0] == expected.replace(tzinfo=UTC)
    assert read(tmp_path, "occurred_at", pl.Series([text]), timezone="Europe/Paris") == [expected.replace(tzinfo=UTC)]


@pytest.mark.parametrize(
    "text",
    ["05/01/2025", "2025-02-30", "2025-01-05 25:00:00", "2025-01-05T", "20250105", "1969-12-31T23:59:59Z", "2200-01-01",
     "0001-01-01 00:00:00", "9999-12-31 23:59:59", "1736085787", "2025-01-05 14:03:07 CET"],
)  # fmt: skip
def test_other_text_and_instants_out_of_range_are_unreadable(tmp_path: Path, text: str) -> None:
    rows = {"kind": ["visit"], "id": ["ann"], "at": [text]}
    assert broken(run(write(tmp_path, rows), mapping())) == {"occurred_at_unreadable": 1}


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2025, 3, 30, 1, 59), datetime(2025, 3, 30, 0, 59)),
        (datetime(2025, 3, 30, 2, 30), datetime(2025, 3, 30, 1, 30)),  # skipped: becomes 03:30 summer time
        (datetime(2025, 3, 30, 3, 0), datetime(2025, 3, 30, 1, 0)),
        (datetime(2025, 10, 26, 2, 30), datetime(2025, 10, 26, 0, 30)),  # occurs twice: the first
        (datetime(2025, 10, 26, 3, 0), datetime(2025, 10, 26, 2, 0)),
    ],
)
def test_clock_changes_of_paris(tmp_path: Path, local: datetime, utc: datetime) -> None:
    for series in (pl.Series([local]), pl.Series([local.isoformat(" ")]), pl.Series([local], dtype=pl.Datetime("ns"))):
        assert read(tmp_path, "occurred_at", series, timezone="Europe/Paris") == [utc.replace(tzinfo=UTC)]


def test_dates_are_local_midnights_and_zoned_times_keep_their_instant(tmp_path: Path) -> None:
    assert read(tmp_path, "occurred_at", pl.Series([date(2025, 7, 1)]), timezone="Europe/Paris") == [
        datetime(2025, 6, 30, 22, tzinfo=UTC)
    ]
    zoned = pl.Series([AT]).dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit("ms")
    assert read(tmp_path, "occurred_at", zoned) == [AT]


@pytest.mark.parametrize("dtype", [pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns", "UTC"), pl.Date])
def test_absurd_instants_are_unreadable_and_never_raise(tmp_path: Path, dtype: Any) -> None:
    most = 2**31 - 1 if dtype == pl.Date else 2**63 - 1
    series = pl.Series([most, -most], dtype=pl.Int32 if dtype == pl.Date else pl.Int64).cast(dtype)
    result = run(
        write(tmp_path, {"kind": ["visit"] * 2, "id": ["ann"] * 2, "at": series}), mapping(zone="Europe/Paris")
    )
    assert broken(result) == {"occurred_at_unreadable": 2}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([7, 2**62]), ["7", str(2**62)]),
        (pl.Series([7.0, 7.5, 1e15, None]), ["7", "7.5", "1000000000000000", None]),
        (pl.Series([float("nan"), float("inf")]), [None, "inf"]),
        (pl.Series([" a b ", "", " \t", None]), ["a b", None, None, None]),
        (pl.Series([Decimal("7.00"), Decimal("7.50")]), ["7", "7.50"]),
        (pl.Series([Decimal(7)], dtype=pl.Decimal(38, 0)), ["7"]),
        (pl.Series(["x"], dtype=pl.Categorical), ["x"]),
        (pl.Series([True]), ["true"]),
        (pl.Series([b"abc"]), ["abc"]),
        (pl.Series([None]), [None]),
    ],
)
def test_ids_become_text(tmp_path: Path, series: pl.Series, expected: list[str | None]) -> None:
    assert read(tmp_path, "reference", series) == expected


def test_other_text_keeps_its_blanks_unless_it_is_blank(tmp_path: Path) -> None:
    assert read(tmp_path, "item", pl.Series([" a ", "  ", ""])) == [" a ", None, None]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([19.99, 0.1 + 0.2, 2.5, None]), ["19.99", "0.3", "2.5", None]),
        (pl.Series([1234.56], dtype=pl.Float32), ["1234.56"]),
        (pl.Series(["12.50", " 3 ", "1e3", "", "+1"]), ["12.50", "3", "1000", None, "1"]),
        (pl.Series(["12345678901234.5678"]), ["12345678901234.5678"]),
        (pl.Series([3, None]), ["3", None]),
        (pl.Series([Decimal("1.23456")]), ["1.2346"]),
        (pl.Series([None]), [None]),
    ],
)
def test_amounts_are_exact(tmp_path: Path, series: pl.Series, expected: list[str | None]) -> None:
    assert read(tmp_path, "amount", series) == [None if text is None else Decimal(text) for text in expected]


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([float("nan"), float("inf"), -float("inf"), 1e14, 1e300]),
        pl.Series(["NaN", "1,5", "1e300", "12 EUR", "0x1"]),
        pl.Series([2**63 - 1, 10**14, -(10**14), 10**15, 10**16]),
        pl.Series([2**127 - 1] * 5, dtype=pl.Int128),
        pl.Series([Decimal(10**20)] * 5, dtype=pl.Decimal(38, 2)),
    ],
)
def test_amounts_that_fit_no_decimal_are_unreadable_and_never_raise(tmp_path: Path, series: pl.Series) -> None:
    rows = {"kind": ["visit"] * 5, "id": ["ann"] * 5, "at": [AT] * 5, "x": series}
    result = run(write(tmp_path, rows), mapping(columns={**COLUMNS, "amount": "x"}))
    assert broken(result) == {"amount_unreadable": 5}


@pytest.mark.parametrize(
    ("column", "value", "found", "expected"),
    [
        ("amount", True, "Boolean", "a number, or text"),
        ("amount", date(2025, 1, 1), "Date", "a number, or text"),
        ("amount", {"value": 1}, "Struct", "a number, or text"),
        ("item", [1], "List", "text or a number"),
        ("occurred_at", 1.5, "Float64", "ISO 8601"),
        ("occurred_at", True, "Boolean", "ISO 8601"),
        ("occurred_at", 1736085787, "Int64", 'epoch = "s"'),
    ],
)
def test_a_type_that_fits_no_value_is_an_error(
    tmp_path: Path, column: str, value: Any, found: str, expected: str
) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, column, pl.Series([value]))
    for part in ("'app'", "'raw.parquet'", f"columns.{column} = 'x'", found, expected):
        assert part in str(error.value)
