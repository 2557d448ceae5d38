"""Snapshots and their revisions: what is published, what changed, and the copies in `latest/`.

`manifest.json` is the commit. It is written last and only if nobody else was first; a revision without one does not
exist, and one that exists never changes. Clock, files and reasons are in the manifest, never in the data files.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from polars import col

from config.errors import StoreError
from schemas.snapshots import TABLES, Snapshot
from tasks import arrivals
from tasks.storage import Storage, canonical_json
from tasks.store import ROWS_PER_GROUP, Built, digest_of, latest_folder, snapshots_folder

MANIFEST = "manifest.json"
REPORT_RECORD = "report.json"
CLAIM = "claim.json"
"""Written first, create-only: the hashes of the data files that a revision is for. Nobody else writes beside it."""
STEP = 2
"""Version of what is put together here: raised when the same parts would give other data files."""
Files = Mapping[str, bytes]
Reason = dict[str, Any]
"""`cause` and the `name` it concerns: file, config key, step, KPI or source. For events see `arrivals.differences`."""


@dataclass(frozen=True)
class Candidate:
    """A snapshot that may become a revision. `built`: digest of the inputs; `files`: the data files' bytes."""

    period: str
    built: str
    tables: Mapping[str, pl.DataFrame]
    files: Files
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Published:
    """What came of publishing: `is_new` where a revision was added, `changed` the figures that differ from before."""

    period: str
    revision: int
    is_new: bool
    changed: int = 0


def built_digest(parts: Sequence[Built]) -> str:
    """Digest of everything a snapshot is put together from."""
    return digest_of({"version": STEP, "parts": [part.digest for part in parts]})


def parquet_bytes(table: pl.DataFrame) -> bytes:
    """The same bytes for the same rows."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", compression_level=1, row_group_size=ROWS_PER_GROUP)
    return buffer.getvalue()


def revisions(storage: Storage, period: str) -> list[int]:
    """The committed revisions of a period, ascending."""
    keys = [entry.key.split("/") for entry in storage.list(snapshots_folder(period))]
    return sorted(int(parts[-2].removeprefix("revision=")) for parts in keys if parts[-1] == MANIFEST)


def published_periods(storage: Storage) -> list[str]:
    """Every period with a committed revision, sorted by name."""
    keys = [entry.key.split("/") for entry in storage.list("snapshots")]
    return sorted({parts[1].removeprefix("period=") for parts in keys if parts[-1] == MANIFEST})


def revision_folder(period: str, revision: int) -> str:
    return f"{snapshots_folder(period)}/revision={revision:04d}"


def manifest(storage: Storage, period: str) -> dict[str, Any] | None:
    """The newest revision's manifest; None where nothing is published."""
    found = revisions(storage, period)
    return read_manifest(storage, period, found[-1]) if found else None


def read_manifest(storage: Storage, period: str, revision: int) -> dict[str, Any]:
    content: dict[str, Any] = storage.read_json(f"{revision_folder(period, revision)}/{MANIFEST}")
    return content


def read_snapshot(storage: Storage, period: str) -> Snapshot | None:
    """The newest revision of a period with its tables."""
    found = revisions(storage, period)
    return read_revision(storage, period, found[-1]) if found else None


def read_revision(storage: Storage, period: str, revision: int) -> Snapshot:
    """A committed revision with its tables."""
    folder = revision_folder(period, revision)
    content = read_manifest(storage, period, revision)
    tables = {name: _read_table(storage, folder, name, content["files"].get(f"{name}.parquet")) for name in TABLES}
    return Snapshot(period, revision, content, **tables)


def is_current(storage: Storage, period: str, built: str) -> bool:
    """Whether the newest revision was made, or checked to be equal to what is made, from these inputs."""
    newest = manifest(storage, period)
    if newest is None:
        return False
    return bool(built == newest["built"]) or _checked_revision(storage, period, built) == newest["revision"]


