"""How the records of what happened get disordered on their way into the files, in known numbers.

Here: late rows, rows sent twice, rows nobody asked for, and broken rows, each counted. Rows are only moved or added:
every true event stays readable in some file. Not here: what happened, and how a row is written (`files`).

A delivered row carries, beside the columns of its file: `wall` (the true wall time), `month` (of the instant), `file`
(number of the month whose file it is in), `outcome` (one of OUTCOMES), `flaw` (what is wrong with it) and `late`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.timeline import DAY, HOUR, SECOND, Ints, Timeline, between, durations, utc_midnight

OUTCOMES = ("accepted", "duplicate", "filtered", "ignored", "quarantined")

ID_DIGITS = 8
"""An id is a letter and that many digits."""

LATE_SHARE, LATE_BY_TWO_MONTHS = 0.006, 0.30
TWICE_SHARE, TWICE_IN_NEXT_FILE, TWICE_RECEIVED_LATER = 0.005, 0.40, 0.50
BROKEN_SHARE = 0.004
BROKEN_FROM_ROWS = 200
"""Files with fewer rows have no broken ones: a single one would be too large a share of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """A kind of surplus row: a copy of a good one, under a new id, with some columns changed."""

    outcome: str
    name: str
    change: Mapping[str, pl.Expr]
    share: float = 0.0
    """Of the file's good rows; broken rows share BROKEN_SHARE between them instead."""


@dataclass(frozen=True, slots=True)
class FileCounts:
    """The rows of one file: read = accepted + duplicate + filtered + ignored + quarantined."""

    path: str
    """Relative to the folder of the simulation. A file that would be empty does not exist."""
    read: int
    accepted: int
    duplicate: int
    """Surplus copies; the copy that arrives first, or in the earlier file, is the accepted one."""
    filtered: int
    ignored: int
    quarantined: int
    late: int
    """Of the accepted: events of an earlier month."""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """The rows of one source."""

    files: Mapping[str, FileCounts]
    """By month of the file."""
    duplicates: Mapping[str, int]
    """Surplus copies by month of the instant."""
    quarantined_by_flaw: Mapping[str, int]
    """Broken rows by what is wrong with them."""


def delivered(
    rng: np.random.Generator, time: Timeline, good: pl.DataFrame, key: str, flaws: tuple[Flaw, ...]
) -> pl.DataFrame:
    """The good rows (columns of the file, and `wall`) and all that comes with them, in order of file and arrival."""
    orderly = in_order(time, good)
    sent = _with_delays(rng, time, orderly)
    parts = [sent, _sent_twice(rng, time, sent), *_surplus(rng, time, orderly, key, flaws)]
    arrival = "received_at" if "received_at" in good.columns else "wall"
    return pl.concat(parts).sort("file", arrival, key, "outcome")


def in_order(time: Timeline, good: pl.DataFrame) -> pl.DataFrame:
    """The good rows alone, each in the file of its month."""
    month = time.month_of(good["wall"].to_numpy())
    return good.with_columns(
        month=month,
        file=month,
        outcome=pl.lit("accepted"),
        flaw=pl.lit(None, pl.String),
        late=pl.lit(value=False),
    )


def source_counts(rows: pl.DataFrame, time: Timeline, paths: tuple[str, ...]) -> SourceCounts:
    """What the files of a source hold; `paths` are those of the monthly files."""
    copies = rows.filter(pl.col("outcome") == "duplicate")["month"].to_numpy()
    broken = rows.filter(pl.col("outcome") == "quarantined").group_by("flaw").len().sort("flaw")
    return SourceCounts(
        files=_file_counts(rows, time, paths),
        duplicates=dict(zip(time.names, np.bincount(copies, minlength=time.months).tolist(), strict=True)),
        quarantined_by_flaw=dict(broken.iter_rows()),
    )


def _file_counts(rows: pl.DataFrame, time: Timeline, paths: tuple[str, ...]) -> dict[str, FileCounts]:
    counted = rows.group_by("file").agg(
        pl.len().alias("read"),
        pl.col("late").filter(pl.col("outcome") == "accepted").sum().alias("late"),
        *((pl.col("outcome") == outcome).sum().alias(outcome) for outcome in OUTCOMES),
    )
    by_file = {int(row.pop("file")): row for row in counted.to_dicts()}
    empty = dict.fromkeys(("read", "late", *OUTCOMES), 0)
    return {name: FileCounts(paths[month], **by_file.get(month, empty)) for month, name in enumerate(time.names)}


