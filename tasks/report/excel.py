"""Sheets → the bytes of an Excel workbook, the same for the same sheets. What is in them is not decided here.

Text is written as text whatever it looks like: a cell that begins with = + - or @ is no formula, not even after
somebody has edited and left it (Excel's quote prefix), and an address is no link.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from math import ceil

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tasks.report.drawing import BLUE, INK, NEUTRAL, QUIET
from tasks.report.workbook import Cell, Line, Number, Sheet

HEADER = 2
"""Rows above the data: headings in words, names of the columns."""
WIDTHS = (8, 44)
"""Of a column, in characters."""
COVER_WIDTHS = (20, 78)
MARGIN = 3
POINTS_A_LINE = {"title": 26.0, "heading": 24.0}
"""Of a row's height; a line of text takes 15. Given, as not every program fits rows to wrapped text by itself."""
A4 = 9
_EVERYWHERE = "A1:XFD1048576"
_STYLES = {
    "title": {"bold": True, "font_size": 18, "font_color": INK},
    "heading": {"bold": True, "font_size": 13, "font_color": INK},
    "text": {},
    "link": {"font_color": BLUE, "underline": 1},
    "words": {"bold": True, "font_color": INK, "bg_color": NEUTRAL},
    "names": {"font_color": QUIET, "bg_color": NEUTRAL, "bottom": 1, "bottom_color": QUIET},
}


class _InFull(float):
    """As many digits as it takes to be read back as the same number; xlsxwriter writes 16, which may be too few."""

    def __format__(self, _: str) -> str:
        return repr(float(self)).removesuffix(".0")


class _Book:
    """A workbook that is being written."""

    def __init__(self, made: Workbook) -> None:
        self.made = made
        self.number = cache(self._number)
        self.style = cache(self._style)

    def _number(self, pattern: str) -> Format:
        return self.made.add_format({"num_format": pattern})

    def _style(self, name: str) -> Format:
        common = {
            "quote_prefix": True,
            "valign": "top",
            "text_wrap": name != "plain",
            "align": "left",
            "indent": int(name == "plain"),
        }
        return self.made.add_format({**common, **_STYLES.get(name, {})})

    def write(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case Number():
                sheet.write_number(row, column, _InFull(cell.value), self.number(cell.pattern))
            case _:
                sheet.write_string(row, column, cell, self.style("plain"))


def excel(cover: Sequence[Line], sheets: Sequence[Sheet], published: datetime) -> bytes:
    """`cover`: the first sheet, named "report". `published`: when, as the file's properties say."""
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as made:
        made.set_properties({"title": cover[0].texts[0], "created": published.astimezone(UTC)})
        book = _Book(made)
        _write_cover(book, made.add_worksheet("report"), cover, {sheet.name for sheet in sheets})
        for sheet in sheets:
            _write_sheet(book, made.add_worksheet(sheet.name), sheet)
    return buffer.getvalue()


def _write_cover(book: _Book, page: Worksheet, cover: Sequence[Line], names: set[str]) -> None:
    """A column of names, those of sheets as links; then a column per language."""
    first, others = COVER_WIDTHS
    page.set_column(0, 0, first)
    page.set_column(1, len(cover[0].texts), others)
    page.hide_gridlines(2)
    _for_print(page)
    for row, line in enumerate(cover):
        lines = max(ceil(len(text) / (0.9 * others)) for text in (*line.texts, " "))
        page.set_row(row, lines * POINTS_A_LINE.get(line.style, 15.0))
        if line.key in names:
            page.write_url(row, 0, f"internal:{line.key}!A1", book.style("link"), line.key)
        elif line.key:
            page.write_string(row, 0, line.key, book.style("plain"))
        for place, text in enumerate(line.texts, start=1):
            page.write_string(row, place, text, book.style(line.style))


def _write_sheet(book: _Book, page: Worksheet, sheet: Sheet) -> None:
    """A table in Excel's sense, named as the sheet: filters hang on the names of its columns, queries and formulas go
    by them. Above them, they stand in words.
    """
    page.set_row(0, 15.0 * max(len(column.headings) for column in sheet.columns) + 3)
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, "\n".join(column.headings), book.style("words"))
        page.set_column(place, place, _width(sheet, place))
    for row, cells in enumerate(sheet.rows, start=HEADER):
        for place, cell in enumerate(cells):
            book.write(page, row, place, cell)
    names = [{"header": column.name, "header_format": book.style("names")} for column in sheet.columns]
    last = HEADER + max(len(sheet.rows), 1) - 1
    table = {"name": sheet.name, "columns": names, "style": "Table Style Light 1"}
    page.add_table(HEADER - 1, 0, last, len(sheet.columns) - 1, table)
    page.freeze_panes(HEADER, 0)
    page.repeat_rows(0, HEADER - 1)
    page.ignore_errors({"number_stored_as_text": _EVERYWHERE})
    _for_print(page)


def _for_print(page: Worksheet) -> None:
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)


def _width(sheet: Sheet, place: int) -> int:
    column, (least, most) = sheet.columns[place], WIDTHS
    told = (*column.headings, column.name, *(_shown(row[place]) for row in sheet.rows))
    return min(max(max(map(len, told)) + MARGIN, least), most)


def _shown(cell: Cell) -> str:
    """About as long as what is shown."""
    match cell:
        case Number(value, pattern):
            return f"{value:,.2f}" + pattern.partition("[$")[2]
        case _:
            return cell or ""
