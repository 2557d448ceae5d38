"""Which files the sources consist of, and what of them is in the store already.

A small record per file (`ingested/<source>/files/`), written once a run has accepted the file, remembers its content
and the fingerprint last seen: a file that did not change is never opened again, and one that is gone keeps its events.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from config.errors import DamagedError, InputError, MisfitError
from config.models import Config
from tasks.dependencies import ingest_request
from tasks.objects.base import content_hash
from tasks.sources import files
from tasks.sources.files import RawFile
from tasks.sources.formats import partitions_read
from tasks.sources.ingest import UNDATED, Ingested, ingest
from tasks.sources.mapping import OUTCOMES
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.sources.misfits import elsewhere
from tasks.storage import Storage, sealed, side_by_side
from tasks.store import (
    Built,
    Table,
    digest_of,
    events_folder,
    ingested_folder,
    keep,
    look_up,
    quarantine_folder,
    record,
    record_key,
    recorded,
)

FORGETTING = "It remembers a file that is gone. Restore it from a copy; to delete it is to give up that file's events."


@dataclass(frozen=True)
class FileRecord:
    """What is remembered of one file. `path` starts at the config's folder, `mapping` is the digest of the mapping."""

    path: str
    file: str
    fingerprint: str
    content: str
    mapping: str
    digest: str


@dataclass(frozen=True)
class FileEvents:
    """A file of a source and what was made of it: event parts by month, quarantine by month, row counts."""

    source: str
    file: str
    content: str
    built: Built
    is_present: bool = True

    @property
    def months(self) -> list[str]:
        return sorted(name.removeprefix("events:") for name in self.built.tables if name.startswith("events:"))

    @property
    def dated_months(self) -> set[str]:
        """Months of all rows that have one, whatever became of them."""
        return {month for outcome in OUTCOMES for month in self.built.facts[outcome]} - {UNDATED}

    def events(self, month: str) -> Table | None:
        return self.built.tables.get(f"events:{month}")

    def count(self, outcome: str, months: Iterable[str]) -> int:
        counts = self.built.facts[outcome]
        return sum(counts.get(month, 0) for month in months)


@dataclass(frozen=True)
class Intake:
    """The files of one source: those whose events are in the store, those to be read, and those gone but kept."""

    mapping: SourceMapping
    known: list[FileEvents]
    new: list[RawFile]
    gone: list[FileRecord]

    @property
    def has_event_ids(self) -> bool:
        return "event_id" in self.mapping.source.columns


def mapping_of(config: Config, position: int) -> SourceMapping:
    return SourceMapping(
        source=config.sources[position],
        zone=config.periods.timezone,
        dimensions=config.segments.dimensions,
        currency=config.report.currency,
        csat_scale=config.surveys.csat_scale,
        excluded=config.exclude.customers,
    )


def look(storage: Storage, config: Config) -> list[Intake]:
    """Lists every source once and tells new files from known ones, without opening any."""
    return [_look_at(storage, config, position) for position in range(len(config.sources))]


def _look_at(storage: Storage, config: Config, position: int) -> Intake:
    mapping = mapping_of(config, position)
    present = {_path(config, file): file for file in files.find(mapping.source, config.base)}
    remembered = _records(storage, mapping.source.name, present)
    looked = side_by_side(lambda path: _known(storage, mapping, present[path], remembered.get(path)), present)
    found = dict(zip(present, looked, strict=True))
    known = [events for events in found.values() if events]
    keeps = mapping.source.on_missing == "keep"
    gone = [remembered[path] for path in sorted(remembered.keys() - present.keys()) if keeps]
    return Intake(mapping, known, [file for path, file in present.items() if not found[path]], gone)


def _path(config: Config, file: RawFile) -> str:
    return file.name if file.origin else Path(os.path.relpath(file.name, config.base)).as_posix()


def _known(storage: Storage, mapping: SourceMapping, file: RawFile, found: FileRecord | None) -> FileEvents | None:
    if found is None or found.fingerprint != file.fingerprint:
        return None
    built = look_up(storage, ingest_request(mapping, found.content))
    return FileEvents(mapping.source.name, file.key, found.content, built) if built else None


