"""One raw file → event parts, quarantine parts and counts: the passes over the file, and nothing else.

Every row ends in exactly one place, and the counts say which. Duplicates are resolved later, in reduce.
"""

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import LifecycleError
from config.models import Source
from schemas.contracts import accepted_events, violation
from schemas.events import QUARANTINED as QUARANTINE_SCHEMA
from schemas.events import event_schema, rule_names
from tasks.sources import profile
from tasks.sources.formats import open_raw
from tasks.sources.json_text import decoded_beside
from tasks.sources.mapping import ACCEPTED, IGNORED, OUTCOMES, QUARANTINED, Mapping, Plan, judged, period_of, plan
from tasks.sources.opened import Opened, Place, Unread, reason
from tasks.sources.paths import is_covered
from tasks.store import ROWS_PER_GROUP, digest_of

UNDATED = "undated"
UNMAPPED_NAMES = 50
ROW, ORIGINAL = "=row", "=original"

CALENDAR = ((date.min - date(1970, 1, 1)).days + 1, (date.max - date(1970, 1, 1)).days - 1)
"""The days since 1970 that have a date of four-digit year, in any zone."""
UNITS_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}

Tally = dict[str, Any]
"""One group of rows: month, outcome, broken, kind, and their number `len`."""


@dataclass(frozen=True)
class Part:
    """One Parquet file in staging: the rows of one calendar month of the business zone (or "undated")."""

    period: str
    rows: int
    file: Path


@dataclass(frozen=True)
class Ingested:
    """What a raw file gave. Parts are sorted by period; rows keep the order of the file. `profile`: see that module.

    `lacking` is what the mapping reads and the file has not, so that it is null; each with a sentence for the user.
    """

    parts: tuple[Part, ...]
    quarantined: tuple[Part, ...]
    counts: dict[str, Any]
    lacking: dict[str, str]
    profile: dict[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """What is remembered of the file beside its parts."""
        lacking = {"lacking": self.lacking} if self.lacking else {}
        return {**self.counts, **self.profile, **lacking}


def ingest(raw: Path, label: str, mapping: Mapping, staging: Path) -> Ingested:
    """Reads one raw file. `label` is its name in messages and in the quarantine; the parts go below `staging`.

    The same bytes, label and mapping give the same bytes.
    """
    place = Place(mapping.source.name, label)
    folder = Path(tempfile.mkdtemp(dir=staging))
    opened = open_raw(raw, label, mapping.source, folder)
    bound = plan(opened, mapping, place)
    with _computing(place):
        opened = replace(opened, frame=decoded_beside(opened.frame, bound.inner.decoded, folder))
        rows = judged(opened.rows(), bound)
        tallies, names = _tally(rows, mapping)
        _write_accepted(rows, mapping, folder / "events")
        read = opened.rows().select(pl.len()).collect().item() + len(opened.unread)
        counts = {"read": read, **_counts(tallies, opened.unread, bound), "unmapped": _unmapped(names)}
        if counts["quarantined"]:
            _write_quarantined(opened, bound, place, _main_period(tallies), folder / "quarantine")
    parts, quarantined = _parts(folder / "events"), _parts(folder / "quarantine")
    _check_accounts(counts, parts, quarantined, place)
    _check_contract(parts, mapping, place)
    found = _profile(opened, bound, parts, counts, names, _main_period(tallies))
    return Ingested(parts, quarantined, counts, bound.inner.lacking, found)


def refuse_lacking(source: Source, lacking: dict[str, dict[str, str]]) -> None:
    """Raises InputError for what the mapping reads and no file of a source has. `lacking` is that of each file."""
    first, *others = sorted(lacking)
    for name, sentence in lacking[first].items():
        if not is_covered(name, source.optional) and all(name in lacking[file] for file in others):
            rest = f" Nor has any other of its {len(lacking)} files." if others else ""
            raise Place(source.name, first).error(sentence + rest)


@contextmanager
def _computing(place: Place) -> Iterator[None]:
    """What Polars says about damaged pages, or values an expression cannot take, becomes an error for its user."""
    try:
        yield
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError) as error:
        raise place.error(f"cannot be read to its end ({reason(error)}).") from None


