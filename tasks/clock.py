"""Periods, days and durations in the business time zone: the only place that knows calendars.

Periods are half-open, `[start, end)`. Instants are UTC inside; local time exists only to decide a day, a period
or the end of a calendar duration. Nothing here reads the present time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from config.errors import PeriodError

Grain = Literal["month", "quarter", "year"]
MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "year": 12}
_FORMS: dict[Grain, re.Pattern[str]] = {
    "month": re.compile(r"^([0-9]{4})-(0[1-9]|1[0-2])$"),
    "quarter": re.compile(r"^([0-9]{4})-Q([1-4])$"),
    "year": re.compile(r"^([0-9]{4})$"),
}
EXAMPLES: dict[Grain, str] = {"month": "2025-01", "quarter": "2025-Q1", "year": "2025"}
_CALENDAR_MONTHS = {"mo": 1, "q": 3, "y": 12}
_CALENDAR_DAYS = {"d": 1, "w": 7}


@dataclass(frozen=True, order=True)
class Period:
    """A month, quarter or year; `first` is its first local day. Ordered by time within one grain."""

    first: date
    grain: Grain = "month"

    @classmethod
    def parse(cls, text: str, grain: Grain = "month") -> "Period":
        """`2025-01`, `2025-Q1` or `2025`, whichever the grain asks for."""
        found = _FORMS[grain].match(text.strip())
        if not found or not 1000 <= int(found[1]) < 9998:
            raise PeriodError(f"{text!r} is not a {grain}. Expected the form {EXAMPLES[grain]!r}.")
        position = 1 if grain == "year" else int(found[2])
        return cls(date(int(found[1]), (position - 1) * MONTHS[grain] + 1, 1), grain)

    @classmethod
    def containing(cls, day: date, grain: Grain = "month") -> "Period":
        length = MONTHS[grain]
        return cls(date(day.year, (day.month - 1) // length * length + 1, 1), grain)

    def __str__(self) -> str:
        match self.grain:
            case "month":
                return f"{self.first:%Y-%m}"
            case "quarter":
                return f"{self.first.year:04d}-Q{(self.first.month + 2) // 3}"
            case "year":
                return f"{self.first.year:04d}"

    def shift(self, periods: int) -> "Period":
        """The period that many periods later; earlier where negative."""
        return Period(_add_months(self.first, periods * MONTHS[self.grain]), self.grain)

    @property
    def end(self) -> date:
        """The first local day after the period."""
        return self.shift(1).first

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def index(self) -> int:
        """Periods of its grain since the year 0: year × 12 + month − 1 for a month."""
        return (self.first.year * 12 + self.first.month - 1) // MONTHS[self.grain]

    @property
    def a_year_earlier(self) -> "Period":
        return Period(_add_months(self.first, -12), self.grain)

    def months(self) -> list["Period"]:
        """The months it consists of, in order."""
        start = Period(self.first)
        return [start.shift(number) for number in range(MONTHS[self.grain])]

    def until(self, last: "Period") -> Iterator["Period"]:
        """This period and all after it up to and with `last`."""
        current = self
        while current <= last:
            yield current
            current = current.shift(1)


def start_of(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC, also where a clock change skips midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def before(day: date, duration: str, zone: str) -> datetime:
    """The instant one calendar duration before a local day begins."""
    number, unit = split_duration(duration)
    if unit in _CALENDAR_MONTHS:
        return start_of(_add_months(day, -number * _CALENDAR_MONTHS[unit]), zone)
    if unit in _CALENDAR_DAYS:
        return start_of(day - timedelta(days=number * _CALENDAR_DAYS[unit]), zone)
    return start_of(day, zone) - timedelta(hours=number)


def after(instant: pl.Expr, duration: str, zone: str) -> pl.Expr:
    """The instants one duration later by the local calendar; hours are elapsed time.

    A local time that a clock change skips becomes the instant an hour later; one that occurs twice, the first.
    """
    return _moved(instant, duration, zone, "")


def earlier(instant: pl.Expr, duration: str, zone: str) -> pl.Expr:
    """The instants one duration earlier; see `after`."""
    return _moved(instant, duration, zone, "-")


def _moved(instant: pl.Expr, duration: str, zone: str, sign: str) -> pl.Expr:
    if duration.endswith("h"):
        return instant.dt.offset_by(f"{sign}{duration}")
    local = instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return as_instant(local.dt.offset_by(f"{sign}{duration}"), zone)


def as_instant(local: pl.Expr, zone: str) -> pl.Expr:
    """Naive local times → UTC instants; skipped times move an hour on, repeated ones are the first of the two.

    Where a whole day is skipped (Apia, 30 December 2011), its times move a day on.
    """
    candidates = (
        value.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        for value in (local, local.dt.offset_by("1h"), local.dt.offset_by("24h"))
    )
    return pl.coalesce(*candidates).dt.convert_time_zone("UTC")


def split_duration(duration: str) -> tuple[int, str]:
    """`14d` → (14, "d"). The config has checked the form."""
    digits = duration.rstrip("hdwmoqy")
    return int(digits), duration[len(digits) :]


def last_complete(moment: datetime, zone: str, grain: Grain) -> Period:
    """The last period that was over at `moment`."""
    return Period.containing(moment.astimezone(ZoneInfo(zone)).date(), grain).shift(-1)


def _add_months(day: date, months: int) -> date:
    """Calendar months later; the day is cut to the length of the month."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)
