"""Dates, numbers and truth values in text, made of them by a mapping's SQL; and what cannot be read."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.errors import InputError
from tasks.sources.conversions import separated
from tests.sources.helpers import COLUMNS, accepted, broken, mapping, quarantined, run, run_text, totals, write

AT = datetime(2025, 1, 5, tzinfo=UTC)
FIXED = {"kind": "'purchase'", "customer_id": "'ann'"}


def cells(tmp_path: Path, column: str, sql: str, values: list[Any], ending: str, **given: Any) -> list[Any]:
    """The canonical column made of a file's column `x`, or the rules a row broke, row by row."""
    frame = pl.DataFrame({"row": list(range(len(values))), "x": values, "at": [date(2025, 1, 5)] * len(values)})
    getattr(frame, f"write_{ending}")(tmp_path / f"raw.{ending}")
    columns = {**FIXED, "occurred_at": "at", "name": "row", column: sql}
    result = run(tmp_path / f"raw.{ending}", mapping(columns=columns, **given))
    good = accepted(result).select("name", column).rows() if result.parts else []
    bad = [(row["original"]["row"], ", ".join(row["rules"])) for row in quarantined(result)]
    return [value for _, value in sorted(((int(row), value) for row, value in [*good, *bad]), key=lambda pair: pair[0])]


