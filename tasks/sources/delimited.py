"""CSV and its kin → an Arrow file of text columns. Types are decided by the mapping, not here.

Read in one thread, because only then does Arrow number the rows that have too few or too many cells.
"""

import codecs
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from config.errors import InputError
from config.models import Csv
from tasks.sources.opened import OTHER_ENCODING, Opened, Place, Unread, reading

DELIMITERS = ",;\t|"
BLOCK = 4 << 20
"""Bytes read at a time; no row may be longer."""
MOST_LETTERS = 80
BLANK = [" " * width for width in range(65)]
"""Cells that hold nothing, as exports of fixed width pad them."""


def read(raw: Path, compression: str | None, options: Csv, place: Place, staging: Path) -> Opened:
    """All columns as text; a blank cell is null. Rows with another number of cells than the header are unread."""
    text = Text(raw, compression, options.encoding)
    with reading(place):
        names, delimiter = _header(text, options, place)
        _refuse_wrong_delimiter(names, delimiter, place)
        _refuse_other_encodings(text, place)
        schema = pa.schema([(name, pa.string()) for name in distinct(names)])
        unread: list[Unread] = []
        lines_before = 0 if options.header else 1

        def skip(row: arrow_csv.InvalidRow) -> str:
            unread.append(Unread(row.number - lines_before, row.text, "ragged_row"))
            return "skip"

        converted = staging / "raw.arrow"
        with (
            text.stream() as stream,
            arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=options.header or None
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=delimiter,
                    quote_char=options.quote or False,
                    newlines_in_values=True,
                    invalid_row_handler=skip,
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


def first_line(raw: Path, compression: str | None, options: Csv, place: Place) -> Sequence[str]:
    """The cells of the first line, header or not."""
    with reading(place):
        return _header(Text(raw, compression, options.encoding), options.model_copy(update={"header": ()}), place)[0]


@dataclass(frozen=True)
class Text:
    """A text file, its compression and its encoding."""

    raw: Path
    compression: str | None
    encoding: str

    def bytes(self) -> pa.NativeFile:
        return pa.input_stream(str(self.raw), compression=self.compression)

    def stream(self) -> pa.NativeFile:
        """The text as UTF-8."""
        name = codecs.lookup(self.encoding).name
        return self.bytes() if name == "utf-8" else pa.transcoding_input_stream(self.bytes(), name, "utf-8")


def _header(text: Text, options: Csv, place: Place) -> tuple[Sequence[str], str]:
    """The column names, and the delimiter: where none is given, the candidate the first line holds most of."""
    with text.bytes() as stream:
        start = stream.read(BLOCK)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") and not codecs.lookup(text.encoding).name.startswith("utf-16"):
        raise place.error('is encoded as UTF-16. Save it as UTF-8, or say encoding = "utf-16" under [sources.csv].')
    beginning = codecs.getincrementaldecoder(text.encoding)(errors="replace").decode(start)
    lines = io.StringIO(beginning.removeprefix("\ufeff").lstrip("\r\n"), newline="")
    line = lines.readline()
    if not line.strip():
        raise place.error("has no header. The first line must name the columns.")
    delimiter = options.delimiter or max(DELIMITERS, key=_outside_quotes(line, options.quote).count)
    if options.header:
        return options.header, delimiter
    lines.seek(0)
    return next(csv.reader(lines, _dialect(delimiter, options.quote))), delimiter


def _dialect(delimiter: str, quote: str) -> type[csv.Dialect]:
    """How Python is to split a line."""
    given = {
        "delimiter": delimiter,
        "quotechar": quote or None,
        "quoting": csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    }
    return type("Given", (csv.excel,), given)


def _refuse_wrong_delimiter(names: Sequence[str], delimiter: str, place: Place) -> None:
    held = [other for other in DELIMITERS if other != delimiter and other in names[0]]
    if len(names) == 1 and held:
        raise place.error(
            f"has a single column, {names[0][:MOST_LETTERS]!r}, if cells end at {delimiter!r}. "
            f"Expected several: say delimiter = {json.dumps(held[0])} under [sources.csv], or leave the key out."
        )


def distinct(names: Sequence[str]) -> list[str]:
    """Names that occur more than once get their place among their like, so that none is taken for another: 'date (1)',
    'date (2)'.
    """
    told: list[str] = []
    for place, name in enumerate(names):
        nth = names[: place + 1].count(name)
        told.append(name if names.count(name) == 1 else f"{name} ({nth})".strip())
    return distinct(told) if len(set(told)) < len(told) else told


def _refuse_other_encodings(text: Text, place: Place) -> None:
    """Arrow prints a traceback of its own where a ragged row is no UTF-8, so that is found out before."""
    decoder = codecs.getincrementaldecoder(text.encoding)()
    lines = 1
    with text.bytes() as stream:
        while block := stream.read(BLOCK):
            try:
                lines += decoder.decode(block).count("\n")
            except UnicodeDecodeError as error:
                raise _other_encoding(text, error, lines, place) from None


def _other_encoding(text: Text, error: UnicodeDecodeError, lines: int, place: Place) -> InputError:
    line = lines + error.object[: error.start].count(b"\n")
    if codecs.lookup(text.encoding).name == "utf-8":
        return place.error(f"is not UTF-8 (line {line}). {OTHER_ENCODING}")
    return place.error(
        f"is not {text.encoding} (line {line}). Correct encoding under [sources.csv], or save the file as UTF-8."
    )


def _outside_quotes(line: str, quote: str) -> str:
    return "".join(line.split(quote)[::2]) if quote else line