def publish(storage: Storage, candidate: Candidate, render: Callable[[Snapshot], Files]) -> Published:
    """Adds a revision if the data files differ from the newest one's; otherwise notes that they were checked."""
    content = _contents(candidate.files)
    while True:
        newest = manifest(storage, candidate.period)
        if newest is not None and newest["files"] == content:
            _note_checked(storage, candidate, newest)
            return Published(candidate.period, newest["revision"], is_new=False)
        snapshot = _next_snapshot(storage, candidate, newest, content)
        folder = revision_folder(candidate.period, snapshot.revision)
        for name, data in {**candidate.files, **render(snapshot)}.items():
            storage.write(f"{folder}/{name}", data)
        if storage.create(f"{folder}/{MANIFEST}", canonical_json(snapshot.manifest)):
            changed = snapshot.manifest["changed"]
            return Published(candidate.period, snapshot.revision, True, len(changed["figures"]) if changed else 0)


def copy_to_latest(storage: Storage, period: str) -> None:
    """Makes `latest/` hold the newest revision, its manifest last; nothing to do where it does already."""
    newest = manifest(storage, period)
    if newest is None or _is_copied(storage, period, newest):
        return
    source, target = revision_folder(period, newest["revision"]), latest_folder(period)
    copied = {*newest["files"], *(name for name in _names(storage, source) if name.startswith("report."))}
    for name in sorted(copied):
        storage.write(f"{target}/{name}", storage.read(f"{source}/{name}"))
    storage.write(f"{target}/{MANIFEST}", storage.read(f"{source}/{MANIFEST}"))
    for name in set(_names(storage, target)) - copied - {MANIFEST}:
        storage.delete(f"{target}/{name}")


def _is_copied(storage: Storage, period: str, newest: Mapping[str, Any]) -> bool:
    """Whether `latest/` has the manifest and, as two runs may have copied at once, the data files it names."""
    folder = latest_folder(period)
    names = _names(storage, folder)
    if not {MANIFEST, *newest["files"]} <= set(names) or storage.read_json(f"{folder}/{MANIFEST}") != newest:
        return False
    return bool(_contents({name: storage.read(f"{folder}/{name}") for name in newest["files"]}) == newest["files"])


def _names(storage: Storage, folder: str) -> list[str]:
    return [entry.key.rpartition("/")[2] for entry in storage.list(folder)]


def refresh_reports(storage: Storage, period: str, depends_on: Mapping[str, Any], render: Callable[[], Files]) -> bool:
    """Renders the reports in `latest/` again if what they are made of changed; True if it did."""
    key = _rendered_key(period)
    if storage.exists(key) and storage.read_json(key)["digest"] == digest_of(depends_on):
        return False
    rendered = render()
    for name, data in rendered.items():
        storage.write(f"{latest_folder(period)}/{name}", data)
    for name in _names(storage, latest_folder(period)):
        if name.startswith("report.") and name not in {*rendered, REPORT_RECORD}:
            storage.delete(f"{latest_folder(period)}/{name}")
    note_rendered(storage, period, depends_on)
    return True


def note_rendered(storage: Storage, period: str, depends_on: Mapping[str, Any]) -> None:
    """Remembers what the reports in `latest/` were made of."""
    storage.write(_rendered_key(period), canonical_json({"digest": digest_of(depends_on)}))


def _rendered_key(period: str) -> str:
    return f"{latest_folder(period)}/{REPORT_RECORD}"


def changed_figures(old: pl.DataFrame, new: pl.DataFrame) -> list[dict[str, Any]]:
    """Every figure whose value differs, whole first: kpi, segment, level, old, new (null: there was or is none)."""
    key = ["kpi", "segment", "level"]
    both = old.select(*key, old="value").join(new.select(*key, new="value"), on=key, how="full", coalesce=True)
    differing = both.filter(pl.col("old").ne_missing(pl.col("new")))
    return differing.sort(pl.col("segment") != "all", *key).to_dicts()


def _next_snapshot(
    storage: Storage, candidate: Candidate, newest: Mapping[str, Any] | None, content: Mapping[str, str]
) -> Snapshot:
    revision = _claimed_revision(storage, candidate.period, newest, content)
    full = {
        **candidate.manifest,
        "period": candidate.period,
        "revision": revision,
        "built": candidate.built,
        "files": content,
        "digest": digest_of(content),
        "changed": _changed(storage, candidate, newest, content),
    }
    return Snapshot(candidate.period, revision, full, **candidate.tables)


