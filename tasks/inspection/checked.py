"""One source of a config and a sample of its files: what every expression yields, and what would stop a run."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from config.errors import UserError
from config.models import Config, Source
from tasks.accounting import expectations, value_found
from tasks.inspection.samples import Sample, ends, lacking, sample, spread
from tasks.intake import mapping_of
from tasks.sources import files
from tasks.sources.expressions import columns_read
from tasks.sources.files import RawFile
from tasks.sources.ingest import refuse_lacking
from tasks.sources.mapping import OUTCOMES
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.tables.duplicates import deduplicated

MOST_HEADERS = 300
FIRST_VALUES = 3
MOST_LETTERS = 28
WHO = ("customer_id", "anonymous_id")


@dataclass(frozen=True)
class Yield:
    """What one expression gives in the accepted rows: its first different values, and how many rows have none.

    `tells_who`: the values are ids of customers, or made of them.
    """

    column: str
    sql: str
    values: tuple[str, ...]
    empty: int
    tells_who: bool


@dataclass(frozen=True)
class Broken:
    """A rule that rows break: how many, the first of them, and what was found there ("" where it would tell who)."""

    rule: str
    rows: int
    file: str
    row: int
    found: str
    expected: str


@dataclass(frozen=True)
class Sampled:
    """A file of which rows were read; `is_whole`: all of them."""

    file: str
    rows: int
    is_whole: bool


@dataclass(frozen=True)
class SourceCheck:
    """What was seen of a source. Counts are of the sampled rows, `duplicates` among its accepted ones.

    `problems` would stop a run, `hints` would not; both are sentences.
    """

    name: str
    uri: str
    files: tuple[RawFile, ...] = ()
    looked_at: int = 0
    sampled: tuple[Sampled, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    months: Mapping[str, int] = field(default_factory=dict)
    unmapped: Mapping[str, int] = field(default_factory=dict)
    yields: tuple[Yield, ...] = ()
    broken: tuple[Broken, ...] = ()
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every row of every file was read."""
        return len(self.sampled) == len(self.files) and all(one.is_whole for one in self.sampled)

    @property
    def read(self) -> int:
        return sum(one.rows for one in self.sampled)


def check(config: Config, position: int, rows: int, staging: Path) -> SourceCheck:
    """Looks at the columns of all files of a source that lie on this machine (of very many: of some), and at the first
    `rows` rows of its first, its middle and its last file.
    """
    mapping = mapping_of(config, position)
    source = mapping.source
    try:
        found = files.find(source, config.base)
    except UserError as error:
        return SourceCheck(source.name, source.uri, problems=(str(error),))
    problems: list[str] = []
    samples: list[Sample] = []
    lacks: dict[str, dict[str, str]] = {}
    chosen = ends(found)
    for file in chosen:
        try:
            samples.append(sample(file, mapping, rows, staging))
            lacks[file.key] = samples[-1].found.lacking
        except UserError as error:
            problems.append(str(error))
    others = [one for one in spread(found, MOST_HEADERS) if one not in chosen and _lies_here(one)]
    for file in others:
        try:
            lacks[file.key] = lacking(file, mapping, staging)
        except UserError as error:
            problems.append(str(error))
    problems += _lacking(source, lacks) + _too_many(config, samples)
    return SourceCheck(
        name=source.name,
        uri=source.uri,
        files=tuple(found),
        looked_at=len(chosen) + len(others),
        problems=tuple(problems),
        **_seen(config, mapping, samples),
    )


def _lies_here(file: RawFile) -> bool:
    """Whether its columns can be looked at without fetching it."""
    return file.name.startswith(str(file.path))


def _lacking(source: Source, lacks: dict[str, dict[str, str]]) -> list[str]:
    try:
        if lacks:
            refuse_lacking(source, lacks)
    except UserError as error:
        return [str(error)]
    return []


def _too_many(config: Config, samples: Iterable[Sample]) -> list[str]:
    limit = config.validation.max_rejected
    told = []
    for one in samples:
        bad = one.totals()["quarantined"]
        if one.read and bad / one.read > limit:
            of = "rows" if one.is_whole else "sampled rows"
            told.append(
                f"file {one.file.key!r}: {bad:,} of {one.read:,} {of} would be quarantined ({bad / one.read:.2%}, "
                f"allowed {limit:.2%}). Mend the file or the mapping, or raise validation.max_rejected."
            )
    return told


