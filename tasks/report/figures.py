"""What the report compares, as plain data: snapshots → figures, changes, trends, segments. No language, no markup."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from math import inf
from typing import Any, Literal

import polars as pl

from schemas.snapshots import Snapshot
from tasks.clock import Grain, Period
from tasks.kpis import BY_NAME, CATALOGUE
from tasks.kpis.record import Fact, Kpi, Section, Share, Total
from tasks.report.formats import COUNTS, in_percent
from tasks.report.significance import counts_differ, estimates_differ

Tone = Literal["better", "worse", "flat", "neutral"]
Against = Literal["previous", "last_year"]
SECTIONS: tuple[Section, ...] = ("acquisition", "activation", "engagement", "retention", "revenue")
TREND = 13
"""Periods a trend shows, the reported one included."""
MOST_TILES = 8
MOST_LEVELS = 8
SMALLEST_GROUP = 5
"""Groups with fewer customers are not told apart: their value would be about persons."""
SMALL_SAMPLE = 30
"""Observations below which no change is judged."""


@dataclass(frozen=True)
class Change:
    """Against an earlier period. `amount` is a difference of shares (0.01 = 1 pt) for units in per cent, otherwise
    relative (0.01 = 1 %); `relative` is always the latter, null where the earlier value is 0. Tone: `flat` is no more
    than chance explains, `neutral` is not tested.
    """

    since: Period
    old: float
    amount: float
    relative: float | None
    in_points: bool
    tone: Tone


@dataclass(frozen=True)
class Figure:
    """One KPI of the whole company in one period. Null value: see status. `low`, `high`: 95 % interval."""

    kpi: Kpi
    unit: str
    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    status: str
    previous: Change | None = None
    last_year: Change | None = None


@dataclass(frozen=True)
class Level:
    """One group of a dimension; `value` is null where the group is too small to be shown (`withheld`), the interval
    where it is too small to be judged (`small`).
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    customers: float
    withheld: bool
    small: bool


@dataclass(frozen=True)
class Segment:
    """A share by the levels of one dimension, the largest first; `left_out`: how many smaller ones exist."""

    kpi: Kpi
    dimension: str
    levels: tuple[Level, ...]
    left_out: int


class History:
    """Read access to the snapshots behind one report. The last one is the period reported."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        if not snapshots:
            raise ValueError("a report needs at least one snapshot; got none.")
        self.snapshot = snapshots[-1]
        self.manifest: Mapping[str, Any] = self.snapshot.manifest
        self.grain: Grain = self.manifest.get("grain", "month")
        self.period = Period.parse(self.snapshot.period, self.grain)
        self.is_first = len(snapshots) == 1
        self._wholes = {snapshot.period: _wholes(snapshot.kpis) for snapshot in snapshots}
        self._first = min(Period.parse(snapshot.period, self.grain) for snapshot in snapshots)

    def figure(self, name: str, period: Period | None = None) -> Figure | None:
        """A KPI of the whole company; null where that period is not published or does not hold it."""
        row = self._wholes.get(str(period or self.period), {}).get(name)
        kpi = BY_NAME.get(name)
        return None if row is None or kpi is None else Figure(kpi=kpi, **row)

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """The reported period's KPIs in the order of the catalogue, with their changes."""
        found = (self.figure(kpi.name) for kpi in CATALOGUE)
        return {figure.kpi.name: self._compared(figure) for figure in found if figure is not None}

    def _compared(self, figure: Figure) -> Figure:
        changes = {
            name: change(figure, self.figure(figure.kpi.name, period), period)
            for name, period in self.compared_with.items()
        }
        return replace(figure, previous=changes.get("previous"), last_year=changes.get("last_year"))

    @cached_property
    def compared_with(self) -> Mapping[Against, Period]:
        """The earlier periods that are published; the same period a year earlier only if it is not the previous one."""
        periods: dict[Against, Period] = {"previous": self.period.shift(-1)}
        if self.period.a_year_earlier != periods["previous"]:
            periods["last_year"] = self.period.a_year_earlier
        return {name: period for name, period in periods.items() if self.has(period)}

    def has(self, period: Period) -> bool:
        return str(period) in self._wholes

    @cached_property
    def trend_periods(self) -> tuple[Period, ...]:
        """Up to thirteen consecutive periods, from the first that is known to the one reported."""
        first = max(self._first, self.period.shift(1 - TREND))
        return tuple(first.until(self.period))

    def trend(self, name: str) -> list[Figure | None]:
        """One entry per trend period. Null: not published, no value, or distorted by the start of the data."""
        found = (self.figure(name, period) for period in self.trend_periods)
        return [figure if figure is not None and comparable(figure) else None for figure in found]

    @cached_property
    def headline(self) -> tuple[Figure, ...]:
        """At most eight, in the order of the catalogue. Where there are more, every section keeps its first ones."""
        tagged = [figure for figure in self.figures.values() if _is_headline(figure) and figure.value is not None]
        by_section = ([figure for figure in tagged if figure.kpi.section == section] for section in SECTIONS)
        in_turn = [figure for turn in zip_longest(*by_section) for figure in turn if figure is not None]
        kept = {figure.kpi.name for figure in in_turn[:MOST_TILES]}
        return tuple(figure for figure in tagged if figure.kpi.name in kept)

    def section(self, section: Section) -> list[Figure]:
        """Its figures that some source can provide."""
        return [
            figure
            for figure in self.figures.values()
            if figure.kpi.section == section and figure.status != "missing_input"
        ]

    def missing(self, section: Section) -> list[tuple[tuple[Fact, ...], list[Kpi]]]:
        """Its figures that no source can provide, with the facts they lack; those that lack activation apart.

        The snapshot does not say which fact is lacking. One that another figure was measured with is there.
        """
        missing = [figure.kpi for figure in self.figures.values() if figure.status == "missing_input"]
        own = [kpi for kpi in missing if kpi.section == section]
        without_activation = [kpi for kpi in own if "activation" in kpi.needs]
        groups = (without_activation, [kpi for kpi in own if kpi not in without_activation])
        return [(self._lacking(kpis), kpis) for kpis in groups if kpis]

    def _lacking(self, kpis: Sequence[Kpi]) -> tuple[Fact, ...]:
        measured = (figure.kpi for figure in self.figures.values() if figure.status != "missing_input")
        provided = {fact for kpi in measured for fact in kpi.needs}
        return tuple(dict.fromkeys(fact for kpi in kpis for fact in kpi.needs if fact not in provided))

    def segments(self, section: Section) -> list[Segment]:
        """The section's headline shares by every dimension."""
        shares = [
            figure
            for figure in self.section(section)
            if _is_headline(figure) and isinstance(figure.kpi.measure, Share) and figure.value is not None
        ]
        found = (
            _segment(self.snapshot.kpis, figure.kpi, dimension)
            for figure in shares
            for dimension in self.manifest.get("dimensions", ())
        )
        return [segment for segment in found if segment.levels]


