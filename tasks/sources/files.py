"""Which files a source consists of. Lists and fingerprints them; reading them is in `tasks.sources.formats`."""

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.errors import InputError, did_you_mean
from config.models import Source

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
ENDINGS = f"{', '.join(FORMATS)} (the text formats also with {' or '.join(COMPRESSIONS)})"


@dataclass(frozen=True, order=True)
class RawFile:
    """One file of a source. `key` is relative to the source; `fingerprint` changes whenever the content may have."""

    key: str
    path: Path
    size: int
    fingerprint: str


def find(source: Source, base: str) -> list[RawFile]:
    """The files of a source, sorted by key. Relative paths start at `base`, the folder of the config file."""
    uri = source.uri.removeprefix("file://")
    if "://" in uri:
        scheme = uri.split("://", 1)[0]
        later = "Reading from S3 comes with a later version" if scheme == "s3" else f"{scheme}:// is not supported"
        raise InputError(
            f"source {source.name!r}: cannot read {source.uri!r}. {later}; copy the files to a local folder."
        )
    whole = Path(base) / _at_home(source, uri)
    if whole.is_file():
        return [_described(source, whole, whole.parent)]
    if whole.is_dir():
        return _below(source, whole)
    if glob.has_magic(uri):
        return _matching(source, whole, magic_from=len(whole.parts) - len(Path(uri).parts))
    raise InputError(
        f"source {source.name!r}: there is no file or folder {uri!r}. Looked for {whole}. {_nearby(whole)}".rstrip()
    )


def format_of(source: Source, name: str) -> str:
    """`parquet`, `csv` or `ndjson`: what the config says, else by the file's ending."""
    known = source.format or FORMATS.get(_ending(name))
    if known is None:
        raise InputError(
            f"source {source.name!r}: the ending of {name!r} does not tell its format. Known endings: {ENDINGS}. "
            'Say it with `format = "csv"` (or parquet, ndjson) in the source.'
        )
    return known


def compression_of(name: str) -> str | None:
    """`gzip`, `zstd` or None, by the file's ending."""
    return COMPRESSIONS.get(Path(name).suffix.lower())


def _ending(name: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(name).suffixes[-2:]]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        inner = suffixes[0] if len(suffixes) > 1 else ""
        return inner if FORMATS.get(inner) != "parquet" else ""
    return suffixes[-1] if suffixes else ""


def _below(source: Source, folder: Path) -> list[RawFile]:
    """All files of a folder that look like data; names that begin with '.' or '_' are other programs' notes."""
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        and (source.format or _ending(path.name) in FORMATS)
    ]
    if not files:
        raise InputError(
            f"source {source.name!r}: the folder {folder} has no file with a known ending. Expected {ENDINGS}. "
            f"{_listed(path.name for path in folder.iterdir())}".rstrip()
        )
    return sorted(_described(source, path, folder) for path in files)


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
    return sorted(_described(source, path, root) for path in files)


def _described(source: Source, path: Path, root: Path) -> RawFile:
    key = path.relative_to(root).as_posix()
    format_of(source, path.name)
    try:
        with path.open("rb"):
            size, seen = path.stat().st_size, fingerprint(path)
    except PermissionError:
        raise InputError(
            f"source {source.name!r}: {path} may not be read. Give the user who runs lifecycle the right to read it."
        ) from None
    return RawFile(key, path, size, seen)


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
