"""The only I/O on the store: records and tables below one address, a folder or `s3://bucket/prefix`.

Small objects are read and written whole; tables are files of this machine for whoever reads them, and built in staging.
What is read again is checked to be what was written. What is built from what is decided in `tasks.store`; where bytes
lie, and how they get there, in `tasks.objects`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from config.errors import DamagedError, StoreError
from tasks.objects import places
from tasks.objects.base import Entry

AT_ONCE = 16
Item = TypeVar("Item")
Found = TypeVar("Found")
SEAL = "seal"
"""The key of a small record that holds the hash of all the others."""


class Storage:
    """Objects below one address. Safe to use from several threads and processes at once."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._objects = places.at(uri)

    def require_usable(self) -> None:
        """Raises ConfigError where the store cannot be written to."""
        self._objects.refuse_unusable()

    def now(self) -> float:
        """The time by the store's own clock, seconds since 1970."""
        return self._objects.now()

    def list(self, prefix: str = "") -> list[Entry]:
        """Everything below a prefix (whole path segments), sorted by key."""
        return self._objects.list(prefix)

    def size(self, key: str) -> int | None:
        """Bytes of an object, None where there is none."""
        return self._objects.size(key)

    def exists(self, key: str) -> bool:
        return self.size(key) is not None

    def read(self, key: str) -> bytes:
        try:
            return self._objects.read(key)
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
        try:
            return self.read_record(key, advice="")
        except StoreError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """Replaces the object, in one step."""
        self._objects.write(key, content)

    def create(self, key: str, content: bytes) -> bool:
        """Writes the object unless it is there; False where somebody was first with other bytes."""
        return self._objects.create(key, content)

    def delete(self, key: str) -> None:
        self._objects.delete(key)

    def set_aside(self, key: str) -> None:
        """Gives a damaged object another name: for the store it is gone."""
        self._objects.set_aside(key)

    def holds(self, key: str, content: str) -> bool:
        """Whether the object has this content. It is hashed once in a process, and not at all where we wrote it."""
        return self.local(key, content) is not None

    def local(self, key: str, content: str) -> Path | None:
        """The object as a file of this machine, to be read only; None where it does not have this content."""
        return self._objects.local(key, content)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder to build files in before `adopt` moves them to their keys; gone afterwards."""
        with self._objects.staging() as folder:
            yield folder

    def adopt(self, file: Path, key: str) -> str:
        """Moves a finished file from staging to its key, in one step; returns its content hash."""
        return self._objects.adopt(file, key)


def side_by_side(look: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
    """Looks many things up at once, in their order: with a service one mostly waits."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(look, items))


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
