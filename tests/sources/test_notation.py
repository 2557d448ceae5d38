"""Numbers, times and letters as a source says it writes them: epochs, decimal commas, encodings, delimiters."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import InputError
from config.models import Csv
from tests.sources.helpers import COLUMNS, accepted, broken, mapping, quarantined, run, run_text, totals, write

AT = datetime(2025, 1, 5, 10, 0, 0, 123456, tzinfo=UTC)
SECONDS, MILLIS, MICROS = 1736071200, 1736071200123, 1736071200123456
PURCHASES = {"kind": "'purchase'", "customer_id": "id", "occurred_at": "at"}


@pytest.mark.parametrize(
    ("epoch", "value", "micros"),
    [
        ("s", SECONDS, 0),
        ("s", float(SECONDS) + 0.25, 250_000),
        ("s", f" {SECONDS} ", 0),
        ("s", f"{SECONDS}.123456", 123_456),
        ("s", Decimal("1736071200.123456"), 123_456),
        ("ms", MILLIS, 123_000),
        ("ms", float(MILLIS), 123_000),
        ("ms", str(MILLIS), 123_000),
        ("us", MICROS, 123_456),
        ("us", str(MICROS), 123_456),
        ("us", "2025-01-05T11:00:00.123456+01:00", 123_456),
        ("s", datetime(2025, 1, 5, 10), 0),
    ],
)
def test_numbers_are_instants_once_their_unit_is_said(tmp_path: Path, epoch: str, value: Any, micros: int) -> None:
    rows = pl.DataFrame({"kind": ["visit"], "id": ["ann"], "at": [value]})
    events = accepted(run(write(tmp_path, rows), mapping("Europe/Paris", epoch=epoch, timezone="UTC")))
    assert events["occurred_at"].to_list() == [AT.replace(microsecond=micros)]


@pytest.mark.parametrize(
    ("epoch", "value"),
    [("ms", SECONDS), ("us", SECONDS), ("us", MILLIS), ("s", MILLIS), ("s", MICROS), ("ms", MICROS), ("s", 0),
     ("s", -1), ("s", float("nan")), ("s", float("inf")), ("us", 2**63 - 1), ("s", "20250105"), ("ms", "soon"),
     ("ms", "9" * 19), ("ms", "9" * 25)],
)  # fmt: skip
def test_a_wrong_unit_never_makes_an_instant(tmp_path: Path, epoch: str, value: Any) -> None:
    rows = pl.DataFrame({"kind": ["visit"], "id": ["ann"], "at": [value]})
    assert broken(run(write(tmp_path, rows), mapping(epoch=epoch))) == {"occurred_at_unreadable": 1}


def test_without_a_unit_numbers_in_text_are_set_aside(tmp_path: Path) -> None:
    result = run_text(tmp_path, "a.csv", f"kind,id,at\nvisit,ann,{SECONDS}\n", mapping())
    assert broken(result) == {"occurred_at_unreadable": 1}


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.234,50", "1234.5"), ("1234,5", "1234.5"), ("49,9", "49.9"), ("-7", None), ("7", "7"), ("1.000.000", "1000000"),
     ("1 234,50", "1234.5"), ("1\N{NARROW NO-BREAK SPACE}234,5", "1234.5"), ("+3,0001", "3.0001"), (",5", "0.5"),
     ("1.5", None), ("1.23", None), ("1,2,3", None), ("12.34,5", None), ("1e3", "1000"), ("x", None)],
)  # fmt: skip
def test_a_decimal_comma_is_read_or_set_aside_never_misread(tmp_path: Path, text: str, number: str | None) -> None:
    columns = {**PURCHASES, "amount": "price", "quantity": "CAST(price AS DECIMAL(18, 4))"}
    content = f"id;at;price\nann;2025-01-05;{text}\n"
    result = run_text(tmp_path, "a.csv", content, mapping(columns=columns, csv={"decimal": ","}))
    if number is None:
        assert totals(result) == {"quarantined": 1}
        assert quarantined(result)[0]["original"]["price"] == text
    else:
        assert accepted(result).select("amount", "quantity").rows() == [(Decimal(number), Decimal(number))]


def test_numbers_with_a_comma_can_be_computed_with(tmp_path: Path) -> None:
    text = "id;at;n;price\n" + "ann;2025-01-05;2;1.000,25\n" * 3 + "ann;2025-01-05;2;1.5\n"
    columns = {**PURCHASES, "amount": "n * price"}
    result = run_text(tmp_path, "a.csv", text, mapping(columns=columns, csv={"decimal": ","}))
    assert accepted(result)["amount"].to_list() == [Decimal("2000.50")] * 3
    assert broken(result) == {"amount_unreadable": 1}


def with_comma(number: Decimal, separator: str) -> str:
    return f"{number:,.4f}".replace(",", "\0").replace(".", ",").replace("\0", separator)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.decimals(0, 10**12, places=4), min_size=1, max_size=20),
    st.sampled_from(["", ".", " ", "'", "\N{NO-BREAK SPACE}"]),
)
def test_decimals_with_comma_come_back_exactly(numbers: list[Decimal], separator: str) -> None:
    lines = [f"ann;2025-01-05;{with_comma(number, separator)}\n" for number in numbers]
    meaning = mapping(columns={**PURCHASES, "amount": "price"}, csv={"decimal": ","})
    with TemporaryDirectory() as folder:
        result = run_text(Path(folder), "a.csv", "id;at;price\n" + "".join(lines), meaning)
        assert accepted(result)["amount"].to_list() == numbers


LATIN = st.text(st.characters(min_codepoint=0xA1, max_codepoint=0xFF, exclude_characters="\xad"), min_size=1)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(LATIN, min_size=1, max_size=5),
    st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le"]),
    st.sampled_from(["", ".gz"]),
)
def test_names_come_back_from_any_encoding(names: list[str], encoding: str, ending: str) -> None:
    text = "id;at\n" + "".join(f'"{name}";2025-01-05\n' for name in names)
    content = text.encode(encoding)
    columns = {"kind": "'visit'", "customer_id": "'x'", "item": "id", "occurred_at": "at"}
    with TemporaryDirectory() as folder:
        raw = gzip.compress(content, mtime=0) if ending else content
        result = run_text(Path(folder), f"a.csv{ending}", raw, mapping(columns=columns, csv={"encoding": encoding}))
        assert accepted(result)["item"].to_list() == names


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (b"id;at\nann;2025-01-05\n", {"delimiter": ","}, ["single column, 'id;at'", 'delimiter = ";"']),
        (b"id,at\nann,2025-01-05\n", {"delimiter": "|"}, ["single column, 'id,at'", 'delimiter = ","']),
        (b"id;at\nok;2025-01-05\nan\x81;2025-01-05\n", {"encoding": "cp1252"}, ["is not cp1252 (line 3)"]),
        ("id;at\nné;2025-01-05\n".encode("latin-1"), {"encoding": "ascii"}, ["is not ascii (line 2)"]),
    ],
)
def test_what_is_said_of_csv_and_is_not_so_is_told(
    tmp_path: Path, content: bytes, options: dict[str, str], says: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        run_text(tmp_path, "a.csv", content, mapping(columns=PURCHASES, csv=options))
    for part in ("source 'app', file 'a.csv'", *says):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"encoding": "utf-9"}, "'utf-9' is no known encoding"), ({"encoding": "hex"}, "no known encoding"),
     ({"delimiter": '"'}, "cannot stand between cells"), ({"delimiter": "\n"}, "cannot stand between cells")],
)  # fmt: skip
def test_what_no_csv_can_be_is_refused(options: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Csv.model_validate(options)


def test_a_file_without_a_header_gets_its_names_and_counts_its_first_line(tmp_path: Path) -> None:
    text = '?\tann\t2025-01-05\nvisit\nvisit\t"bob\t2025-01-05\n'
    result = run_text(tmp_path, "a.tsv", text, mapping(csv={"header": ["kind", "id", "at"], "quote": ""}))
    assert accepted(result)["customer_id"].to_list() == ['"bob']
    assert [(row["row"], row["rules"]) for row in quarantined(result)] == [(1, ["kind_missing"]), (2, ["ragged_row"])]


def test_another_quote_may_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    text = "kind,id,at,item\nvisit,ann,2025-01-05,'one,\ntwo'\n"
    result = run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "item": "item"}, csv={"quote": "'"}))
    assert accepted(result)["item"].to_list() == ["one,\ntwo"]


def test_keys_that_are_absent_or_say_the_default_change_no_digest() -> None:
    plain = mapping().depends_on()
    assert plain["source"].keys() == {"name", "format", "timezone", "where", "columns", "kinds"}
    assert mapping(csv={"quote": '"', "decimal": "."}, optional=["x"], rows=None).depends_on() == plain
    for given_ in ({"csv": {"decimal": ","}}, {"epoch": "s"}, {"sheet": "a"}, {"json_columns": ["p"]}, {"rows": "r"}):
        assert mapping(**given_).depends_on() != plain
