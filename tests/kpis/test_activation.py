"""Activation figures, worked out by hand. Period: February 2025 in Paris; activated is who, within 14 days of signing
up, buys something or creates three reports.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from config.models import Config
from tests.helpers import (
    Example,
    Row,
    crowd,
    event,
    figure,
    kpis_of,
    levels,
    numbers,
    settings,
    value,
)

RULE: Mapping[str, Any] = {
    "within": "14d",
    "any": [{"kind": "purchase"}, {"kind": "use", "where": "item = 'report'", "count": 3}],
}
PLANS = settings(dimensions=["plan"], activation=RULE)

SIGN_UPS = (
    # Ada: signs up at the first instant and buys a day later. Activated after 1 day.
    event("ada", "signup", "2025-02-01 00:00", plan="pro"),
    event("ada", "purchase", "2025-02-02 00:00", amount=10),
    # Bob: two reports of three, and a third use of something else. Not activated.
    event("bob", "signup", "2025-02-10 10:00", plan="free"),
    event("bob", "use", "2025-02-11 10:00", item="report"),
    event("bob", "use", "2025-02-12 10:00", item="report"),
    event("bob", "use", "2025-02-13 10:00", item="export"),
    # Cyd: buys when the 14 days are exactly over. Not activated.
    event("cyd", "signup", "2025-02-10 10:00", plan="free"),
    event("cyd", "purchase", "2025-02-24 10:00", amount=10),
    # Dan: buys at the very instant he signs up. Activated after 0 days.
    event("dan", "signup", "2025-02-12 09:00", plan="pro"),
    event("dan", "purchase", "2025-02-12 09:00", amount=10),
    # Eve: signed up in January, buys in February. No sign-up of the period, but activated in it, after 2 days.
    event("eve", "signup", "2025-01-30 10:00", plan="free"),
    event("eve", "purchase", "2025-02-01 10:00", amount=10),
    # Fay: signs up late and buys at the period's end. Not activated before it.
    event("fay", "signup", "2025-02-25 10:00", plan="pro"),
    event("fay", "purchase", "2025-03-01 00:00", amount=10),
    # Gus: a report before signing up does not count, three after it do. Activated with the third, after 4 days.
    event("gus", "use", "2025-02-09 10:00", item="report"),
    event("gus", "signup", "2025-02-10 10:00"),
    event("gus", "use", "2025-02-11 10:00", item="report"),
    event("gus", "use", "2025-02-12 10:00", item="report"),
    event("gus", "use", "2025-02-14 10:00", item="report"),
    # Hal: his window closes at the first instant of February, so it closed in February. Not activated.
    event("hal", "signup", "2025-01-18 00:00", plan="free"),
    # Ivy: her window closes at the end of February, so it closes in March.
    event("ivy", "signup", "2025-02-15 00:00", plan="pro"),
    event("ivy", "purchase", "2025-02-15 06:00", amount=10),
    # Joe: his window closed in the last microsecond of January.
    event("joe", "signup", "2025-01-17 23:59:59.999999", plan="pro"),
)

TARGETS = (
    # Ada: addressed after signing up, buys a microsecond later. Activated.
    event("ada", "signup", "2025-02-01 00:00", plan="pro"),
    event("ada", "target", "2025-02-02 10:00"),
    event("ada", "purchase", "2025-02-02 10:00:00.000001", amount=10),
    # Bob: buys at the very instant he is addressed, so he was activated already. Not among them.
    event("bob", "signup", "2025-02-01 10:00", plan="pro"),
    event("bob", "target", "2025-02-02 10:00"),
    event("bob", "purchase", "2025-02-02 10:00", amount=10),
    # Cyd: addressed twice and activated in between: the first message counts, even before she signed up. Activated.
    event("cyd", "target", "2025-02-05 10:00", plan="free"),
    event("cyd", "signup", "2025-02-06 10:00"),
    event("cyd", "purchase", "2025-02-10 10:00", amount=10),
    event("cyd", "target", "2025-02-20 10:00"),
    # Dan: activated in January. Not among them.
    event("dan", "signup", "2025-01-20 10:00", plan="free"),
    event("dan", "purchase", "2025-01-31 23:59:59.999999", amount=10),
    event("dan", "target", "2025-02-20 10:00"),
    # Eve: addressed just before and at the end of the period. Not among them.
    event("eve", "target", "2025-01-31 23:59:59.999999", plan="pro"),
    event("eve", "signup", "2025-02-01 10:00"),
    event("eve", "purchase", "2025-02-02 10:00", amount=10),
    event("eve", "target", "2025-03-01 00:00"),
    # Fay: addressed at the first instant; buys without ever signing up. Not activated.
    event("fay", "target", "2025-02-01 00:00"),
    event("fay", "purchase", "2025-02-02 10:00", amount=10),
    # Gus: addressed in the last microsecond, activated at the period's end. Not activated before it.
    event("gus", "signup", "2025-02-20 10:00", plan="pro"),
    event("gus", "target", "2025-02-28 23:59:59.999999"),
    event("gus", "purchase", "2025-03-01 00:00", amount=10),
    # Hal: addressed in January too, activated before February's first message. Not among them.
    event("hal", "signup", "2025-01-30 10:00", plan="free"),
    event("hal", "target", "2025-01-31 10:00"),
    event("hal", "purchase", "2025-02-05 10:00", amount=10),
    event("hal", "target", "2025-02-06 10:00"),
    # A stranger. Not among them.
    event(None, "target", "2025-02-06 10:00", anonymous="a1", plan="free"),
)

EXAMPLES = (
    # Signed up: Ada, Bob, Cyd, Dan, Fay, Gus, Ivy; activated before the end: Ada, Dan, Gus, Ivy.
    Example(
        "activation_rate",
        SIGN_UPS,
        (4, 7, 4 / 7),
        {"free": (0, 2, 0), "pro": (3, 4, 0.75), "unknown": (1, 1, 1)},
        PLANS,
    ),
    # Prospects: the seven who signed up, and Eve, whose window was open at s (Hal's closed with it, Joe's before);
    # activated in February: Ada, Dan, Eve, Gus, Ivy.
    Example(
        "activation_rate_prospects",
        SIGN_UPS,
        (5, 8, 0.625),
        {"free": (1, 3, 1 / 3), "pro": (3, 4, 0.75), "unknown": (1, 1, 1)},
        PLANS,
    ),
    # Addressed before they were activated: Ada, Cyd, Fay, Gus; activated of them: Ada, Cyd.
    Example(
        "activation_rate_targeted",
        TARGETS,
        (2, 4, 0.5),
        {"free": (1, 1, 1), "pro": (1, 2, 0.5), "unknown": (0, 1, 0)},
        PLANS,
    ),
    # Window closed: Ada, Bob, Cyd, Dan, Eve, Gus, Hal; activated in it: Ada, Dan, Eve, Gus.
    Example(
        "activation_rate_window",
        SIGN_UPS,
        (4, 7, 4 / 7),
        {"free": (1, 4, 0.25), "pro": (2, 2, 1), "unknown": (1, 1, 1)},
        PLANS,
    ),
    # Activated in February: Ada 1, Dan 0, Eve 2, Gus 4, Ivy 0.25 days.
    Example(
        "time_to_activate_mean",
        SIGN_UPS,
        (7.25, 5, 1.45),
        {"free": (2, 1, 2), "pro": (1.25, 3, 1.25 / 3), "unknown": (4, 1, 4)},
        PLANS,
    ),
    # 0, 0.25, 1, 2, 4.
    Example(
        "time_to_activate_median",
        SIGN_UPS,
        (None, 5, 1),
        {"free": (None, 1, 2), "pro": (None, 3, 0.25), "unknown": (None, 1, 4)},
        PLANS,
    ),
    # At nine tenths of the way from the first to the fifth: 2 + 0.6 × 2. "pro": 0, 0.25, 1: 0.25 + 0.8 × 0.75.
    Example(
        "time_to_activate_p90",
        SIGN_UPS,
        (None, 5, 3.2),
        {"free": (None, 1, 2), "pro": (None, 3, 0.85), "unknown": (None, 1, 4)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kpi)
def test_worked_example(example: Example) -> None:
    example.check()


def test_mentorday_january_1000_acquired_300_activated_is_30_percent() -> None:
    rows = [
        *crowd(1000, "signup", "2025-01-10 10:00"),
        *crowd(300, "purchase", "2025-01-12 10:00", amount=10),
        *crowd(50, "signup", "2025-02-10 10:00", prefix="later"),
    ]
    found = figure(kpis_of(rows, "2025-01", "activation_rate", config=settings(activation=RULE)), "activation_rate")
    assert found[:3] == (300, 1000, 0.3)
    assert found.low == pytest.approx(0.2724, abs=5e-5)
    assert found.high == pytest.approx(0.3291, abs=5e-5)
    assert found.status == "ok"


def test_progress_is_carried_from_month_to_month() -> None:
    # Two reports in January, the third in February; nothing needs to look at January again.
    rows = [
        event("ada", "signup", "2025-01-25 10:00"),
        event("ada", "use", "2025-01-26 10:00", item="report"),
        event("ada", "use", "2025-01-31 23:59:59.999999", item="report"),
        event("ada", "use", "2025-02-01 00:00", item="report"),
        event("bob", "signup", "2025-01-25 10:00"),
        event("bob", "use", "2025-02-01 00:00", item="report"),
    ]
    config = settings(activation=RULE)
    january, february = (kpis_of(rows, month, config=config) for month in ("2025-01", "2025-02"))
    assert numbers(january, "activation_rate") == (0, 2, 0)
    assert figure(february, "activation_rate") == (0, 0, None, None, None, "no_population")
    assert numbers(february, "activation_rate_window") == (1, 2, 0.5)
    assert numbers(february, "time_to_activate_mean") == pytest.approx((6 + 14 / 24, 1, 6 + 14 / 24))


def activation(config: Config, *rows: Row) -> list[str]:
    kpis = kpis_of(rows, "2025-02", config=config)
    names = ("activation_rate", "activation_rate_window", "time_to_activate_mean", "time_to_activate_median")
    return [figure(kpis, name).status for name in names]


def test_without_a_rule_or_sign_ups_activation_is_missing_input() -> None:
    visit = event("ada", "visit", "2025-02-20 10:00")
    assert activation(settings(), event("ada", "signup", "2025-02-20 10:00")) == ["missing_input"] * 4
    assert activation(settings(activation=RULE), visit) == ["missing_input"] * 4
    since_first_event = settings(activation={**RULE, "since": "first_event"})
    assert activation(since_first_event, visit) == ["small_sample", *["no_population"] * 3]


def test_in_the_first_month_every_activation_figure_says_history_starts() -> None:
    config = settings(activation=RULE, history_complete=False)
    rows = [event("ada", "signup", "2025-02-20 10:00"), event("ada", "purchase", "2025-02-21 10:00")]
    assert activation(config, *rows) == ["history_starts", "no_population", "history_starts", "history_starts"]
    earlier = event("bob", "visit", "2025-01-31 10:00")
    assert activation(config, *rows, earlier) == ["small_sample", "no_population", "small_sample", "small_sample"]


def test_the_level_of_an_activation_is_that_at_the_end() -> None:
    rows = [
        event("ada", "signup", "2025-02-01 10:00", plan="trial"),
        event("ada", "purchase", "2025-02-02 10:00", plan="pro", amount=1),
    ]
    kpis = kpis_of(rows, "2025-02", "activation_rate", config=PLANS)
    assert levels(kpis, "activation_rate", "plan") == {"pro": (1, 1)}


def test_a_quarter_judges_by_its_own_end() -> None:
    config = settings(activation=RULE)
    rows = [
        event("ada", "signup", "2025-01-31 10:00"),
        event("ada", "purchase", "2025-02-02 10:00"),  # too late for January, in time for the quarter
        event("bob", "signup", "2025-03-17 23:59:59"),  # closes on 31 March at 23:59:59
        event("cyd", "signup", "2025-03-18 00:00"),  # closes with the quarter's end, so in the next
        event("cyd", "purchase", "2025-03-21 00:00"),
    ]
    kpis = kpis_of(rows, "2025-Q1", config=config)
    assert numbers(kpis, "activation_rate") == pytest.approx((2, 3, 2 / 3))
    assert numbers(kpis, "activation_rate_window") == (1, 2, 0.5)
    assert value(kpis, "time_to_activate_median") == 2.5


def test_an_hour_of_the_clock_change_is_missing_from_the_time_to_activate() -> None:
    rows = [event("ada", "signup", "2025-03-29 10:00"), event("ada", "purchase", "2025-03-30 10:00")]
    kpis = kpis_of(rows, "2025-03", "time_to_activate_mean", config=settings(activation=RULE))
    assert value(kpis, "time_to_activate_mean") == pytest.approx(23 / 24)


@pytest.mark.parametrize(
    ("signed_up", "bought", "expected"),
    [
        ("2025-01-18 00:00", None, (0, 0)),  # the window closes at s
        ("2025-01-18 00:00:00.000001", None, (0, 1)),  # a microsecond later
        ("2025-01-20 10:00", "2025-01-31 23:59:59.999999", (0, 0)),  # activated already, though the window is open
        ("2025-01-20 10:00", "2025-02-01 00:00", (1, 1)),
        ("2025-01-20 10:00", "2025-02-03 10:00", (0, 1)),  # too late for the window
        ("2025-02-01 00:00", "2025-02-01 00:00", (1, 1)),
        ("2025-02-28 23:59:59.999999", "2025-03-01 00:00", (0, 1)),  # too late for the period
        ("2025-03-01 00:00", "2025-03-01 00:00", (0, 0)),
    ],
)
def test_a_prospect_can_still_be_activated_in_the_period(
    signed_up: str, bought: str | None, expected: tuple[int, int]
) -> None:
    rows = [event("ada", "signup", signed_up), event("bob", "signup", "2024-12-01 10:00")]
    rows += [] if bought is None else [event("ada", "purchase", bought, amount=1)]
    kpis = kpis_of(rows, "2025-02", "activation_rate_prospects", config=settings(activation=RULE))
    assert numbers(kpis, "activation_rate_prospects")[:2] == expected


def test_who_never_signed_up_is_no_prospect() -> None:
    rows = [event("ada", "signup", "2025-02-10 10:00"), event("bob", "visit", "2025-01-31 10:00")]
    kpis = kpis_of(rows, "2025-02", "activation_rate_prospects", config=settings(activation=RULE))
    assert numbers(kpis, "activation_rate_prospects") == (0, 1, 0)


def test_the_window_of_a_prospect_ends_by_the_calendar_although_the_clock_changed() -> None:
    # Fourteen days from 18 March 00:00 end on 1 April 00:00, an hour early; who signed up later is a prospect of April.
    rows = [event("ada", "signup", "2025-03-18 00:00"), event("bob", "signup", "2025-03-18 00:00:00.000001")]
    kpis = kpis_of(rows, "2025-04", "activation_rate_prospects", config=settings(activation=RULE))
    assert numbers(kpis, "activation_rate_prospects") == (0, 1, 0)


def test_in_a_quarter_the_first_message_of_the_quarter_counts() -> None:
    rows = [
        event("ada", "target", "2025-01-10 10:00"),
        event("ada", "signup", "2025-02-09 10:00"),
        event("ada", "purchase", "2025-02-10 10:00", amount=1),
        event("ada", "target", "2025-03-10 10:00"),
    ]
    found = {
        period: numbers(
            kpis_of(rows, period, "activation_rate_targeted", config=settings(activation=RULE)),
            "activation_rate_targeted",
        )
        for period in ("2025-01", "2025-02", "2025-03", "2025-Q1", "2025-Q2")
    }
    assert found == {
        "2025-01": (None, None, None),  # nobody has signed up yet
        "2025-02": (0, 0, None),
        "2025-03": (0, 0, None),
        "2025-Q1": (1, 1, 1),
        "2025-Q2": (0, 0, None),
    }
