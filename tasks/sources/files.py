"""Which files a source consists of: lists and fingerprints them, and gives each as a local file.

What lies in a zip archive is a file of its own, as if the archive were a folder. Reading is in `tasks.sources.formats`.
"""

import glob
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfileobj, disk_usage
from typing import IO
from urllib.parse import unquote

from config.errors import InputError, did_you_mean
from config.models import Source
from tasks.objects import bucket
from tasks.objects.addresses import Address, is_remote
from tasks.sources import remote

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls"), "excel"),
}
TEXT_FORMATS = {"csv", "ndjson"}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
PARQUET_CODECS = {*COMPRESSIONS, ".br", ".lz4", ".sz"}
"""Parquet is compressed within; PostHog says so in the name all the same: `events.parquet.zst` is read as it is."""
ARCHIVE = ".zip"
ENDINGS = f"{', '.join(FORMATS)} (the text formats also with {' or '.join(COMPRESSIONS)}), and {ARCHIVE} of these"
NOTES = {".json"}
"""Endings that in a folder are other programs' notes (manifest.json) as often as data: a pattern must ask for them."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
BOMB, HARMLESS = 250, 100 << 20
"""An archived file that is this many times larger than its archive's part, and above this many bytes, is a trap."""


@dataclass(frozen=True, order=True)
class RawFile:
    """One file of a source. `key` is relative to the source; `fingerprint` changes whenever the content may have.

    `origin`: the folder on S3 that its `path` starts from, null for a file of this machine; `member`: its name in the
    archive at `path`, where it lies in one.
    """

    key: str
    path: Path
    size: int
    fingerprint: str
    member: str | None = None
    origin: str | None = None

    @property
    def name(self) -> str:
        """Where it lies; a file in an archive as if that were a folder."""
        return "/".join(part for part in (self.origin, str(self.path), self.member) if part)

    @property
    def listed(self) -> str:
        """The fingerprint of what lies at `path`."""
        return self.fingerprint.partition("/")[0]


def find(source: Source, base: str) -> list[RawFile]:
    """The files of a source, sorted by key. Relative paths start at `base`, the folder of the config file."""
    if is_remote(source.uri):
        return _remote(source)
    uri = source.uri.removeprefix("file://")
    whole = Path(base) / _at_home(source, uri)
    if whole.is_file():
        return _all_of(source, [whole], whole.parent)
    if whole.is_dir():
        return _below(source, whole)
    if glob.has_magic(uri):
        return _matching(source, whole, magic_from=len(whole.parts) - len(Path(uri).parts))
    raise InputError(
        f"source {source.name!r}: there is no file or folder {uri!r}. Looked for {whole}. {_nearby(whole)}".rstrip()
    )


def format_of(source: Source, name: str) -> str:
    """`parquet`, `csv`, `ndjson` or `excel`: what the config says, else by the file's ending."""
    known = source.format or FORMATS.get(_ending(name))
    if known is None:
        raise InputError(
            f"source {source.name!r}: the ending of {name!r} does not tell its format. Known endings: {ENDINGS}. "
            'Say it with `format = "csv"` (or parquet, ndjson, excel) in the source.'
        )
    return known


def compression_of(name: str) -> str | None:
    """`gzip`, `zstd` or None, by the file's ending."""
    return COMPRESSIONS.get(Path(name).suffix.lower())


def _ending(name: str) -> str:
    *inner, last = ["", *(suffix.lower() for suffix in Path(name).suffixes)][-2:]
    if inner and FORMATS.get(inner[0]) == "parquet" and last in PARQUET_CODECS:
        return inner[0]
    if last in COMPRESSIONS:
        return inner[0] if inner and FORMATS.get(inner[0]) in TEXT_FORMATS else ""
    return last


def _below(source: Source, folder: Path) -> list[RawFile]:
    """All files of a folder that look like data; names that begin with '.' or '_' are other programs' notes."""
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file() and _is_data(source, path.relative_to(folder).parts, {ARCHIVE, *FORMATS} - NOTES)
    ]
    if not files:
        raise InputError(
            f"source {source.name!r}: the folder {folder} has no file with a known ending. Expected {ENDINGS}. "
            f"{_listed(path.name for path in folder.iterdir())}".rstrip()
        )
    return _all_of(source, files, folder)


def _is_data(source: Source, parts: Iterable[str], endings: Iterable[str]) -> bool:
    *folders, name = parts
    hidden = any(part.startswith((".", "_")) for part in (*folders, name))
    return not hidden and (source.format is not None or _ending(name) in endings)


