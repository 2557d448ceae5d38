"""The only I/O: one small interface over a folder (and, later, an S3 prefix). Keys are relative, with `/`.

Small objects go through obstore; tables are scanned by Polars and written whole: first to a staging folder, then
moved into place, so that nobody ever reads half a file. What is built from what is decided in `tasks.store`.
"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import obstore
import polars as pl
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from config.errors import ConfigError, StoreError

STAGING = ".staging"
_UNFINISHED = re.compile(r"#[0-9]+$")


@dataclass(frozen=True, order=True)
class Entry:
    """One object of a listing. `fingerprint` changes whenever the content may have."""

    key: str
    size: int
    fingerprint: str


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
            with self.staging():
                pass
        except OSError as error:
            raise ConfigError(
                f"The store cannot be written to {self.uri} ({error.strerror}). Name a folder that can in store.uri."
            ) from None

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
        return Entry(path.relative_to(self.root).as_posix(), stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}")

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

    def read_json(self, key: str) -> Any:
        try:
            return json.loads(self.read(key))
        except json.JSONDecodeError as error:
            raise StoreError(f"{self.uri}/{key} is damaged ({error}). Delete it and run the period again.") from None

    def write(self, key: str, content: bytes) -> None:
        """Replaces the object, in one step."""
        obstore.put(self._objects, key, content)

    def create(self, key: str, content: bytes) -> bool:
        """Writes the object unless it is there; False where somebody was first with other bytes."""
        try:
            obstore.put(self._objects, key, content, mode="create")
        except AlreadyExistsError:
            return self.read(key) == content
        return True

    def delete(self, key: str) -> None:
        self.local(key).unlink(missing_ok=True)

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
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, file: Path, key: str) -> None:
        """Moves a finished file from staging to its key, in one step."""
        target = self.local(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """The same bytes for the same value, wherever it is written."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode() + b"\n"
