"""The headline shares by the levels of each dimension. Groups of few customers are not told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.kpis.record import Kpi, Section, Share
from tasks.report.comparisons import SMALL_SAMPLE
from tasks.report.figures import History, is_headline

MOST_LEVELS = 8
SMALLEST_GROUP = 5
"""Groups with fewer customers are not told apart: their value would be about persons."""


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


def segments(section: Section, history: History) -> list[Segment]:
    """The section's headline shares by every dimension; of satisfaction, where it has none, all shares."""
    shares = [
        figure.kpi
        for figure in history.section(section)
        if isinstance(figure.kpi.measure, Share) and figure.value is not None
    ]
    chosen = [kpi for kpi in shares if is_headline(kpi)] or (shares if section == "satisfaction" else [])
    found = (_segment(history.snapshot.kpis, kpi, dimension) for kpi in chosen for dimension in history.dimensions)
    return [segment for segment in found if segment.levels]


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