def _seen(config: Config, mapping: SourceMapping, samples: Sequence[Sample]) -> dict[str, Any]:
    """What there is to say of the rows that were read."""
    if not samples:
        return {}
    zone = ZoneInfo(config.periods.timezone)
    parts = [events for one in samples if not (events := one.events()).is_empty()]
    accepted = pl.concat(parts) if parts else pl.DataFrame()
    outcomes = _added(one.totals() for one in samples)
    return {
        "sampled": tuple(Sampled(one.file.key, one.read, one.is_whole) for one in samples),
        "outcomes": {name: outcomes[name] for name in OUTCOMES if outcomes[name]},
        "duplicates": deduplicated(accepted.lazy()).duplicates if parts and "event_id" in mapping.source.columns else 0,
        "kinds": _most(_added(one.total("kinds") for one in samples)),
        "months": _months(samples),
        "unmapped": _most(_added(one.found.counts["unmapped"] for one in samples)),
        "yields": tuple(_yields(mapping, accepted, samples[0].columns, zone)) if parts else (),
        "broken": tuple(_broken(config, mapping, samples)),
        "hints": tuple(_hints(config, mapping, samples, outcomes)),
    }


def _months(samples: Iterable[Sample]) -> dict[str, int]:
    """Accepted rows by month."""
    return dict(sorted(_added(one.found.counts["accepted"] for one in samples).items()))


def _yields(mapping: SourceMapping, accepted: pl.DataFrame, columns: Sequence[str], zone: ZoneInfo) -> Iterable[Yield]:
    source = mapping.source
    ids = [source.columns[key] for key in WHO if key in source.columns]
    who = {name for sql in ids for name in columns_read(sql, columns)}
    shown = dict(source.columns) if source.columns.get("kind") else {**source.columns, "kind": "[sources.kinds]"}
    for column in accepted.columns:
        if column in shown:
            values = accepted[column].drop_nulls()
            first = values.unique(maintain_order=True).head(FIRST_VALUES)
            told = tuple(written(value, zone) for value in first)
            is_secret = any(sql in shown[column] for sql in ids) or bool(who & columns_read(shown[column], columns))
            yield Yield(column, shown[column], told, len(accepted) - len(values), is_secret)


def written(value: object, zone: ZoneInfo) -> str:
    """A value as a person reads it; instants in the business zone."""
    match value:
        case datetime():
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            text = " ".join(str(value).split())
            return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def _broken(config: Config, mapping: SourceMapping, samples: Sequence[Sample]) -> Iterable[Broken]:
    expected = expectations(config)
    for rule, rows in _most(_added(one.total("rules") for one in samples)).items():
        first = next(one for one in samples if one.total("rules")[rule])
        row, original = first.quarantined().filter(pl.col("rules").list.contains(rule)).select("row", "original").row(0)
        cell = value_found(mapping.source, rule, json.loads(original)).strip().removeprefix("(").removesuffix(")")
        yield Broken(rule, rows, first.file.key, row, cell, expected[rule].partition(";")[0])


def _hints(
    config: Config, mapping: SourceMapping, samples: Sequence[Sample], outcomes: Mapping[str, int]
) -> Iterable[str]:
    source = mapping.source
    if source.timezone is None and any(one.is_without_zone for one in samples):
        yield (
            f"Its times carry no zone and are taken for {config.periods.timezone}, that of [periods]. "
            'If they are not, say timezone = "…" in the source.'
        )
    if sum(one.read for one in samples) == 0:
        yield "The files that were looked at have no rows."
    elif not outcomes["accepted"]:
        yield "No row that was read becomes an event."
    if outcomes["accepted"] and "event_id" not in source.columns:
        yield "columns.event_id is not mapped: rows that were exported twice count twice, unless whole files are equal."


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for one in counts:
        sums.update(one)
    return sums


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    """The greatest first."""
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
