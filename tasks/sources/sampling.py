"""The first rows of a raw file as a small file of the same form: what a look at a file reads of it.

A cut is opened, mapped and judged by the functions that read whole files; nothing is decided here.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from config.models import Csv, Source
from tasks.sources.files import compression_of, format_of
from tasks.sources.json_lines import MOST_OF_A_LINE, begins_document

LINES_OF_A_CELL = 1_000
"""A quoted cell that goes on for longer was not meant as one."""
IN_BYTES = ("utf-8", "iso8859", "cp125", "ascii", "mac", "koi8", "latin")
"""Encodings, by the beginning of their names, in which a line end and a quote are the bytes they are in ASCII."""


@dataclass(frozen=True)
class Cut:
    """A file to read in place of a raw file. `is_whole`: nothing of it is left out."""

    path: Path
    is_whole: bool


def cut(raw: Path, label: str, source: Source, rows: int, staging: Path) -> Cut:
    """The first `rows` rows. Whole remain a file with no more, one that cannot be cut (Excel, one JSON document, text
    in UTF-16) and one that is damaged: reading it says what is wrong. `label` tells format and compression.
    """
    target = staging / "cut"
    try:
        match format_of(source, label):
            case "parquet":
                return _of_parquet(raw, rows, target)
            case "csv":
                return _of_delimited(raw, compression_of(label), source.csv or Csv(), rows, target)
            case "ndjson":
                return _of_lines(raw, compression_of(label), rows, target)
            case _:
                return Cut(raw, is_whole=True)
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError, EOFError):
        return Cut(raw, is_whole=True)


def _of_parquet(raw: Path, rows: int, target: Path) -> Cut:
    frame = pl.scan_parquet(raw, glob=False, hive_partitioning=False)
    if frame.select(pl.len()).collect().item() <= rows:
        return Cut(raw, is_whole=True)
    frame.head(rows).collect().write_parquet(target)
    return Cut(target, is_whole=False)


def _of_delimited(raw: Path, compression: str | None, options: Csv, rows: int, target: Path) -> Cut:
    if not str(options.encoding_name).startswith(IN_BYTES):
        return Cut(raw, is_whole=True)
    return _first_lines(raw, compression, rows + (not options.header), target, quote=options.quote.encode())


def _of_lines(raw: Path, compression: str | None, rows: int, target: Path) -> Cut:
    with pa.input_stream(str(raw), compression=compression) as stream:
        start = stream.read(MOST_OF_A_LINE).removeprefix(b"\xef\xbb\xbf").lstrip()
    if begins_document(start):
        return Cut(raw, is_whole=True)
    return _first_lines(raw, compression, rows, target, quote=b"")


def _first_lines(raw: Path, compression: str | None, rows: int, target: Path, *, quote: bytes) -> Cut:
    """The first rows; a line end in a quoted cell ends none."""
    done = begun = quotes = 0
    with (
        pa.input_stream(str(raw), compression=compression) as stream,
        pa.output_stream(str(target), compression=compression) as out,
    ):
        for number, line in enumerate(io.BufferedReader(stream, 1 << 20)):
            if done == rows:
                return Cut(target, is_whole=False)
            out.write(line)
            quotes += line.count(quote) if quote else 0
            if quotes % 2 == 0 or number - begun >= LINES_OF_A_CELL:
                done, begun, quotes = done + 1, number + 1, 0
    return Cut(raw, is_whole=True)
