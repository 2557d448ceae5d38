"""What is a row: JSON documents, envelopes, elements of lists, cells left blank because they repeat."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.errors import InputError
from tasks.sources.ingest import Ingested
from tests.sources.helpers import accepted, mapping, quarantined, run, run_text, totals, write

VISITS = [{"kind": "visit", "id": "ada", "at": "2025-01-05"}, {"kind": "use", "id": "bob", "at": "2025-01-06"}]


def people_of(result: Ingested) -> list[str]:
    return accepted(result)["customer_id"].to_list()


def people(folder: Path, name: str, content: str | bytes, **given: Any) -> list[str]:
    return people_of(run_text(folder, name, content, mapping(**given)))


# ---- JSON documents


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(VISITS),
        json.dumps(VISITS, indent=2),
        "\ufeff\n  " + json.dumps(VISITS, indent="\t"),
        "[\n" + ",\n".join(map(json.dumps, VISITS)) + "\n]\n",
    ],
    ids=["on one line", "indented", "after a byte order mark", "an element a line"],
)
def test_an_array_is_a_row_per_element(tmp_path: Path, content: str) -> None:
    assert people(tmp_path, "a.json", content) == ["ada", "bob"]
    assert people(tmp_path, "b.json.gz", gzip.compress(content.encode())) == ["ada", "bob"]


def test_an_object_over_several_lines_is_one_row(tmp_path: Path) -> None:
    assert people(tmp_path, "a.json", json.dumps(VISITS[0], indent=2)) == ["ada"]


def test_what_is_no_object_in_an_array_is_set_aside(tmp_path: Path) -> None:
    result = run_text(tmp_path, "a.json", json.dumps([VISITS[0], 3, None, VISITS[1]]), mapping())
    assert totals(result) == {"accepted": 2, "quarantined": 2}
    assert [row["row"] for row in quarantined(result)] == [2, 3]


def test_lines_of_which_the_first_is_broken_are_no_document(tmp_path: Path) -> None:
    result = run_text(tmp_path, "a.ndjson", '{"kind": "vis\n' + "\n".join(map(json.dumps, VISITS)), mapping())
    assert totals(result) == {"accepted": 2, "quarantined": 1}


# ---- Envelopes


def test_an_envelope_is_taken_off_where_there_is_one(tmp_path: Path) -> None:
    page = {"object": "list", "data": VISITS, "has_more": False}
    for name, content in (
        ("line.json", json.dumps(page)),
        ("document.json", json.dumps(page, indent=2)),
        ("pages.ndjson", "\n".join(json.dumps({**page, "data": [one]}) for one in VISITS)),
        ("rows.ndjson", "\n".join(map(json.dumps, VISITS))),
    ):
        assert people(tmp_path, name, content, envelope="data") == ["ada", "bob"]


def test_a_page_without_rows_has_none(tmp_path: Path) -> None:
    pages = [{"data": [], "more": 1}, {"data": VISITS, "more": 0}, {"data": None, "more": 0}]
    assert people(tmp_path, "a.ndjson", "\n".join(map(json.dumps, pages)), envelope="data") == ["ada", "bob"]


# ---- A row per element


ORDERS = [
    {"customer": "ada", "at": "2025-01-05", "cart": {"lines": [{"sku": "tea", "n": 2}, {"sku": "pot", "n": 1}]}},
    {"customer": "bob", "at": "2025-01-06", "cart": {"lines": []}},
    {"customer": "cy", "at": "2025-01-07", "cart": {"lines": None}},
    {"customer": "di", "at": "2025-01-08", "cart": None},
]  # fmt: skip
LINES = {
    "kind": "'purchase'",
    "customer_id": "customer",
    "occurred_at": "at",
    "item": "cart.lines.sku",
    "quantity": "cart.lines.n * 10",
}


def test_each_element_of_a_list_within_an_object_is_a_row(tmp_path: Path) -> None:
    content = "\n".join(map(json.dumps, ORDERS))
    result = run_text(tmp_path, "a.ndjson", content, mapping(columns=LINES, rows="cart.lines"))
    assert result.counts["read"] == 5
    assert accepted(result).select("customer_id", "item", pl.col("quantity").cast(pl.Int64)).rows() == [
        ("ada", "tea", 20),
        ("ada", "pot", 10),
        ("bob", None, None),
        ("cy", None, None),
        ("di", None, None),
    ]


def test_a_list_no_file_needs_to_have_leaves_the_rows_as_they_are(tmp_path: Path) -> None:
    content = json.dumps({"customer": "di", "at": "2025-01-08"})
    meaning = mapping(columns=LINES, rows="cart.lines", optional=["cart"])
    assert people_of(run_text(tmp_path, "a.ndjson", content, meaning)) == ["di"]
    with pytest.raises(InputError, match=r"rows = 'cart\.lines' is no column of the file, which has customer, at"):
        run_text(tmp_path, "b.ndjson", content, mapping(columns=LINES, rows="cart.lines"))


@pytest.mark.parametrize(
    ("rows", "json_columns", "says"),
    [
        ("cart.id", [], r"rows = 'cart\.id' is String\. Expected a list"),
        ("cart.id.lines", [], r"rows reads 'cart\.id\.lines', but 'cart\.id' is String there, which has no 'lines'"),
        ("text.lines", ["text"], r"rows = 'text\.lines' lies in JSON text, of whose lists no rows can be made"),
    ],
)
def test_rows_of_what_is_no_list_are_refused(tmp_path: Path, rows: str, json_columns: list[str], says: str) -> None:
    content = json.dumps({"customer": "di", "at": "2025-01-08", "cart": {"id": "c"}, "text": '{"lines": []}'})
    with pytest.raises(InputError, match=says):
        run_text(tmp_path, "a.ndjson", content, mapping(columns=LINES, rows=rows, json_columns=json_columns))


# ---- Cells left blank where they repeat


SHEET = """order,customer,at,sku,paid
1,ada,2025-01-05,tea,30
1,,,pot,
2,bob,2025-01-06,tea,
2,,2025-01-07,pot,
,,2025-01-08,cup,
"""
SOLD = {"kind": "'purchase'", "customer_id": "customer", "occurred_at": "at", "item": "sku", "amount": "paid"}
REPEATED = {"within": "order", "columns": ["customer", "at"]}


def test_blank_cells_take_the_value_before_them_among_rows_that_belong_together(tmp_path: Path) -> None:
    result = run_text(tmp_path, "a.csv", SHEET, mapping(columns=SOLD, fill_down=REPEATED))
    table = accepted(result).select(
        "customer_id", pl.col("occurred_at").dt.day(), "item", pl.col("amount").cast(pl.Int64)
    )
    assert table.rows() == [
        ("ada", 5, "tea", 30),
        ("ada", 5, "pot", None),
        ("bob", 6, "tea", None),
        ("bob", 7, "pot", None),
    ]
    # Without an order a row belongs to no other; nor does one order's customer buy the next.
    assert [row["original"]["sku"] for row in quarantined(result)] == ["cup"]


@pytest.mark.parametrize("given", [{"within": "odrer"}, {"columns": ["customer", "adress"]}])
def test_columns_to_fill_must_be_there_unless_optional(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"fill_down names '(odrer|adress)', which the file lacks\. It has order,"):
        run_text(tmp_path, "a.csv", SHEET, mapping(columns=SOLD, fill_down={**REPEATED, **given}))


def test_optional_columns_are_filled_where_they_are(tmp_path: Path) -> None:
    meaning = mapping(columns=SOLD, fill_down={**REPEATED, "columns": ["customer", "at", "phone"]}, optional=["phone"])
    assert people_of(run_text(tmp_path, "a.csv", SHEET, meaning)) == ["ada", "ada", "bob", "bob"]


# ---- Parquet that is called after the codec within


@pytest.mark.parametrize("codec", ["zst", "gz", "br", "lz4", "sz"])
def test_parquet_may_be_called_after_its_codec(tmp_path: Path, codec: str) -> None:
    raw = write(tmp_path, {name: [row[name] for row in VISITS] for name in VISITS[0]}, f"events.parquet.{codec}")
    assert people_of(run(raw, mapping())) == ["ada", "bob"]