def _remote(source: Source) -> list[RawFile]:
    """The files at an address on S3, by the rules for those of this machine."""
    address = Address.of(source.uri)
    place, entries = remote.listed(address)
    is_folder = not address.pattern and place.address == address
    if address.pattern:
        matches = remote.matcher(address.pattern)
        files = [one for one in entries if matches(one.key)]
    elif is_folder:
        files = [one for one in entries if _is_data(source, one.key.split("/"), {ARCHIVE, *FORMATS} - NOTES)]
    else:
        files = entries
    if not files:
        raise InputError(f"source {source.name!r}: {_nothing(address, is_empty=not entries)}".rstrip())
    found = (RawFile(one.key, Path(one.key), one.size, one.fingerprint, origin=place.uri) for one in files)
    return sorted(member for one in found for member in _within(source, _of_known_format(source, one)))


def _nothing(address: Address, *, is_empty: bool) -> str:
    """Why there is no file, and what is near, to correct a misspelt address."""
    if address.pattern:
        what = f"no file matches {address.pattern!r} below {address.root}."
    elif is_empty:
        what = f"there is no file or folder {address}."
    else:
        what = f"{address} has no file with a known ending. Expected {ENDINGS}."
    wanted, folder, names = remote.nearby(address.root)
    hint = did_you_mean(wanted, names) if wanted else ""
    return f"{what} In {folder}: {hint}" if hint.startswith("Did") else f"{what} {folder}: {_listed(names)}"


def _at_home(source: Source, uri: str) -> Path:
    try:
        return Path(uri).expanduser()
    except RuntimeError:
        raise InputError(
            f"source {source.name!r}: nobody's home folder is meant by {uri!r}. Write the path out."
        ) from None


def _matching(source: Source, pattern: Path, *, magic_from: int) -> list[RawFile]:
    """`magic_from`: the part of the path where the config's own words begin; before it, '[' is just a letter."""
    parts = pattern.parts
    first = next(index for index, part in enumerate(parts) if index >= magic_from and glob.has_magic(part))
    root = Path(*parts[:first])
    below = Path(*parts[first:]).as_posix()
    files = [path for path in root.glob(f"{below}/*" if parts[-1] == "**" else below) if path.is_file()]
    if not files:
        found = _listed(path.name for path in root.iterdir()) if root.is_dir() else _nearby(root)
        raise InputError(
            f"source {source.name!r}: no file matches {below!r} below {root}. {found} "
            "Correct `uri`; '**/' stands for any folders, '*' for any characters of a name."
        )
    return _all_of(source, files, root)


def _all_of(source: Source, paths: Iterable[Path], root: Path) -> list[RawFile]:
    return sorted(file for path in paths for file in _within(source, _described(source, path, root)))


def _within(source: Source, file: RawFile) -> list[RawFile]:
    """The file itself, or those in the archive that it is."""
    if _ending(file.key) != ARCHIVE:
        return [file]
    try:
        with _readable(file) as raw, zipfile.ZipFile(raw) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(
            f"source {source.name!r}, file {file.key!r}: is not a readable zip archive ({error}): was it cut in "
            "transfer? Fetch it again."
        ) from None
    data = [one for one in members if _is_data(source, one.filename.split("/"), FORMATS)]
    if not data:
        raise InputError(
            f"source {source.name!r}, file {file.key!r}: has no file with a known ending. Expected {ENDINGS}. "
            f"{_listed(one.filename for one in members)}"
        )
    return [_member(file, one) for one in data]


def _member(archive: RawFile, one: zipfile.ZipInfo) -> RawFile:
    seen = f"{archive.fingerprint}/{one.CRC:08x}"
    key = f"{archive.key}/{one.filename}"
    return replace(archive, key=key, size=one.file_size, fingerprint=seen, member=one.filename)


def _readable(archive: RawFile) -> AbstractContextManager[Path | IO[bytes]]:
    """What only the table of contents is read of."""
    if archive.origin is None:
        return nullcontext(archive.path)
    return bucket.at(archive.origin).reader(archive.path.as_posix())