def day(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


MISSING, UNREADABLE = "occurred_at_missing", "occurred_at_unreadable"
TEXT_DATES = [
    ("strptime(x, '%d/%m/%Y')", ["05/01/2024", " 5/1/2024 ", "31/02/2024", "soon", None],
     [day(2024, 1, 5), day(2024, 1, 5), UNREADABLE, UNREADABLE, MISSING]),
    ("strptime(x, '%m/%d/%Y')", ["1/2/2013", "12/31/2013", "13/1/2013", "1/2/13"],
     [day(2013, 1, 2), day(2013, 12, 31), UNREADABLE, UNREADABLE]),
    ("strptime(x, '%d/%m/%y')", ["5/1/24", "31/12/99", "1/1/69", "5/1/2024"],
     [day(2024, 1, 5), day(1999, 12, 31), day(2069, 1, 1), UNREADABLE]),
    ("strptime(x, '%d.%m.%Y %H:%M')", ["5.1.2024 9:05", "05.01.2024"], [day(2024, 1, 5, 9, 5), UNREADABLE]),
    ("strptime(x, '%m/%d/%Y %I:%M:%S %p')", ["1/2/2013 12:00:00 AM", "1/2/2013 9:05:00 PM"],
     [day(2013, 1, 2), day(2013, 1, 2, 21, 5)]),
    ("strptime(x, '%d-%b-%y')", ["5-Jan-24", "05-Feb-24"], [day(2024, 1, 5), day(2024, 2, 5)]),
    ("strptime(x, '%B %d, %Y')", ["January 5, 2024"], [day(2024, 1, 5)]),
    ("strptime(x || '-01', '%Y-%m-%d')", ["2024-03", None], [day(2024, 3, 1), MISSING]),
    ("strptime(x, '%+')", ["2024-01-05T10:00:00+02:00", "2024-01-05T10:00:00Z"],
     [day(2024, 1, 5, 8), day(2024, 1, 5, 10)]),
    ("COALESCE(strptime(x, '%d/%m/%Y %H:%M'), strptime(x, '%d/%m/%Y'))", ["5/1/2024 10:00", "5/1/2024", "x", None],
     [day(2024, 1, 5, 10), day(2024, 1, 5), UNREADABLE, MISSING]),
    ("CASE WHEN x LIKE '%/%' THEN strptime(x, '%d/%m/%Y') ELSE CAST(x AS DATE) END", ["5/1/2024", "2024-01-06", "x/"],
     [day(2024, 1, 5), day(2024, 1, 6), UNREADABLE]),
    ("CASE WHEN x LIKE '%/%' THEN strptime(x, '%d/%m/%Y') ELSE x END", ["5/1/2024", "2024-01-06", "x"],
     [day(2024, 1, 5), day(2024, 1, 6), UNREADABLE]),
    ("NULLIF(x, 'NaT')", ["2024-01-06", "NaT"], [day(2024, 1, 6), MISSING]),
    ("CAST(x AS DATE)", ["2024-01-06", "2024-1-6", "2024-01-06 14:03:00", "2024-01-06T14:03:00", "6/1/2024"],
     [day(2024, 1, 6)] * 4 + [UNREADABLE]),
    ("x::timestamp", ["2024-01-06", "2024-01-06 14:03", "x"], [day(2024, 1, 6), day(2024, 1, 6, 14, 3), UNREADABLE]),
    ("CAST(x AS TIMESTAMP WITH TIME ZONE)", ["2024-01-06T14:03:00Z", "2024-01-06 14:03:00.5+01", "2024-01-06"],
     [day(2024, 1, 6, 14, 3), datetime(2024, 1, 6, 13, 3, 0, 500000, UTC), UNREADABLE]),
    ("TRY_CAST(x AS DATE)", ["2024-01-06", "x", None], [day(2024, 1, 6), MISSING, MISSING]),
    ("DATE(x)", ["2024-01-06", "x"], [day(2024, 1, 6), UNREADABLE]),
    ("DATE(x, '%d/%m/%Y')", ["6/1/2024"], [day(2024, 1, 6)]),
    ("strptime(x, '%d/%m/%Y') + INTERVAL '14 days'", ["25/1/2024", "x", None], [day(2024, 2, 8), UNREADABLE, MISSING]),
    ("CAST(x AS DATE) + INTERVAL '1 month'", ["2024-01-31"], [day(2024, 2, 29)]),
    ("CAST(split_part(x, '+', 1) AS DATE) + CAST(split_part(x, '+', 2) AS INT) * INTERVAL '1 day'",
     ["2024-01-31+7", "2024-01-31+", "2024-01-31+two"], [day(2024, 2, 7), MISSING, UNREADABLE]),
    ("DATE '1899-12-30' + CAST(x AS INT) * INTERVAL '1 day'", ["45296", "soon"], [day(2024, 1, 5), UNREADABLE]),
    ("GREATEST(CAST(x AS DATE), DATE '2024-01-05')", ["2024-01-31", "2023-01-01"], [day(2024, 1, 31), day(2024, 1, 5)]),
]  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize(("sql", "values", "expected"), TEXT_DATES)
def test_dates_in_text(tmp_path: Path, sql: str, values: list[Any], expected: list[Any], ending: str) -> None:
    assert cells(tmp_path, "occurred_at", sql, values, ending) == expected


@pytest.mark.parametrize(
    "sql",
    ["x", "CAST(x AS DATE)", "strptime(x, '%d/%m/%Y')", "COALESCE(x, DATE '2000-01-01')", "x + INTERVAL '0 days'",
     "CASE WHEN x > DATE '2024-01-01' THEN x END"],
)  # fmt: skip
@pytest.mark.parametrize("value", [date(2024, 1, 6), datetime(2024, 1, 6)])
def test_dates_that_are_typed_already(tmp_path: Path, sql: str, value: date) -> None:
    assert cells(tmp_path, "occurred_at", sql, [value], "parquet") == [day(2024, 1, 6)]


@pytest.mark.parametrize("ending", ["ndjson", "parquet"])
@pytest.mark.parametrize("sql", ["x", "strptime(x, '%d/%m/%Y')", "CAST(x AS DATE)", "replace(x, 'a', 'b')"])
def test_a_column_that_is_null_throughout_has_no_wrong_type(tmp_path: Path, sql: str, ending: str) -> None:
    assert cells(tmp_path, "occurred_at", sql, [None, None], ending, where="x IS NULL OR x <> ''") == [MISSING] * 2


BAD = "amount_unreadable"


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        ("replace(replace(x, '.', ''), ',', '.')", ["1.234,50", "49,9", "7", "free", None],
         ["1234.50", "49.9", "7", BAD, None]),
        ("replace(replace(x, '$', ''), ',', '')", ["$1,200.00", "$5", "5", ""], ["1200", "5", "5", None]),
        ("regexp_replace(x, '[^0-9.]', '', 'g')", ["€ 49", "49.50 EUR", "n/a"], ["49", "49.5", None]),
        ("ltrim(x, '€ ')", ["€ 49", "€7.5"], ["49", "7.5"]),
        ("CAST(replace(x, '%', '') AS DOUBLE) / 100", ["12.5%", "7 %", "all"], ["0.125", "0.07", BAD]),
        ("CAST(replace(x, ',', '') AS DOUBLE) / 12", ["1,200", "100", "99.99", "x"], ["100", "8.3333", "8.3325", BAD]),
        ("x / 12", ["1200", "100", "99.99", "x"], ["100", "8.3333", "8.3325", BAD]),
        ("CAST(x AS DOUBLE) / 12", ["1200", "100", "x", ""], ["100", "8.3333", BAD, None]),
        ("TRY_CAST(x AS DOUBLE) / 12", ["1200", "100", "x", None], ["100", "8.3333", None, None]),
        ("CAST(x AS DECIMAL(18, 4)) * 2", ["0.1", "2", "x"], ["0.2", "4", BAD]),
        ("CASE WHEN x <> 'free' THEN CAST(x AS DOUBLE) ELSE 0 END", ["3", "free", "?"], ["3", "0", BAD]),
        ("CASE WHEN x <> 'free' THEN CAST(x AS DOUBLE) END", ["3", "free", "?"], ["3", None, BAD]),
        ("COALESCE(TRY_CAST(x AS DOUBLE), 0)", ["3", "x", None], ["3", "0", "0"]),
        ("CASE WHEN CAST(x AS BOOLEAN) THEN 1 ELSE 0 END", ["Yes", "no", "TRUE", "0"], ["1", "0", "1", "0"]),
    ],
)  # fmt: skip
def test_numbers_in_text(tmp_path: Path, sql: str, values: list[Any], expected: list[Any], ending: str) -> None:
    found = cells(tmp_path, "amount", sql, values, ending)
    assert found == [Decimal(text) if text not in (None, BAD) else text for text in expected]


