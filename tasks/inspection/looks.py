"""Files that nobody has described yet: opened in whatever way they can be, told apart by their form, put into sources.

What the columns mean is in `columns` and `proposals`.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pyarrow as pa

from config import preset
from config.errors import InputError
from config.models import Csv, Source
from tasks.inspection.samples import spread
from tasks.sources import delimited, files
from tasks.sources.files import COMPRESSIONS, FORMATS, RawFile, compression_of, format_of, partitions
from tasks.sources.formats import open_raw
from tasks.sources.opened import Place
from tasks.sources.recognition import names_in
from tasks.sources.sampling import cut

ENCODINGS = ("cp1252", "latin-1")
UNTOLD = ("ndjson", "csv")
"""What a file may be whose ending does not say."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
MOST_FILES = 5
"""Those that `lifecycle check` reads are among them."""
ALIKE = 0.7
"""Files of one folder are one source where they share this part of their columns."""
NUMBERING = "0123456789-_.:#"
"""What files of one set differ by, at the end of their names."""


@dataclass(frozen=True, eq=False)
class Look:
    """One file and its first rows. `keys` are those of a source that it needs to be opened; `presets` the forms it may
    be, the surest first.
    """

    file: RawFile
    keys: Mapping[str, Any]
    rows: pl.DataFrame
    presets: tuple[str, ...]
    is_whole: bool

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.rows.columns)


@dataclass(frozen=True, eq=False)
class Group:
    """Files of one form that make one source. `looks`: at the first rows of some of them."""

    uri: str
    files: tuple[RawFile, ...]
    looks: tuple[Look, ...]

    @property
    def presets(self) -> tuple[str, ...]:
        return self.looks[0].presets

    @property
    def keys(self) -> Mapping[str, Any]:
        return self.looks[0].keys

    def rows(self) -> pl.DataFrame:
        """The rows that were looked at."""
        return pl.concat([look.rows for look in self.looks], how="diagonal_relaxed")

    @property
    def is_whole(self) -> bool:
        return len(self.looks) == len(self.files) and all(look.is_whole for look in self.looks)


def probe(uri: str, keys: Mapping[str, Any] | None = None) -> Source:
    """A source of which only the files are known."""
    columns = {"kind": "'use'", "customer_id": "'?'", "occurred_at": "'?'"}
    return Source.model_validate({"name": "files", "uri": uri, "columns": columns, **(keys or {})})


def look(file: RawFile, rows: int, staging: Path) -> Look:
    """The first rows of a file, however it is encoded and wrapped.

    Raises:
        InputError: it cannot be read in any way.
    """
    folder = Path(tempfile.mkdtemp(dir=staging))
    raw = files.local(probe("."), file, folder)
    first: InputError | None = None
    for keys in _ways(raw, file):
        try:
            found = _opened(file, raw, keys, rows, folder)
        except InputError as error:
            first = first or error
            continue
        envelope = None if found.presets else _envelope(found)
        return _opened(file, raw, {**keys, "envelope": envelope}, rows, folder) if envelope else found
    raise first or InputError(f"{file.key} cannot be read.")


def _ways(raw: Path, file: RawFile) -> Iterator[Mapping[str, Any]]:
    try:
        form = format_of(probe("."), file.key)
    except InputError:  # Its ending tells none: lines of JSON, else a table.
        yield from ({"format": one} for one in UNTOLD)
        return
    yield {}
    match form:
        case "csv":
            encodings = ("utf-16",) if _starts(raw, file).startswith(UTF_16) else ENCODINGS
            yield from ({"csv": {"encoding": encoding}} for encoding in encodings)
        case "excel":
            yield from ({"sheet": name} for name in _sheets(raw))


def _starts(raw: Path, file: RawFile) -> bytes:
    with pa.input_stream(str(raw), compression=compression_of(file.key)) as stream:
        return bytes(stream.read(2))


def _sheets(raw: Path) -> list[str]:
    """The sheets of a workbook, those with most rows first."""
    workbook = fastexcel.read_excel(raw)
    heights = {name: workbook.load_sheet(name).total_height for name in workbook.sheet_names}
    return sorted(heights, key=lambda name: -heights[name])


def _opened(file: RawFile, raw: Path, keys: Mapping[str, Any], rows: int, staging: Path) -> Look:
    folder = Path(tempfile.mkdtemp(dir=staging))
    source = probe(".", keys)
    head = cut(raw, file.key, source, rows, folder)
    opened = open_raw(head.path, file.key, source, folder)
    if not opened.schema:
        raise InputError(f"{file.key} has no line that is a JSON object.")
    cells = _cells(head.path, file, source) if format_of(source, file.key) == "csv" else None
    presets = tuple(preset.ranked(names_in(opened.schema), cells))
    folders = [pl.lit(value, pl.String).alias(name) for name, value in partitions(file.key).items()]
    told = [column for column in folders if column.meta.output_name() not in opened.schema]
    return Look(file, keys, opened.frame.head(rows).with_columns(told).collect(), presets, head.is_whole)


def _cells(raw: Path, file: RawFile, source: Source) -> int:
    options = source.csv or Csv()
    return len(delimited.first_line(raw, compression_of(file.key), options, Place(source.name, file.key)))


def _envelope(found: Look) -> str | None:
    """The list of objects that the single row of a file holds."""
    lists = [name for name, kind in found.rows.schema.items() if kind == pl.List and isinstance(kind.inner, pl.Struct)]  # type: ignore[attr-defined]
    return lists[0] if found.rows.height == 1 and len(lists) == 1 else None


