"""One figure as written: a tile, or a line of a section's table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.clock import Grain
from tasks.kpis import BY_NAME
from tasks.kpis.record import Derived, MeanOfMonths, Quantile, Total
from tasks.report.comparisons import Against, Change, Figure
from tasks.report.figures import History
from tasks.report.formats import NOTHING, Formats, in_percent
from tasks.report.judged import Badge, badges
from tasks.report.presentation import Presentation

ARROWS = {True: "▲", False: "▼"}
OF_AMOUNTS = frozenset(
    {
        "dso",
        "existing_customer_revenue_growth",
        "gross_revenue_retention",
        "net_revenue_retention",
        "revenue_churn_rate",
    }
)
"""Quotients of two amounts of money."""


@dataclass(frozen=True)
class Move:
    """A change as written. `tone` and `meaning` (the tone in words) are empty where there is no comparison."""

    text: str
    arrow: str = ""
    tone: str = ""
    meaning: str = ""
    since: str = ""


@dataclass(frozen=True)
class Row:
    name: str
    number: int
    label: str
    value: str
    interval: str
    changes: tuple[Move, ...]
    based_on: str
    badges: tuple[Badge, ...]


@dataclass(frozen=True)
class Writer:
    """What every row is written with. `against`: the earlier periods that have a column; `numbers`: the footnotes'."""

    history: History
    presentation: Presentation
    formats: Formats
    against: Sequence[Against]
    numbers: Mapping[str, int]

    def row(self, figure: Figure, *, tile: bool = False) -> Row:
        formats = self.formats
        write = formats.headline if tile else formats.value
        return Row(
            name=figure.kpi.name,
            number=self.numbers[figure.kpi.name],
            label=formats.text(figure.kpi.label),
            value=write(figure.value, figure.unit),
            interval=formats.interval(figure.low, figure.high, figure.unit),
            changes=tuple(_move(getattr(figure, name), formats) for name in self.against),
            based_on=based_on(figure, self.history, formats),
            badges=badges(figure, self.presentation, self.history.grain, formats),
        )


def _move(change: Change | None, formats: Formats) -> Move:
    if change is None:
        return Move(NOTHING)
    write = formats.points if change.in_points else formats.relative
    text = write(change.amount)
    since = formats.say("versus", name=formats.short(change.since))
    if not any(sign in "123456789" for sign in text):
        return Move(text, "=", "flat", formats.t["unchanged"], since)
    return Move(text, ARROWS[change.amount > 0], change.tone, formats.t.get(change.tone, ""), since)


def based_on(figure: Figure, history: History, formats: Formats) -> str:
    """`part of whole` for shares and ratios, the count behind means and medians, nothing for totals."""
    part, whole, measure = figure.numerator, figure.denominator, figure.kpi.measure
    if whole is None or isinstance(measure, Total):
        return NOTHING
    if part is None or isinstance(measure, Quantile):
        return formats.number(whole)
    currency = history.manifest.get("currency", "")
    if figure.unit == "growth":
        return formats.value(whole, currency)
    if isinstance(measure, Derived):
        units = _unit(measure.numerator, currency), _unit(measure.denominator, currency)
        return _quotient((part, units[0]), (whole, units[1]), formats)
    if figure.kpi.name in OF_AMOUNTS:
        return _quotient((part, currency), (whole, currency), formats)
    return _counted(figure, part, whole, history.grain, formats)


def _counted(figure: Figure, part: float, whole: float, grain: Grain, formats: Formats) -> str:
    if isinstance(figure.kpi.measure, MeanOfMonths) and grain != "month":
        return formats.say("of_months", number=formats.number(whole))
    if in_percent(figure.unit):
        return formats.say("part_of", part=formats.number(part), whole=formats.number(whole))
    if figure.unit == "points":
        return formats.say("of_answers", number=formats.number(whole))
    return formats.number(whole)


def _unit(names: Sequence[str], currency: str) -> str:
    unit = BY_NAME[names[0]].unit
    return currency if unit == "currency" else unit


def _quotient(part: tuple[float, str], whole: tuple[float, str], formats: Formats) -> str:
    return formats.say("quotient", part=formats.value(*part), whole=formats.value(*whole))
