"""The demo's time line: wall-clock milliseconds, days and months of the business time zone.

Here: turning wall times into months, days and UTC instants, and drawing believable times of day. Not here: what
happens at those times (`company`, `traffic`), nor how a system writes an instant down (`files`).

A *wall time* is the number of milliseconds a clock on the wall in Paris has moved on from 2024-01-01 00:00. No session
starts between 01:15 and 04:00 and none lasts longer than 45 minutes, so no wall time falls in the hour that a change
of clocks skips or repeats: every wall time is exactly one instant, and their order is that of the instants.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ZONE = "Europe/Paris"
START = date(2024, 1, 1)
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = np.iinfo(np.int64).max
"""A wall time after every other."""

# Share of sessions that start in each hour of the day; from 01:15 to 04:00 everybody sleeps (see above).
HOURLY = (6, 2, 0, 0, 1, 3, 10, 24, 45, 62, 66, 60, 48, 52, 60, 62, 60, 56, 52, 50, 50, 44, 30, 16)


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The months the simulation covers."""

    names: tuple[str, ...]
    """"2024-01", ..."""
    first_days: Ints
    """Days from START to the first day of each month, and at the end the day after the last month."""

    @property
    def months(self) -> int:
        """How many months there are."""
        return len(self.names)

    @property
    def end(self) -> int:
        """The wall time at which the simulation stops; nothing happens at or after it."""
        return int(self.first_days[-1]) * DAY

    def month_of(self, wall: Ints) -> Ints:
        """The number of the month each wall time is in; -1 before the first, `months` after the last."""
        return np.searchsorted(self.first_days, wall // DAY, side="right").astype(np.int64) - 1

    def month_number(self, name: str) -> int:
        """Where a month such as "2024-09" stands, also when the simulation ends before it."""
        year, month = (int(part) for part in name.split("-"))
        return (year - START.year) * 12 + month - START.month

    def calendar_months(self) -> Ints:
        """1 to 12 for each month of the simulation."""
        return np.arange(self.months, dtype=np.int64) % 12 + START.month


def timeline(months: int) -> Timeline:
    """The given number of months from START on."""
    starts = [date(START.year + month // 12, month % 12 + 1, 1) for month in range(months + 1)]
    days = np.array([(start - START).days for start in starts], dtype=np.int64)
    return Timeline(tuple(f"{start:%Y-%m}" for start in starts[:-1]), days)


def weekdays(days: Ints) -> Ints:
    """0 for Monday to 6 for Sunday, of days counted from START."""
    return (days + START.weekday()) % 7


def times_of_day(rng: np.random.Generator, size: int) -> Ints:
    """Milliseconds after midnight at which sessions start."""
    weights = np.array(HOURLY, dtype=np.float64)
    hours = np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(size), side="right")
    within = rng.integers(0, HOUR, size)
    return hours.astype(np.int64) * HOUR + np.where(hours == 1, within // 4, within)


def between(rng: np.random.Generator, low: int, high: int, size: int) -> Ints:
    """Whole numbers in [low, high)."""
    return rng.integers(low, high, size, dtype=np.int64)


def instants(wall: Ints) -> pl.Series:
    """Wall times as Datetime us UTC."""
    naive = datetime.combine(START, datetime.min.time()) + durations(wall)
    return naive.dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC")


def durations(milliseconds: Ints) -> pl.Series:
    """Lengths of time, to the microsecond like all instants."""
    return pl.Series(milliseconds * 1_000).cast(pl.Duration("us"))


def utc_midnight(day: int) -> datetime:
    """The UTC midnight that many days after START."""
    return datetime.combine(START, datetime.min.time(), tzinfo=UTC) + timedelta(days=day)
