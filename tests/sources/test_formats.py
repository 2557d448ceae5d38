"""CSV, NDJSON and Parquet files, whole and damaged."""

import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from config.errors import InputError
from tests.sources.helpers import COLUMNS, accepted, broken, mapping, quarantined, run, run_text, totals, write

CSV = "kind,id,at\nvisit,ann,2025-01-05\nvisit,bob,2025-01-06\n"
NDJSON = '{"kind":"visit","id":"ann","at":"2025-01-05"}\n{"kind":"visit","id":"bob","at":"2025-01-06"}\n'
AMOUNTS = {**COLUMNS, "amount": "x"}


def zst(text: str) -> bytes:
    return bytes(pa.Codec("zstd").compress(text.encode(), asbytes=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV.encode()),
        ("a.CSV", CSV.encode()),
        ("a.csv", b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()),
        ("a.csv", CSV.replace(",", ";").encode()),
        ("a.tsv", CSV.replace(",", "\t").encode()),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("a.csv.zst", zst(CSV)),
        ("a.ndjson", NDJSON.encode()),
        ("a.jsonl", b"\n" + NDJSON.replace("\n", "\r\n\r\n").encode()),
        ("a.jsonl", b"\xef\xbb\xbf" + NDJSON.encode()),
        ("a.ndjson.gz", gzip.compress(NDJSON.encode(), mtime=0)),
        ("a.ndjson.zst", zst(NDJSON)),
    ],
)
def test_every_text_format_gives_the_same_events(tmp_path: Path, name: str, content: bytes) -> None:
    events = accepted(run_text(tmp_path, name, content, mapping()))
    assert events["customer_id"].to_list() == ["ann", "bob"]
    assert events["day"].to_list() == [5, 6]


def test_the_config_may_say_the_format_the_name_hides(tmp_path: Path) -> None:
    assert totals(run_text(tmp_path, "export.txt", CSV, mapping(format="csv"))) == {"accepted": 2}


def test_csv_cells_may_hold_line_ends_and_empty_cells_are_null(tmp_path: Path) -> None:
    text = 'kind,id,at,x\nvisit,ann,2025-01-05,"two\nlines"\nvisit,bob,2025-01-05,\n'
    result = run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "item": "x"}))
    assert accepted(result)["item"].to_list() == ["two\nlines", None]


def test_csv_ids_keep_their_leading_zeros(tmp_path: Path) -> None:
    result = run_text(tmp_path, "a.csv", CSV.replace("ann", "007"), mapping())
    assert accepted(result)["customer_id"].to_list() == ["007", "bob"]


def test_ragged_csv_rows_are_quarantined_and_do_not_shift_row_numbers(tmp_path: Path) -> None:
    text = "kind,id,at\nvisit,ann,2025-01-05\nvisit,short\n?,bob,2025-01-05\n\na,b,c,d\n?,cleo,2025-01-05\n"
    result = run_text(tmp_path, "a.csv", text, mapping())
    assert (result.counts["read"], totals(result)) == (5, {"accepted": 1, "quarantined": 4})
    rows = quarantined(result)
    assert [(row["row"], row["rules"]) for row in rows] == [
        (2, ["ragged_row"]), (3, ["kind_missing"]), (4, ["ragged_row"]), (5, ["kind_missing"]),
    ]  # fmt: skip
    assert rows[0]["original"] == {"line": "visit,short"}
    assert rows[3]["original"] == {"kind": "?", "id": "cleo", "at": "2025-01-05"}


def test_a_header_without_rows_reads_zero_rows(tmp_path: Path) -> None:
    assert run_text(tmp_path, "a.csv", "kind,id,at\n", mapping()).counts["read"] == 0