def _claimed_revision(
    storage: Storage, period: str, newest: Mapping[str, Any] | None, content: Mapping[str, str]
) -> int:
    """The first number after the newest revision that no run has claimed for other bytes.

    A run that died with the same bytes has claimed it for us; one with others may still be writing there.
    """
    revision = 1 if newest is None else newest["revision"] + 1
    while not storage.create(f"{revision_folder(period, revision)}/{CLAIM}", canonical_json(content)):
        revision += 1
    return revision


def _changed(
    storage: Storage, candidate: Candidate, newest: Mapping[str, Any] | None, content: Mapping[str, str]
) -> dict[str, Any] | None:
    if newest is None:
        return None
    before = read_snapshot(storage, candidate.period)
    if before is None:
        raise StoreError(f"{candidate.period}: the revision {newest['revision']} vanished while it was compared.")
    return {
        "from_revision": newest["revision"],
        "because": reasons(newest, candidate.manifest),
        "figures": changed_figures(before.kpis, candidate.tables["kpis"]),
        "tables": [name for name in TABLES if newest["files"].get(f"{name}.parquet") != content[f"{name}.parquet"]],
    }


def reasons(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Reason]:
    """Why two snapshots of a period may differ: files, their events and those of earlier months, config keys, steps,
    definitions, how many figures are new.
    """
    before, after = old["definitions"], new["definitions"]
    added = len(after.keys() - before.keys())
    keys, steps = _differing(old["config"], new["config"]), _differing(old["steps"], new["steps"])
    found: list[Reason] = [
        *_differing_files(old["inputs"], new["inputs"]),
        *arrivals.differences(old, new, alone=not keys and not steps),
        *({"cause": "config", "name": key} for key in keys),
        *({"cause": "step", "name": key} for key in steps),
        *({"cause": "definition", "name": key} for key in _differing(before, after) if key in before),
        *([{"cause": "figures_added", "name": str(added)}] if added else []),
    ]
    return found or [{"cause": "earlier", "name": ""}]


def _differing_files(old: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]]) -> list[Reason]:
    """By content: a file that was renamed, or came once more under another name, makes no difference."""
    before, after = ({(one["source"], one["content"]): one["file"] for one in files} for files in (old, new))
    gone = {f"{key[0]}/{before[key]}" for key in before.keys() - after.keys()}
    came = {f"{key[0]}/{after[key]}" for key in after.keys() - before.keys()}
    causes = {
        "file_added": sorted(came - gone),
        "file_gone": sorted(gone - came),
        "file_replaced": sorted(came & gone),
    }
    return [{"cause": cause, "name": file} for cause, files in causes.items() for file in files]


def _differing(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> list[Any]:
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _contents(files: Files) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}


def _read_table(storage: Storage, folder: str, name: str, expected: str | None) -> pl.DataFrame:
    """With the columns of today: what an earlier version did not publish is null, a table it did not have empty."""
    schema = TABLES[name]
    if expected is None:
        return pl.DataFrame(schema=dict(schema))
    key = f"{folder}/{name}.parquet"
    data = storage.read(key)
    if hashlib.sha256(data).hexdigest() != expected:
        raise StoreError(f"{storage.uri}/{key} is not what its manifest says. Restore it from a copy of the store.")
    found = pl.read_parquet(io.BytesIO(data))
    return found.select(
        col(name) if name in found.columns else pl.lit(None, kind).alias(name) for name, kind in schema.items()
    )


def _checked_key(period: str, built: str) -> str:
    return f"{snapshots_folder(period)}/checked/{built}.json"


def _checked_revision(storage: Storage, period: str, built: str) -> int | None:
    key = _checked_key(period, built)
    return int(storage.read_json(key)["revision"]) if storage.exists(key) else None


def _note_checked(storage: Storage, candidate: Candidate, newest: Mapping[str, Any]) -> None:
    if newest["built"] != candidate.built:
        note = {"revision": newest["revision"]}
        storage.write(_checked_key(candidate.period, candidate.built), canonical_json(note))
