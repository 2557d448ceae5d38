"""CSV and its kin → an Arrow file of text columns. Types are decided by the mapping, not here.

Read in one thread, because only then does Arrow number the rows that have too few or too many cells.
"""

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from tasks.sources.opened import Opened, Place, Unread, reading

DELIMITERS = ",;\t|"
BLOCK = 4 << 20
"""Bytes read at a time; no row may be longer."""
BLANK = [" " * width for width in range(65)]
"""Cells that hold nothing, as exports of fixed width pad them."""


def read(raw: Path, compression: str | None, place: Place, staging: Path) -> Opened:
    """All columns as text; a blank cell is null. Rows with another number of cells than the header are unread."""
    with reading(place):
        names, delimiter = _header(raw, compression, place)
        _refuse_other_encodings(raw, compression, place)
        schema = pa.schema([(name, pa.string()) for name in _distinct(names)])
        unread: list[Unread] = []

        def skip(row: arrow_csv.InvalidRow) -> str:
            unread.append(Unread(row.number - 1, row.text, "ragged_row"))
            return "skip"

        converted = staging / "raw.arrow"
        with (
            pa.input_stream(str(raw), compression=compression) as stream,
            arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=BLANK
                ),
            ) as batches,
            pa.ipc.new_file(str(converted), schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out,
        ):
            for batch in batches:
                out.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    frame = pl.scan_ipc(converted, glob=False)
    return Opened(frame, frame.collect_schema(), tuple(unread))


def _header(raw: Path, compression: str | None, place: Place) -> tuple[list[str], str]:
    """The column names, and the delimiter: the candidate the header holds most of."""
    with pa.input_stream(str(raw), compression=compression) as stream:
        start = stream.read(BLOCK)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise place.error("is encoded as UTF-16. Save it as UTF-8.")
    lines = io.StringIO(start.decode("utf-8-sig", errors="replace").lstrip("\r\n"), newline="")
    line = lines.readline()
    if not line.strip():
        raise place.error("has no header. The first line must name the columns.")
    delimiter = max(DELIMITERS, key=_outside_quotes(line).count)
    lines.seek(0)
    return next(csv.reader(lines, delimiter=delimiter)), delimiter


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that occur more than once get their place among their like, so that none is taken for another: 'date (1)',
    'date (2)'.
    """
    distinct: list[str] = []
    for place, name in enumerate(names):
        nth = names[: place + 1].count(name)
        distinct.append(name if names.count(name) == 1 else f"{name} ({nth})".strip())
    return _distinct(distinct) if len(set(distinct)) < len(distinct) else distinct


def _refuse_other_encodings(raw: Path, compression: str | None, place: Place) -> None:
    """Arrow prints a traceback of its own where a ragged row is no UTF-8, so that is found out before."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with pa.input_stream(str(raw), compression=compression) as stream:
        while block := stream.read(BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n")
                raise place.error(f"is not UTF-8 (line {line}). Save it as UTF-8.") from None
            lines += block.count(b"\n")


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])
