"""Retention figures, worked out by hand. Period: February 2025 in Paris, s = 1 February, e = 1 March.

Inactive after one month: alive at s means active in [1 January, 1 February), alive at e in [1 February, 1 March).
"""

from typing import Any

import polars as pl
import pytest

from tests.helpers import Example, Row, event, figure, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])
SUBSCRIBED = settings(dimensions=["plan"], basis="subscription")

ACTIVITY = (
    # Ada: active in both months; changes plan in between, and counts under the one at s. In the base, kept.
    event("ada", "visit", "2025-01-05 10:00", plan="free"),
    event("ada", "visit", "2025-02-10 10:00", plan="pro"),
    # Bob: active at the very first instant that counts, then only a plan change. In the base under "pro", lost.
    event("bob", "visit", "2025-01-01 00:00", plan="pro"),
    event("bob", "change", "2025-02-10 10:00", plan="free"),
    # Cyd: a microsecond too early to be alive at s, back since. Not in the base, reactivated.
    event("cyd", "visit", "2024-12-31 23:59:59.999999", plan="pro"),
    event("cyd", "visit", "2025-02-15 10:00"),
    # Dan: the last microsecond of January and of February. In the base, kept.
    event("dan", "visit", "2025-01-31 23:59:59.999999"),
    event("dan", "visit", "2025-02-28 23:59:59.999999"),
    # Eve: back at e, an instant too late. In the base, lost.
    event("eve", "visit", "2025-01-20 10:00", plan="free"),
    event("eve", "visit", "2025-03-01 00:00"),
    # Fay: new in February. Neither in the base nor reactivated.
    event("fay", "visit", "2025-02-03 10:00", plan="free"),
    # Gus: lost before s and still. Nowhere.
    event("gus", "visit", "2024-12-10 10:00", plan="free"),
    # Hal: first seen at s. Not known before s, so neither in the base nor reactivated.
    event("hal", "visit", "2025-02-01 00:00", plan="free"),
)

SUBSCRIPTIONS = (
    # Ada: pays at both edges, more at the second. In the base, kept.
    event("ada", "subscribe", "2025-01-05 10:00", amount=10, reference="s1", plan="free"),
    event("ada", "change", "2025-02-05 10:00", amount=20, reference="s1", plan="pro"),
    # Bob: cancels one of his two subscriptions. In the base, kept.
    event("bob", "subscribe", "2025-01-05 10:00", amount=10, reference="s2", plan="pro"),
    event("bob", "subscribe", "2025-01-06 10:00", amount=10, reference="s3"),
    event("bob", "cancel", "2025-02-05 10:00", reference="s2"),
    # Cyd: cancels in the last microsecond. In the base, lost.
    event("cyd", "subscribe", "2025-01-05 10:00", amount=10, reference="s4", plan="pro"),
    event("cyd", "cancel", "2025-02-28 23:59:59.999999", reference="s4"),
    # Dan: cancels at e, which is March's. In the base, kept.
    event("dan", "subscribe", "2025-01-05 10:00", amount=10, reference="s5", plan="pro"),
    event("dan", "cancel", "2025-03-01 00:00", reference="s5"),
    # Eve: had cancelled before s, subscribes again. Not in the base, reactivated.
    event("eve", "subscribe", "2024-12-05 10:00", amount=10, reference="s6", plan="free"),
    event("eve", "cancel", "2025-01-31 23:59:59.999999", reference="s6"),
    event("eve", "subscribe", "2025-02-15 10:00", amount=10, reference="s7"),
    # Fay: subscribes at s: not subscribed before it. Not in the base, and new, not reactivated.
    event("fay", "subscribe", "2025-02-01 00:00", amount=10, reference="s8", plan="free"),
    # Gus: goes down to a price of nothing. In the base, lost.
    event("gus", "subscribe", "2025-01-10 10:00", amount=10, reference="s9", plan="pro"),
    event("gus", "change", "2025-02-10 10:00", amount=0, reference="s9", plan="free"),
    # Hal: active without paying. Nowhere.
    event("hal", "visit", "2025-01-10 10:00", plan="free"),
    event("hal", "visit", "2025-02-10 10:00"),
    # Ivy: had cancelled before s, comes back for a day only. Not in the base, lost before and still.
    event("ivy", "subscribe", "2024-12-05 10:00", amount=10, reference="s10", plan="pro"),
    event("ivy", "cancel", "2025-01-05 10:00", reference="s10"),
    event("ivy", "subscribe", "2025-02-15 10:00", amount=10, reference="s10"),
    event("ivy", "cancel", "2025-02-16 10:00", reference="s10"),
)

