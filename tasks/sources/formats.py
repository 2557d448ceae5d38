"""Opening one raw file as a LazyFrame of its own columns, whatever its format. What they mean is in `mapping`.

Text formats are first converted to an Arrow file in staging, so that all behind it scans columns; rows that fit no
columns at all are handed on as `Unread`, never lost.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from config.models import Csv, Source
from tasks.sources import delimited, json_lines, sheets
from tasks.sources.expressions import columns_read
from tasks.sources.files import TEXT_FORMATS, compression_of, format_of, partitions
from tasks.sources.opened import Opened, Place, reason
from tasks.sources.recognition import refuse_other_form
from tasks.sources.rows import filled_down, spread, unwrapped


def open_raw(raw: Path, label: str, source: Source, staging: Path) -> Opened:
    """Opens a raw file; `label` tells the format and stands in messages, `staging` takes converted text.

    What its folders say (`event_date=2025-01-01/`) are columns of it, where the mapping reads them.
    """
    place = Place(source.name, label)
    opened = _opened(raw, place, source, staging)
    if source.preset is not None and opened.schema:
        _refuse_other_form(opened, raw, source.preset, source, place)
    opened = spread(filled_down(opened, source, place), source, place)
    told = {name: value for name, value in partitions_read(source, label).items() if name not in opened.schema}
    if not told:
        return opened
    frame = opened.frame.with_columns(pl.lit(value, pl.String).alias(name) for name, value in told.items())
    return replace(opened, frame=frame, schema=pl.Schema({**opened.schema, **dict.fromkeys(told, pl.String())}))


def partitions_read(source: Source, label: str) -> dict[str, str | None]:
    """What the folders of a file say and the mapping reads."""
    said = partitions(label)
    expressions = [*source.columns.values(), source.where or ""] if said else []
    read = {name for sql in expressions for name in columns_read(sql, said)}
    return {name: value for name, value in said.items() if name in read}


def _opened(raw: Path, place: Place, source: Source, staging: Path) -> Opened:
    label = place.file
    kind = format_of(source, label)
    try:
        size = raw.stat().st_size
    except OSError as error:
        raise place.error(f"cannot be opened ({error.strerror}). Check that it is there and may be read.") from None
    if size == 0:
        raise place.error("is empty (0 bytes). Was it cut in transfer? Fetch it again, or remove it.")
    _refuse_disguise(raw, kind, place)
    compression = compression_of(label)
    if kind == "csv":
        return delimited.read(raw, compression, source.csv or Csv(), place, staging)
    if kind == "excel":
        return sheets.read(raw, source.sheet, place, staging)
    if kind == "ndjson":
        return _with_text(unwrapped(json_lines.read(raw, compression, place, staging), source))
    return _with_text(_parquet(raw, place))


MAGIC = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a zip archive or Excel sheet",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""First bytes of what a file may be that says it is text."""


def _refuse_disguise(raw: Path, kind: str, place: Place) -> None:
    """Says so where a text file is none; one that is compressed must say it by its ending."""
    with raw.open("rb") as stream:
        start = stream.read(4)
    if kind == "parquet" and compression_of(place.file) and not start.startswith(b"PAR1"):
        raise place.error("is compressed as a whole, and Parquet is compressed within. Unpack it.")
    if kind not in TEXT_FORMATS or compression_of(place.file):
        return
    for magic, found in MAGIC.items():
        if start.startswith(magic):
            raise place.error(f"is {found}, not {kind}. Give it the ending it deserves, or convert it.")


def _parquet(raw: Path, place: Place) -> Opened:
    frame = pl.scan_parquet(raw, glob=False, hive_partitioning=False)
    try:
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise place.error(
            f"is not a readable Parquet file ({reason(error)}): was it cut in transfer? Fetch it again."
        ) from None
    return Opened(frame, schema)


def _with_text(opened: Opened) -> Opened:
    """Categories, and columns that are null throughout, as text: functions on text take neither."""
    names = [name for name, kind in opened.schema.items() if isinstance(kind, pl.Null | pl.Categorical | pl.Enum)]
    if not names:
        return opened
    schema = pl.Schema({**opened.schema, **dict.fromkeys(names, pl.String())})
    empty = frozenset(name for name in names if isinstance(opened.schema[name], pl.Null))
    return replace(opened, frame=opened.frame.with_columns(pl.col(names).cast(pl.String)), schema=schema, empty=empty)


def _refuse_other_form(opened: Opened, raw: Path, preset: str, source: Source, place: Place) -> None:
    """A header that the preset gives tells nothing of the file, so then the first line is looked at."""
    if format_of(source, place.file) != "csv":
        return refuse_other_form(preset, opened.schema, None, place)
    schema: Mapping[str, pl.DataType] = opened.schema
    if source.csv is not None and source.csv.header:
        for options in (source.csv, Csv(encoding=source.csv.encoding)):
            first = delimited.first_line(raw, compression_of(place.file), options, place)
            if len(first) == len(source.csv.header):
                return None
        schema = dict.fromkeys(first, pl.String())
    return refuse_other_form(preset, schema, len(schema), place)
