"""A prefix of an S3 bucket as a place of objects: Amazon's or any service that speaks the same.

Only what all of them do alike is asked for: lists, whole and ranged reads, writes of one request each (Ceph refuses
some in parts), creation by `If-None-Match: *`, single deletions. ETags are compared by us, without quotes. What is read
lies on this machine from then on, so that nothing is read twice.
"""

import hashlib
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache as cache_results
from pathlib import Path
from typing import IO, Any, TypeVar, cast
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

from config.errors import UnreachableError
from tasks.objects import access, cache
from tasks.objects.access import Access
from tasks.objects.addresses import Address
from tasks.objects.base import ASIDE, STAGING, Entry, content_hash, room
from tasks.objects.client import FIRST, LATER
from tasks.objects.faults import no_place, told

CHUNK = 8 << 20
"""Bytes of one ranged read. At half a megabyte a second it arrives in time."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Fetched:
    """An object on this machine. `tag`: its ETag and size when it was fetched; `content`: the hash of its bytes."""

    tag: str
    file: Path
    content: str


class Bucket:
    """See `Objects`. One for all threads of a process: `at` finds it."""

    def __init__(self, address: Address, reached: Access) -> None:
        self.address, self.access = address, reached
        self.uri = str(address)
        self._first, self._later = FIRST.store(address, reached), LATER.store(address, reached)
        self._has_answered = False
        self._fetched: dict[str, _Fetched] = {}
        self._fetching = defaultdict[str, threading.Lock](threading.Lock)
        self._sizes: dict[str, int] = {}
        self._listed: set[str] = set()
        self._listing = threading.Lock()

    def refuse_unusable(self) -> None:
        """Also forgets what is believed of objects: a run begins."""
        self._fetched.clear()
        self._sizes.clear()
        self._listed.clear()
        self.now()

    def now(self) -> float:
        probe = f"{STAGING}/{uuid4().hex}"
        self.write(probe, b"")
        written = self.entry(probe)
        self.delete(probe)
        return written.written_at if written else time.time()

    def names(self) -> list[str]:
        """The folders and objects right here."""
        found = self._ask(obstore.list_with_delimiter)
        here = [*found["common_prefixes"], *(one["path"] for one in found["objects"])]
        return sorted(path.rpartition("/")[2] for path in here)

    def list(self, prefix: str = "") -> list[Entry]:
        found = self._ask(lambda store: obstore.list(store, prefix or None).collect())
        below = f"{prefix}/" if prefix else ""
        entries = (_entry(one["path"], one) for one in found)
        return sorted(one for one in entries if one.key.startswith(below) and not one.key.startswith(STAGING))

    def entry(self, key: str) -> Entry | None:
        """What a listing would say of one object."""
        try:
            found = self._ask(lambda store: obstore.head(store, key))
        except FileNotFoundError:
            return None
        return _entry(key, found)

    def size(self, key: str) -> int | None:
        """Of what was there when its top folder was listed, once in a process, or was written by us; else as it is."""
        top = key.split("/", maxsplit=1)[0]
        with self._listing:
            if top not in self._listed:
                self._sizes.update((one.key, one.size) for one in self.list(top))
                self._listed.add(top)
        if key in self._sizes:
            return self._sizes[key]
        found = self.entry(key)
        return found.size if found else None

    def _forget(self, key: str) -> None:
        self._fetched.pop(key, None)
        self._sizes.pop(key, None)

    def read(self, key: str) -> bytes:
        return self._ask(lambda store: bytes(obstore.get(store, key).bytes()))

    @contextmanager
    def reader(self, key: str) -> Iterator[IO[bytes]]:
        """An object to be read piece by piece, as far as it is asked to."""
        with told(self.uri):
            # The cast: it reads like a file, and is none by its type.
            yield cast("IO[bytes]", obstore.open_reader(self._usual, key, buffer_size=1 << 16))

    def write(self, key: str, content: bytes) -> None:
        tag = self._put(key, content, len(content))
        with room(str(cache.folder()), cache.ADVICE):
            file = cache.new_file()
            file.write_bytes(content)
        self._fetched[key] = _Fetched(tag, file, hashlib.sha256(content).hexdigest())

    def _put(self, key: str, content: bytes | Path, size: int) -> str:
        """By one request; returns the tag of what is there now."""
        store = None if size <= CHUNK else LATER.store(self.address, self.access, uploaded=size)
        try:
            put = self._ask(lambda usual: obstore.put(store or usual, key, content, use_multipart=False))
        except FileNotFoundError:
            raise no_place(self.uri) from None
        self._forget(key)
        self._sizes[key] = size
        return _tag({"last_modified": datetime.now(UTC), **put, "size": size})

    def create(self, key: str, content: bytes) -> bool:
        """An answer that is lost leaves open whether we were first: then what is there is compared with ours."""
        try:
            return self._created(self._usual, key, content)
        except UnreachableError:
            if self._find(key) == content:
                return True
            return self._created(self._first, key, content)

    def _created(self, store: S3Store, key: str, content: bytes) -> bool:
        try:
            with told(self.uri):
                obstore.put(store, key, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return self._find(key) == content
        except FileNotFoundError:
            raise no_place(self.uri) from None
        return True

    def _find(self, key: str) -> bytes | None:
        with suppress(FileNotFoundError), told(self.uri):
            return bytes(obstore.get(self._first, key).bytes())
        return None

    def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._ask(lambda store: obstore.delete(store, key))
        self._forget(key)

    def set_aside(self, key: str) -> None:
        with suppress(FileNotFoundError):  # another run was faster
            self._ask(lambda store: obstore.copy(store, key, key + ASIDE))
            self.delete(key)

    def local(self, key: str, content: str) -> Path | None:
        """What was fetched, or written by us, and is what is asked for, is believed to be so still: nobody is asked."""
        with self._fetching[key]:
            known = self._fetched.get(key)
            if known is None or known.content != content:
                try:
                    known = self._fetched[key] = self._fetch(key, cache.new_file())
                except FileNotFoundError:
                    self._forget(key)
                    return None
            return known.file if known.content == content else None

    def fetch(self, key: str, fingerprint: str, target: Path | None) -> Path:
        """An object as it was listed, as a file of this machine; kept where no target is given.

        Raises:
            FileNotFoundError: it is not there any more, or another one.
        """
        if target:
            fetched = self._fetch(key, target)
        else:
            with self._fetching[key]:
                known = self._fetched.get(key)
                fetched = known if known and known.tag == fingerprint else self._fetch(key, cache.new_file())
                self._fetched[key] = fetched
        if fetched.tag != fingerprint:
            raise FileNotFoundError(key)
        return fetched.file

    def _fetch(self, key: str, file: Path) -> _Fetched:
        """Downloads an object, from the start again where it was replaced meanwhile."""
        with room(str(cache.folder()), cache.ADVICE):
            while True:
                digest = hashlib.sha256()
                with file.open("wb") as out:
                    tag, size = self._ask(lambda store: _begin(store, key, out, digest))  # noqa: B023  called at once
                    for start in range(CHUNK, size, CHUNK):
                        part = self._ask(lambda store: obstore.get_range(store, key, start=start, length=CHUNK))  # noqa: B023
                        digest.update(part)
                        out.write(part)
                if size <= CHUNK or ((now := self.entry(key)) and now.fingerprint == tag):
                    return _Fetched(tag, file, digest.hexdigest())

    @contextmanager
    def staging(self) -> Iterator[Path]:
        with room(str(cache.folder()), cache.ADVICE):
            folder = Path(tempfile.mkdtemp(dir=cache.folder()))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, file: Path, key: str) -> str:
        """Uploads a finished file and keeps it: it is read again soon, as a rule."""
        content = content_hash(file)
        own = file.replace(cache.new_file())
        tag = self._put(key, own, own.stat().st_size)
        self._fetched[key] = _Fetched(tag, own, content)
        return content

    @property
    def _usual(self) -> S3Store:
        return self._later if self._has_answered else self._first

    def _ask(self, question: Callable[[S3Store], Result]) -> Result:
        """The answer; asked again where the library gave up early, as it does when a listing is cut."""
        begun, patience = time.monotonic(), LATER if self._has_answered else FIRST
        for pause in (0.1, 0.5, 2.0, None):
            try:
                with told(self.uri):
                    answer = question(self._usual)
            except FileNotFoundError:
                self._has_answered = True
                raise
            except UnreachableError:
                if pause is None or time.monotonic() - begun > patience.retries / 2:
                    raise
                time.sleep(pause)
            else:
                break
        self._has_answered = True
        return answer


def _begin(store: S3Store, key: str, out: IO[bytes], digest: Any) -> tuple[str, int]:
    """The first chunk of an object into a file; returns the tag and the size of the whole."""
    found = obstore.get(store, key)
    size = found.meta["size"]
    part = found.bytes() if size <= CHUNK else obstore.get_range(store, key, start=0, length=CHUNK)
    digest.update(part)
    out.write(part)
    return _tag(found.meta), size


def _entry(key: str, meta: Any) -> Entry:
    return Entry(key, meta["size"], _tag(meta), meta["last_modified"].timestamp())


def _tag(meta: Any) -> str:
    """Size and ETag; services differ in its quotes. One that gives none gives the second of the last change."""
    tag = meta["e_tag"] or f"{meta['last_modified']:%Y%m%dT%H%M%S}"
    return f"{meta['size']}-{tag.removeprefix('W/').strip(chr(34))}"


def at(uri: str) -> Bucket:
    """The same for the same address, as long as access to it does not change: it keeps connections and files."""
    address = Address.of(uri)
    return _opened(address, access.access_to(address), access.of_environment())


@cache_results
def _opened(address: Address, reached: Access, _: tuple[str, ...]) -> Bucket:
    return Bucket(address, reached)