def _tally(rows: pl.LazyFrame, mapping: Mapping) -> tuple[list[Tally], pl.DataFrame]:
    """The groups of all rows, and the event names that `kinds` does not know: period, event_name, len.

    A pass of its own over the few columns that decide: in one pass with the sink, the engine would keep the whole
    file in memory for whichever of the two is slower.
    """
    groups = rows.group_by("month", "outcome", "broken", pl.col("kind").cast(pl.String)).agg(pl.len())
    names = (
        rows.filter(pl.col("outcome") == IGNORED)
        .group_by(period_of(pl.col("month")).alias("period"), "event_name")
        .agg(pl.len())
    )
    if not mapping.source.kinds:
        return groups.collect(engine="streaming").to_dicts(), names.clear().collect()
    counted, unmapped = pl.collect_all([groups, names], engine="streaming")
    return counted.to_dicts(), unmapped


def _unmapped(names: pl.DataFrame) -> dict[str, int]:
    """The most frequent event names without a mapping."""
    total = names.group_by("event_name").agg(pl.col("len").sum())
    return dict(total.sort(["len", "event_name"], descending=[True, False]).head(UNMAPPED_NAMES).iter_rows())


def _profile(
    opened: Opened, bound: Plan, parts: Sequence[Part], counts: dict[str, Any], names: pl.DataFrame, main: str
) -> dict[str, Any]:
    found = {part.period: profile.nulls(part.file, bound.bound, counts["kinds"][part.period]) for part in parts}
    return {
        "columns": profile.columns(opened.schema),
        "nulls": found,
        "names": profile.names(names, main),
        "setting": digest_of(bound.mapping.setting),
    }


def _write_accepted(rows: pl.LazyFrame, mapping: Mapping, folder: Path) -> None:
    accepted = rows.filter(pl.col("outcome") == ACCEPTED).select(*event_schema(mapping.dimensions), "month")
    _sink(accepted, "month", folder)


def _sink(frame: pl.LazyFrame, key: str, folder: Path) -> None:
    """One file per value of `key`, with row groups of one size: else the cuts depend on how the rows arrive."""
    by_key = pl.PartitionBy(folder, key=key, include_key=False, approximate_bytes_per_file=None)
    frame.sink_parquet(
        by_key,
        compression="zstd",
        compression_level=1,
        row_group_size=ROWS_PER_GROUP,
        mkdir=True,
        engine="streaming",
    )


def _write_quarantined(opened: Opened, bound: Plan, place: Place, main: str, folder: Path) -> None:
    """A second pass, only for files with bad rows: these with their original values. Undated ones go to `main`."""
    raw = opened.numbered(ROW).with_columns(pl.struct(_jsonable(opened.schema)).alias(ORIGINAL))
    rows = (
        judged(raw, bound, keep=(ROW, ORIGINAL))
        .filter(pl.col("outcome") == QUARANTINED)
        .select(
            pl.lit(place.source).alias("source"),
            pl.lit(place.file).alias("file"),
            pl.col(ROW).alias("row"),
            rule_names(pl.col("broken"), bound.rules),
            pl.col(ORIGINAL).struct.json_encode().alias("original"),
            "occurred_at",
            period_of(pl.col("month")).fill_null(main).alias("period"),
        )
    )
    if opened.unread:
        rows = pl.concat([rows, _unread(opened.unread, place, main)]).sort("row")
    _sink(rows, "period", folder)


def _unread(entries: Sequence[Unread], place: Place, main: str) -> pl.LazyFrame:
    schema = {**QUARANTINE_SCHEMA, "period": pl.String()}
    rows = [
        (
            place.source,
            place.file,
            entry.row,
            [entry.rule],
            json.dumps({"line": entry.text}, ensure_ascii=False),
            None,
            main,
        )
        for entry in entries
    ]
    return pl.LazyFrame(rows, schema=schema, orient="row")


def _jsonable(schema: pl.Schema) -> list[pl.Expr]:
    """The raw columns as Polars can write them as JSON."""
    return [_as_json_can(pl.col(name), kind).alias(name) for name, kind in schema.items()]


