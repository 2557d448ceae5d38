"""The one idea: a table is built exactly when the digest of its inputs is not in the store.

`<folder>/<digest>.json` is written last and holds the content hashes of what was built; downstream digests are made
of those contents, so a rebuild that changed nothing stops there. A table that is not what was written is as good as
not there. Where things lie is here too; bytes are `storage`.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet

from config.errors import DamagedError
from tasks.storage import Storage, canonical_json, sealed

ROWS_PER_GROUP = 100_000
"""Fixed: by default the cuts between row groups depend on how rows arrive, and so the bytes."""
ALL = "shard=00"
"""Where what is not split by person lies: events and quarantine, one part a file."""


@dataclass(frozen=True)
class Table:
    """A reference to a stored table: tasks pass these, never frames."""

    key: str
    content: str
    rows: int
    size: int


@dataclass(frozen=True)
class Built:
    """What one step built from one set of inputs. `facts`: small findings beside the tables."""

    digest: str
    tables: Mapping[str, Table]
    facts: Mapping[str, Any]

    def contents(self, *names: str) -> dict[str, str]:
        """Content hashes of some tables (of all, if none is named): what a later digest is made of."""
        return {name: self.tables[name].content for name in names or sorted(self.tables)}


@dataclass(frozen=True)
class Made:
    """What a step hands over to be stored."""

    tables: Mapping[str, pl.LazyFrame]
    facts: Mapping[str, Any]


def digest_of(depends_on: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(depends_on)).hexdigest()[:32]


@dataclass(frozen=True)
class Request:
    """What is to be built: where it belongs and everything it depends on, step and version included."""

    folder: str
    depends_on: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return digest_of(self.depends_on)


def build(storage: Storage, request: Request, make: Callable[[], Made], *, force: bool = False) -> Built:
    """The tables that `make` makes, from the store if their digest is there."""
    found = None if force else look_up(storage, request)
    if found is not None:
        return found
    with reading(storage):
        made = make()
        built = Built(request.digest, _save(storage, request, made.tables), made.facts)
    record(storage, request.folder, built)
    return built


def look_up(storage: Storage, request: Request) -> Built | None:
    """What was built for a request, or None."""
    return recorded(storage, request.folder, request.digest)


def recorded(storage: Storage, folder: str, digest: str) -> Built | None:
    """What was built under a digest; None where it is not there, or not whole any more: then it is built again."""
    saved = storage.find_record(record_key(folder, digest))
    if saved is None:
        return None
    tables = {name: Table(**table) for name, table in saved["tables"].items()}
    if any(storage.size(table.key) != table.size for table in tables.values()):
        return None
    return Built(digest, tables, saved["facts"])


def record_key(folder: str, digest: str) -> str:
    """Where it is said that something is complete."""
    return f"{folder}/{digest}.json"


def record(storage: Storage, folder: str, built: Built) -> None:
    """Says that something is complete; to be called after everything else is written."""
    tables = {name: asdict(table) for name, table in built.tables.items()}
    storage.write(record_key(folder, built.digest), sealed({"tables": tables, "facts": dict(built.facts)}))


def scan(storage: Storage, built: Built, *names: str) -> dict[str, pl.LazyFrame]:
    """Some tables of a step (all, if none is named), lazily."""
    return {name: rows(storage, [built.tables[name]]) for name in names or built.tables}


def rows(storage: Storage, tables: Sequence[Table]) -> pl.LazyFrame:
    """The rows of stored tables, one below the other.

    Raises:
        DamagedError: one is not what was written. It is set aside: whoever starts again builds it anew.
    """
    files = [storage.local(table.key, table.content) for table in tables]
    for table, file in zip(tables, files, strict=True):
        if file is None:
            storage.set_aside(table.key)
            raise DamagedError(
                f"{storage.uri}/{table.key}", "It was set aside. The next run builds it anew.", is_aside=True
            )
    return pl.scan_parquet([file for file in files if file], hive_partitioning=False)


@contextmanager
def reading(storage: Storage) -> Iterator[None]:
    """A table that is taken away while it is read (by `prune`, or another run that found it damaged) is as one that is
    damaged.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedError(
            f"A table in {storage.uri} ({str(error).rpartition('/')[2]})",
            "It was removed while it was read. The next run builds it anew.",
            is_aside=True,
        ) from None


def _save(storage: Storage, request: Request, tables: Mapping[str, pl.LazyFrame]) -> dict[str, Table]:
    """Writes tables side by side in one pass, then moves each into place."""
    with storage.staging() as staging:
        files = {name: staging / f"{name}.parquet" for name in tables}
        sinks = [
            frame.sink_parquet(
                files[name], compression="zstd", compression_level=1, row_group_size=ROWS_PER_GROUP, lazy=True
            )
            for name, frame in tables.items()
        ]
        pl.collect_all(sinks, engine="streaming")
        saved = {}
        for name, file in files.items():
            saved[name] = keep(storage, file, f"{request.folder}/{name}-{request.digest}.parquet")
        return saved


def keep(storage: Storage, file: Path, key: str) -> Table:
    """Moves a finished Parquet file from staging to its key."""
    rows, size = pyarrow.parquet.read_metadata(file).num_rows, file.stat().st_size
    return Table(key, storage.adopt(file, key), rows, size)


def events_folder(period: str) -> str:
    return f"events/period={period}/{ALL}"


def quarantine_folder(period: str) -> str:
    return f"quarantine/period={period}/{ALL}"


def ingested_folder(source: str) -> str:
    return f"ingested/{source}"


def activity_folder(period: str, shard: int) -> str:
    return f"activity/period={period}/shard={shard:02d}"


def customers_folder(period: str, shard: int) -> str:
    return f"customers/period={period}/shard={shard:02d}"


def measures_folder(period: str) -> str:
    return f"measures/period={period}"


def snapshots_folder(period: str) -> str:
    return f"snapshots/period={period}"


def latest_folder(period: str) -> str:
    return f"latest/period={period}"
