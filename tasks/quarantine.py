"""The rows that were set aside: how many, where and why; and those of files that are gone, read again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from config.errors import InputError
from config.models import Config
from schemas.contracts import accepted_events, violation
from tasks import accounting, intake
from tasks.dependencies import STEPS
from tasks.intake import FileEvents, FileRecord, Intake
from tasks.sources import replay
from tasks.sources.mapping import OUTCOMES, Mapping
from tasks.storage import Storage
from tasks.store import Built, digest_of, ingested_folder, record, rows


@dataclass(frozen=True)
class Bad:
    """The rows of one source and period that broke one rule. `file`, `row`: the first; `found`: the cell it held, only
    where that tells nothing of who it is; `expected`: what the rule wants.
    """

    source: str
    period: str
    rule: str
    rows: int
    file: str
    row: int
    found: str
    expected: str


def listed(storage: Storage, config: Config, read: Sequence[FileEvents]) -> list[Bad]:
    """Sorted by source, period and rule. A row that broke several rules is listed under each."""
    sources = {source.name: source for source in config.sources}
    expected = accounting.expectations(config)
    found: dict[tuple[str, str, str], Bad] = {}
    for one in sorted(read, key=lambda one: (one.source, one.file)):
        for period, broken in one.built.facts["rules"].items():
            first = accounting.first_rows(storage, one, period)
            for rule, number in broken.items():
                row, original = first[rule]
                cell = accounting.value_found(sources[one.source], rule, original).strip(" ()")
                bad = Bad(one.source, period, rule, 0, one.file, row, cell, expected.get(rule, ""))
                known = found.setdefault((one.source, period, rule), bad)
                found[one.source, period, rule] = replace(known, rows=known.rows + number)
    return [found[key] for key in sorted(found)]


def places(read: Sequence[FileEvents]) -> dict[tuple[str, str], int]:
    """Rows by source and place, `quarantined: <rule>` for each rule; a row that broke several counts under each."""
    found: dict[tuple[str, str], int] = {}
    for one in read:
        facts = one.built.facts
        counts = {"read": facts["read"], **{outcome: sum(facts[outcome].values()) for outcome in OUTCOMES}}
        for broken in facts["rules"].values():
            for rule, number in broken.items():
                counts[f"quarantined: {rule}"] = counts.get(f"quarantined: {rule}", 0) + number
        for place, number in counts.items():
            found[one.source, place] = found.get((one.source, place), 0) + number
    return found


@dataclass(frozen=True)
class Replayed:
    """A file that is gone: how many rows were read again, how many of them are still quarantined, how many accepted
    ones stay as they were mapped.
    """

    source: str
    file: str
    rows: int
    still: int
    stay: int


def replay_gone(storage: Storage, looked: Sequence[Intake]) -> list[Replayed]:
    """Puts the quarantined rows of files that are gone through the present mapping, where that has changed.

    Raises:
        InputError: what holds for all rows of the source has changed, so the accepted ones would not do any more.
        DamagedError: what was made of the file is not whole any more.
    """
    return [_replay(storage, mapping, found) for mapping, found in intake.unmappable(storage, looked)]


def _replay(storage: Storage, mapping: Mapping, found: FileRecord) -> Replayed:
    source = mapping.source.name
    old = intake.of_record(storage, source, found)
    _refuse_other_setting(storage, mapping, found, old)
    depends_on = {"version": [replay.STEP, STEPS["ingest"]], "before": old.digest, "mapping": mapping.depends_on()}
    digest = digest_of({"step": "replay", **depends_on})
    tables = {name: rows(storage, [table]) for name, table in old.tables.items()}
    events, kept = (
        {name.removeprefix(kind): one for name, one in tables.items() if name.startswith(kind)}
        for kind in ("events:", "quarantine:")
    )
    with storage.staging() as staging:
        made = replay.replayed(found.file, events, kept, old.facts, mapping, staging)
        built = Built(digest, intake.adopted(storage, source, digest, made), made.facts)
    record(storage, ingested_folder(source), built)
    intake.note(storage, source, replace(found, mapping=digest_of(mapping.depends_on()), digest=digest))
    before, after = (sum(one.facts["quarantined"].values()) for one in (old, built))
    return Replayed(source, found.path, before, after, sum(old.facts["accepted"].values()))


def _refuse_other_setting(storage: Storage, mapping: Mapping, found: FileRecord, old: Built) -> None:
    """Raises InputError where accepted rows of a gone file are not what they would be now, as far as one can tell."""
    gone = f"source {mapping.source.name!r}: {found.path} is gone, and its accepted rows stay as they were mapped."
    noted = old.facts.get("setting")
    if noted is None:
        raise InputError(f"{gone} An earlier version read it, which did not note enough to replay. Put the file back.")
    if noted != digest_of(mapping.setting):
        raise InputError(
            f"{gone} They would not do any more: time zone, dimensions, currency or exclusions have changed. Put the "
            'file back, undo that change, or give its events up with on_missing = "withdraw".'
        )
    contract = accepted_events(mapping.dimensions, mapping.currency, mapping.csat_scale)
    for name, table in old.tables.items():
        if name.startswith("events:") and violation(rows(storage, [table]), contract):
            raise InputError(f"{gone} Some of them break the rules as they are now. Put the file back, or undo that.")
