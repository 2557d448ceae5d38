"""What the report compares, as plain data: snapshots → figures, changes, trends. No language, no markup."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import zip_longest
from typing import Any

import polars as pl

from schemas.snapshots import Snapshot
from tasks.clock import Grain, Period
from tasks.kpis import BY_NAME, CATALOGUE
from tasks.kpis.record import Fact, Kpi, Section
from tasks.report.comparisons import Against, Figure, change, comparable

SECTIONS: tuple[Section, ...] = ("acquisition", "activation", "engagement", "retention", "revenue", "satisfaction")
TREND = 13
"""Periods a trend shows, the reported one included."""
MOST_TILES = 8


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
        tagged = [figure for figure in self.figures.values() if is_headline(figure.kpi) and figure.value is not None]
        ranked = sorted(tagged, key=lambda figure: figure.kpi.name != self.first_of_revenue)
        by_section = ([figure for figure in ranked if figure.kpi.section == section] for section in SECTIONS)
        in_turn = [figure for turn in zip_longest(*by_section) for figure in turn if figure is not None]
        kept = {figure.kpi.name for figure in in_turn[:MOST_TILES]}
        return tuple(figure for figure in tagged if figure.kpi.name in kept)

    @property
    def first_of_revenue(self) -> str:
        """Who is judged by subscriptions looks at their amounts first."""
        return "mrr" if self.manifest.get("churn_basis") == "subscription" else "revenue"

    @property
    def dimensions(self) -> Sequence[str]:
        return tuple(self.manifest.get("dimensions", ()))

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
        without_activation = [kpi for kpi in own if "activation" in self._lacking([kpi])]
        groups = (without_activation, [kpi for kpi in own if kpi not in without_activation])
        return [(self._lacking(kpis), kpis) for kpis in groups if kpis]

    def _lacking(self, kpis: Sequence[Kpi]) -> tuple[Fact, ...]:
        measured = (figure.kpi for figure in self.figures.values() if figure.status != "missing_input")
        provided = {fact for kpi in measured for fact in kpi.needs}
        provided |= _FOLLOW_FROM_SALES if provided & {"purchase", "subscribe"} else set()
        return tuple(dict.fromkeys(fact for kpi in kpis for fact in kpi.needs if fact not in provided))


_FOLLOW_FROM_SALES: frozenset[Fact] = frozenset({"base_revenue", "conversion", "customer"})
"""Facts that purchases or subscriptions provide, where no figure was measured with them alone."""


def statuses(figures: Sequence[Figure]) -> list[str]:
    """The statuses worth a remark, commonest first."""
    counts = Counter(figure.status for figure in figures if figure.status not in {"ok", "missing_input"})
    return [status for status, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def is_headline(kpi: Kpi) -> bool:
    return "headline" in kpi.tags


def _wholes(kpis: pl.DataFrame) -> dict[str, dict[str, Any]]:
    whole = kpis.filter((pl.col("segment") == "all") & (pl.col("level") == "all"))
    columns = ("value", "low", "high", "numerator", "denominator", "unit", "status")
    return {row["kpi"]: {name: row[name] for name in columns} for row in whole.iter_rows(named=True)}