EXAMPLES = (
    # In the base: Ada, Bob, Dan, Eve; lost: Bob and Eve.
    Example("churn_rate", ACTIVITY, (2, 4, 0.5), {"free": (1, 2, 0.5), "pro": (1, 1, 1), "unknown": (0, 1, 0)}, PLANS),
    Example(
        "retention_rate", ACTIVITY, (2, 4, 0.5), {"free": (1, 2, 0.5), "pro": (0, 1, 0), "unknown": (1, 1, 1)}, PLANS
    ),
    # Cyd.
    Example("reactivated_customers", ACTIVITY, (1, None, 1), {"pro": (1, None, 1)}, PLANS),
    # In the base: Ada, Bob, Cyd, Dan, Gus; lost: Cyd and Gus.
    Example("churn_rate", SUBSCRIPTIONS, (2, 5, 0.4), {"free": (0, 1, 0), "pro": (2, 4, 0.5)}, SUBSCRIBED),
    Example("retention_rate", SUBSCRIPTIONS, (3, 5, 0.6), {"free": (1, 1, 1), "pro": (2, 4, 0.5)}, SUBSCRIBED),
    # Eve.
    Example("reactivated_customers", SUBSCRIPTIONS, (1, None, 1), {"free": (1, None, 1)}, SUBSCRIBED),
    # Lost before s: Cyd, Gus; back: Cyd.
    Example("reactivation_rate", ACTIVITY, (1, 2, 0.5), {"free": (0, 1, 0), "pro": (1, 1, 1)}, PLANS),
    # Lost before s: Eve, Ivy; back: Eve.
    Example("reactivation_rate", SUBSCRIPTIONS, (1, 2, 0.5), {"free": (1, 1, 1), "pro": (0, 1, 0)}, SUBSCRIBED),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.kpi}-{example.config.churn.basis}")
def test_worked_example(example: Example) -> None:
    example.check()


BASE = ("churn_rate", "retention_rate", "intra_period_churn", "reactivation_rate", "reactivated_customers")


def retention(*rows: Row, period: str = "2025-02", **choices: Any) -> pl.DataFrame:
    return kpis_of(rows, period, *BASE, config=settings(**choices))


def test_churn_and_retention_are_one_together() -> None:
    kpis = retention(*({**row, "plan": None} for row in ACTIVITY), dimensions=["plan"])
    churn, kept = value(kpis, "churn_rate"), value(kpis, "retention_rate")
    assert churn is not None
    assert kept is not None
    assert churn + kept == 1


def test_without_a_base_both_are_null_with_their_counts() -> None:
    kpis = retention(event("ada", "visit", "2025-02-10 10:00"))
    assert figure(kpis, "churn_rate") == (0, 0, None, None, None, "no_population")
    assert figure(kpis, "retention_rate") == (0, 0, None, None, None, "no_population")
    assert numbers(kpis, "reactivated_customers") == (0, None, 0)


def test_the_first_month_of_the_data_has_no_base_yet() -> None:
    rows = [event("ada", "visit", "2025-02-10 10:00")]
    assert figure(retention(*rows, history_complete=False), "churn_rate").status == "no_population"
    assert figure(retention(*rows, history_complete=False), "reactivated_customers").status == "history_starts"
    later = retention(*rows, period="2025-03", history_complete=False)
    assert figure(later, "reactivated_customers").status == "ok"


@pytest.mark.parametrize(
    ("period", "last_alive", "first_too_early"),
    [
        # inactive_after = 1mo: alive at s from the month before s on, across both clock changes
        ("2025-04", "2025-03-01 00:00", "2025-02-28 23:59:59.999999"),
        ("2025-11", "2025-10-01 00:00", "2025-09-30 23:59:59.999999"),
        ("2024-03", "2024-02-01 00:00", "2024-01-31 23:59:59.999999"),
    ],
)
def test_alive_is_a_calendar_month_not_thirty_days(period: str, last_alive: str, first_too_early: str) -> None:
    kpis = retention(event("ada", "visit", last_alive), event("bob", "visit", first_too_early), period=period)
    assert numbers(kpis, "churn_rate") == (1, 1, 1)


