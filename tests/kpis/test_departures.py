"""Who leaves without being in the churn rate, and who closes the account: worked out by hand.

Period: February 2025 in Paris, s = 1 February, e = 1 March.
"""

from typing import Any

import polars as pl
import pytest

from tests.helpers import Example, Row, event, kpis_of, numbers, settings

PLANS = settings(dimensions=["plan"])
WEEKLY = settings(dimensions=["plan"], inactive_after="7d")
SUBSCRIBED = settings(dimensions=["plan"], basis="subscription")

# Inactive after a week: alive at s is who was active in [25 January, 1 February), at e in [22 February, 1 March).
VISITORS = (
    # Ada: one day in the middle. Came and left.
    event("ada", "visit", "2025-02-10 10:00", plan="free"),
    # Bob: last seen a microsecond too early to be alive at e, then under another plan. Came and left.
    event("bob", "visit", "2025-02-10 10:00", plan="free"),
    event("bob", "use", "2025-02-21 23:59:59.999999", plan="pro"),
    # Cyd: at the very first instant that counts at e. Stays.
    event("cyd", "visit", "2025-02-22 00:00", plan="pro"),
    # Dan: at the very first instant that counts at s. In the base, lost.
    event("dan", "visit", "2025-01-25 00:00", plan="pro"),
    event("dan", "visit", "2025-02-10 10:00"),
    # Eve: a microsecond too early to be alive at s; back at the first instant of February. Came back and left.
    event("eve", "visit", "2025-01-24 23:59:59.999999"),
    event("eve", "visit", "2025-02-01 00:00"),
    # Fay: comes at e. Not yet here.
    event("fay", "visit", "2025-03-01 00:00", plan="free"),
    # Gus: will be back at e, which nobody knows before it. Came and left.
    event("gus", "visit", "2025-02-05 10:00", plan="free"),
    event("gus", "visit", "2025-03-01 00:00"),
    # Hal: only answered a survey, which is no activity. Never here.
    event("hal", "nps", "2025-02-10 10:00", score=9, plan="free"),
)

TRIALS = (
    # Ada: subscribes and cancels. Came and left.
    event("ada", "subscribe", "2025-02-03 10:00", amount=10, reference="s1", plan="pro"),
    event("ada", "cancel", "2025-02-20 10:00", reference="s1"),
    # Bob: was subscribed at s; leaves, comes back, leaves. In the base, lost.
    event("bob", "subscribe", "2025-01-31 23:59:59.999999", amount=10, reference="s2", plan="pro"),
    event("bob", "cancel", "2025-02-10 10:00", reference="s2"),
    event("bob", "subscribe", "2025-02-12 10:00", amount=10, reference="s2"),
    event("bob", "cancel", "2025-02-20 10:00", reference="s2"),
    # Cyd: was subscribed once, comes back and leaves. Came back and left.
    event("cyd", "subscribe", "2024-12-10 10:00", amount=10, reference="s3", plan="free"),
    event("cyd", "cancel", "2025-01-10 10:00", reference="s3"),
    event("cyd", "subscribe", "2025-02-10 10:00", amount=10, reference="s3"),
    event("cyd", "cancel", "2025-02-11 10:00", reference="s3"),
    # Dan: cancels at e. Subscribed at e.
    event("dan", "subscribe", "2025-02-10 10:00", amount=10, reference="s4", plan="pro"),
    event("dan", "cancel", "2025-03-01 00:00", reference="s4"),
    # Eve: never pays anything. Never here.
    event("eve", "subscribe", "2025-02-10 10:00", amount=0, reference="s5", plan="free"),
    event("eve", "cancel", "2025-02-20 10:00", reference="s5"),
    # Fay: from the first instant to the last microsecond, and down to nothing. Came and left.
    event("fay", "subscribe", "2025-02-01 00:00", amount=10, reference="s6", plan="pro"),
    event("fay", "change", "2025-02-28 23:59:59.999999", amount=0, reference="s6"),
    # Gus: subscribes and cancels at one instant. Came and left.
    event("gus", "subscribe", "2025-02-10 10:00", amount=10, reference="s7"),
    event("gus", "cancel", "2025-02-10 10:00", reference="s7"),
    # Hal: is active all the time, and pays nothing. Never here.
    event("hal", "visit", "2025-02-10 10:00", plan="free"),
)

