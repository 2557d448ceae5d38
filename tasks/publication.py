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

from config.errors import DamagedError, StoreError
from schemas.snapshots import TABLES, Snapshot
from tasks import arrivals
from tasks.storage import Storage, canonical_json, sealed
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
    """The newest revision's manifest; None where nothing is published. A lost one is in `latest/` too.

    Raises:
        DamagedError: it is not what was written, and there is no copy of it.
    """
    copy = storage.find_record(f"{latest_folder(period)}/{MANIFEST}")
    newest = max([*revisions(storage, period), copy["revision"] if copy else 0])
    if newest == 0:
        return None
    key = _manifest_key(period, newest)
    found = storage.find_record(key)
    if found is None and copy and copy["revision"] == newest:
        storage.write(key, sealed(copy))
    return found or read_manifest(storage, period, newest)


def read_manifest(storage: Storage, period: str, revision: int) -> dict[str, Any]:
    """Raises DamagedError where it is not what was written."""
    advice = (
        f"Delete it and publish {period} again: the newest revision comes back, with the time of then. An earlier one "
        "is to be restored from a copy of the store."
    )
    content: dict[str, Any] = storage.read_record(_manifest_key(period, revision), advice)
    return content


def _manifest_key(period: str, revision: int) -> str:
    return f"{revision_folder(period, revision)}/{MANIFEST}"


def read_snapshot(storage: Storage, period: str) -> Snapshot | None:
    """The newest revision of a period with its tables."""
    newest = manifest(storage, period)
    return read_revision(storage, period, newest["revision"]) if newest else None


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


def is_whole(storage: Storage, period: str) -> bool:
    """Whether the data files of the newest revision are what its manifest says."""
    newest = manifest(storage, period)
    return newest is not None and _holds(storage, revision_folder(period, newest["revision"]), newest["files"])


def publish(storage: Storage, candidate: Candidate, render: Callable[[Snapshot], Files]) -> Published:
    """Adds a revision if the data files differ from the newest one's; otherwise notes that they were checked, and
    writes those again that are not what they were.
    """
    content = _contents(candidate.files)
    while True:
        newest = manifest(storage, candidate.period)
        if newest is not None and newest["files"] == content:
            _restore(storage, candidate, newest)
            _note_checked(storage, candidate, newest)
            return Published(candidate.period, newest["revision"], is_new=False)
        snapshot = _next_snapshot(storage, candidate, newest, content)
        folder = revision_folder(candidate.period, snapshot.revision)
        for name, data in {**candidate.files, **render(snapshot)}.items():
            storage.write(f"{folder}/{name}", data)
        if storage.create(f"{folder}/{MANIFEST}", sealed(snapshot.manifest)):
            changed = snapshot.manifest["changed"]
            return Published(candidate.period, snapshot.revision, True, len(changed["figures"]) if changed else 0)


def copy_to_latest(storage: Storage, period: str) -> None:
    """Makes `latest/` hold the newest revision, its manifest last; nothing to do where it does already.

    Of two runs that copy at once, the one that ends last looks last, and mends what they mixed.
    """
    while (newest := manifest(storage, period)) is not None and not _is_copied(storage, period, newest):
        source, target = revision_folder(period, newest["revision"]), latest_folder(period)
        files = {name: _read_file(storage, source, name, content) for name, content in newest["files"].items()}
        files |= {name: storage.read(f"{source}/{name}") for name in _names(storage, source) if _is_report(name)}
        for name, data in sorted(files.items()):
            storage.write(f"{target}/{name}", data)
        for name in sorted(set(_names(storage, target)) - files.keys() - {MANIFEST}):
            storage.delete(f"{target}/{name}")
        storage.write(f"{target}/{MANIFEST}", sealed(newest))


def _is_copied(storage: Storage, period: str, newest: Mapping[str, Any]) -> bool:
    folder = latest_folder(period)
    return storage.find_record(f"{folder}/{MANIFEST}") == newest and _holds(storage, folder, newest["files"])


def _holds(storage: Storage, folder: str, contents: Mapping[str, str]) -> bool:
    """Whether a folder has files of these contents."""
    return all(storage.holds(f"{folder}/{name}", content) for name, content in contents.items())


def _is_report(name: str) -> bool:
    return name.startswith("report.") and name != REPORT_RECORD


def _names(storage: Storage, folder: str) -> list[str]:
    return [entry.key.rpartition("/")[2] for entry in storage.list(folder)]


def refresh_reports(storage: Storage, period: str, depends_on: Mapping[str, Any], render: Callable[[], Files]) -> bool:
    """Renders the reports in `latest/` again if what they are made of changed; True if it did."""
    folder = latest_folder(period)
    noted = storage.find_record(_rendered_key(period))
    if noted and noted["digest"] == digest_of(depends_on) and _holds(storage, folder, noted["reports"]):
        return False
    rendered = render()
    for name, data in rendered.items():
        storage.write(f"{folder}/{name}", data)
    for name in _names(storage, folder):
        if _is_report(name) and name not in rendered:
            storage.delete(f"{folder}/{name}")
    note_rendered(storage, period, depends_on)
    return True


def note_rendered(storage: Storage, period: str, depends_on: Mapping[str, Any]) -> None:
    """Remembers what the reports in `latest/` were made of, and what they are."""
    folder = latest_folder(period)
    reports = _contents(
        {name: storage.read(f"{folder}/{name}") for name in _names(storage, folder) if _is_report(name)}
    )
    storage.write(_rendered_key(period), sealed({"digest": digest_of(depends_on), "reports": reports}))


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
    found = pl.read_parquet(io.BytesIO(_read_file(storage, folder, f"{name}.parquet", expected)))
    return found.select(
        col(name) if name in found.columns else pl.lit(None, kind).alias(name) for name, kind in schema.items()
    )


def _read_file(storage: Storage, folder: str, name: str, expected: str) -> bytes:
    """A data file of a revision; where it is damaged, it is written again from its copy in `latest/`.

    Raises:
        DamagedError: neither is what the manifest says.
    """
    period = folder.split("/")[1].removeprefix("period=")
    key, copy = f"{folder}/{name}", f"{latest_folder(period)}/{name}"
    if file := storage.local(key, expected):
        return file.read_bytes()
    whole = storage.local(copy, expected)
    if whole is None:
        raise DamagedError(
            f"{storage.uri}/{key}",
            f"`lifecycle run {period}` writes it again if the figures are the same still; otherwise restore it from a "
            "copy of the store.",
        )
    data = whole.read_bytes()
    storage.write(key, data)
    return data


def _restore(storage: Storage, candidate: Candidate, newest: Mapping[str, Any]) -> None:
    """Writes the data files of a revision again that are not what they were: its candidate has the same."""
    folder = revision_folder(candidate.period, newest["revision"])
    for name, content in newest["files"].items():
        if not storage.holds(f"{folder}/{name}", content):
            storage.write(f"{folder}/{name}", candidate.files[name])


def _checked_key(period: str, built: str) -> str:
    return f"{snapshots_folder(period)}/checked/{built}.json"


def _checked_revision(storage: Storage, period: str, built: str) -> int | None:
    noted = storage.find_record(_checked_key(period, built))
    return int(noted["revision"]) if noted else None


def _note_checked(storage: Storage, candidate: Candidate, newest: Mapping[str, Any]) -> None:
    if newest["built"] != candidate.built:
        note = {"revision": newest["revision"]}
        storage.write(_checked_key(candidate.period, candidate.built), sealed(note))