FLAGS = "id,at,flag\n" + "".join(f"{n},2025-01-05,{{}}\n" for n in range(4))


@pytest.mark.parametrize(
    ("words", "where", "kept"),
    [
        (["Yes", "No", "yes", ""], "flag = 'Yes'", ["0"]),
        (["True", "False", "true", ""], "flag", ["0", "2"]),
        (["True", "False", "true", ""], "flag = true", ["0", "2"]),
        (["True", "False", "true", ""], "NOT flag", ["1"]),
        (["Yes", "No", "Y", "n"], "CAST(flag AS BOOLEAN)", ["0", "2"]),
        (["1", "0", "1", ""], "flag = 1", ["0", "2"]),
        (["1", "0", "1", ""], "flag = '1'", ["0", "2"]),
        (["1", "0", "1", ""], "flag", ["0", "2"]),
        (["1", "0", "1", ""], "flag IS NOT NULL", ["0", "1", "2"]),
    ],
)
def test_truth_values_in_text(tmp_path: Path, words: list[str], where: str, kept: list[str]) -> None:
    columns = {"kind": "'visit'", "customer_id": "id", "occurred_at": "at"}
    result = run_text(tmp_path, "a.csv", FLAGS.format(*words), mapping(columns=columns, where=where))
    assert accepted(result)["customer_id"].to_list() == kept
    assert totals(result) == {"accepted": len(kept), "filtered": 4 - len(kept)}


def test_truth_values_that_are_typed_need_no_words(tmp_path: Path) -> None:
    rows = {"kind": ["visit"] * 3, "id": list("abc"), "at": [AT] * 3, "flag": [True, False, None]}
    for where in ("flag", "flag = true", "CAST(flag AS BOOLEAN)", "flag IS TRUE"):
        assert totals(run(write(tmp_path, rows), mapping(where=where))) == {"accepted": 1, "filtered": 2}


def test_a_filter_that_cannot_be_read_sets_the_row_aside(tmp_path: Path) -> None:
    text = "kind,id,at,end\n" + "".join(f"visit,ann,2025-01-05,{end}\n" for end in ("5/1/2025", "5/1/2023", "", "x"))
    result = run_text(tmp_path, "a.csv", text, mapping(where="strptime(end, '%d/%m/%Y') > DATE '2024-01-01'"))
    assert totals(result) == {"accepted": 1, "filtered": 2, "quarantined": 1}
    assert broken(result) == {"where_unreadable": 1}


