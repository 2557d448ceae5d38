"""Which files the sources consist of, and what of them is in the store already.

A small record per file (`ingested/<source>/files/`) remembers the fingerprint last seen and what was ingested, so a
file that did not change is never opened again, and one that is gone keeps its events.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from config.errors import InputError, LifecycleError
from config.models import Config
from tasks.dependencies import ingest_request
from tasks.sources import files
from tasks.sources.files import RawFile
from tasks.sources.ingest import Ingested, ingest
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.storage import Storage, canonical_json, content_hash
from tasks.store import (
    Built,
    Table,
    events_folder,
    ingested_folder,
    look_up,
    quarantine_folder,
    record,
    recorded,
)


@dataclass(frozen=True)
class FileRecord:
    """What is remembered of one file of a source."""

    file: str
    fingerprint: str
    content: str
    digest: str


@dataclass(frozen=True)
class FileEvents:
    """A file of a source and what was made of it: event parts by month, quarantine by month, row counts."""

    source: str
    file: str
    content: str
    built: Built

    @property
    def months(self) -> list[str]:
        return sorted(name.removeprefix("events:") for name in self.built.tables if name.startswith("events:"))

    def events(self, month: str) -> Table | None:
        return self.built.tables.get(f"events:{month}")

    def count(self, outcome: str, months: Iterable[str]) -> int:
        counts = self.built.facts[outcome]
        return sum(counts.get(month, 0) for month in months)


@dataclass(frozen=True)
class Intake:
    """The files of one source: read already, still to be read, and gone from it."""

    mapping: SourceMapping
    known: list[FileEvents]
    new: list[RawFile]
    gone: list[str]

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
    source = mapping.source
    remembered = _records(storage, source.name)
    present = files.find(source, config.base)
    known: list[FileEvents] = []
    new: list[RawFile] = []
    for file in present:
        found = _known(storage, mapping, file, remembered.get(file.key))
        known, new = ([*known, found], new) if found else (known, [*new, file])
    gone = sorted(remembered.keys() - {file.key for file in present})
    if source.on_missing == "keep":
        known += [kept for key in gone for kept in _kept(storage, source.name, remembered[key])]
    return Intake(mapping, known, new, gone)


def _known(storage: Storage, mapping: SourceMapping, file: RawFile, found: FileRecord | None) -> FileEvents | None:
    if found is None or found.fingerprint != file.fingerprint:
        return None
    built = look_up(storage, ingest_request(mapping, found.content))
    return FileEvents(mapping.source.name, file.key, found.content, built) if built else None


def _kept(storage: Storage, source: str, found: FileRecord) -> list[FileEvents]:
    """A file that is gone, as it was mapped when it was last there."""
    built = recorded(storage, ingested_folder(source), found.digest)
    return [FileEvents(source, found.file, found.content, built)] if built else []


def read_file(storage: Storage, mapping: SourceMapping, file: RawFile) -> FileEvents:
    """Ingests one file, unless its content is known from another name, and remembers it."""
    content = _hash(mapping, file)
    request = ingest_request(mapping, content)
    built = look_up(storage, request)
    if built is None:
        built = _ingest(storage, mapping, file, request.digest)
        record(storage, request.folder, built)
    remembered = FileRecord(file.key, file.fingerprint, content, request.digest)
    storage.write(_record_key(mapping.source.name, file.key), canonical_json(asdict(remembered)))
    return FileEvents(mapping.source.name, file.key, content, built)


def _ingest(storage: Storage, mapping: SourceMapping, file: RawFile, digest: str) -> Built:
    with storage.staging() as staging:
        made = ingest(file.path, file.key, mapping, staging)
        tables = _adopted(storage, mapping.source.name, digest, made)
    return Built(digest, tables, made.counts)


def _adopted(storage: Storage, source: str, digest: str, made: Ingested) -> dict[str, Table]:
    named = [("events", events_folder, part) for part in made.parts]
    named += [("quarantine", quarantine_folder, part) for part in made.quarantined]
    tables: dict[str, Table] = {}
    for name, folder, part in named:
        key = f"{folder(part.period)}/{source}-{digest}.parquet"
        tables[f"{name}:{part.period}"] = Table(key, content_hash(part.file), part.rows)
        storage.adopt(part.file, key)
    return tables


def _hash(mapping: SourceMapping, file: RawFile) -> str:
    try:
        return content_hash(file.path)
    except FileNotFoundError:
        raise InputError(
            f"source {mapping.source.name!r}: {file.key} vanished while it was read. "
            "Run again when the files are still."
        ) from None
    except PermissionError:
        raise InputError(
            f"source {mapping.source.name!r}: {file.key} may not be read by this user. Give it read permission."
        ) from None


def _records(storage: Storage, source: str) -> dict[str, FileRecord]:
    keys = [entry.key for entry in storage.list(f"{ingested_folder(source)}/files")]
    found = [FileRecord(**storage.read_json(key)) for key in keys]
    return {one.file: one for one in found}


def _record_key(source: str, file: str) -> str:
    return f"{ingested_folder(source)}/files/{hashlib.sha256(file.encode()).hexdigest()[:32]}.json"


def distinct(read: Iterable[FileEvents]) -> tuple[list[FileEvents], list[FileEvents]]:
    """Files with content of their own, and files that are copies of those; by name, the first is the original."""
    originals: dict[str, FileEvents] = {}
    copies: list[FileEvents] = []
    for one in sorted(read, key=lambda one: (one.source, one.file)):
        if one.built.digest in originals:
            copies.append(one)
        else:
            originals[one.built.digest] = one
    return list(originals.values()), copies


def refuse_too_many_rejected(read: Iterable[FileEvents], max_rejected: float) -> None:
    """Raises InputError for files whose share of quarantined rows is above the limit."""
    problems = [problem for one in read if (problem := _rejected(one, max_rejected))]
    if problems:
        shown = problems[:10] + ([f"... and {len(problems) - 10} more files"] if len(problems) > 10 else [])
        raise InputError(
            "Too many rows were quarantined; nothing was published.\n"
            + "\n".join(f"  - {problem}" for problem in shown)
            + "\nMend the file or the mapping, or raise validation.max_rejected. The rows are in <store>/quarantine."
        )


def _rejected(one: FileEvents, max_rejected: float) -> str | None:
    facts = one.built.facts
    bad, read = sum(facts["quarantined"].values()), facts["read"]
    if not read or bad / read <= max_rejected:
        return None
    rules: dict[str, int] = {}
    for counts in facts["rules"].values():
        rules = {name: rules.get(name, 0) + counts.get(name, 0) for name in {*rules, *counts}}
    most = sorted(rules.items(), key=lambda rule: (-rule[1], rule[0]))
    reasons = ", ".join(f"{name}: {rows:,}" for name, rows in most)
    share = f"{bad:,} of {read:,} rows ({bad / read:.2%}, allowed {max_rejected:.2%})"
    return f"source {one.source!r}, file {one.file}: {share}; {reasons}"


def quality(
    originals: Iterable[FileEvents],
    copies: Iterable[FileEvents],
    duplicates: Mapping[str, int],
    months: list[str],
    sources: Iterable[str],
) -> list[dict[str, Any]]:
    """Row accounting of a period, per source: read = accepted + duplicate + filtered + ignored + quarantined."""
    read, again = list(originals), list(copies)
    return [_source_quality(name, read, again, duplicates.get(name, 0), months) for name in sources]


def _source_quality(
    name: str, originals: list[FileEvents], copies: list[FileEvents], duplicates: int, months: list[str]
) -> dict[str, Any]:
    own = [one for one in originals if one.source == name and _touches(one, months)]
    again = [one for one in copies if one.source == name and _touches(one, months)]
    outcomes = ("accepted", "filtered", "ignored", "quarantined")
    rows = {outcome: sum(one.count(outcome, months) for one in own) for outcome in outcomes}
    copied = sum(one.count(outcome, months) for one in again for outcome in outcomes)
    counts = {**rows, "accepted": rows["accepted"] - duplicates, "duplicate": duplicates + copied}
    read = sum(rows.values()) + copied
    if read != sum(counts.values()) or min(counts.values()) < 0:
        raise LifecycleError(f"source {name!r}, {months}: the row accounting does not add up: {read} read, {counts}.")
    return {
        "source": name,
        "files": len(own) + len(again),
        "read": read,
        **counts,
        "rules": _added(one.built.facts["rules"].get(month, {}) for one in own for month in months),
        "unmapped": _added(one.built.facts["unmapped"] for one in own if _main_month(one) in months),
    }


def _touches(one: FileEvents, months: list[str]) -> bool:
    return any(one.count(outcome, months) for outcome in ("accepted", "filtered", "ignored", "quarantined"))


def _main_month(one: FileEvents) -> str:
    """The month of most of a file's rows: where its unmapped event names are told."""
    counts: dict[str, int] = one.built.facts["accepted"] or one.built.facts["ignored"] or {"": 0}
    return min(counts, key=lambda month: (-counts[month], month))


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, rows in one.items():
            total[name] = total.get(name, 0) + rows
    return dict(sorted(total.items()))
