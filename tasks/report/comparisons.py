"""One figure against the same figure of an earlier period: by how much it moved, and whether chance explains it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from tasks.clock import Period
from tasks.kpis.record import Derived, Kpi, MeanOfMonths, Total
from tasks.report.formats import COUNTS, SIGNED, in_percent
from tasks.report.significance import counts_differ, estimates_differ

Tone = Literal["better", "worse", "flat", "neutral"]
Against = Literal["previous", "last_year"]
SMALL_SAMPLE = 30
"""Observations below which no change is judged."""


@dataclass(frozen=True)
class Change:
    """Against an earlier period. `amount`: a difference (0.01 = 1 pt) for units in per cent and for points, otherwise
    relative (0.01 = 1 %). `relative` is always the latter; null where the earlier value is 0, or may be below it.
    Tone: `flat` is no more than chance explains, `neutral` is not tested.
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


def change(now: Figure, then: Figure | None, since: Period) -> Change | None:
    """Null where there is nothing fair to compare with."""
    if then is None or not comparable(now) or not comparable(then) or now.value is None or then.value is None:
        return None
    relative = (now.value - then.value) / abs(then.value) if then.value and now.unit not in SIGNED else None
    in_points = in_percent(now.unit) or now.unit == "points"
    difference = (now.value - then.value) / (100 if now.unit == "points" else 1)
    amount = difference if in_points else relative
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
    """The denominator counts observations, but for figures made of others' values."""
    counted = not isinstance(figure.kpi.measure, MeanOfMonths | Derived)
    few = counted and figure.denominator is not None and figure.denominator < SMALL_SAMPLE
    return few or figure.status == "small_sample"


def moved(figure: Figure) -> bool:
    """Since the previous period, by more than chance explains."""
    return figure.previous is not None and figure.previous.tone in {"better", "worse"}


def biggest_moves(figures: Sequence[Figure]) -> dict[Tone, Figure]:
    """The figure that improved most and the one that worsened most since the previous period, relative to its size
    then, among those that moved by more than chance explains.
    """
    moves: dict[Tone, Figure] = {}
    for figure in sorted(figures, key=size_of_move):
        if figure.previous is not None and moved(figure):
            moves[figure.previous.tone] = figure
    return moves


def size_of_move(figure: Figure) -> float:
    """From nothing to something is the largest change of all. What may be below zero counts by its points."""
    if figure.previous is None:
        return 0.0
    if figure.unit in SIGNED:
        return abs(figure.previous.amount)
    return inf if figure.previous.relative is None else abs(figure.previous.relative)
