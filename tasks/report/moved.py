"""Why a share moved: what each group's own rate and its growing or shrinking add to the change of the whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from tasks.kpis.record import Share
from tasks.report.comparisons import Figure, moved, size_of_move
from tasks.report.figures import History
from tasks.report.segments import SMALLEST_GROUP

MOST_EXPLAINED = 3
MOST_EFFECTS = 7
"""Groups named in a table; the others stand together in one line."""
DIGITS = 4
"""Effects are told in hundredths of a point."""
MIRRORED = {"retention_rate": "churn_rate"}
"""Always 1 − the other: explained once."""


@dataclass(frozen=True)
class Effect:
    """One group, or several together: `other` ones beyond the largest, `small` ones of fewer than five customers.

    Shares and values are null for several. `rate` and `mix` are rounded so that they add up as written.
    """

    level: str
    kind: str
    share_before: float | None
    share_now: float | None
    value_before: float | None
    value_now: float | None
    rate: float
    mix: float

    @property
    def total(self) -> float:
        return self.rate + self.mix


@dataclass(frozen=True)
class Explanation:
    """Of one dimension: the effects, the largest first; their sum is `change`. `leading`: the group whose own rate did
    most in the direction of the change; null where that is none of those named.
    """

    figure: Figure
    dimension: str
    effects: tuple[Effect, ...]
    change: float
    leading: Effect | None


def explained(history: History) -> list[tuple[Figure, list[Explanation]]]:
    """The shares that moved most since the previous period by more than chance, with an explanation a dimension."""
    shares = [figure for figure in history.figures.values() if isinstance(figure.kpi.measure, Share) and moved(figure)]
    names = {figure.kpi.name for figure in shares}
    once = [figure for figure in shares if MIRRORED.get(figure.kpi.name) not in names]
    found = ((figure, explanations(figure, history)) for figure in sorted(once, key=size_of_move, reverse=True))
    return [(figure, own) for figure, own in found if own][:MOST_EXPLAINED]


def explanations(figure: Figure, history: History) -> list[Explanation]:
    """Of one share of the whole, a dimension each; empty where there is nothing to explain it by."""
    rows = history.snapshot.contributions.filter(pl.col("kpi") == figure.kpi.name).drop_nulls(["mix", "rate"])
    found = (_explanation(figure, name, rows.filter(pl.col("segment") == name), history) for name in history.dimensions)
    return [explanation for explanation in found if explanation is not None]


def _explanation(figure: Figure, dimension: str, rows: pl.DataFrame, history: History) -> Explanation | None:
    """Null where the effects do not add up to the change: the previous period was revised since."""
    if figure.previous is None or figure.value is None or rows.height < 2:
        return None
    change = figure.value - figure.previous.old
    told_change = sum(rows["rate"].to_list()) + sum(rows["mix"].to_list())
    if abs(told_change - change) > 0.5 * 10**-DIGITS:
        return None
    then = history.figure(figure.kpi.name, history.period.shift(-1))
    effects = _effects(rows, then.denominator if then else None, figure.denominator)
    rounded = rounded_to_sum([part for effect in effects for part in (effect.rate, effect.mix)], change, DIGITS)
    told = [_rounded(effect, *rounded[2 * place : 2 * place + 2]) for place, effect in enumerate(effects)]
    total = round(sum(rounded), DIGITS)
    named = [effect for effect in told if effect.kind == "level" and effect.rate * change > 0]
    leading = max(named, key=lambda effect: abs(effect.rate), default=None)
    return Explanation(figure, dimension, tuple(told), total, leading)


def _effects(rows: pl.DataFrame, before: float | None, now: float | None) -> list[Effect]:
    named: list[Effect] = []
    small: list[Effect] = []
    for row in rows.drop("period", "kpi", "segment").sort("level").iter_rows(named=True):
        effect = Effect(kind="level", **row)
        (small if _is_small(effect, before, now) else named).append(effect)
    named.sort(key=lambda effect: (-round(abs(effect.rate) + abs(effect.mix), 9), effect.level))
    cut = MOST_EFFECTS if len(named) > MOST_EFFECTS + 1 else len(named)
    return [*named[:cut], *_together(named[cut:], "other"), *_together(small, "small")]


def _is_small(effect: Effect, before: float | None, now: float | None) -> bool:
    sizes = ((effect.share_before or 0.0) * (before or 0.0), (effect.share_now or 0.0) * (now or 0.0))
    return any(0 < round(size) < SMALLEST_GROUP for size in sizes)


def _together(effects: Sequence[Effect], kind: str) -> Iterator[Effect]:
    if effects:
        rate, mix = (sum(getattr(effect, part) for effect in effects) for part in ("rate", "mix"))
        yield Effect("", kind, None, None, None, None, rate, mix)


def _rounded(effect: Effect, rate: float, mix: float) -> Effect:
    values = (effect.share_before, effect.share_now, effect.value_before, effect.value_now)
    return Effect(effect.level, effect.kind, *values, rate, mix)


def rounded_to_sum(parts: Sequence[float], total: float, digits: int) -> list[float]:
    """Each part rounded, up or down, so that together they are the rounded total; the nearest are moved."""
    unit = Decimal(1).scaleb(-digits)
    exact = [Decimal(repr(part)) / unit for part in parts]
    floors = [part.to_integral_value(rounding="ROUND_FLOOR") for part in exact]
    wanted = (Decimal(repr(total)) / unit).to_integral_value(rounding=ROUND_HALF_UP) - sum(floors)
    order = sorted(range(len(parts)), key=lambda place: floors[place] - exact[place])
    raised = set(order[: max(int(wanted), 0)])
    return [float((floor + (place in raised)) * unit) for place, floor in enumerate(floors)]