def change(now: Figure, then: Figure | None, since: Period) -> Change | None:
    """Null where there is nothing fair to compare with."""
    if then is None or not comparable(now) or not comparable(then) or now.value is None or then.value is None:
        return None
    relative = (now.value - then.value) / abs(then.value) if then.value else None
    in_points = in_percent(now.unit)
    amount = now.value - then.value if in_points else relative
    if amount is None:
        return None
    return Change(since, then.value, amount, relative, in_points, _tone(now, then))


def comparable(figure: Figure) -> bool:
    """It has a value, and one that the start of the data does not distort."""
    return figure.value is not None and figure.status != "history_starts"


def _tone(now: Figure, then: Figure) -> Tone:
    differs = _differs(now, then)
    if differs is None or now.kpi.better == "neither":
        return "neutral"
    if not differs:
        return "flat"
    rose = (now.value or 0.0) > (then.value or 0.0)
    return "better" if rose == (now.kpi.better == "up") else "worse"


def _differs(now: Figure, then: Figure) -> bool | None:
    """By more than chance explains; null where that cannot be told: total amounts, small samples."""
    if now.value is None or then.value is None or _is_small(now) or _is_small(then):
        return None
    if isinstance(now.kpi.measure, Total):
        return counts_differ(now.value, then.value) if now.unit in COUNTS else None
    if now.low is None or now.high is None or then.low is None or then.high is None:
        return None
    return estimates_differ((now.value, now.low, now.high), (then.value, then.low, then.high))


def _is_small(figure: Figure) -> bool:
    few = figure.denominator is not None and figure.denominator < SMALL_SAMPLE
    return few or figure.status == "small_sample"


def biggest_moves(figures: Sequence[Figure]) -> dict[Tone, Figure]:
    """The figure that improved most and the one that worsened most since the previous period, relative to its size
    then, among those that moved by more than chance explains.
    """
    moves: dict[Tone, Figure] = {}
    for figure in sorted(figures, key=_size):
        if figure.previous is not None and figure.previous.tone in {"better", "worse"}:
            moves[figure.previous.tone] = figure
    return moves


def _size(figure: Figure) -> float:
    """From nothing to something is the largest change of all."""
    if figure.previous is None:
        return 0.0
    return inf if figure.previous.relative is None else abs(figure.previous.relative)


def statuses(figures: Sequence[Figure]) -> list[str]:
    """The statuses worth a remark, commonest first."""
    counts = Counter(figure.status for figure in figures if figure.status not in {"ok", "missing_input"})
    return [status for status, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _is_headline(figure: Figure) -> bool:
    return "headline" in figure.kpi.tags


def _wholes(kpis: pl.DataFrame) -> dict[str, dict[str, Any]]:
    whole = kpis.filter((pl.col("segment") == "all") & (pl.col("level") == "all"))
    columns = ("value", "low", "high", "numerator", "denominator", "unit", "status")
    return {row["kpi"]: {name: row[name] for name in columns} for row in whole.iter_rows(named=True)}


def _segment(kpis: pl.DataFrame, kpi: Kpi, dimension: str) -> Segment:
    rows = kpis.filter(
        (pl.col("kpi") == kpi.name) & (pl.col("segment") == dimension) & (pl.col("denominator") > 0)
    ).sort("denominator", "level", descending=[True, False])
    levels = tuple(_level(row) for row in rows.head(MOST_LEVELS).iter_rows(named=True))
    return Segment(kpi, dimension, levels, max(rows.height - MOST_LEVELS, 0))


def _level(row: Mapping[str, Any]) -> Level:
    withheld, small = row["denominator"] < SMALLEST_GROUP, row["denominator"] < SMALL_SAMPLE
    value = None if withheld else row["value"]
    low, high = (None, None) if small else (row["low"], row["high"])
    return Level(row["level"], value, low, high, row["denominator"], withheld, small)
