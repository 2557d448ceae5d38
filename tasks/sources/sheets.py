"""Excel sheets → an Arrow file of text columns, as CSV gives. A sheet is read whole: it has a million rows at most."""

from pathlib import Path

import fastexcel
import polars as pl

from tasks.sources.delimited import distinct
from tasks.sources.opened import Opened, Place, reason


def read(raw: Path, sheet: str | None, place: Place, staging: Path) -> Opened:
    """All columns as text: numbers as Excel keeps them, days and times in ISO 8601, errors (#N/A) and blanks null.

    The first row that is not empty names the columns; empty rows are no rows.
    """
    try:
        workbook = fastexcel.read_excel(raw)
        cells = _chosen(workbook, sheet, place)
    except fastexcel.FastExcelError as error:
        raise place.error(
            f"is not a readable Excel workbook ({reason(error)}): was it cut in transfer, or is it protected by a "
            "password? Fetch it again, or save it as .xlsx."
        ) from None
    blank = cells.select(pl.all_horizontal(pl.all().str.strip_chars().fill_null("") == "")).to_series()
    filled = cells.filter(~blank)
    if filled.is_empty():
        raise place.error("has no header. The first row must name the columns.")
    names = distinct([name or "" for name in filled.row(0)])
    rows = filled.slice(1).rename(dict(zip(filled.columns, names, strict=True)))
    rows = rows.with_columns(pl.when(pl.all().str.strip_chars() != "").then(pl.all()))
    converted = staging / "raw.arrow"
    rows.write_ipc(converted, compression="lz4")
    frame = pl.scan_ipc(converted, glob=False)
    return Opened(frame, frame.collect_schema())


def _cells(workbook: fastexcel.ExcelReader, sheet: str) -> pl.DataFrame:
    found = workbook.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    return found.rename({name: str(number) for number, name in enumerate(found.columns)})


def _chosen(workbook: fastexcel.ExcelReader, sheet: str | None, place: Place) -> pl.DataFrame:
    """The cells of the sheet that is asked for, else of the only one that has any."""
    listed = ", ".join(repr(name) for name in workbook.sheet_names)
    if sheet is not None and sheet not in workbook.sheet_names:
        raise place.error(f"has no sheet {sheet!r}. It has {listed}. Correct `sheet` in the source.")
    if sheet is not None:
        return _cells(workbook, sheet)
    filled = [cells for name in workbook.sheet_names if not (cells := _cells(workbook, name)).is_empty()]
    if len(filled) != 1:
        raise place.error(
            f'has {len(filled)} sheets with cells, of {listed}. Say which one is meant with sheet = "…" in the source; '
            "for two of them, give two sources."
        )
    return filled[0]
