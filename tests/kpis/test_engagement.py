"""Engagement figures, worked out by hand. Period: February 2025 in Paris, 28 days; its last seven: 22 to 28."""

import pytest

from tests.helpers import Example, days, event, figure, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])

ACTIVITY = (
    # Ada: every day of the month, twice on the last. 28 days.
    *(event("ada", "visit", f"{day} 10:00", plan="free") for day in days("2025-02-01", "2025-02-28")),
    event("ada", "use", "2025-02-28 11:00", item="report"),
    # Bob: the first instant of the month, and the first instant of its last seven days. 2 days, in the last week.
    event("bob", "use", "2025-02-01 00:00", item="report", plan="pro"),
    event("bob", "use", "2025-02-22 00:00", item="export"),
    # Cyd: the last microsecond before the last seven days. 1 day, not in the last week.
    event("cyd", "use", "2025-02-21 23:59:59.999999", plan="pro"),
    # Dan: the last microsecond of the month. 1 day, in the last week.
    event("dan", "visit", "2025-02-28 23:59:59.999999"),
    # Eve: just before the month, and at its end. Not active.
    event("eve", "visit", "2025-01-31 23:59:59.999999", plan="free"),
    event("eve", "visit", "2025-03-01 00:00"),
    # Fay: an answer to a survey is no activity, nor is a cancellation. Not active.
    event("fay", "nps", "2025-02-10 10:00", plan="free"),
    event("fay", "cancel", "2025-02-25 10:00"),
)

SEASON = (
    # Ada: two days of January, none of February, every day of March; pro by the quarter's end.
    event("ada", "visit", "2025-01-01 00:00", plan="free"),
    event("ada", "visit", "2025-01-31 23:59:59.999999"),
    *(event("ada", "visit", f"{day} 10:00", plan="pro") for day in days("2025-03-01", "2025-03-31")),
    # Bob: one day of January.
    event("bob", "visit", "2025-01-10 10:00", plan="free"),
    # Cyd: active just before and at the end of the quarter. Not in it.
    event("cyd", "visit", "2024-12-31 23:59:59.999999", plan="pro"),
    event("cyd", "visit", "2025-04-01 00:00"),
)

LEAP_YEAR = (
    # Ada: the 15th of every month.
    *(event("ada", "visit", f"2024-{month:02d}-15 10:00", plan="pro") for month in range(1, 13)),
    # Bob: every day of February, 29 of them.
    *(event("bob", "visit", f"{day} 10:00", plan="free") for day in days("2024-02-01", "2024-02-29")),
)
ONE_DAY_A_MONTH = 7 / 31 + 4 / 30 + 1 / 29

