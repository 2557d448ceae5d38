"""NDJSON → an Arrow file; nested objects stay structs. Where that fails, a slower pass finds the broken lines.

That pass also turns values whose types no column can hold together (`true` and 1, 1 and {…}) into text. A file that is
one JSON document, an array of objects or one object over several lines, is first written out as lines.
"""

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from tasks.sources.opened import Opened, Place, Unread, reading, reason

Keys = tuple[str, ...]
MOST_OF_A_LINE = 4 << 20
LARGEST_DOCUMENT = 256 << 20
"""Bytes; a document takes several times that in memory."""


def read(raw: Path, compression: str | None, place: Place, staging: Path) -> Opened:
    """One row a line, blank lines aside, or one per element of an array. What is no JSON object is unread."""
    converted = staging / "raw.arrow"
    with reading(place):
        raw, compression = _as_lines(raw, compression, place, staging)
    try:
        return _converted(raw, converted)
    except (pl.exceptions.PolarsError, OSError):
        mended = staging / "mended.ndjson"
    with reading(place):
        unread, good = _mend(raw, compression, mended)
    if not good:
        return Opened(pl.LazyFrame(), pl.Schema(), unread)
    try:
        opened = _converted(mended, converted)
    except pl.exceptions.PolarsError as error:
        raise place.error(f"cannot be read as one JSON object a line ({reason(error)}).") from None
    return Opened(opened.frame, opened.schema, unread)


def _as_lines(raw: Path, compression: str | None, place: Place, staging: Path) -> tuple[Path, str | None]:
    """The file as it is, or where it is one JSON document, its lines; and their compression."""
    with pa.input_stream(str(raw), compression=compression) as stream:
        start = stream.read(MOST_OF_A_LINE).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not begins_document(start):
            return raw, compression
        rest = stream.read(LARGEST_DOCUMENT + 1)
    document = _value(start + rest) if len(rest) <= LARGEST_DOCUMENT else None
    if document is None and start.startswith(b"["):
        raise place.error(
            f"begins as a JSON array, but is none of at most {LARGEST_DOCUMENT >> 20} MB: was it cut in transfer? "
            "Fetch it again; or make lines of it, as `jq -c '.[]'` does."
        )
    if document is None:
        return raw, compression
    lines = staging / "lines.ndjson"
    with lines.open("w", encoding="utf-8", newline="\n") as out:
        for element in document if isinstance(document, list) else [document]:
            out.write(json.dumps(element, ensure_ascii=False) + "\n")
    return lines, None


def begins_document(start: bytes) -> bool:
    """Whether a file is an array, or an object that does not end with its first line."""
    line, end, _ = start.partition(b"\n")
    return start.startswith(b"[") or (start.startswith(b"{") and bool(end) and _value(line) is None)


def _converted(file: Path, target: Path) -> Opened:
    """The types are inferred over all lines, so that no key is missed."""
    pl.scan_ndjson(file, infer_schema_length=None).sink_ipc(target, compression="lz4", engine="streaming")
    frame = pl.scan_ipc(target, glob=False)
    return Opened(frame, frame.collect_schema())


def _mend(raw: Path, compression: str | None, mended: Path) -> tuple[tuple[Unread, ...], int]:
    """Writes the good lines to `mended`; returns the others and the number of good ones."""
    unread, types, good = [], defaultdict[Keys, set[str]](set), 0
    for row, line, value in _parsed(raw, compression):
        if isinstance(value, dict):
            _note_types(value, (), types)
            good += 1
        else:
            unread.append(Unread(row, line, "broken_line"))
    clashing = {keys for keys, found in types.items() if len(found) > 1}
    with mended.open("w", encoding="utf-8", newline="\n") as out:
        for _, _, value in _parsed(raw, compression):
            if isinstance(value, dict):
                out.write(json.dumps(_as_text(value, (), clashing), ensure_ascii=False) + "\n")
    return tuple(unread), good


def _parsed(raw: Path, compression: str | None) -> Iterator[tuple[int, str, Any]]:
    """(row from 1, text, value) of every line that is not blank; value None where it is no JSON."""
    row = 0
    with pa.input_stream(str(raw), compression=compression) as stream:
        for line in io.BufferedReader(stream, 1 << 20):
            content = line.removeprefix(b"\xef\xbb\xbf").strip()
            if content:
                row += 1
                yield row, content.decode("utf-8", errors="replace"), _value(content)


def _value(content: bytes) -> Any:
    try:
        return json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _note_types(value: dict[str, Any], above: Keys, types: dict[Keys, set[str]]) -> None:
    for key, inner in value.items():
        if isinstance(inner, dict):
            _note_types(inner, (*above, key), types)
        if inner is not None:
            types[(*above, key)].add(_type(inner))


def _type(value: Any) -> str:
    match value:
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return type(value).__name__


def _as_text(value: dict[str, Any], above: Keys, clashing: set[Keys]) -> dict[str, Any]:
    """The object with its clashing values written as text."""
    result: dict[str, Any] = {}
    for key, inner in value.items():
        keys = (*above, key)
        if keys in clashing and inner is not None:
            result[key] = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
        elif isinstance(inner, dict):
            result[key] = _as_text(inner, keys, clashing)
        else:
            result[key] = inner
    return result