CLOSURES = (
    # Ada: closes her account at the first instant; counts under the plan at s. Deactivated.
    event("ada", "visit", "2025-01-10 10:00", plan="free"),
    event("ada", "deactivate", "2025-02-01 00:00", plan="pro"),
    # Bob: known by an answer alone, in the last microsecond; closes in the last microsecond. Deactivated.
    event("bob", "nps", "2025-01-31 23:59:59.999999", score=5, plan="pro"),
    event("bob", "deactivate", "2025-02-28 23:59:59.999999"),
    # Cyd: closed in January already. In neither.
    event("cyd", "deactivate", "2025-01-31 23:59:59.999999", plan="free"),
    event("cyd", "deactivate", "2025-02-10 10:00"),
    # Dan: closes at e. Not deactivated.
    event("dan", "visit", "2025-01-10 10:00", plan="pro"),
    event("dan", "deactivate", "2025-03-01 00:00"),
    # Eve: not known at s. In neither.
    event("eve", "visit", "2025-02-01 00:00", plan="free"),
    event("eve", "deactivate", "2025-02-10 10:00"),
    # Fay: closes twice, and goes on visiting. Deactivated, once.
    event("fay", "visit", "2023-01-10 10:00"),
    event("fay", "deactivate", "2025-02-10 10:00"),
    event("fay", "visit", "2025-02-11 10:00"),
    event("fay", "deactivate", "2025-02-12 10:00"),
    # Gus: long quiet, but never closed. Not deactivated.
    event("gus", "visit", "2023-01-10 10:00", plan="free"),
    # A stranger. In neither.
    event(None, "deactivate", "2025-02-10 10:00", anonymous="a1"),
)

EXAMPLES = (
    # Ada, Bob, Eve, Gus.
    Example(
        "intra_period_churn",
        VISITORS,
        (4, None, 4),
        {"free": (2, None, 2), "pro": (1, None, 1), "unknown": (1, None, 1)},
        WEEKLY,
    ),
    # Ada, Cyd, Fay, Gus.
    Example(
        "intra_period_churn",
        TRIALS,
        (4, None, 4),
        {"free": (1, None, 1), "pro": (2, None, 2), "unknown": (1, None, 1)},
        SUBSCRIBED,
    ),
    # Known at s and open: Ada, Bob, Dan, Fay, Gus; closed: Ada, Bob, Fay.
    Example(
        "deactivation_rate",
        CLOSURES,
        (3, 5, 0.6),
        {"free": (1, 2, 0.5), "pro": (1, 2, 0.5), "unknown": (1, 1, 1)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.kpi}-{example.config.churn.basis}")
def test_worked_example(example: Example) -> None:
    example.check()


def departures(*rows: Row, period: str = "2025-02", **choices: Any) -> pl.DataFrame:
    return kpis_of(rows, period, "intra_period_churn", "churn_rate", config=settings(**choices))


def test_within_a_month_nobody_comes_and_leaves_who_is_alive_for_a_month() -> None:
    # Inactive after a month: who is active in February is alive at its end. In a quarter it takes a quiet March.
    rows = [
        event("ada", "visit", "2025-02-28 23:59:59.999999"),
        event("bob", "visit", "2025-02-01 00:00"),
        event("cyd", "visit", "2025-03-01 00:00"),
    ]
    assert numbers(departures(*rows), "intra_period_churn") == (0, None, 0)
    assert numbers(departures(*rows, period="2025-Q1"), "intra_period_churn") == (2, None, 2)
    # Of the year: all of them; on the edge of December, nobody.
    december = event("dan", "visit", "2025-12-01 00:00")
    assert numbers(departures(*rows, december, period="2025"), "intra_period_churn") == (3, None, 3)


def test_in_a_quarter_trials_of_any_month_count_but_those_on_its_edges() -> None:
    spans = [("2024-12-31", "2025-01-02"), ("2025-01-10", "2025-03-10"), ("2025-03-30", "2025-04-01")]
    rows = [
        row
        for number, (first, last) in enumerate(spans)
        for row in (
            event(f"c{number}", "subscribe", f"{first} 00:00", amount=10, reference="s"),
            event(f"c{number}", "cancel", f"{last} 00:00", reference="s"),
        )
    ]
    kpis = departures(*rows, period="2025-Q1", basis="subscription")
    assert numbers(kpis, "intra_period_churn") == (1, None, 1)
    assert numbers(kpis, "churn_rate") == (1, 1, 1)


def test_an_account_is_closed_once_for_ever() -> None:
    rows = [event("ada", "visit", "2025-01-10 10:00"), event("ada", "deactivate", "2025-02-10 10:00")]
    found = {
        period: numbers(kpis_of(rows, period, "deactivation_rate"), "deactivation_rate")
        for period in ("2025-01", "2025-02", "2025-03", "2025-Q1", "2025-Q2", "2025")
    }
    assert found == {
        "2025-01": (None, None, None),  # nothing has told yet that accounts are closed
        "2025-02": (1, 1, 1),
        "2025-03": (0, 0, None),
        "2025-Q1": (0, 0, None),  # not known at its start
        "2025-Q2": (0, 0, None),
        "2025": (0, 0, None),
    }