@pytest.mark.parametrize(
    ("inactive_after", "since"),
    [("7d", "2025-01-25 00:00"), ("2w", "2025-01-18 00:00"), ("3mo", "2024-11-01 00:00"), ("48h", "2025-01-30 00:00")],
)
def test_inactive_after_decides_who_is_in_the_base(inactive_after: str, since: str) -> None:
    rows = [event("ada", "visit", since), event("bob", "visit", f"{since[:8]}{int(since[8:10]):02d} 00:00-01:00")]
    early = [event("cyd", "visit", f"{since}+01:30")]  # half an hour before local midnight (+01:00)
    assert numbers(retention(*rows, *early, inactive_after=inactive_after), "churn_rate")[1] == 2


def test_with_a_longer_memory_one_quiet_month_is_no_churn() -> None:
    rows = [event("ada", "visit", "2025-01-15 10:00"), event("bob", "visit", "2024-12-15 10:00")]
    kpis = retention(*rows, inactive_after="2mo")
    assert numbers(kpis, "churn_rate") == (1, 2, 0.5)  # Ada is alive until 15 March; Bob was until 15 February


def test_segments_are_those_at_the_start_although_the_plan_changed_at_once() -> None:
    rows = [
        event("ada", "visit", "2025-01-31 23:59:59.999999", plan="pro"),
        event("ada", "nps", "2025-02-01 00:00", plan="free"),
    ]
    kpis = retention(*rows, dimensions=["plan"])
    assert levels(kpis, "churn_rate", "plan") == {"pro": (1, 1)}


def test_at_one_instant_subscribe_comes_before_change_before_cancel() -> None:
    at = "2025-01-10 10:00"
    subscribe = event("ada", "subscribe", at, amount=10, reference="s1")
    change = event("ada", "change", at, amount=0, reference="s1")
    cancel = event("ada", "cancel", at, reference="s1")
    other = event("bob", "subscribe", at, amount=10, reference="s2")
    base = {
        name: numbers(retention(*rows, other, basis="subscription"), "retention_rate")[1]
        for name, rows in {
            "changed to nothing": (change, subscribe),
            "cancelled": (cancel, subscribe),
            "changed, then cancelled": (cancel, {**change, "amount": 30}, subscribe),
            "subscribed": (subscribe,),
        }.items()
    }
    assert base == {"changed to nothing": 1, "cancelled": 1, "changed, then cancelled": 1, "subscribed": 2}


def test_a_cancel_ends_only_its_own_reference() -> None:
    rows = [
        event("ada", "subscribe", "2025-01-10 10:00", amount=10, reference="s1"),
        event("ada", "cancel", "2025-01-11 10:00"),  # without reference: another subscription
    ]
    assert numbers(retention(*rows, basis="subscription"), "retention_rate") == (1, 1, 1)


def test_joining_and_leaving_inside_the_period_is_in_neither_side() -> None:
    rows = [
        event("ada", "subscribe", "2025-02-03 10:00", amount=10, reference="s1"),
        event("ada", "cancel", "2025-02-20 10:00", reference="s1"),
    ]
    kpis = retention(*rows, basis="subscription")
    assert numbers(kpis, "churn_rate") == (0, 0, None)
    assert numbers(kpis, "reactivated_customers") == (0, None, 0)
    assert numbers(kpis, "intra_period_churn") == (1, None, 1)


def test_a_subscription_once_had_for_a_day_is_enough_to_come_back() -> None:
    rows = [
        event("ada", "subscribe", "2025-01-03 10:00", amount=10, reference="s1"),
        event("ada", "cancel", "2025-01-04 10:00", reference="s1"),
        event("ada", "subscribe", "2025-02-20 10:00", amount=10, reference="s1"),
    ]
    assert numbers(retention(*rows, basis="subscription"), "reactivated_customers") == (1, None, 1)


