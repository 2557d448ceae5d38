"""The company's own notes: what happened when, numbered, for the trends they fall into."""

from dataclasses import dataclass
from typing import get_args

from config.errors import PeriodError
from tasks.clock import Grain, Period
from tasks.report.formats import clean
from tasks.report.report import Report


@dataclass(frozen=True)
class Event:
    """`place`: of its period on the trends' axis."""

    number: int
    place: int
    period: str
    text: str


def events(report: Report) -> tuple[Event, ...]:
    """In the order of time; a note for a longer period than the report's stands at its beginning."""
    periods = report.history.trend_periods
    found = [(note, period) for note in report.presentation.notes if (period := _parsed(note.period)) is not None]
    dated = [(Period.containing(period.first, report.grain), period, note.text) for note, period in found]
    within = sorted((one for one in dated if one[0] in periods), key=lambda one: (one[1].first, one[1].end))
    return tuple(
        Event(number, periods.index(shown), report.formats.period(period), clean(text))
        for number, (shown, period, text) in enumerate(within, start=1)
    )


def _parsed(text: str) -> Period | None:
    """Whichever length it has; the config has checked its form."""
    for grain in get_args(Grain):
        try:
            return Period.parse(text, grain)
        except PeriodError:
            continue
    return None
