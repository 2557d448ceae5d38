"""A folder of this machine as a place of objects. Files are moved into place, so nobody ever reads half of one."""

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from config.errors import ConfigError
from tasks.objects.base import ABANDONED_AFTER_SECONDS, ASIDE, STAGING, Entry, content_hash, room

_UNFINISHED = re.compile(r"#[0-9]+$")


class Folder:
    """See `Objects`. Names nothing outside: keys are made by us alone."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.root = Path(uri)

    @property
    def _objects(self) -> LocalStore:
        return LocalStore(self.root, mkdir=True)

    def refuse_unusable(self) -> None:
        """Also removes what killed runs left in staging."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self.staging() as own:
                forget_abandoned(own.parent, own.stat().st_mtime)
        except OSError as error:
            raise ConfigError(
                f"The store cannot be written to {self.uri} ({error.strerror}). Name a folder that can in store.uri."
            ) from None

    def now(self) -> float:
        with self.staging() as newest:
            return newest.stat().st_mtime

    def list(self, prefix: str = "") -> list[Entry]:
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
        path = self.root / key
        try:
            return path.stat().st_size if path.is_file() else None
        except FileNotFoundError:
            return None

    def read(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def write(self, key: str, content: bytes) -> None:
        with room(self.uri):
            obstore.put(self._objects, key, content)

    def create(self, key: str, content: bytes) -> bool:
        try:
            with room(self.uri):
                obstore.put(self._objects, key, content, mode="create")
        except AlreadyExistsError:
            return self.read(key) == content
        return True

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def set_aside(self, key: str) -> None:
        path = self.root / key
        with suppress(FileNotFoundError):  # another run was faster
            path.replace(path.with_name(path.name + ASIDE))

    def local(self, key: str, content: str) -> Path | None:
        file = self.root / key
        with _HASHING:
            try:
                version = _version(file, file)
                if version not in _HASHED:
                    _HASHED[version] = content_hash(file)
            except FileNotFoundError:
                return None
            return file if _HASHED[version] == content else None

    @contextmanager
    def staging(self) -> Iterator[Path]:
        parent = self.root / STAGING
        with room(self.uri):
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=parent))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, file: Path, key: str) -> str:
        target = self.root / key
        content, version = content_hash(file), _version(file, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        _HASHED[version] = content
        return content


def forget_abandoned(parent: Path, now: float, pattern: str = "*") -> None:
    """Removes the folders that killed runs left, by the disk's own clock."""
    for folder in parent.glob(pattern):
        with suppress(FileNotFoundError):  # another run has just ended its work there
            if folder.stat().st_mtime < now - ABANDONED_AFTER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


_HASHING = threading.Lock()
_HASHED: dict[tuple[str, int, int, int], str] = {}
"""Content hashes of files as they were when this process hashed them."""


def _version(file: Path, place: Path) -> tuple[str, int, int, int]:
    """What tells a file from whatever else was, is or will be in its place."""
    stat = file.stat()
    return (str(place), stat.st_ino, stat.st_size, stat.st_mtime_ns)