def kept(storage: Storage, looked: Iterable[Intake]) -> list[FileEvents]:
    """The events of files that are gone; to be asked once the new files are read, as one may be an old one renamed.

    Raises:
        InputError: a file is gone whose events would have to be mapped anew.
        DamagedError: a file is gone whose events are not what was written.
    """
    return [_kept(storage, one.mapping, record) for one in looked for record in one.gone]


def _kept(storage: Storage, mapping: SourceMapping, found: FileRecord) -> FileEvents:
    """A file that is gone, mapped as it would be now; by an earlier version of our code, where there is no other."""
    source = mapping.source.name
    built = look_up(storage, ingest_request(mapping, found.content))
    if built is None and found.mapping == digest_of(mapping.depends_on()):
        built = of_record(storage, source, found)
    if built is None:
        raise InputError(
            f"source {source!r}: {found.path} is gone, and how its rows are to be read has changed since (mapping, "
            "time zone, dimensions, exclusions or currency). Put the file back, undo the change, or give its events up "
            'with on_missing = "withdraw". Where the change only mends rows that were quarantined, '
            "`lifecycle quarantine replay` reads these anew and leaves the accepted ones as they are."
        )
    return FileEvents(source, found.file, found.content, built, is_present=False)


def of_record(storage: Storage, source: str, found: FileRecord) -> Built:
    """What was made of a file that is gone.

    Raises:
        DamagedError: it is not whole any more.
    """
    built = recorded(storage, ingested_folder(source), found.digest)
    if built is None:
        key = record_key(ingested_folder(source), found.digest)
        raise DamagedError(
            f"{storage.uri}/{key}, or a table it names,",
            f"Its events come from {found.path} of source {source!r}, which is gone: put that file back, restore the "
            'store from a copy, or give the events up with on_missing = "withdraw".',
        )
    return built


def unmappable(storage: Storage, looked: Iterable[Intake]) -> list[tuple[SourceMapping, FileRecord]]:
    """The files that are gone and were mapped otherwise than is asked for now: `kept` refuses them."""
    return [
        (one.mapping, found)
        for one in looked
        for found in one.gone
        if found.mapping != digest_of(one.mapping.depends_on())
        and look_up(storage, ingest_request(one.mapping, found.content)) is None
    ]


def as_accepted(storage: Storage, config: Config) -> list[FileEvents]:
    """The files, each with content of its own, as the last run that accepted them read them, whatever is asked for now.

    What is damaged is left out.
    """
    read: list[FileEvents] = []
    for position, source in enumerate(config.sources):
        present = {_path(config, file) for file in files.find(mapping_of(config, position).source, config.base)}
        for path, found in _records(storage, source.name, present).items():
            built = recorded(storage, ingested_folder(source.name), found.digest)
            if built and (path in present or source.on_missing == "keep"):
                read.append(FileEvents(source.name, found.file, found.content, built, is_present=path in present))
    return distinct(read)[0]


def refused(storage: Storage, looked: Iterable[Intake]) -> list[FileEvents]:
    """The files that were read by the present mapping, but not accepted: a run has stopped at them."""
    found = [_read_before(storage, one.mapping, file) for one in looked for file in one.new]
    return [one for one in found if one]


def _read_before(storage: Storage, mapping: SourceMapping, file: RawFile) -> FileEvents | None:
    with storage.staging() as staging:
        _, content = _content(mapping, file, staging)
    built = look_up(storage, ingest_request(mapping, content))
    return FileEvents(mapping.source.name, file.key, content, built) if built else None


def read_file(storage: Storage, mapping: SourceMapping, file: RawFile) -> FileEvents:
    """Ingests one file, unless its content is known from another name."""
    with storage.staging() as staging:
        raw, content = _content(mapping, file, staging)
        request = ingest_request(mapping, content)
        built = look_up(storage, request)
        if built is None:
            made = _ingested(mapping, file, raw, staging)
            built = Built(request.digest, adopted(storage, mapping.source.name, request.digest, made), made.facts)
            if not files.is_steady(file):
                raise _unsteady(mapping, file)
            record(storage, request.folder, built)
    return FileEvents(mapping.source.name, file.key, content, built)


