"""The only I/O: one small interface over a folder (and, later, an S3 prefix). Keys are relative, with `/`.

Small objects go through obstore; tables are scanned by Polars and written whole: first to a staging folder, then
moved into place, so that nobody ever reads half a file. What is read again is checked to be what was written. What is
built from what is decided in `tasks.store`.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import obstore
import polars as pl
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from config.errors import ConfigError, DamagedError, StoreError

STAGING = ".staging"
ABANDONED_AFTER_SECONDS = 24 * 60 * 60
"""By the store's clock. No run takes a day; what one that was killed has left is in nobody's way till then."""
SEAL = "seal"
"""The key of a small record that holds the hash of all the others."""
ASIDE = ".damaged"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when there is no room for a file."""
_UNFINISHED = re.compile(r"#[0-9]+$")


@dataclass(frozen=True, order=True)
class Entry:
    """One object of a listing. `fingerprint` changes whenever the content may have; `written_at`: by the store's clock,
    seconds since 1970.
    """

    key: str
    size: int
    fingerprint: str
    written_at: float


class Storage:
    """Objects below one folder. Safe to use from several threads and processes at once."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.root = Path(uri)

    @property
    def _objects(self) -> LocalStore:
        return LocalStore(self.root, mkdir=True)

    def require_folder(self) -> None:
        """Raises ConfigError where the store cannot be a folder that is written to."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self.staging() as own:
                self._forget_abandoned(own)
        except OSError as error:
            raise ConfigError(
                f"The store cannot be written to {self.uri} ({error.strerror}). Name a folder that can in store.uri."
            ) from None

    def now(self) -> float:
        """The time by the store's own clock, seconds since 1970."""
        with self.staging() as newest:
            return newest.stat().st_mtime

    def _forget_abandoned(self, newest: Path) -> None:
        """Removes what killed runs left in staging."""
        oldest = newest.stat().st_mtime - ABANDONED_AFTER_SECONDS
        for folder in newest.parent.iterdir():
            with suppress(FileNotFoundError):  # another run has just ended its work there
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    def list(self, prefix: str = "") -> list[Entry]:
        """Everything below a prefix (whole path segments), sorted by key."""
        folder = self.root / prefix
        if not folder.is_dir():
            return []
        found = [entry for path in folder.rglob("*") if (entry := self._entry(path))]
        return sorted(found)

    def _entry(self, path: Path) -> Entry | None:
        """None for what is no object: folders, unfinished writes (ours, and obstore's `name#1`), files just deleted."""
        if STAGING in path.parts or _UNFINISHED.search(path.name):
            return None
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        if not S_ISREG(stat.st_mode):
            return None
        fingerprint = f"{stat.st_size}-{stat.st_mtime_ns}"
        return Entry(path.relative_to(self.root).as_posix(), stat.st_size, fingerprint, stat.st_mtime)

    def size(self, key: str) -> int | None:
        """Bytes of an object, None where there is none."""
        try:
            return self.local(key).stat().st_size
        except FileNotFoundError:
            return None

    def exists(self, key: str) -> bool:
        return self.local(key).is_file()

    def read(self, key: str) -> bytes:
        try:
            return bytes(obstore.get(self._objects, key).bytes())
        except FileNotFoundError:
            raise StoreError(f"{self.uri}/{key} is missing. Run the period again: it will be rebuilt.") from None

    def read_record(self, key: str, advice: str) -> Any:
        """What `sealed` made of a record, without the seal; one without a seal is believed.

        Raises:
            DamagedError: it is not what was written; `advice` says what to do then.
        """
        damaged = DamagedError(f"{self.uri}/{key}", advice)
        try:
            record = json.loads(self.read(key))
            seal = record.pop(SEAL, None)
        except (ValueError, AttributeError):  # no JSON, no text, or no object
            raise damaged from None
        if seal not in {None, _seal(record)}:
            raise damaged
        return record

    def find_record(self, key: str) -> Any | None:
        """A record that can be made again; None where there is none, or it is not what was written."""
        if not self.exists(key):
            return None
        try:
            return self.read_record(key, advice="")
        except StoreError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """Replaces the object, in one step."""
        with self._room():
            obstore.put(self._objects, key, content)

    def create(self, key: str, content: bytes) -> bool:
        """Writes the object unless it is there; False where somebody was first with other bytes."""
        try:
            with self._room():
                obstore.put(self._objects, key, content, mode="create")
        except AlreadyExistsError:
            return self.read(key) == content
        return True

    def delete(self, key: str) -> None:
        self.local(key).unlink(missing_ok=True)

    def set_aside(self, key: str) -> None:
        """Gives a damaged object another name: for the store it is gone."""
        path = self.local(key)
        with suppress(FileNotFoundError):  # another run was faster
            path.replace(path.with_name(path.name + ASIDE))

    def holds(self, key: str, content: str) -> bool:
        """Whether the object has this content. It is hashed once in a process, and not at all where we wrote it."""
        file = self.local(key)
        with _HASHING:
            try:
                version = _version(file, file)
                if version not in _HASHED:
                    _HASHED[version] = content_hash(file)
            except FileNotFoundError:
                return False
            return _HASHED[version] == content

    def scan(self, keys: Sequence[str]) -> pl.LazyFrame:
        """The tables of these keys, one below the other."""
        return pl.scan_parquet([self.local(key) for key in keys], hive_partitioning=False)

    def local(self, key: str) -> Path:
        """A path where the object can be read on this machine."""
        return self.root / key

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder to build files in before `adopt` moves them to their keys; gone afterwards."""
        parent = self.root / STAGING
        with self._room():
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=parent))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, file: Path, key: str) -> str:
        """Moves a finished file from staging to its key, in one step; returns its content hash."""
        target = self.local(key)
        content, version = content_hash(file), _version(file, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        _HASHED[version] = content
        return content

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Says so where there is no room for what is written, whatever a library made of it."""
        try:
            yield
        except Exception as error:
            full = _full(error)
            if full is None:
                raise
            raise StoreError(
                f"There is no room in {self.uri} ({os.strerror(full)}). Free some and run again: what was finished "
                "is kept."
            ) from None


_HASHING = threading.Lock()
_HASHED: dict[tuple[str, int, int, int], str] = {}
"""Content hashes of files as they were when this process hashed them."""


def _version(file: Path, place: Path) -> tuple[str, int, int, int]:
    """What tells a file from whatever else was, is or will be in its place."""
    stat = file.stat()
    return (str(place), stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _full(error: BaseException | None) -> int | None:
    """The system's number for a full disk, if that is behind an error. Polars and obstore tell it in words only."""
    while error is not None:
        told = re.findall(r"os error ([0-9]+)", str(error))
        for number in (getattr(error, "errno", None), *map(int, told)):
            if number in FULL:
                return int(number)
        error = error.__context__
    return None


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """The same bytes for the same value, wherever it is written."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode() + b"\n"


def sealed(record: Mapping[str, Any]) -> bytes:
    """A record as JSON, with a hash of it: whoever reads it again can tell whether it is what was written."""
    return canonical_json({**record, SEAL: _seal(record)})


def _seal(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
