"""NDJSON → an Arrow file; nested objects stay structs. Where that fails, a slower pass finds the broken lines.

That pass also turns values whose types no column can hold together (`true` and 1, 1 and {…}) into text.
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


def read(raw: Path, compression: str | None, place: Place, staging: Path) -> Opened:
    """One row a line, blank lines aside. Lines that are no JSON object are unread."""
    converted = staging / "raw.arrow"
    try:
        return _converted(raw, converted)
    except (pl.exceptions.PolarsError, OSError):
        mended = staging / "mended.ndjson"
    with reading(place):
        unread, good = _mend(raw, compression, mended)
    if unread and unread[0].row == 1 and unread[0].text.startswith("[") and good < len(unread):
        raise place.error("is one JSON array. Expected one object a line (NDJSON), as `jq -c '.[]'` makes of it.")
    if not good:
        return Opened(pl.LazyFrame(), pl.Schema(), unread)
    try:
        opened = _converted(mended, converted)
    except pl.exceptions.PolarsError as error:
        raise place.error(f"cannot be read as one JSON object a line ({reason(error)}).") from None
    return Opened(opened.frame, opened.schema, unread)


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
