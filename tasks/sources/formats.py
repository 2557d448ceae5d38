"""Opening one raw file as a LazyFrame of its own columns, whatever its format. What they mean is in `mapping`.

Text formats are first converted to an Arrow file in staging, so that all behind it scans columns; rows that fit no
columns at all are handed on as `Unread`, never lost.
"""

from pathlib import Path

import polars as pl

from config.models import Source
from tasks.sources import delimited, json_lines
from tasks.sources.files import compression_of, format_of
from tasks.sources.opened import Opened, Place, reason


def open_raw(raw: Path, label: str, source: Source, staging: Path) -> Opened:
    """Opens a raw file; `label` tells the format and stands in messages, `staging` takes converted text."""
    place = Place(source.name, label)
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
        return delimited.read(raw, compression, place, staging)
    if kind == "ndjson":
        return _with_text(json_lines.read(raw, compression, place, staging))
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
    if kind == "parquet" or compression_of(place.file):
        return
    with raw.open("rb") as stream:
        start = stream.read(4)
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
    schema = pl.Schema({**opened.schema, **dict.fromkeys(names, pl.String())})
    return Opened(opened.frame.with_columns(pl.col(names).cast(pl.String)), schema, opened.unread) if names else opened
