"""What of a store nothing needs any more, and its removal. Only keys of a form that is known are ever looked at.

A record is deleted before its tables: a prune that is interrupted leaves tables without a record, which is as if they
had never been built, never a record without its tables. What was written in the last day stays: a run may be going on
that has yet to publish what it is for. An older table that a run needs and nothing else does, it builds again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks import publication
from tasks.intake import FORGETTING, FileRecord
from tasks.objects.base import ABANDONED_AFTER_SECONDS, ASIDE, Entry
from tasks.storage import Storage
from tasks.store import ingested_folder, record_key, snapshots_folder

DIGEST = "[0-9a-f]{32}"
STEPS = "(?:activity|customers)/period=[0-9Q-]+/shard=[0-9]{2}|measures/period=[0-9Q-]+"
RECORD = re.compile(rf"(?P<folder>{STEPS}|ingested/[a-z0-9_-]+)/(?P<digest>{DIGEST})\.json")
TABLE = re.compile(rf"(?P<folder>{STEPS})/[a-z_]+-(?P<digest>{DIGEST})\.parquet")
EVENTS = re.compile(
    rf"(?:events|quarantine)/period=[a-z0-9-]+/shard=[0-9]{{2}}/(?P<source>[a-z0-9_-]+)-(?P<digest>{DIGEST})\.parquet"
)
REVISION = re.compile(r"snapshots/period=(?P<period>[0-9Q-]+)/revision=[0-9]{4,}/")
PLACES = ("activity", "customers", "measures", "ingested", "events", "quarantine")


@dataclass(frozen=True)
class Needed:
    """`records`: keys of the records whose tables stay. `settled`: `activity/period=2025-01` and the like, where all
    that is needed is known; of other periods nothing is touched.
    """

    records: frozenset[str]
    settled: frozenset[str]


@dataclass(frozen=True)
class Waste:
    """What may go, in the order in which it is deleted."""

    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)

    def by_place(self) -> Iterator[tuple[str, int, int]]:
        """Per top folder: its name, how many objects, how many bytes."""
        places = [entry.key.partition("/")[0] for entry in self.entries]
        for place in dict.fromkeys(places):
            sizes = [entry.size for entry, own in zip(self.entries, places, strict=True) if own == place]
            yield place, len(sizes), sum(sizes)


def ingested_records(storage: Storage) -> set[str]:
    """The records of every file that is remembered, also of sources the config no longer has.

    Raises:
        DamagedError: what is remembered of a file is not what was written, so what is needed is not known.
    """
    files = [entry.key for entry in storage.list("ingested") if re.fullmatch(r"ingested/[^/]+/files/[^/]+", entry.key)]
    found = {key: FileRecord(**storage.read_record(key, FORGETTING)) for key in files}
    return {record_key(ingested_folder(key.split("/")[1]), one.digest) for key, one in found.items()}


def waste(storage: Storage, needed: Needed) -> Waste:
    """Records and tables that are not needed, and those that were set aside as damaged: records first."""
    records: list[Entry] = []
    tables: list[Entry] = []
    for entry in (entry for place in PLACES for entry in storage.list(place)):
        record = _record_of(entry.key.removesuffix(ASIDE))
        needless = record not in needed.records and _is_settled(entry.key, needed)
        if record is not None and (needless or entry.key.endswith(ASIDE)):
            (records if record == entry.key else tables).append(entry)
    return Waste((*records, *tables))


def _record_of(key: str) -> str | None:
    """The record a key is, or that vouches for the table it is; None for anything else."""
    if RECORD.fullmatch(key):
        return key
    if found := TABLE.fullmatch(key):
        return record_key(found["folder"], found["digest"])
    if found := EVENTS.fullmatch(key):
        return record_key(ingested_folder(found["source"]), found["digest"])
    return None


def _is_settled(key: str, needed: Needed) -> bool:
    place, period = key.split("/")[:2]
    return place in {"ingested", "events", "quarantine"} or f"{place}/{period}" in needed.settled


def old_revisions(storage: Storage, periods: Sequence[str], keep: int) -> Waste:
    """The revisions before the newest ones of each period, with the notes that point to them; manifests first."""
    found: list[Entry] = []
    for period in periods:
        for revision in publication.revisions(storage, period)[:-keep]:
            entries = storage.list(publication.revision_folder(period, revision))
            found += sorted(entries, key=lambda entry: not entry.key.endswith(f"/{publication.MANIFEST}"))
        gone = set(publication.revisions(storage, period)[:-keep])
        notes = storage.list(f"{snapshots_folder(period)}/checked")
        found += [entry for entry in notes if (storage.find_record(entry.key) or {}).get("revision") in gone]
    return Waste(tuple(found))


def unfinished_revisions(storage: Storage) -> Waste:
    """The folders of revisions that a run has begun and not committed."""
    folders: dict[str, list[Entry]] = {}
    for entry in storage.list("snapshots"):
        if found := REVISION.match(entry.key):
            folders.setdefault(found[0], []).append(entry)
    for period in {found["period"] for folder in folders if (found := REVISION.match(folder))}:
        publication.manifest(storage, period)  # one that is lost comes back from its copy: that revision is committed
    left = [entries for folder, entries in folders.items() if not storage.exists(f"{folder}{publication.MANIFEST}")]
    return Waste(tuple(entry for entries in left for entry in entries))


def settled_for_a_day(storage: Storage, found: Waste) -> Waste:
    """Without what was written lately, and the rest of a folder's revision where some of it was."""
    oldest = storage.now() - ABANDONED_AFTER_SECONDS
    young = [entry for entry in found.entries if entry.written_at > oldest]
    begun = {revision[0] for entry in young if (revision := REVISION.match(entry.key))}
    kept = {entry.key for entry in young}
    return Waste(
        tuple(entry for entry in found.entries if entry.key not in kept and not entry.key.startswith(tuple(begun)))
    )


def remove(storage: Storage, found: Waste) -> None:
    for entry in found.entries:
        storage.delete(entry.key)