def _ingested(mapping: SourceMapping, file: RawFile, raw: Path, staging: Path) -> Ingested:
    try:
        return ingest(raw, file.key, mapping, staging)
    except MisfitError as error:
        raise MisfitError(f"{error}{elsewhere(raw, file, mapping, staging)}") from None


def remember(storage: Storage, config: Config, looked: Iterable[Intake], read: Iterable[FileEvents]) -> None:
    """Records the files that were read in a run and accepted."""
    by_file = {(one.source, one.file): one for one in read}
    for one in looked:
        mapping = digest_of(one.mapping.depends_on())
        for file in one.new:
            events = by_file[one.mapping.source.name, file.key]
            path = _path(config, file)
            noted = FileRecord(path, file.key, file.fingerprint, events.content, mapping, events.built.digest)
            note(storage, one.mapping.source.name, noted)


def note(storage: Storage, source: str, found: FileRecord) -> None:
    """Remembers a file, in place of what was remembered of it."""
    storage.write(_record_key(source, found.path), sealed(asdict(found)))


def adopted(storage: Storage, source: str, digest: str, made: Ingested) -> dict[str, Table]:
    """Moves the parts of a file from staging to where they belong."""
    named = [("events", events_folder, part) for part in made.parts]
    named += [("quarantine", quarantine_folder, part) for part in made.quarantined]
    tables: dict[str, Table] = {}
    for name, folder, part in named:
        key = f"{folder(part.period)}/{source}-{digest}.parquet"
        tables[f"{name}:{part.period}"] = keep(storage, part.file, key)
    return tables


def _content(mapping: SourceMapping, file: RawFile, staging: Path) -> tuple[Path, str]:
    """The file on this machine, and the hash of its content: its bytes, and what its folders say where that is read."""
    try:
        raw = files.local(mapping.source, file, staging)
        content = content_hash(raw)
        steady = files.is_steady(file)
    except FileNotFoundError:
        steady = False
    except PermissionError:
        raise InputError(
            f"source {mapping.source.name!r}: {file.key} may not be read by this user. Give it read permission."
        ) from None
    if not steady:
        raise _unsteady(mapping, file)
    told = partitions_read(mapping.source, file.key)
    return raw, digest_of({"content": content, "folders": told}) if told else content


def _unsteady(mapping: SourceMapping, file: RawFile) -> InputError:
    return InputError(
        f"source {mapping.source.name!r}: {file.key} changed or vanished while it was read. "
        "Run again when the files are still."
    )


def _records(storage: Storage, source: str, present: Iterable[str]) -> dict[str, FileRecord]:
    """What is remembered of a source's files. A damaged record of a file that is present is as good as none.

    Raises:
        DamagedError: a damaged record; that its file is gone, and what was made of it, would be forgotten.
    """
    keys = {entry.key for entry in storage.list(f"{ingested_folder(source)}/files")}
    replaceable = {key for path in present if (key := _record_key(source, path)) in keys}
    gone = side_by_side(lambda key: storage.read_record(key, FORGETTING), sorted(keys - replaceable))
    there = side_by_side(storage.find_record, sorted(replaceable))
    found = [FileRecord(**record) for record in (*gone, *there) if record]
    return {one.path: one for one in found}


def _record_key(source: str, path: str) -> str:
    return f"{ingested_folder(source)}/files/{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"


def distinct(read: Iterable[FileEvents]) -> tuple[list[FileEvents], list[FileEvents]]:
    """Files with content of their own, and files that are copies of those: a file that is gone of one that is there,
    otherwise by name the later of the first. A gone file that lives on under another name is no copy, and left out.
    """
    originals: dict[tuple[str, str], FileEvents] = {}
    copies: list[FileEvents] = []
    for one in sorted(read, key=lambda one: (one.source, not one.is_present, one.file)):
        original = originals.setdefault((one.source, one.content), one)
        if original is not one and one.is_present:
            copies.append(one)
    return list(originals.values()), copies
