"""The quarantined rows of a file that is gone, put through the mapping as it is now: their original values were kept.

Its accepted rows stay as they were mapped; of those and of filtered and ignored ones no originals are kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import LifecycleError
from schemas.events import QUARANTINED, UNREAD
from tasks.sources.ingest import Ingested, Part, ingest
from tasks.sources.mapping import OUTCOMES
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.store import ROWS_PER_GROUP

STEP = 1
"""Version of the replay: raised whenever the same rows and mapping would give other parts or counts."""
LINE = "=line"
SCHEMA: dict[str, pl.DataType] = {**QUARANTINED, "period": pl.String()}
ADDED = ("accepted", "filtered", "ignored", "unmapped")
ADDED_BY_PERIOD = ("kinds", "names")


def replayed(
    file: str,
    events: Mapping[str, pl.LazyFrame],
    kept: Mapping[str, pl.LazyFrame],
    facts: Mapping[str, Any],
    mapping: SourceMapping,
    staging: Path,
) -> Ingested:
    """A file as it stands once its quarantined rows were read again.

    `events` and `kept`: its accepted and its quarantined rows, by period; `facts`: what is remembered of it. Rows that
    could not be split into columns stay quarantined, and so do those without an instant in their period.
    """
    rows = pl.concat([pl.DataFrame(schema=SCHEMA), *_collected(kept)]).sort("file", "row")
    is_unread = pl.col("rules").list.eval(pl.element().is_in(list(UNREAD))).list.any()
    readable = rows.filter(~is_unread).with_row_index(LINE, offset=1)
    made = _read_again(file, readable, mapping, staging) if readable.height else None
    bad = pl.concat([rows.filter(is_unread), *([_still_bad(made, readable)] if made else [])]).sort("file", "row")
    counts = _counts(facts, made, bad)
    parts = _written({period: [frame] for period, frame in events.items()}, made, staging)
    quarantined = _by_period(bad, staging)
    _check_accounts(counts, parts, quarantined, file)
    profile = {key: facts[key] for key in ("columns", "setting")} | {key: counts.pop(key) for key in ("nulls", "names")}
    return Ingested(parts, quarantined, counts, facts.get("lacking", {}), profile)


def _collected(kept: Mapping[str, pl.LazyFrame]) -> list[pl.DataFrame]:
    return [frame.collect().with_columns(pl.lit(period).alias("period")) for period, frame in sorted(kept.items())]


def _read_again(file: str, rows: pl.DataFrame, mapping: SourceMapping, staging: Path) -> Ingested:
    """The rows as lines of JSON, which they were kept as; elements of a list are rows of their own already."""
    raw = staging / "again.ndjson"
    raw.write_text("".join(f"{original}\n" for original in rows["original"]), encoding="utf-8")
    source = mapping.source.model_copy(update={"format": "ndjson", "rows": None})
    return ingest(raw, f"{file} (quarantined rows)", replace(mapping, source=source), staging)


def _still_bad(made: Ingested, readable: pl.DataFrame) -> pl.DataFrame:
    """The rows that are quarantined again, with the place they were first read at."""
    again = [
        pl.read_parquet(part.file, hive_partitioning=False).select(
            pl.col("row").alias(LINE), "rules", "occurred_at", pl.lit(part.period).alias("now")
        )
        for part in made.quarantined
    ]
    if not again:
        return pl.DataFrame(schema=SCHEMA)
    known = readable.select(pl.col(LINE).cast(pl.Int64), "source", "file", "row", "original", "period")
    period = pl.when(pl.col("occurred_at").is_null()).then("period").otherwise("now").alias("period")
    return pl.concat(again).join(known, on=LINE).with_columns(period).select(*SCHEMA)


def _counts(facts: Mapping[str, Any], made: Ingested | None, bad: pl.DataFrame) -> dict[str, Any]:
    new = made.facts if made else {}
    rules = bad.explode("rules").group_by("period", "rules").agg(pl.len()).sort("period", "rules")
    broken: dict[str, dict[str, int]] = {}
    for period, rule, number in rules.iter_rows():
        broken.setdefault(period, {})[rule] = number
    quarantined = dict(bad.group_by("period").agg(pl.len()).sort("period").iter_rows())
    added = {key: _added([facts[key], new.get(key, {})]) for key in ADDED}
    by_period = {key: _added_below([facts[key], new.get(key, {})]) for key in ADDED_BY_PERIOD}
    nulls = [facts["nulls"], new.get("nulls", {})]
    periods = sorted({period for one in nulls for period in one})
    empty = {period: _added_below(one.get(period, {}) for one in nulls) for period in periods}
    return {
        "read": facts["read"],
        **added,
        "quarantined": quarantined,
        "rules": broken,
        **by_period,
        "nulls": empty,
    }


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))


def _added_below(counts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    found = list(counts)
    keys = sorted({key for one in found for key in one})
    return {key: _added(one.get(key, {}) for one in found) for key in keys}


def _written(events: Mapping[str, list[pl.LazyFrame]], made: Ingested | None, staging: Path) -> tuple[Part, ...]:
    """The accepted rows of each period, those of before first."""
    frames = dict(events)
    for part in made.parts if made else ():
        new = pl.scan_parquet(part.file, glob=False, hive_partitioning=False)
        frames[part.period] = [*frames.get(part.period, []), new]
    return tuple(_part("events", period, pl.concat(frames[period]), staging) for period in sorted(frames))


def _by_period(bad: pl.DataFrame, staging: Path) -> tuple[Part, ...]:
    periods = bad["period"].unique().sort()
    return tuple(
        _part("quarantine", period, bad.lazy().filter(pl.col("period") == period).drop("period"), staging)
        for period in periods
    )


def _part(name: str, period: str, frame: pl.LazyFrame, staging: Path) -> Part:
    file = staging / f"{name}-{period}.parquet"
    frame.sink_parquet(file, compression="zstd", compression_level=1, row_group_size=ROWS_PER_GROUP, engine="streaming")
    rows = pl.scan_parquet(file, glob=False, hive_partitioning=False).select(pl.len()).collect().item()
    return Part(period, rows, file)


def _check_accounts(counts: Mapping[str, Any], parts: Iterable[Part], quarantined: Iterable[Part], file: str) -> None:
    """As many rows as were read, and the parts hold what was counted."""
    total = sum(sum(counts[outcome].values()) for outcome in OUTCOMES)
    written = {"accepted": parts, "quarantined": quarantined}
    differing = [name for name, own in written.items() if {one.period: one.rows for one in own} != counts[name]]
    if total != counts["read"] or differing:
        raise LifecycleError(f"{file}: {counts['read']} rows were read, but {total} are accounted for. This is a bug.")