def _with_delays(rng: np.random.Generator, time: Timeline, rows: pl.DataFrame) -> pl.DataFrame:
    """Some rows miss their month's file and come with one of the next two, if there is one."""
    month = rows["month"].to_numpy()
    chosen, _ = _pick(rng, month, _share_of(month, time, LATE_SHARE))
    lag = np.where(rng.random(len(chosen)) < LATE_BY_TWO_MONTHS, 2, 1)
    file = month.copy()
    file[chosen] += np.where(month[chosen] + lag < time.months, lag, 0)
    late = file != month
    moved = rows.with_columns(file=file, late=late)
    if "received_at" not in rows.columns:
        return moved
    starts = pl.Series([utc_midnight(int(day)) for day in time.first_days], dtype=pl.Datetime("us", "UTC"))
    arrived = starts.gather(file) + durations(between(rng, HOUR, 20 * DAY, len(rows)))
    return moved.with_columns(received_at=pl.when(pl.col("late")).then(arrived).otherwise("received_at"))


def _sent_twice(rng: np.random.Generator, time: Timeline, rows: pl.DataFrame) -> pl.DataFrame:
    """Copies with the same id, in the same file or the next, some of them received later than the original."""
    files = rows["file"].to_numpy()
    chosen, _ = _pick(rng, files, _share_of(files, time, TWICE_SHARE))
    next_file = (rng.random(len(chosen)) < TWICE_IN_NEXT_FILE).astype(np.int64)
    copies = rows[chosen].with_columns(
        file=np.minimum(files[chosen] + next_file, time.months - 1), outcome=pl.lit("duplicate")
    )
    if "received_at" not in rows.columns:
        return copies
    resent = (rng.random(len(chosen)) < TWICE_RECEIVED_LATER) * between(rng, SECOND, 2 * DAY, len(chosen))
    return copies.with_columns(received_at=pl.col("received_at") + durations(resent))


def _surplus(
    rng: np.random.Generator, time: Timeline, rows: pl.DataFrame, key: str, flaws: tuple[Flaw, ...]
) -> list[pl.DataFrame]:
    """Rows to be filtered, ignored or quarantined."""
    month = rows["month"].to_numpy()
    parts = [
        _flawed(rows[_pick(rng, month, _share_of(month, time, flaw.share))[0]], flaw) for flaw in flaws if flaw.share
    ]
    broken = [flaw for flaw in flaws if flaw.outcome == "quarantined"]
    if broken:
        chosen, rank = _pick(rng, month, _broken_counts(month, time))
        # Rules take turns, starting with another one each month, so that small files see all of them in time.
        turn = (rank + month[chosen]) % len(broken)
        parts += [_flawed(rows[chosen[turn == position]], flaw) for position, flaw in enumerate(broken)]
    ends = np.cumsum([len(part) for part in parts]) + len(rows)
    return [_renumbered(part, key, int(end) - len(part)) for part, end in zip(parts, ends, strict=True)]


def _flawed(rows: pl.DataFrame, flaw: Flaw) -> pl.DataFrame:
    return rows.with_columns(
        **{column: change.cast(rows.schema[column]) for column, change in flaw.change.items()},
        outcome=pl.lit(flaw.outcome),
        flaw=pl.lit(flaw.name),
    )


def _renumbered(rows: pl.DataFrame, key: str, first: int) -> pl.DataFrame:
    """New ids that continue those of the good rows."""
    numbers = pl.Series(np.arange(first + 1, first + 1 + len(rows))).cast(pl.String).str.zfill(ID_DIGITS)
    return rows.with_columns((pl.col(key).str.slice(0, 1) + numbers).alias(key))


def _share_of(group: Ints, time: Timeline, share: float) -> Ints:
    """That share of each month's rows, rounded."""
    counts: Ints = np.rint(np.bincount(group, minlength=time.months) * share).astype(np.int64)
    return counts


def _broken_counts(month: Ints, time: Timeline) -> Ints:
    rows = np.bincount(month, minlength=time.months)
    counts: Ints = np.maximum((rows * BROKEN_SHARE).astype(np.int64), rows >= BROKEN_FROM_ROWS)
    return counts


def _pick(rng: np.random.Generator, group: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Positions of that many random members of each group, and the rank of each within its group."""
    order = np.lexsort((rng.random(len(group)), group))
    firsts = np.searchsorted(group[order], np.arange(len(counts)))
    rank = np.arange(len(group)) - firsts[group[order]]
    taken = rank < counts[group[order]]
    return order[taken].astype(np.int64), rank[taken]