def test_leaving_and_returning_inside_the_period_is_kept() -> None:
    rows = [
        event("ada", "subscribe", "2025-01-03 10:00", amount=10, reference="s1"),
        event("ada", "cancel", "2025-02-04 10:00", reference="s1"),
        event("ada", "subscribe", "2025-02-20 10:00", amount=10, reference="s1"),
    ]
    kpis = retention(*rows, basis="subscription")
    assert numbers(kpis, "retention_rate") == (1, 1, 1)
    assert numbers(kpis, "reactivated_customers") == (0, None, 0)
    assert numbers(kpis, "intra_period_churn") == (0, None, 0)


def test_without_anybody_lost_the_reactivation_rate_is_null() -> None:
    kpis = retention(event("ada", "visit", "2025-01-10 10:00"), event("ada", "visit", "2025-02-10 10:00"))
    assert figure(kpis, "reactivation_rate") == (0, 0, None, None, None, "no_population")


def test_who_never_was_active_is_not_reactivated() -> None:
    rows = [event("ada", "nps", "2024-12-10 10:00"), event("ada", "visit", "2025-02-10 10:00")]
    assert numbers(retention(*rows), "reactivated_customers") == (0, None, 0)


def test_a_quarter_compares_its_own_edges() -> None:
    rows = [
        # Ada: alive at 1 January, quiet in January and February, active in March. Kept.
        event("ada", "visit", "2024-12-10 10:00", plan="free"),
        event("ada", "visit", "2025-03-10 10:00", plan="pro"),
        # Bob: active in January and February only. Lost.
        event("bob", "visit", "2024-12-10 10:00", plan="free"),
        event("bob", "visit", "2025-02-10 10:00"),
        # Cyd: new in February, not in the base.
        event("cyd", "visit", "2025-02-10 10:00", plan="free"),
        event("cyd", "visit", "2025-03-10 10:00"),
        # Dan: was lost as of 1 January, active in March. Reactivated.
        event("dan", "visit", "2024-11-10 10:00", plan="free"),
        event("dan", "visit", "2025-03-31 23:59:59"),
    ]
    kpis = retention(*rows, period="2025-Q1", dimensions=["plan"])
    assert numbers(kpis, "churn_rate") == (1, 2, 0.5)
    assert levels(kpis, "churn_rate", "plan") == {"free": (1, 2)}
    assert numbers(kpis, "reactivated_customers") == (1, None, 1)


def test_a_year_compares_its_own_edges() -> None:
    rows = [event("ada", "visit", "2023-12-31 23:59:59"), event("ada", "visit", "2024-12-01 00:00")]
    late = [event("bob", "visit", "2023-12-31 23:59:59"), event("bob", "visit", "2024-11-30 23:59:59")]
    assert numbers(retention(*rows, *late, period="2024"), "retention_rate") == (1, 2, 0.5)


def test_figures_without_their_source_are_missing_input() -> None:
    paid = retention(event("ada", "visit", "2025-02-01 10:00"), basis="subscription")
    for name in ("churn_rate", "retention_rate", "reactivated_customers", "reactivation_rate", "intra_period_churn"):
        assert figure(paid, name).status == "missing_input"


def test_small_sample_is_below_thirty() -> None:
    for size, status in ((29, "small_sample"), (30, "ok")):
        rows = [event(f"c{number}", "visit", "2025-01-10 10:00") for number in range(size)]
        assert figure(retention(*rows), "churn_rate").status == status


def test_who_paid_only_since_a_change_was_subscribed_and_can_come_back() -> None:
    # A free trial, 20 a month from 10 January on, cancelled on 10 February, back on 10 March.
    rows = [
        event("ada", "subscribe", "2025-01-05 10:00", amount=0, reference="s1"),
        event("ada", "change", "2025-01-10 10:00", amount=20, reference="s1"),
        event("ada", "cancel", "2025-02-10 10:00", reference="s1"),
        event("ada", "change", "2025-03-10 10:00", amount=20, reference="s1"),
    ]
    config = settings(basis="subscription")
    assert numbers(kpis_of(rows, "2025-02", "churn_rate", config=config), "churn_rate") == (1, 1, 1)
    back = kpis_of(rows, "2025-03", "reactivated_customers", config=config)
    assert numbers(back, "reactivated_customers") == (1, None, 1)