EXAMPLES = (
    # 28 + 2 + 1 + 1 customer days over 28 days; days with nobody but Ada included.
    Example(
        "dau",
        ACTIVITY,
        (32, 28, 32 / 28),
        {"free": (28, 28, 1), "pro": (3, 28, 3 / 28), "unknown": (1, 28, 1 / 28)},
        PLANS,
    ),
    # Ada, Bob, Dan.
    Example("wau", ACTIVITY, (3, None, 3), {"free": (1, None, 1), "pro": (1, None, 1), "unknown": (1, None, 1)}, PLANS),
    # Ada, Bob, Cyd, Dan.
    Example("mau", ACTIVITY, (4, None, 4), {"free": (1, None, 1), "pro": (2, None, 2), "unknown": (1, None, 1)}, PLANS),
    # 32 of 4 × 28 possible customer days: DAU ÷ MAU.
    Example(
        "stickiness",
        ACTIVITY,
        (32, 112, 32 / 112),
        {"free": (28, 28, 1), "pro": (3, 56, 3 / 56), "unknown": (1, 28, 1 / 28)},
        PLANS,
    ),
    # January: 3 days of 2 × 31; nobody in February; March: 31 of 31. The mean of the two months that have anybody.
    Example(
        "stickiness",
        SEASON,
        (3 / 62 + 1, 2, (3 / 62 + 1) / 2),
        {"free": (1 / 31, 1, 1 / 31), "pro": (2 / 31 + 1, 2, (2 / 31 + 1) / 2)},
        PLANS,
        "2025-Q1",
    ),
    # February: 30 of 2 × 29; a day a month in the other eleven.
    Example(
        "stickiness",
        LEAP_YEAR,
        (ONE_DAY_A_MONTH - 1 / 29 + 30 / 58, 12, (ONE_DAY_A_MONTH - 1 / 29 + 30 / 58) / 12),
        {"free": (1, 1, 1), "pro": (ONE_DAY_A_MONTH, 12, ONE_DAY_A_MONTH / 12)},
        PLANS,
        "2024",
    ),
    # Of the four active: Ada and Bob used a feature; Cyd's use names none.
    Example(
        "feature_adoption_rate",
        ACTIVITY,
        (2, 4, 0.5),
        {"free": (1, 1, 1), "pro": (1, 2, 0.5), "unknown": (0, 1, 0)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.kpi}-{example.period}")
def test_worked_example(example: Example) -> None:
    example.check()


def test_each_feature_is_a_level_of_the_segment_item() -> None:
    kpis = kpis_of(ACTIVITY, "2025-02", "feature_adoption_rate", config=PLANS)
    assert levels(kpis, "feature_adoption_rate", "item") == {"export": (1, 4), "report": (2, 4)}
    assert value(kpis, "feature_adoption_rate", "item", "report") == 0.5


def test_features_beyond_the_most_levels_are_other_and_nobody_counts_twice_in_it() -> None:
    rows = [
        *(event(name, "use", "2025-02-10 10:00", item="report") for name in ("ada", "bob")),
        *(event("ada", "use", "2025-02-11 10:00", item=item) for item in ("export", "import")),
    ]
    kpis = kpis_of(rows, "2025-02", "feature_adoption_rate", config=settings(max_levels=1))
    assert levels(kpis, "feature_adoption_rate", "item") == {"other": (1, 2), "report": (2, 2)}


def test_a_use_that_is_no_activity_adopts_nothing() -> None:
    rows = [
        event("ada", "visit", "2025-02-10 10:00"),
        event("bob", "use", "2025-02-10 10:00", item="report"),  # used it, but is not active
        event("ada", "use", "2025-02-11 10:00", item="export"),
    ]
    kpis = kpis_of(rows, "2025-02", "feature_adoption_rate", config=settings(active_kinds=["visit"]))
    assert numbers(kpis, "feature_adoption_rate") == (1, 1, 1)
    assert levels(kpis, "feature_adoption_rate", "item") == {"export": (1, 1)}


def test_what_counts_as_active_is_configured() -> None:
    config = settings(dimensions=["plan"], active_kinds=["purchase", "nps"])
    assert value(kpis_of(ACTIVITY, "2025-02", "mau", config=config), "mau") == 1  # Fay


def test_a_month_without_activity_is_zero_and_its_shares_are_null() -> None:
    kpis = kpis_of([event("ada", "use", "2025-01-10 10:00", item="report")], "2025-02")
    assert numbers(kpis, "dau") == (0, 28, 0)
    assert numbers(kpis, "mau") == (0, None, 0)
    assert figure(kpis, "stickiness") == (0, 0, None, None, None, "no_population")
    assert figure(kpis, "feature_adoption_rate") == (0, 0, None, None, None, "no_population")


@pytest.mark.parametrize(
    ("month", "first", "last", "before", "after"),
    [
        ("2025-03", "2025-03-01", "2025-03-31", "2025-02-28 23:59:59", "2025-04-01 00:00"),  # 743 hours
        ("2025-10", "2025-10-01", "2025-10-31", "2025-09-30 23:59:59", "2025-11-01 00:00"),  # 745 hours
        ("2024-02", "2024-02-01", "2024-02-29", "2024-01-31 23:59:59", "2024-03-01 00:00"),  # leap year
    ],
)
def test_a_month_has_its_local_days_whatever_the_clock_does(
    month: str, first: str, last: str, before: str, after: str
) -> None:
    # The first minute and the last second of every local day are the same day; the neighbours are other months.
    inside = [
        event(name, "visit", f"{day} {clock}")
        for day in days(first, last)
        for name, clock in (("ada", "00:00"), ("bob", "23:59:59"))
    ]
    kpis = kpis_of([*inside, event("cyd", "visit", before), event("cyd", "visit", after)], month)
    length = len(days(first, last))
    assert numbers(kpis, "dau") == (2 * length, length, 2)
    assert numbers(kpis, "stickiness") == (2 * length, 2 * length, 1)
    assert value(kpis, "mau") == 2


def test_both_hours_of_the_repeated_hour_are_the_same_day() -> None:
    rows = [event("ada", "visit", f"2025-10-26 02:30+0{offset}:00") for offset in (2, 1)]
    assert numbers(kpis_of(rows, "2025-10", "dau"), "dau") == (1, 31, 1 / 31)


def test_the_month_of_an_event_is_that_of_the_business_zone() -> None:
    # 31 January 23:30 UTC: February in Paris, January in London.
    rows = [event("ada", "visit", "2025-01-31 23:30+00:00")]
    paris = kpis_of(rows, "2025-02", "mau")
    london = kpis_of(rows, "2025-02", "mau", config=settings(zone="Europe/London"))
    assert (value(paris, "mau"), value(london, "mau")) == (1, 0)


@pytest.mark.parametrize(("period", "last_week"), [("2025-04", "2025-04-24"), ("2025-10", "2025-10-25")])
def test_the_last_seven_days_begin_at_local_midnight(period: str, last_week: str) -> None:
    # October: the clock change of the 26th lies within the seven days.
    rows = [event("ada", "visit", f"{last_week} 00:00"), event("bob", "visit", f"{last_week} 00:00:00+05:00")]
    assert value(kpis_of(rows, period, "wau"), "wau") == 1  # Bob's was the evening before in Paris


def test_a_quarter_counts_each_customer_once_and_all_days() -> None:
    rows = [
        *(event("ada", "visit", f"2025-0{month}-15 10:00") for month in (1, 2, 3)),
        event("bob", "visit", "2025-01-31 10:00"),
        event("bob", "visit", "2025-03-25 00:00"),
        event("cyd", "visit", "2025-03-24 23:59:59"),
        event("dan", "visit", "2025-02-28 10:00"),  # the last week of February, not of the quarter
    ]
    kpis = kpis_of(rows, "2025-Q1")
    assert numbers(kpis, "mau") == (4, None, 4)
    assert numbers(kpis, "dau") == (7, 90, 7 / 90)
    assert numbers(kpis, "wau") == (1, None, 1)


def test_a_year_is_measured_from_its_months() -> None:
    rows = [event("ada", "visit", f"2024-{month:02d}-25 00:00") for month in range(1, 13)]
    kpis = kpis_of([*rows, event("bob", "visit", "2025-01-01 00:00")], "2024")
    assert numbers(kpis, "dau") == (12, 366, 12 / 366)
    assert numbers(kpis, "mau") == (1, None, 1)
    assert numbers(kpis, "wau") == (1, None, 1)  # 25 December is the first of its last seven days


def test_stickiness_is_one_when_everybody_comes_daily_and_one_day_when_nobody_returns() -> None:
    daily = [event("ada", "visit", f"{day} 10:00") for day in days("2025-02-01", "2025-02-28")]
    assert value(kpis_of(daily, "2025-02", "stickiness"), "stickiness") == 1
    once = [event(name, "visit", "2025-02-10 10:00") for name in ("ada", "bob")]
    assert value(kpis_of(once, "2025-02", "stickiness"), "stickiness") == pytest.approx(1 / 28)


def test_stickiness_of_a_quarter_weighs_its_months_alike() -> None:
    # January: 10 customers on one day, 1/31. March: one customer, every day. Their mean, not 41 of 341 days.
    rows = [event(f"c{number}", "visit", "2025-01-10 10:00") for number in range(10)]
    rows += [event("ada", "visit", f"{day} 10:00") for day in days("2025-03-01", "2025-03-31")]
    found = figure(kpis_of(rows, "2025-Q1", "stickiness"), "stickiness")
    assert found[:3] == pytest.approx((1 / 31 + 1, 2, 16 / 31))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 16 / 31 <= found.high


def test_stickiness_of_a_quarter_without_anybody_is_null() -> None:
    kpis = kpis_of([event("ada", "visit", "2024-12-31 10:00")], "2025-Q1", "stickiness")
    assert figure(kpis, "stickiness") == (0, 0, None, None, None, "no_population")


def test_levels_beyond_the_most_are_other_and_still_add_up() -> None:
    plans = ("a", "a", "a", "b", "b", "c", None)
    rows = [event(f"c{number}", "visit", "2025-02-10 10:00", plan=plan) for number, plan in enumerate(plans)]
    kpis = kpis_of(rows, "2025-02", "mau", config=settings(dimensions=["plan"], max_levels=2))
    assert levels(kpis, "mau", "plan") == {"a": (3, None), "b": (2, None), "other": (2, None)}


def test_of_levels_with_equally_many_customers_the_first_by_name_keeps_its_name() -> None:
    rows = [event(plan, "visit", "2025-02-10 10:00", plan=plan) for plan in ("c", "b", "a")]
    kpis = kpis_of(rows, "2025-02", "mau", config=settings(dimensions=["plan"], max_levels=1))
    assert levels(kpis, "mau", "plan") == {"a": (1, None), "other": (2, None)}


def test_the_level_is_the_one_told_last_before_the_end() -> None:
    rows = [
        event("ada", "visit", "2025-02-10 10:00", plan="free"),
        event("ada", "nps", "2025-02-20 10:00", plan="pro"),  # any event may tell
        event("ada", "visit", "2025-02-21 10:00"),  # null is not told
        event("ada", "visit", "2025-03-01 00:00", plan="team"),  # too late
        event("bob", "visit", "2025-02-10 10:00", plan="b"),  # two at one instant: the greatest
        event("bob", "use", "2025-02-10 10:00", plan="a"),
        event("cyd", "visit", "2025-01-10 10:00", plan="free"),  # told long ago, still true
        event("cyd", "visit", "2025-02-10 10:00"),
    ]
    kpis = kpis_of(rows, "2025-02", "mau", config=PLANS)
    assert levels(kpis, "mau", "plan") == {"b": (1, None), "free": (1, None), "pro": (1, None)}


def test_dimensions_are_told_apart_from_each_other() -> None:
    config = settings(dimensions=["country", "plan"])
    rows = [
        event("ada", "visit", "2025-02-10 10:00", country="FR", plan="free"),
        event("ada", "visit", "2025-02-11 10:00", country="DE"),
        event("ada", "visit", "2025-02-12 10:00", plan="pro"),
    ]
    kpis = kpis_of(rows, "2025-02", "mau", config=config)
    assert levels(kpis, "mau", "country") == {"DE": (1, None)}
    assert levels(kpis, "mau", "plan") == {"pro": (1, None)}


def test_small_sample_is_below_thirty_and_totals_have_none() -> None:
    for size, status in ((29, "small_sample"), (30, "ok")):
        rows = [event(f"c{number}", "visit", "2025-02-10 10:00") for number in range(size)]
        kpis = kpis_of([*rows, event("u", "use", "2025-01-10 10:00", item="x")], "2025-02")
        assert figure(kpis, "feature_adoption_rate").status == status
        assert figure(kpis, "stickiness").status == status
        assert figure(kpis, "mau").status == "ok"