def test_blank_cells_are_filtered_as_null_ones(tmp_path: Path) -> None:
    text = 'kind,id,at,ends\ncancel,a,2025-01-05,2025-01-06\ncancel,b,2025-01-05,\ncancel,c,2025-01-05,"   "\n'
    columns = {**COLUMNS, "occurred_at": "ends"}
    result = run_text(tmp_path, "a.csv", text, mapping(columns=columns, where="ends IS NOT NULL"))
    assert totals(result) == {"accepted": 1, "filtered": 2}
    rows = {"kind": ["cancel"] * 3, "id": list("abc"), "ends": ["2025-01-06", "", None]}
    assert totals(run(write(tmp_path, rows), mapping(columns=columns, where="ends <> ''"))) == {
        "accepted": 1,
        "filtered": 2,
    }


def test_categories_are_text(tmp_path: Path) -> None:
    rows = pl.DataFrame({"kind": ["visit"], "id": ["ann"], "at": ["5/1/2025"], "x": ["basic"]})
    raw = write(tmp_path, rows.cast({"at": pl.Categorical, "x": pl.Categorical}))
    columns = {**COLUMNS, "occurred_at": "strptime(at, '%d/%m/%Y')", "item": "upper(x)"}
    assert accepted(run(raw, mapping(columns=columns, where="x LIKE 'b%'")))["item"].to_list() == ["BASIC"]


def test_strptime_of_numbers_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"columns\.occurred_at = .*does not fit.*x \(Int64\)"):
        cells(tmp_path, "occurred_at", "strptime(x, '%Y%m%d')", [20240105], "parquet")
    sql = "strptime(CAST(x AS VARCHAR), '%Y%m%d')"
    assert cells(tmp_path, "occurred_at", sql, [20240105], "parquet") == [day(2024, 1, 5)]
    assert cells(tmp_path, "occurred_at", "strptime(x, '%Y%m%d')", ["20240105"], "csv") == [day(2024, 1, 5)]


@pytest.mark.parametrize(
    ("sql", "number"),
    [("CAST(x AS DATE)", 1), ("strptime(x, '%Y')", 1), ("DATE(x)", 1), ("TRY_CAST(x AS INT)", 1), ("x = true", 1),
     ("CAST(strptime(x, '%Y') AS DATE)", 2), ("x || 'a'", 0), ("CAST(x AS VARCHAR)", 0), ("x = 'true'", 0)],
)  # fmt: skip
def test_conversions_are_found_in_the_tree_polars_makes(sql: str, number: int) -> None:
    assert len(separated(pl.sql_expr(sql), "=x").conversions) == number


@pytest.mark.parametrize(
    ("score", "rules"),
    [("answer", {"score_outside_scale": 1}), ("NULLIF(answer, 11)", {}), ("NULLIF(answer, '11')", {})],
)
def test_code_11_is_no_score(tmp_path: Path, score: str, rules: dict[str, int]) -> None:
    text = "kind,id,at,answer\nnps,ann,2025-01-05,11\nnps,bob,2025-01-05,10\nnps,cleo,2025-01-05,\n"
    result = run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "score": score}))
    assert broken(result) == rules
    assert accepted(result)["score"].to_list() == ([] if rules else [None]) + [10, None]


def test_text_that_is_blank_throughout_stays_text_where_a_case_compares_it(tmp_path: Path) -> None:
    """Polars finds a comparison of text and number in a branch only when a row takes it."""
    sql = "CASE WHEN kind = 'purchase' THEN CASE WHEN note = 'gift' THEN 0 ELSE price * n END ELSE price END"
    text = "kind,id,at,note,price,n\npurchase,ann,2025-01-05,,2.50,3\nreturn,bob,2025-01-05,,4,1\n"
    result = run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "amount": sql}))
    assert accepted(result)["amount"].to_list() == [Decimal("7.5"), Decimal(4)]