def test_broken_json_lines_are_quarantined_and_the_rest_is_read(tmp_path: Path) -> None:
    text = NDJSON.replace("\n", '\n{"kind": "vis\n[1]\n', 1)
    result = run_text(tmp_path, "a.ndjson", text, mapping())
    assert (result.counts["read"], totals(result)) == (4, {"accepted": 2, "quarantined": 2})
    assert [(row["row"], row["rules"], row["original"]) for row in quarantined(result)] == [
        (2, ["broken_line"], {"line": '{"kind": "vis'}),
        (3, ["broken_line"], {"line": "[1]"}),
    ]
    assert accepted(result)["customer_id"].to_list() == ["ann", "bob"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["7", '"a"', "1.5"], ["7", "a", "1.5"]),
        (["true", "1", "2"], ["true", "1", "2"]),
        (["1", '{"k":2}', "null"], ["1", '{"k": 2}', None]),
        (["[1]", '"a"', "true"], ["[1]", "a", "true"]),
    ],
)
def test_mixed_json_types_become_text(tmp_path: Path, values: list[str], texts: list[str | None]) -> None:
    lines = [f'{{"kind":"visit","id":1,"at":"2025-01-05","x":{value}}}' for value in values]
    result = run_text(tmp_path, "a.ndjson", "\n".join(lines), mapping(columns={**COLUMNS, "item": "x"}))
    assert accepted(result)["item"].to_list() == texts


def test_json_keys_that_appear_late_and_nested_fields_are_found(tmp_path: Path) -> None:
    line = '{"kind":"visit","user":{"id":"ann","more":{}},"at":"2025-01-05"}\n'
    late = '{"kind":"visit","user":{"id":"bob","plan":{"name":"pro"}},"at":"2025-01-05"}\n'
    columns = {**COLUMNS, "customer_id": '"user"."id"', "item": '"user"."plan"."name"'}
    result = run_text(tmp_path, "a.ndjson", line * 300 + late, mapping(columns=columns))
    assert accepted(result)["item"].to_list() == [None] * 300 + ["pro"]


RETAIL = {
    "InvoiceNo": ["536365", "C536379", "536370", "536371"],
    "StockCode": ["85123A", "D", "22728", "84029"],
    "Quantity": [6, -1, 24, 3],
    "InvoiceDate": ["2010-12-01 08:26:00"] * 4,
    "UnitPrice": [2.55, 27.5, 3.75, 1.0],
    "CustomerID": [17850.0, 14527.0, None, 17850.0],
}
RETAIL_COLUMNS = {
    "kind": "CASE WHEN InvoiceNo LIKE 'C%' THEN 'return' ELSE 'purchase' END",
    "customer_id": "CustomerID",
    "occurred_at": "InvoiceDate",
    "reference": "InvoiceNo",
    "item": "StockCode",
    "quantity": "abs(Quantity)",
    "amount": "abs(Quantity * UnitPrice)",
}


@pytest.mark.parametrize("name", ["retail.parquet", "retail.csv", "retail.ndjson"])
def test_online_retail_reads_the_same_from_types_and_from_text(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame(RETAIL)
    getattr(frame, f"write_{name.split('.')[1]}")(tmp_path / name)
    meaning = mapping("Europe/Paris", columns=RETAIL_COLUMNS, where="CustomerID IS NOT NULL", timezone="Europe/London")
    result = run(tmp_path / name, meaning)
    assert totals(result) == {"accepted": 3, "filtered": 1}
    events = accepted(result)
    assert events["kind"].to_list() == ["purchase", "return", "purchase"]
    assert events["amount"].to_list() == [Decimal("15.30"), Decimal("27.50"), Decimal("3.00")]
    assert events["quantity"].to_list() == [6, 1, 3]
    assert events["reference"].to_list() == ["536365", "C536379", "536371"]
    if name != "retail.csv":
        assert events["customer_id"].to_list() == ["17850", "14527", "17850"]


def test_text_that_is_no_number_makes_computed_values_unreadable_not_null(tmp_path: Path) -> None:
    text = "kind,id,at,n,price\n" + "purchase,ann,2025-01-05,2,1.25\n" * 3 + "purchase,ann,2025-01-05,two,1.25\n"
    result = run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "amount": "n * price"}))
    assert (totals(result), broken(result)) == ({"accepted": 3, "quarantined": 1}, {"amount_unreadable": 1})
    assert quarantined(result)[0]["original"]["n"] == "two"