def local(source: Source, file: RawFile, staging: Path) -> Path:
    """The file on this machine: where it lies, or fetched or unpacked into `staging`, under a name of our own.

    Raises:
        FileNotFoundError: it is not there any more, or another one.
        InputError: it cannot be unpacked.
    """
    if file.member is None:
        return _fetched(file, staging / "fetched")
    unpacked = staging / "unpacked"
    place = f"source {source.name!r}, file {file.key!r}"
    try:
        with zipfile.ZipFile(_fetched(file, None)) as archive:
            _refuse_trap(archive.getinfo(file.member), place, staging)
            with archive.open(file.member) as packed, unpacked.open("wb") as out:
                copyfileobj(packed, out, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise InputError(f"{place}: cannot be unpacked ({error}): was it cut in transfer? Fetch it again.") from None
    except (RuntimeError, NotImplementedError) as error:
        raise InputError(f"{place}: cannot be unpacked ({error}). Unpack it, and name the files in `uri`.") from None
    return unpacked


def _fetched(file: RawFile, target: Path | None) -> Path:
    """Without a target it is kept for as long as we run: other files are in the same archive."""
    if file.origin is None:
        return file.path
    return bucket.at(file.origin).fetch(file.path.as_posix(), file.listed, target)


def _refuse_trap(member: zipfile.ZipInfo, place: str, staging: Path) -> None:
    if member.file_size > max(HARMLESS, BOMB * member.compress_size):
        raise InputError(
            f"{place}: would unpack to {member.file_size:,} bytes from {member.compress_size:,}; no export is like "
            "that. If it is sound, unpack it and name the files in `uri`."
        )
    if member.file_size > disk_usage(staging).free:
        raise InputError(f"{place}: unpacks to {member.file_size:,} bytes, more than the store's disk has free.")


def siblings(file: RawFile) -> list[RawFile]:
    """The first and the last of the other files of its kind below the source's folder; none of an archive's."""
    if file.origin:
        return _remote_siblings(file)
    root = file.path.parents[file.key.count("/")]
    others = [] if file.member else sorted(path for path in root.rglob(f"*{file.path.suffix}") if path != file.path)
    return [RawFile(path.relative_to(root).as_posix(), path, 0, "") for path in dict.fromkeys(others[:1] + others[-1:])]


def _remote_siblings(file: RawFile) -> list[RawFile]:
    place, ending = bucket.at(str(file.origin)), file.path.suffix
    others = [] if file.member else [one for one in place.list() if one.key.endswith(ending) and one.key != file.key]
    return [
        RawFile(one.key, Path(one.key), one.size, one.fingerprint, origin=place.uri)
        for one in dict.fromkeys(others[:1] + others[-1:])
    ]


def partitions(key: str) -> Mapping[str, str | None]:
    """What the folders of a key say: `event_date=2025-01-01/part-0.parquet` → {"event_date": "2025-01-01"}."""
    named = [part.partition("=") for part in key.split("/")[:-1] if "=" in part]
    return {unquote(name): None if value == NO_VALUE else unquote(value) for name, _, value in named if name}


def _described(source: Source, path: Path, root: Path) -> RawFile:
    key = path.relative_to(root).as_posix()
    try:
        with path.open("rb"):
            size, seen = path.stat().st_size, fingerprint(path)
    except PermissionError:
        raise InputError(
            f"source {source.name!r}: {path} may not be read. Give the user who runs lifecycle the right to read it."
        ) from None
    return _of_known_format(source, RawFile(key, path, size, seen))


def _of_known_format(source: Source, file: RawFile) -> RawFile:
    if _ending(file.key) != ARCHIVE:
        format_of(source, file.path.name)
    return file


def is_steady(file: RawFile) -> bool:
    """Whether the file, or the archive it lies in, is what it was when it was listed."""
    if file.origin:
        now = bucket.at(file.origin).entry(file.path.as_posix())
        return now is not None and now.fingerprint == file.listed
    return file.listed == fingerprint(file.path)


def fingerprint(path: Path) -> str:
    """Changes whenever the content may have."""
    stat = path.stat()
    return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"


def _nearby(missing: Path) -> str:
    """What the nearest existing folder holds, to correct a misspelt path."""
    folder = missing.parent
    wanted = missing.name
    while not folder.is_dir() and folder != folder.parent:
        wanted, folder = folder.name, folder.parent
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    hint = did_you_mean(wanted, names)
    if hint.startswith("Did"):
        return f"In {folder}: {hint}"
    return f"{folder} exists. {_listed(names)}"


def _listed(names: Iterable[str], most: int = 8) -> str:
    known = sorted(names)
    if not known:
        return "It is empty."
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return f"It holds {', '.join(known[:most])}{rest}."