def _as_json_can(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Bytes as hexadecimal digits, where they are nested only a mark; years beyond the calendar as plain numbers."""
    if isinstance(kind, pl.Binary):
        return value.bin.encode("hex")
    if "Binary" in str(kind):
        return pl.lit("(binary)")
    if isinstance(kind, pl.Date | pl.Datetime):
        a_day = 1 if isinstance(kind, pl.Date) else UNITS_PER_DAY[kind.time_unit]
        days = value.to_physical() // a_day
        written = pl.when(days.is_between(*CALENDAR)).then(value).dt.to_string("iso")
        return pl.coalesce(written, value.to_physical().cast(pl.String))
    return value


def _counts(tallies: Sequence[Tally], unread: Sequence[Unread], bound: Plan) -> dict[str, Any]:
    """Rows by period and outcome, broken rules, and kinds of accepted rows."""
    main = _main_period(tallies)
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in OUTCOMES}
    broken, kinds = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for tally in tallies:
        period, outcome, number = _period(tally) or main, OUTCOMES[tally["outcome"]], tally["len"]
        outcomes[outcome][period] += number
        if tally["outcome"] == ACCEPTED:
            kinds[period][tally["kind"]] += number
        if tally["outcome"] == QUARANTINED:
            names = [rule.name for bit, rule in enumerate(bound.rules) if tally["broken"] >> bit & 1]
            broken[period].update(dict.fromkeys(names, number))
    for entry in unread:
        outcomes[OUTCOMES[QUARANTINED]][main] += 1
        broken[main][entry.rule] += 1
    return {
        **{name: _sorted(found) for name, found in outcomes.items()},
        "rules": {period: _sorted(found) for period, found in sorted(broken.items())},
        "kinds": {period: _sorted(found) for period, found in sorted(kinds.items())},
    }


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))


def _main_period(tallies: Sequence[Tally]) -> str:
    """The period rows without an instant count for: most accepted rows, else most dated rows; ties the earliest."""
    for wanted in ({ACCEPTED}, set(range(len(OUTCOMES)))):
        rows: Counter[str] = Counter()
        for tally in tallies:
            if (period := _period(tally)) and tally["outcome"] in wanted:
                rows[period] += tally["len"]
        if rows:
            return min(rows, key=lambda period: (-rows[period], period))
    return UNDATED


def _period(tally: Tally) -> str | None:
    month = tally["month"]
    return None if month is None else f"{month // 100:04d}-{month % 100:02d}"


def _parts(folder: Path) -> tuple[Part, ...]:
    """What a sink wrote: `month=202501/…` or `period=2025-01/…`, one file each."""
    parts = []
    for file in sorted(folder.glob("*/*.parquet")):
        key = file.parent.name.partition("=")[2]
        period = f"{key[:4]}-{key[4:]}" if key.isdigit() else key
        parts.append(
            Part(period, pl.scan_parquet(file, hive_partitioning=False).select(pl.len()).collect().item(), file)
        )
    return tuple(parts)


def _check_accounts(counts: dict[str, Any], parts: Sequence[Part], quarantined: Sequence[Part], place: Place) -> None:
    """Rows read = accepted + filtered + ignored + quarantined, and the parts hold what was counted."""
    total = sum(sum(counts[name].values()) for name in OUTCOMES)
    if counts["read"] != total:
        raise LifecycleError(f"{place}: {counts['read']} rows were read, but {total} are accounted for. This is a bug.")
    for name, written in (("accepted", parts), ("quarantined", quarantined)):
        rows = {part.period: part.rows for part in written}
        if rows != counts[name]:
            raise LifecycleError(f"{place}: {name} rows counted {counts[name]}, written {rows}. This is a bug.")


def _check_contract(parts: Sequence[Part], mapping: Mapping, place: Place) -> None:
    contract = accepted_events(mapping.dimensions, mapping.currency, mapping.csat_scale)
    for part in parts:
        broken = violation(pl.scan_parquet(part.file, glob=False, hive_partitioning=False), contract)
        if broken:
            raise LifecycleError(f"{place}: the events of {part.period} break their contract. This is a bug. {broken}")
