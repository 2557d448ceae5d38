"""report.xlsx, read as others read it: the published numbers exactly, texts that stay texts, words in each language."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from polars.testing import assert_frame_equal

from schemas.snapshots import STATUSES, TABLES, Snapshot
from tasks.report import Language, tables
from tasks.report.formats import clean
from tasks.tables.base import MOVEMENTS
from tests.report.companies import COMPANIES, HOSTILE, company, saas

BOTH: tuple[Language, ...] = ("en", "fr")
FORMULAS = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://evil.example","x")', "\t=1+1", "{=1+1}", "#REF!")


def written(snapshot: Snapshot, languages: tuple[Language, ...] = BOTH) -> Workbook:
    files = tables(snapshot, languages)
    assert set(files) == {"report.xlsx"}
    return openpyxl.load_workbook(io.BytesIO(files["report.xlsx"]))


@cache
def read(made: str) -> Workbook:
    return written(COMPANIES[made]()[-1])


def rows(sheet: Worksheet) -> list[dict[str, Any]]:
    """By the names in the second row."""
    _, names, *cells = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, names), row, strict=True)) for row in cells]


def table(sheet: Worksheet, name: str) -> pl.DataFrame:
    return pl.DataFrame([{key: row[key] for key in TABLES[name]} for row in rows(sheet)], schema=dict(TABLES[name]))


def texts(book: Workbook) -> Iterator[Any]:
    for sheet in book:
        yield from (cell for row in sheet.iter_rows() for cell in row if cell.value is not None)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("made", sorted(COMPANIES.keys() - {"hostile"}))
def test_every_table_is_there_with_the_very_same_numbers(made: str, name: str) -> None:
    snapshot = COMPANIES[made]()[-1]
    expected = getattr(snapshot, name)
    assert_frame_equal(table(written(snapshot)[name], name), expected, check_exact=True, check_row_order=False)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_found_by_its_name(name: str) -> None:
    """As Power Query and Polars look for it; the second heading row is what it starts with."""
    snapshot = saas()[-1]
    found = pl.read_excel(io.BytesIO(tables(snapshot, BOTH)["report.xlsx"]), table_name=name)
    expected = getattr(snapshot, name)
    assert [column for column in found.columns if not column.startswith("label_")] == expected.columns
    assert found.height == expected.height


def test_numbers_that_need_every_digit_survive() -> None:
    awkward = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789.12345679, -1e-5, 2.0**53, 0.0]
    snapshot = saas()[-1]
    kpis = snapshot.kpis.head(len(awkward)).with_columns(value=pl.Series(awkward))
    found = {row["kpi"]: row["value"] for row in rows(written(replace(snapshot, kpis=kpis))["kpis"])}
    assert found == dict(zip(kpis["kpi"], awkward, strict=True))


def test_the_whole_stands_first_in_the_order_of_the_catalogue() -> None:
    found = rows(read("saas")["kpis"])
    wholes = [row["segment"] == "all" for row in found]
    assert wholes == sorted(wholes, reverse=True)
    assert [row["kpi"] for row in found[:3]] == ["visitors", "signups", "new_customers"]


def test_no_value_is_an_empty_cell_and_no_text() -> None:
    kpis = read("silent")["kpis"]
    found = [row for row in rows(kpis) if row["status"] == "no_population"]
    assert found
    assert all(row["value"] is None and row["low"] is None for row in found)
    names = [cell.value for cell in kpis[2]]
    values = [row[names.index("value")] for row in kpis.iter_rows(min_row=3)]
    assert {cell.data_type for cell in values} == {"n"}


@pytest.mark.parametrize(
    ("sheet", "column", "where", "pattern"),
    [
        ("kpis", "value", {"kpi": "churn_rate", "segment": "all"}, "0.00%"),
        ("kpis", "low", {"kpi": "churn_rate", "segment": "all"}, "0.00%"),
        ("kpis", "denominator", {"kpi": "churn_rate", "segment": "all"}, "#,##0"),
        ("kpis", "value", {"kpi": "revenue", "segment": "all"}, "#,##0.00 [$EUR]"),
        ("kpis", "value", {"kpi": "time_to_activate_median", "segment": "all"}, "#,##0.0"),
        ("kpis", "value", {"kpi": "nps", "segment": "all"}, "#,##0.0"),
        ("kpis", "value", {"kpi": "mau", "segment": "all"}, "#,##0"),
        ("kpis", "value", {"kpi": "existing_customer_revenue_growth", "segment": "all"}, "+0.00%;-0.00%;0.00%"),
        ("movements", "mrr", {"movement": "lost", "segment": "all"}, "#,##0.00 [$EUR]"),
        ("movements", "customers", {"movement": "lost", "segment": "all"}, "#,##0"),
        ("cohorts", "retained", {"age": 1, "cohort": "2024-01"}, "0.00%"),
        ("cohorts", "size", {"age": 1, "cohort": "2024-01"}, "#,##0"),
        ("cohorts", "revenue", {"age": 1, "cohort": "2024-01"}, "#,##0.00 [$EUR]"),
        ("contributions", "mix", {"kpi": "churn_rate", "level": "France"}, "+0.00%;-0.00%;0.00%"),
        ("contributions", "value_now", {"kpi": "churn_rate", "level": "France"}, "0.00%"),
        ("churn_definitions", "value", {"definition": "stripe"}, "0.00%"),
        ("features", "adoption", {"item": "export"}, "0.00%"),
        ("changes", "old", {"kpi": "churn_rate"}, "0.00%"),
        ("quality", "read", {"source": "app"}, "#,##0"),
    ],
)
def test_numbers_are_shown_in_their_unit(sheet: str, column: str, where: dict[str, Any], pattern: str) -> None:
    page = read("saas")[sheet]
    place = [cell.value for cell in page[2]].index(column)
    [number] = [number for number, row in enumerate(rows(page), start=3) if where.items() <= row.items()]
    cell = page.cell(number, place + 1)
    assert cell.data_type == "n"
    assert cell.value is not None
    assert cell.number_format == pattern


def test_a_currency_without_cents_has_none() -> None:
    snapshot = company(periods=1, currency="JPY", churn_basis="subscription")[-1]
    assert written(snapshot)["movements"]["H3"].number_format == "#,##0 [$JPY]"


@pytest.mark.parametrize("language", BOTH)
def test_words_stand_beside_names(language: Language) -> None:
    book = read("saas")
    label = f"label_{language}"
    churn = next(row for row in rows(book["kpis"]) if row["kpi"] == "churn_rate")
    assert churn[label] == {"en": "Churn rate", "fr": "Taux de désabonnement (attrition)"}[language]
    lost = next(row for row in rows(book["movements"]) if row["movement"] == "lost")
    assert lost[label] == {"en": "Lost", "fr": "Perdus"}[language]
    rule = next(row for row in rows(book["rejected"]) if row["rule"] == "amount_negative")
    assert rule[label] == {"en": "negative amount", "fr": "montant négatif"}[language]
    assert {row[label] for row in rows(book["churn_definitions"])} >= {
        {"en": "The same as ours.", "fr": "La même que la nôtre."}[language]
    }
    assert {"en": "Denominator", "fr": "Dénominateur"}[language] in str(book["kpis"]["H1"].value).split("\n")


def test_every_movement_has_words() -> None:
    labels = [row["label_en"] for row in rows(read("saas")["movements"]) if row["segment"] == "all"]
    assert len(set(labels)) == len(MOVEMENTS)
    assert not set(labels) & set(MOVEMENTS)


def test_one_language_is_written_once() -> None:
    book = written(saas()[-1], ("fr",))
    assert [cell.value for cell in book["kpis"][1]][:4] == ["Période", "Nom de l’indicateur", "Indicateur", "Dimension"]
    assert "label_en" not in rows(book["kpis"])[0]
    assert book["report"].max_column == 2


def test_the_first_sheet_says_what_this_is_and_leads_to_the_others() -> None:
    book = read("saas")
    front = book["report"]
    assert book.sheetnames[0] == "report"
    english, french = ([row[place] for row in front.iter_rows(values_only=True)] for place in (1, 2))
    assert english[:2] == ["Customer lifecycle report", "January 2025"]
    assert french[:2] == ["Rapport sur le cycle de vie des clients", "Janvier 2025"]
    assert "Revision: 2" in english
    assert "This report replaces revision 1" in english
    assert "Fichier ajouté\u202f: app/app-2025-01-late.parquet" in french
    links = {cell.value: cell.hyperlink.location for cell in front["A"] if cell.hyperlink}
    assert links == {name: f"{name}!A1" for name in book.sheetnames[1:]}
    assert {cell.value for cell in front["A"]} >= set(STATUSES) - {"ok"}
    assert None not in english
    assert None not in french


def test_what_changed_is_listed_in_full() -> None:
    figures = [
        {"kpi": "orders", "segment": "country", "level": f"L{number}", "old": None, "new": float(number)}
        for number in range(40)
    ]
    changed = {"from_revision": 1, "because": [{"cause": "config", "name": "activation.within"}], "figures": figures}
    snapshot = company(periods=1, revision=2, changed=changed)[-1]
    found = rows(written(snapshot)["changes"])
    assert [{key: row[key] for key in figures[0]} for row in found] == figures
    assert {row["unit"] for row in found} == {"orders"}
    assert rows(written(company(periods=1)[-1])["changes"]) == []


def test_rows_are_accounted_for() -> None:
    snapshot = saas()[-1]
    book = written(snapshot)
    for source, row in zip(snapshot.manifest["quality"], rows(book["quality"]), strict=True):
        assert {key: source[key] for key in row} == row
    broken = [(row["rule"] or row["event_name"], row["rows"]) for row in rows(book["rejected"])]
    first = snapshot.manifest["quality"][0]
    assert broken == [*first["rules"].items(), *first["unmapped"].items()]


@pytest.mark.parametrize("text", FORMULAS)
def test_names_from_outside_are_never_formulas_or_links(text: str) -> None:
    levels = {text: {text: 0.6, "plain": 0.4}}
    quality = [{**company(periods=1)[0].manifest["quality"][0], "source": text, "unmapped": {text: 7}}]
    snapshot = company(periods=2, levels=levels, items={text: 0.5}, dimensions=[text], quality=quality)[-1]
    data = tables(snapshot, BOTH)["report.xlsx"]
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        pages = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    assert len(pages) == len(TABLES) + 4
    assert not any(re.search(r"<f\b|t=\"(e|str|inlineStr)\"", page) for page in pages)
    assert "evil.example" not in "".join(re.findall(r"<hyperlink[^>]*>", "".join(pages)))
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in ("kpis", "movements", "contributions", "features", "quality", "rejected"):
        cells = [cell for row in book[sheet].iter_rows() for cell in row if cell.value == clean(text)]
        assert cells, sheet
        assert all(cell.quotePrefix for cell in cells)


def test_every_text_stays_text_when_it_is_edited() -> None:
    kinds = {cell.data_type for cell in texts(read("hostile"))}
    assert kinds == {"s", "n"}
    assert all(cell.quotePrefix for cell in texts(read("saas")) if cell.data_type == "s")


def test_hostile_names_are_shown_on_one_line() -> None:
    found = {row["level"] for row in rows(read("hostile")["kpis"])}
    assert {clean(name) for name in HOSTILE} <= found


@pytest.mark.parametrize("made", COMPANIES)
def test_same_snapshot_same_bytes(made: str) -> None:
    assert tables(COMPANIES[made]()[-1], BOTH) == tables(COMPANIES[made]()[-1], BOTH)


def test_its_only_date_is_that_of_the_publication() -> None:
    book = read("saas")
    assert f"{book.properties.created:%Y-%m-%d %H:%M:%S}" == "2025-02-01 05:00:12"
    assert book.properties.modified == book.properties.created


@pytest.mark.parametrize("made", COMPANIES)
def test_sheets_are_ready_to_be_read(made: str) -> None:
    book = read(made)
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A3"
        last = sheet.cell(max(sheet.max_row, 3), sheet.max_column).coordinate
        assert sheet.tables[sheet.title].ref == sheet.tables[sheet.title].autoFilter.ref == f"A2:{last}"
        assert sheet.print_title_rows == "$1:$2"
        for row in sheet.iter_rows(min_row=3):
            for cell in row:
                assert cell.data_type == "s" or cell.value is None or cell.number_format != "General"
    widths = {cell.value: book["kpis"].column_dimensions[cell.column_letter].width for cell in book["kpis"][2]}
    assert widths["kpi"] > 30
    assert widths["period"] < 15