def test_text_compared_with_numbers_works_in_where_and_in_the_kind(tmp_path: Path) -> None:
    text = "id,at,n,no\n" + "".join(f"ann,2025-01-05,{n},1\n" for n in ["1", "2", "-3", "0", "x", ""])
    kind = "CASE WHEN n < 0 AND no LIKE '1%' THEN 'return' ELSE 'purchase' END"
    columns = {**COLUMNS, "kind": kind, "reference": "no"}
    result = run_text(tmp_path, "a.csv", text, mapping(columns=columns, where="n <> 0"))
    assert accepted(result)["kind"].to_list() == ["purchase", "purchase", "return"]
    assert totals(result) == {"accepted": 3, "filtered": 2, "quarantined": 1}
    assert broken(result) == {"kind_unreadable": 1, "where_unreadable": 1}


def test_a_bare_column_reads_the_text_even_where_others_read_its_number(tmp_path: Path) -> None:
    text = "kind,id,at,x\npurchase,ann,2025-01-05,1.10\npurchase,ann,2025-01-05,2.20\n"
    columns = {**COLUMNS, "amount": "x * 2", "quantity": "x", "reference": "x", "item": "x || '!'"}
    events = accepted(run_text(tmp_path, "a.csv", text, mapping(columns=columns)))
    assert events["amount"].to_list() == [Decimal("2.20"), Decimal("4.40")]
    assert events["reference"].to_list() == ["1.10", "2.20"]
    assert events["item"].to_list() == ["1.10!", "2.20!"]


def parquet(tmp_path: Path) -> bytes:
    return write(
        tmp_path, {"kind": ["visit"] * 500, "id": list(map(str, range(500))), "at": ["2025-01-05"] * 500}
    ).read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.parquet", b"", ["is empty (0 bytes)"]),
        ("a.csv", b"", ["is empty (0 bytes)"]),
        (
            "a.parquet",
            b"hello, I am no Parquet file",
            ["is not a readable Parquet file", "cut in transfer? Fetch it again"],
        ),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-9], ["cannot be read", "cut in transfer"]),
        ("a.csv.zst", zst(CSV)[:-3], ["cannot be read", "cut in transfer"]),
        ("a.ndjson.gz", gzip.compress(NDJSON.encode(), mtime=0)[:-9], ["cannot be read", "cut in transfer"]),
        ("a.csv.gz", CSV.encode(), ["cannot be read"]),
        ("a.csv", CSV.encode("utf-16"), ["UTF-16", "Save it as UTF-8", 'encoding = "utf-16"']),
        (
            "a.csv",
            CSV.replace("bob", "né").encode("latin-1"),
            ["is not UTF-8 (line 3)", "Save it as UTF-8", 'encoding = "cp1252"'],
        ),
        ("a.csv", b"kind,id,at,id\n", ["'id', which the file lacks", '"id (1)", "id (2)"']),
        ("a.csv", b"\n\n", ["has no header"]),
        ("a.json", b'[{"kind":"visit"},\n {"kind":"vis', ["begins as a JSON array", "cut in transfer"]),
        ("a.xlsx", b"x", ["is not a readable Excel workbook", "cut in transfer", "save it as .xlsx"]),
        ("a.xml", b"x", ["'a.xml' does not tell its format", ".parquet", 'format = "csv"']),
        ("a.parquet.gz", b"x", ["compressed as a whole", "Unpack it"]),
        ("a.parquet.xz", b"x", ["does not tell its format"]),
    ],
)
def test_files_that_cannot_be_read_say_so(tmp_path: Path, name: str, content: bytes, says: list[str]) -> None:
    with pytest.raises(InputError) as error:
        run_text(tmp_path, name, content, mapping())
    for part in ("source 'app'", name, *says):
        assert part in str(error.value)