# ---- Files into sources ----------------------------------------------------------------------------------------------


def grouped(
    arguments: Sequence[str], base: Path, rows: int, header_rows: int, staging: Path
) -> tuple[list[Group], list[str]]:
    """The files that are named by path, pattern or folder, as sources; and what is wrong with those that cannot be read
    while others can. `base` is the folder relative paths of the config start from.

    Raises:
        InputError: there is no such file, or none that can be read.
    """
    found = {file.name: file for argument in arguments for file in _files(_absolute(argument))}
    heads, unread = _heads(list(found.values()), header_rows, staging)
    together: list[list[Look]] = []
    for one in heads:
        group = next((others for others in together if _belong_together(others[0], one)), None)
        if group is None:
            together.append([one])
        else:
            group.append(one)
    everything = list(found.values())
    parts = [part for several in together for part in _split(several, everything)]
    return [_group(part, everything, arguments, base, rows, staging) for part in parts], unread


def _files(uri: str) -> list[RawFile]:
    """The files of known endings; where there are none, all."""
    try:
        return files.find(probe(uri), ".")
    except InputError as error:
        try:
            return files.find(probe(uri, {"format": UNTOLD[0]}), ".")
        except InputError:
            raise error from None


def _heads(found: Sequence[RawFile], rows: int, staging: Path) -> tuple[list[Look], list[str]]:
    heads: list[Look] = []
    errors: list[InputError] = []
    for file in found:
        try:
            heads.append(look(file, rows, staging))
        except InputError as error:
            errors.append(error)
    if errors and not heads:
        raise errors[0]
    return heads, [str(error) for error in errors]


def _absolute(argument: str) -> str:
    return argument if "://" in argument else str(Path(argument).expanduser().absolute())


def _belong_together(one: Look, other: Look) -> bool:
    if _folder(one.file) != _folder(other.file) or _ending(one.file) != _ending(other.file):
        return False
    if one.file.path == other.file.path or (one.presets and one.presets == other.presets):
        return True
    common = len(one.columns & other.columns) / len(one.columns | other.columns)
    return one.keys == other.keys and not (one.presets or other.presets) and common >= ALIKE


def _folder(file: RawFile) -> Path:
    """Where a file lies, without the folders that split one set of files by day or the like."""
    folder = file.path.parent
    while "=" in folder.name or re.fullmatch(r"[0-9_-]+", folder.name):
        folder = folder.parent
    return folder


def _ending(file: RawFile) -> str:
    suffixes = [suffix.lower() for suffix in file.path.suffixes][-2:]
    is_packed = len(suffixes) > 1 and suffixes[-1] in COMPRESSIONS and suffixes[0] in FORMATS
    return "".join(suffixes if is_packed else suffixes[-1:])


def _split(part: list[Look], everything: Sequence[RawFile]) -> Iterator[list[Look]]:
    """Files that no one pattern names are sources of their own."""
    if len({one.file.path for one in part}) == 1 or _pattern([one.file for one in part], everything):
        yield part
    else:
        yield from ([one] for one in part)


def _group(
    part: Sequence[Look], everything: Sequence[RawFile], arguments: Sequence[str], base: Path, rows: int, staging: Path
) -> Group:
    own = tuple(sorted(one.file for one in part))
    paths = {file.path for file in own}
    uri = _origin(own[0]) + (str(next(iter(paths))) if len(paths) == 1 else str(_pattern(own, everything)))
    if len(arguments) == 1 and len(own) == len(everything):
        uri = _absolute(arguments[0])
    return Group(_relative(uri, base), own, tuple(look(file, rows, staging) for file in spread(own, MOST_FILES)))


def _origin(file: RawFile) -> str:
    """What stands before the path of a file that does not lie on this machine."""
    return file.name.partition(str(file.path))[0]


def _relative(uri: str, base: Path) -> str:
    return uri if "://" in uri else Path(os.path.relpath(uri, base.absolute())).as_posix()


def _pattern(own: Sequence[RawFile], everything: Sequence[RawFile]) -> str | None:
    """A pattern that names these files and none of the others that lie in the same folder."""
    folder, ending = _folder(own[0]), _ending(own[0])
    names, paths = [file.path.name for file in own], {file.path for file in own}
    stem = _stem([name.removesuffix(ending) for name in names])
    after = {name[len(stem) : len(stem) + 1] for name in names}
    dash = min(after) if len(after) == 1 and after <= {"-", "_"} else ""
    deep = any(file.path.parent != folder for file in own)
    others = {file.path for file in everything} | ({*folder.iterdir()} if folder.is_dir() else set())
    for name in dict.fromkeys((f"{stem}{dash}*{ending}", f"{stem}*{ending}", f"*{ending}")):
        if {path for path in others if path.is_relative_to(folder) and fnmatchcase(path.name, name)} == paths:
            return str(folder / "**" / name if deep else folder / name)
    return None


def _stem(names: Sequence[str]) -> str:
    """What the names begin with, without their numbers."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike).rstrip(NUMBERING)


def named_after(group: Group, taken: Sequence[str]) -> str:
    """A name for a source, from those of its files."""
    stems = [file.path.name.split(".")[0] for file in group.files]
    stem = _stem(stems)
    words = re.sub(r"[^a-z0-9]+", "-", (stem or _folder(group.files[0]).name).lower()).strip("-")[:40] or "events"
    numbered = (f"{words}-{number}" for number in range(2, 10_000))
    return words if words not in taken else next(name for name in numbered if name not in taken)
