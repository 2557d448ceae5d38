"""What a place of objects can do, whichever it is. Keys are relative, with `/`. What is kept is in `tasks.storage`."""

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.errors import StoreError

STAGING = ".staging"
ASIDE = ".damaged"
ABANDONED_AFTER_SECONDS = 24 * 60 * 60
"""By the place's clock. No run takes a day; what one that was killed has left is in nobody's way till then."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when there is no room for a file."""


@dataclass(frozen=True, order=True)
class Entry:
    """One object of a listing. `fingerprint` changes whenever the content may have; `written_at`: by the clock of the
    place, seconds since 1970.
    """

    key: str
    size: int
    fingerprint: str
    written_at: float


class Objects(Protocol):
    """Objects below one address. Safe to use from several threads and processes at once.

    Where there is no such object `read` raises FileNotFoundError, and `delete` and `set_aside` do nothing.
    """

    uri: str

    def refuse_unusable(self) -> None:
        """Raises ConfigError where nothing can be written here."""

    def now(self) -> float:
        """The time by the clock of the place, seconds since 1970."""

    def list(self, prefix: str = "") -> list[Entry]:
        """Everything below a prefix (whole path segments), sorted by key."""

    def size(self, key: str) -> int | None:
        """Bytes of an object, None where there is none."""

    def read(self, key: str) -> bytes: ...

    def write(self, key: str, content: bytes) -> None:
        """Replaces the object, in one step."""

    def create(self, key: str, content: bytes) -> bool:
        """Writes the object unless it is there; False where somebody was first with other bytes."""

    def delete(self, key: str) -> None: ...

    def set_aside(self, key: str) -> None:
        """Gives an object another name: `ASIDE` at its end."""

    def local(self, key: str, content: str) -> Path | None:
        """The object as a file of this machine; None where there is none, or it has another content hash.

        It is fetched, and hashed, once in a process, and not at all where we wrote it.
        """

    def staging(self) -> AbstractContextManager[Path]:
        """A folder of this machine to build files in before `adopt` takes them; gone afterwards."""

    def adopt(self, file: Path, key: str) -> str:
        """Moves a finished file from staging to its key, in one step; returns its content hash."""


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def room(where: str, advice: str = "Free some and run again: what was finished is kept.") -> Iterator[None]:
    """Says so where there is no room for what is written, whatever a library made of it."""
    try:
        yield
    except Exception as error:
        full = _full(error)
        if full is None:
            raise
        raise StoreError(f"There is no room in {where} ({os.strerror(full)}). {advice}") from None


def _full(error: BaseException | None) -> int | None:
    """The system's number for a full disk, if that is behind an error. Polars and obstore tell it in words only."""
    while error is not None:
        told = re.findall(r"os error ([0-9]+)", str(error))
        for number in (getattr(error, "errno", None), *map(int, told)):
            if number in FULL:
                return int(number)
        error = error.__context__
    return None