@pytest.mark.parametrize("damage", ["cut", "holes"])
def test_damaged_parquet_is_an_error_of_the_input(tmp_path: Path, damage: str) -> None:
    whole = parquet(tmp_path)
    content = whole[:-100] if damage == "cut" else whole[:200] + bytes(600) + whole[800:]
    with pytest.raises(InputError, match=r"source 'app', file 'a\.parquet'.*(is not a readable|cannot be read)"):
        run_text(tmp_path, "a.parquet", content, mapping())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"columns": {**COLUMNS, "amount": "prize"}}, ["columns.amount", "'prize'", "'price'?", "kind, id, at, price"]),
        ({"columns": {**COLUMNS, "kind": "subscribe"}}, ["lacks. A fixed word stands", "kind = \"'subscribe'\""]),
        ({"where": "pric > 0"}, ["row filter", "'pric'", "Did you mean 'price'?"]),
        ({"columns": {**COLUMNS, "amount": "abs(price"}}, ["columns.amount = 'abs(price'", "not an expression"]),
        ({"columns": {**COLUMNS, "amount": "nosuch(price)"}}, ["unsupported function 'nosuch'"]),
        ({"columns": {**COLUMNS, "item": "order || 'x'"}}, ["double quotes", '"user"']),
        ({"columns": {**COLUMNS, "item": "user.id"}}, ["columns.item", "column 'user.id'", "Columns found: kind"]),
        ({"columns": {**COLUMNS, "item": "u.nme"}}, ["columns.item", "field 'u.nme'", "Struct"]),
        ({"columns": {**COLUMNS, "amount": "sum(price)"}}, ["other rows"]),
        ({"columns": {**COLUMNS, "amount": "row_number() over (order by price)"}}, ["other rows"]),
        ({"where": "at < now()"}, ["reads the clock"]),
        ({"where": "price"}, ["where = 'price' yields Float64", "true or false"]),
        ({"columns": {**COLUMNS, "item": "substr(price, 1, 2)"}}, ["does not fit", "price (Float64)"]),
        ({"where": "id > 11"}, ["does not fit", "id (String)", "CAST(… AS DOUBLE)"]),
        ({"where": "day > '2025-01-01'"}, ["does not fit", "day (Date)", "DATE '2025-01-31'"]),
    ],
)  # fmt: skip
def test_mappings_that_do_not_fit_the_file_say_why(tmp_path: Path, given: dict[str, Any], says: list[str]) -> None:
    rows = {"kind": ["visit"], "id": ["ann"], "at": ["2025-01-05"], "price": [1.5], "u": [{"name": "x"}]}
    rows["day"] = [date(2025, 1, 5)]
    with pytest.raises(InputError) as error:
        run(write(tmp_path, rows), mapping(**given))
    for part in ("source 'app', file 'raw.parquet'", *says):
        assert part in str(error.value)


def test_quoted_text_may_name_what_expressions_may_not_use(tmp_path: Path) -> None:
    rows = {"kind": ["visit"], "id": ["ann"], "at": ["2025-01-05"], "now()": ["sum("]}
    result = run(write(tmp_path, rows), mapping(columns={**COLUMNS, "item": "\"now()\" || 'max('"}))
    assert accepted(result)["item"].to_list() == ["sum(max("]


def test_json_originals_are_json_whatever_the_columns(tmp_path: Path) -> None:
    rows = {
        "kind": ["?"],
        "id": [" ann "],
        "at": ["2025-01-05"],
        "tags": [["a", "b"]],
        "u": [{"n": 1.5}],
        "nil": [None],
    }
    [row] = quarantined(run(write(tmp_path, rows), mapping()))
    assert json.loads(json.dumps(row["original"])) == {
        "kind": "?", "id": " ann ", "at": "2025-01-05", "tags": ["a", "b"], "u": {"n": 1.5}, "nil": None,
    }  # fmt: skip
