"""Periods, days and durations: their forms, and what they are where clocks change."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars import col

from config.errors import PeriodError
from tasks.clock import (
    EXAMPLES,
    Grain,
    Period,
    after,
    as_instant,
    before,
    earlier,
    last_complete,
    split_duration,
    start_of,
)

PARIS = "Europe/Paris"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "grain", "first", "end", "days"),
    [
        ("2025-01", "month", date(2025, 1, 1), date(2025, 2, 1), 31),
        ("2024-02", "month", date(2024, 2, 1), date(2024, 3, 1), 29),
        ("2025-12", "month", date(2025, 12, 1), date(2026, 1, 1), 31),
        ("2025-Q1", "quarter", date(2025, 1, 1), date(2025, 4, 1), 90),
        ("2024-Q4", "quarter", date(2024, 10, 1), date(2025, 1, 1), 92),
        ("2024", "year", date(2024, 1, 1), date(2025, 1, 1), 366),
        ("2025", "year", date(2025, 1, 1), date(2026, 1, 1), 365),
    ],
)
def test_a_period_reads_and_writes_the_same(text: str, grain: Grain, first: date, end: date, days: int) -> None:
    period = Period.parse(text, grain)
    assert (period.first, period.end, period.days, str(period)) == (first, end, days, text)
    assert Period.parse(f" {text}\n", grain) == period


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
@pytest.mark.parametrize(
    "text",
    ["", "2025-00", "2025-13", "2025-1", "25-01", "2025-Q0", "2025-Q5", "2025-q1", "2025/01", "2025-01-01", "0000",
     "0000-01", "9998", "9999-12", "last", "2025-", "-2025", "20250"],
)  # fmt: skip
def test_another_form_is_an_error_that_shows_the_right_one(text: str, grain: Grain) -> None:
    with pytest.raises(PeriodError) as error:
        Period.parse(text, grain)
    assert repr(text) in str(error.value)
    assert grain in str(error.value)
    assert EXAMPLES[grain] in str(error.value)


def test_the_form_of_another_grain_is_an_error() -> None:
    for grain, text in EXAMPLES.items():
        for other in EXAMPLES:
            if other != grain:
                with pytest.raises(PeriodError):
                    Period.parse(text, other)


def test_a_day_lies_in_its_month_quarter_and_year() -> None:
    def found(day: date) -> list[str]:
        grains: tuple[Grain, ...] = ("month", "quarter", "year")
        return [str(Period.containing(day, grain)) for grain in grains]

    assert found(date(2025, 1, 1)) == ["2025-01", "2025-Q1", "2025"]
    assert found(date(2025, 3, 31)) == ["2025-03", "2025-Q1", "2025"]
    assert found(date(2024, 12, 31)) == ["2024-12", "2024-Q4", "2024"]


def test_a_period_consists_of_its_months_in_order() -> None:
    assert [str(month) for month in Period.parse("2025-02").months()] == ["2025-02"]
    assert [str(month) for month in Period.parse("2025-Q4", "quarter").months()] == ["2025-10", "2025-11", "2025-12"]
    assert [str(month) for month in Period.parse("2024", "year").months()] == [f"2024-{n:02d}" for n in range(1, 13)]


def test_periods_move_by_whole_periods() -> None:
    assert str(Period.parse("2025-01").shift(-1)) == "2024-12"
    assert str(Period.parse("2025-01").shift(-13)) == "2023-12"
    assert str(Period.parse("2025-Q1", "quarter").shift(-1)) == "2024-Q4"
    assert str(Period.parse("2025", "year").shift(3)) == "2028"
    assert str(Period.parse("2024-02").a_year_earlier) == "2023-02"
    assert str(Period.parse("2025-Q3", "quarter").a_year_earlier) == "2024-Q3"


def test_until_includes_the_last_and_is_empty_backwards() -> None:
    first, last = Period.parse("2024-11"), Period.parse("2025-02")
    assert [str(period) for period in first.until(last)] == ["2024-11", "2024-12", "2025-01", "2025-02"]
    assert list(first.until(first)) == [first]
    assert list(last.until(first)) == []


def test_periods_are_ordered_by_time() -> None:
    months = [Period.parse(text) for text in ("2025-02", "2024-12", "2025-01")]
    assert [str(period) for period in sorted(months)] == ["2024-12", "2025-01", "2025-02"]


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2025, 1, 1), PARIS, "2024-12-31 23:00"),
        (date(2025, 3, 30), PARIS, "2025-03-29 23:00"),  # clocks change later that day
        (date(2025, 3, 31), PARIS, "2025-03-30 22:00"),
        (date(2025, 10, 26), PARIS, "2025-10-25 22:00"),
        (date(2025, 10, 27), PARIS, "2025-10-26 23:00"),
        (date(2025, 1, 1), "UTC", "2025-01-01 00:00"),
        (date(2025, 1, 1), "Asia/Kathmandu", "2024-12-31 18:15"),
        # midnight is skipped: the day begins at 01:00
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04 03:00"),
        (date(2025, 3, 30), "Asia/Beirut", "2025-03-29 22:00"),
        # midnight is where the hour before is repeated: the day begins after both
        (date(2018, 2, 18), "America/Sao_Paulo", "2018-02-18 03:00"),
        # midnight occurs twice: the day begins with the first
        (date(2024, 11, 3), "America/Havana", "2024-11-03 04:00"),
    ],
)
def test_a_day_begins_with_its_first_instant(day: date, zone: str, instant: str) -> None:
    assert start_of(day, zone) == utc(instant)


@pytest.mark.parametrize("zone", [PARIS, "America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe"])
def test_days_follow_each_other_without_gap_and_local_dates_agree(zone: str) -> None:
    for year in (2018, 2025):
        for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            day = date.fromordinal(ordinal)
            start = pl.DataFrame({"at": [start_of(day, zone)]})
            around = start.select(
                col("at").dt.convert_time_zone(zone).dt.date(),
                (col("at") - pl.duration(microseconds=1)).dt.convert_time_zone(zone).dt.date().alias("before"),
            ).row(0)
            assert around == (day, date.fromordinal(ordinal - 1))


@pytest.mark.parametrize(
    ("day", "duration", "instant"),
    [
        (date(2025, 4, 1), "14d", "2025-03-17 23:00"),
        (date(2025, 4, 1), "2d", "2025-03-29 23:00"),  # 47 hours
        (date(2025, 4, 1), "48h", "2025-03-29 22:00"),  # hours are elapsed time
        (date(2025, 4, 1), "1w", "2025-03-24 23:00"),
        (date(2025, 4, 1), "1mo", "2025-02-28 23:00"),
        (date(2025, 3, 31), "1mo", "2025-02-27 23:00"),  # 28 February
        (date(2025, 3, 1), "1q", "2024-11-30 23:00"),
        (date(2024, 2, 29), "1y", "2023-02-27 23:00"),
        (date(2025, 1, 1), "12mo", "2023-12-31 23:00"),
    ],
)
def test_before_counts_back_by_the_calendar(day: date, duration: str, instant: str) -> None:
    assert before(day, duration, PARIS) == utc(instant)


def moved(text: str, duration: str, zone: str, *, back: bool = False) -> datetime:
    found: datetime = (
        pl.DataFrame({"at": [utc(text)]})
        .select((earlier if back else after)(col("at").cast(pl.Datetime("us", "UTC")), duration, zone))
        .item()
    )
    return found


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2025-01-10 09:00", "14d", "2025-01-24 09:00"),
        ("2025-03-20 09:00", "14d", "2025-04-03 08:00"),  # an hour missing
        ("2025-10-20 08:00", "14d", "2025-11-03 09:00"),  # an hour more
        ("2025-03-29 09:00", "24h", "2025-03-30 09:00"),
        ("2025-01-31 09:00", "1mo", "2025-02-28 09:00"),
        ("2024-01-31 09:00", "1mo", "2024-02-29 09:00"),
        ("2025-01-31 09:00", "3mo", "2025-04-30 08:00"),
        ("2025-11-30 09:00", "1q", "2026-02-28 09:00"),
        ("2024-02-29 09:00", "1y", "2025-02-28 09:00"),
        ("2025-01-10 09:00", "2w", "2025-01-24 09:00"),
        ("2025-03-29 01:30", "1d", "2025-03-30 01:30"),  # 02:30 is skipped: 03:30
        ("2025-10-25 00:30", "1d", "2025-10-26 00:30"),  # 02:30 occurs twice: the first
        ("2025-10-26 01:30", "1d", "2025-10-27 01:30"),  # from the second 02:30
    ],
)
def test_after_adds_by_the_local_calendar(start: str, duration: str, end: str) -> None:
    assert moved(start, duration, PARIS) == utc(end)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2025-04-03 08:00", "14d", "2025-03-20 09:00"),
        ("2025-03-31 08:00", "1mo", "2025-02-28 09:00"),
        ("2025-03-31 00:30", "1d", "2025-03-30 01:30"),  # 02:30 is skipped: 03:30
        ("2025-10-27 01:30", "1d", "2025-10-26 00:30"),
        ("2025-03-30 09:00", "24h", "2025-03-29 09:00"),
        ("2024-02-29 09:00", "1y", "2023-02-28 09:00"),
    ],
)
def test_earlier_subtracts_by_the_local_calendar(start: str, duration: str, end: str) -> None:
    assert moved(start, duration, PARIS, back=True) == utc(end)


def test_a_duration_that_ends_on_a_skipped_midnight_ends_an_hour_later() -> None:
    # 21 October 2018 00:00 in São Paulo (UTC−3) + 14 days = 4 November 00:00, which is 01:00 (UTC−2).
    assert moved("2018-10-21 03:00", "14d", "America/Sao_Paulo") == utc("2018-11-04 03:00")
    assert moved("2018-10-21 03:00", "14d", "America/Sao_Paulo") == start_of(date(2018, 11, 4), "America/Sao_Paulo")
    assert moved("2025-03-15 22:00", "2w", "Asia/Beirut") == start_of(date(2025, 3, 30), "Asia/Beirut")


def test_local_times_become_instants_whether_skipped_or_repeated() -> None:
    local = pl.DataFrame(
        {"at": [datetime(2025, 1, 1, 12), datetime(2025, 3, 30, 2, 30), datetime(2025, 10, 26, 2, 30)]}
    )
    found = local.select(as_instant(col("at").cast(pl.Datetime("us")), PARIS)).to_series().to_list()
    assert found == [utc("2025-01-01 11:00"), utc("2025-03-30 01:30"), utc("2025-10-26 00:30")]


def test_null_stays_null() -> None:
    nothing = pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")})
    for duration in ("1d", "1mo", "24h"):
        assert nothing.select(after(col("at"), duration, PARIS)).item() is None


def test_a_duration_is_a_number_and_a_unit() -> None:
    durations = ("14d", "1mo", "36h", "2w", "1q", "10y")
    assert [split_duration(text) for text in durations] == [
        (14, "d"), (1, "mo"), (36, "h"), (2, "w"), (1, "q"), (10, "y"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "zone", "month", "quarter", "year"),
    [
        # 31 March 22:00 UTC is 1 April 00:00 in Paris: March is over there
        ("2025-03-31 22:00:00", PARIS, "2025-03", "2025-Q1", "2024"),
        ("2025-03-31 21:59:59.999999", PARIS, "2025-02", "2024-Q4", "2024"),
        ("2025-03-31 22:00:00", "UTC", "2025-02", "2024-Q4", "2024"),
        ("2025-04-01 00:00:00", "UTC", "2025-03", "2025-Q1", "2024"),
        ("2025-01-01 04:59:59", "America/New_York", "2024-11", "2024-Q3", "2023"),
        ("2025-01-01 05:00:00", "America/New_York", "2024-12", "2024-Q4", "2024"),
        ("2024-12-31 15:00:00", "Asia/Tokyo", "2024-12", "2024-Q4", "2024"),
    ],
)
def test_the_last_complete_period_changes_at_local_midnight(
    moment: str, zone: str, month: str, quarter: str, year: str
) -> None:
    grains: tuple[Grain, ...] = ("month", "quarter", "year")
    found = [str(last_complete(utc(moment), zone, grain)) for grain in grains]
    assert found == [month, quarter, year]


def test_a_window_that_ends_on_a_skipped_day_ends() -> None:
    zone = "Pacific/Apia"
    start = utc("2011-12-16 20:00")  # 10:00 in Apia, ten hours behind UTC until that day
    end = pl.DataFrame({"at": [start]}).select(after(col("at"), "14d", zone)).item()
    assert end is not None
    assert end == utc("2011-12-30 20:00")  # 10:00 on 31 December, fourteen hours ahead from then on
