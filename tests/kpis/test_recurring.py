"""Recurring revenue, worked out by hand. Period: February 2025 in Paris, s = 1 February, e = 1 March.

All amounts are monthly. Levels: at s, but of `mrr` and `mrr_new` at e.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.helpers import Example, Row, event, figure, instant, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])
SUBSCRIBED = settings(dimensions=["plan"], basis="subscription")

SUBSCRIPTIONS = (
    # Ada: 50 → 80, and changes plan: the expansion counts under the one at s. Expansion 30.
    event("ada", "subscribe", "2025-01-05 10:00", amount=50, reference="a", plan="pro"),
    event("ada", "change", "2025-02-10 10:00", amount=80, reference="a", plan="team"),
    # Bob: 50 → 20. Contraction 30.
    event("bob", "subscribe", "2025-01-05 10:00", amount=50, reference="b", plan="free"),
    event("bob", "change", "2025-02-10 10:00", amount=20, reference="b"),
    # Cyd: 50 → 0 without a cancellation. Churn 50, no contraction.
    event("cyd", "subscribe", "2025-01-05 10:00", amount=50, reference="c", plan="pro"),
    event("cyd", "change", "2025-02-10 10:00", amount=0, reference="c"),
    # Dan: 0 → 50, having paid until December. Reactivation 50, no expansion.
    event("dan", "subscribe", "2024-11-05 10:00", amount=30, reference="d", plan="free"),
    event("dan", "cancel", "2024-12-05 10:00", reference="d"),
    event("dan", "change", "2025-02-10 10:00", amount=50, reference="d"),
    # Eve: subscribes in the last microsecond. New 12.34.
    event("eve", "subscribe", "2025-02-28 23:59:59.999999", amount="12.34", reference="e"),
    # Fay: her cancellation is dated e. 40 → 40.
    event("fay", "subscribe", "2025-01-31 23:59:59.999999", amount=40, reference="f", plan="pro"),
    event("fay", "cancel", "2025-03-01 00:00", reference="f"),
    # Gus: cancels in the last microsecond. Churn 25.50.
    event("gus", "subscribe", "2025-01-05 10:00", amount="25.50", reference="g", plan="free"),
    event("gus", "cancel", "2025-02-28 23:59:59.999999", reference="g"),
    # Hal: subscribes at s, so was not subscribed before it. New 15.
    event("hal", "subscribe", "2025-02-01 00:00", amount=15, reference="h", plan="pro"),
    # Ivy: comes and goes within February. Nothing.
    event("ivy", "subscribe", "2025-02-03 10:00", amount=99, reference="i", plan="pro"),
    event("ivy", "cancel", "2025-02-20 10:00", reference="i"),
    # Joe: leaves and comes back within February, 50 → 60. Expansion 10, neither churn nor reactivation.
    event("joe", "subscribe", "2025-01-05 10:00", amount=50, reference="j1", plan="free"),
    event("joe", "cancel", "2025-02-05 10:00", reference="j1"),
    event("joe", "subscribe", "2025-02-20 10:00", amount=60, reference="j2"),
    # Kim: two subscriptions, 10 + 20 → 0 + 25. Contraction 5.
    event("kim", "subscribe", "2025-01-05 10:00", amount=10, reference="k1", plan="pro"),
    event("kim", "subscribe", "2025-01-06 10:00", amount=20, reference="k2"),
    event("kim", "cancel", "2025-02-05 10:00", reference="k1"),
    event("kim", "change", "2025-02-06 10:00", amount=25, reference="k2"),
    # Lea: a subscription whose price nobody told costs nothing, until February. New 9: she had never paid before s.
    event("lea", "subscribe", "2025-01-05 10:00", reference="l", plan="free"),
    event("lea", "change", "2025-02-10 10:00", amount=9, reference="l"),
)

CUSTOM = (
    # Ada: 100 in January; active in February. In the base, kept.
    event("ada", "purchase", "2025-01-10 10:00", amount=100, plan="pro"),
    event("ada", "visit", "2025-02-10 10:00"),
    # Bob: 60 on the first instant of January; then only tells another plan. Lost 60, under the plan at s.
    event("bob", "purchase", "2025-01-01 00:00", amount=60, plan="pro"),
    event("bob", "nps", "2025-02-10 10:00", score=1, plan="free"),
    # Cyd: visited in January and bought nothing. Lost 0.
    event("cyd", "visit", "2025-01-10 10:00", plan="free"),
    # Dan: 40 in the last microsecond of January, less a return, which is not deducted; back at e, too late. Lost 40.
    event("dan", "purchase", "2025-01-31 23:59:59.999999", amount=40, plan="free"),
    event("dan", "return", "2025-01-31 23:59:59.999999", amount=15),
    event("dan", "purchase", "2025-03-01 00:00", amount=40),
    # Eve: 1000 just before January. Not in the base.
    event("eve", "purchase", "2024-12-31 23:59:59.999999", amount=1000, plan="pro"),
    # Fay: 20 in January, 5 in February. Kept, and buying less is no loss.
    event("fay", "purchase", "2025-01-10 10:00", amount=20),
    event("fay", "purchase", "2025-02-10 10:00", amount=5),
    # Gus: 500 in December, a visit in January. In the base with nothing to lose.
    event("gus", "purchase", "2024-12-10 10:00", amount=500, plan="free"),
    event("gus", "visit", "2025-01-10 10:00"),
    # Hal: new in February. Not in the base.
    event("hal", "purchase", "2025-02-10 10:00", amount=70, plan="pro"),
)

EXAMPLES = (
    # Start: Ada 50, Bob 50, Cyd 50, Fay 40, Gus 25.50, Joe 50, Kim 30.
    Example(
        "mrr_at_start",
        SUBSCRIPTIONS,
        (295.5, None, 295.5),
        {"free": (125.5, None, 125.5), "pro": (170, None, 170)},
        PLANS,
    ),
    # + new: Eve 12.34, Hal 15, Lea 9.
    Example(
        "mrr_new",
        SUBSCRIPTIONS,
        (36.34, None, 36.34),
        {"free": (9, None, 9), "pro": (15, None, 15), "unknown": (12.34, None, 12.34)},
        PLANS,
    ),
    # + reactivation: Dan.
    Example("mrr_reactivation", SUBSCRIPTIONS, (50, None, 50), {"free": (50, None, 50)}, PLANS),
    # + expansion: Ada 30, Joe 10.
    Example("mrr_expansion", SUBSCRIPTIONS, (40, None, 40), {"free": (10, None, 10), "pro": (30, None, 30)}, PLANS),
    # − contraction: Bob 30, Kim 5.
    Example("mrr_contraction", SUBSCRIPTIONS, (35, None, 35), {"free": (30, None, 30), "pro": (5, None, 5)}, PLANS),
    # − churn: Cyd 50, Gus 25.50.
    Example("mrr_churn", SUBSCRIPTIONS, (75.5, None, 75.5), {"free": (25.5, None, 25.5), "pro": (50, None, 50)}, PLANS),
    # = end: Ada 80, Bob 20, Dan 50, Eve 12.34, Fay 40, Hal 15, Joe 60, Kim 25, Lea 9.
    Example(
        "mrr",
        SUBSCRIPTIONS,
        (311.34, None, 311.34),
        {"free": (139, None, 139), "pro": (80, None, 80), "team": (80, None, 80), "unknown": (12.34, None, 12.34)},
        PLANS,
    ),
    # 295.50 − 35 − 75.50 = 185.
    Example(
        "gross_revenue_retention",
        SUBSCRIPTIONS,
        (185, 295.5, 185 / 295.5),
        {"free": (70, 125.5, 70 / 125.5), "pro": (115, 170, 115 / 170)},
        PLANS,
    ),
    # 185 + 40 = 225.
    Example(
        "net_revenue_retention",
        SUBSCRIPTIONS,
        (225, 295.5, 225 / 295.5),
        {"free": (80, 125.5, 80 / 125.5), "pro": (145, 170, 145 / 170)},
        PLANS,
    ),
    # In: 36.34 + 50 + 40; out: 35 + 75.50. Where nothing goes out there is no ratio.
    Example(
        "quick_ratio",
        SUBSCRIPTIONS,
        (126.34, 110.5, 126.34 / 110.5),
        {"free": (69, 55.5, 69 / 55.5), "pro": (45, 55, 45 / 55), "unknown": (12.34, 0, None)},
        PLANS,
    ),
    # Contraction 35 + churn 75.50.
    Example(
        "revenue_churn_amount",
        SUBSCRIPTIONS,
        (110.5, None, 110.5),
        {"free": (55.5, None, 55.5), "pro": (55, None, 55)},
        SUBSCRIBED,
    ),
    Example(
        "revenue_churn_rate",
        SUBSCRIPTIONS,
        (110.5, 295.5, 110.5 / 295.5),
        {"free": (55.5, 125.5, 55.5 / 125.5), "pro": (55, 170, 55 / 170)},
        SUBSCRIBED,
    ),
    # Base: Ada 100, Bob 60, Cyd 0, Dan 40, Fay 20, Gus 0; lost: Bob 60, Cyd 0, Dan 40, Gus 0.
    Example("revenue_churn_amount", CUSTOM, (100, None, 100), {"free": (40, None, 40), "pro": (60, None, 60)}, PLANS),
    Example(
        "revenue_churn_rate",
        CUSTOM,
        (100, 220, 100 / 220),
        {"free": (40, 40, 1), "pro": (60, 160, 0.375), "unknown": (0, 20, 0)},
        PLANS,
    ),
)

MOVEMENTS = ("mrr_at_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.kpi}-{example.config.churn.basis}")
def test_worked_example(example: Example) -> None:
    example.check()


def bridge(*rows: Row, period: str = "2025-02", **choices: Any) -> dict[str, float | None]:
    """The movements that are not nothing."""
    kpis = kpis_of(rows, period, *MOVEMENTS, config=settings(**choices))
    return {name.removeprefix("mrr_"): found for name in MOVEMENTS if (found := value(kpis, name)) != 0}


def paid(kind: str, at: str, amount: float | str | None = None, reference: str | None = "s") -> Row:
    return event("ada", kind, at, amount=amount, reference=reference)


JANUARY = paid("subscribe", "2025-01-05 10:00", 50)


def test_the_bridge_stands_on_subscriptions_whatever_churn_is_judged_on() -> None:
    names = (*MOVEMENTS, "gross_revenue_retention", "net_revenue_retention", "quick_ratio")
    on_activity, on_subscription = (
        kpis_of(SUBSCRIPTIONS, "2025-02", *names, config=config) for config in (PLANS, SUBSCRIBED)
    )
    assert on_activity.equals(on_subscription)


@pytest.mark.parametrize("end", [paid("cancel", "2025-02-10 10:00"), paid("change", "2025-02-10 10:00", 0)])
def test_down_to_nothing_is_churn_and_up_again_reactivation(end: Row) -> None:
    back = paid("change", "2025-03-10 10:00", 50)
    months = {period: bridge(JANUARY, end, back, period=period) for period in ("2025-01", "2025-02", "2025-03")}
    assert months == {
        "2025-01": {"new": 50, "mrr": 50},
        "2025-02": {"at_start": 50, "churn": 50},
        "2025-03": {"reactivation": 50, "mrr": 50},
    }
    assert bridge(JANUARY, end, back, period="2025-04") == {"at_start": 50, "mrr": 50}


def test_down_to_nothing_and_up_again_within_a_month_is_neither() -> None:
    rows = [JANUARY, paid("change", "2025-02-10 10:00", 0), paid("change", "2025-02-20 10:00", 50)]
    assert bridge(*rows) == {"at_start": 50, "mrr": 50}


def test_who_was_only_here_for_a_while_last_month_is_known_when_back() -> None:
    rows = [JANUARY, paid("cancel", "2025-01-05 10:00:00.000001"), paid("subscribe", "2025-02-10 10:00", 70)]
    assert bridge(*rows, period="2025-01") == {}
    assert bridge(*rows) == {"reactivation": 70, "mrr": 70}


def test_a_cancellation_dated_later_is_none_yet() -> None:
    rows = [JANUARY, paid("cancel", "2026-01-05 10:00")]
    assert bridge(*rows) == {"at_start": 50, "mrr": 50}
    assert bridge(*rows, period="2025-12") == {"at_start": 50, "mrr": 50}
    assert bridge(*rows, period="2026-01") == {"at_start": 50, "churn": 50}


def test_a_yearly_plan_counts_with_a_twelfth_of_its_price() -> None:
    # 1200 a year, given as 100 a month; 250 a year as 20.8333.
    rows = [
        paid("subscribe", "2025-02-05 10:00", 100, "year"),
        paid("subscribe", "2025-02-05 10:00", "20.8333", "small"),
    ]
    assert bridge(*rows) == {"new": 120.8333, "mrr": 120.8333}
    assert bridge(*rows, period="2025-04") == {"at_start": 120.8333, "mrr": 120.8333}


def test_subscriptions_of_one_customer_are_told_apart_by_reference() -> None:
    two = [JANUARY, paid("subscribe", "2025-01-06 10:00", 20, "t"), paid("subscribe", "2025-01-07 10:00", 7, None)]
    start = {"at_start": 77}
    assert bridge(*two, paid("cancel", "2025-02-10 10:00")) == start | {"contraction": 50, "mrr": 27}
    assert bridge(*two, paid("change", "2025-02-10 10:00", 25, "t")) == start | {"expansion": 5, "mrr": 82}
    assert bridge(*two, paid("cancel", "2025-02-10 10:00", None, None)) == start | {"contraction": 7, "mrr": 70}
    cancels = [paid("cancel", "2025-02-10 10:00", None, name) for name in ("s", "t", None)]
    assert bridge(*two, *cancels) == start | {"churn": 77}
    assert bridge(*two, paid("subscribe", "2025-02-10 10:00", 60)) == start | {"expansion": 10, "mrr": 87}, "s again"


def test_one_subscription_ending_as_another_begins_is_a_change_of_amount() -> None:
    rows = [JANUARY, paid("cancel", "2025-02-10 10:00"), paid("subscribe", "2025-02-10 10:00", 60, "t")]
    assert bridge(*rows) == {"at_start": 50, "expansion": 10, "mrr": 60}


def test_one_reference_of_two_customers_is_two_subscriptions() -> None:
    other = event("bob", "subscribe", "2025-01-05 10:00", amount=30, reference="s")
    assert bridge(JANUARY, other, paid("cancel", "2025-02-10 10:00")) == {"at_start": 80, "churn": 50, "mrr": 30}


@pytest.mark.parametrize("kind", ["subscribe", "change"])
def test_an_event_without_amount_leaves_the_amount(kind: str) -> None:
    assert bridge(JANUARY, paid(kind, "2025-02-10 10:00")) == {"at_start": 50, "mrr": 50}
    assert bridge(JANUARY, paid("cancel", "2025-01-20 10:00"), paid(kind, "2025-02-10 10:00")) == {}
    assert bridge(JANUARY, paid(kind, "2025-02-10 10:00", None, "t")) == {"at_start": 50, "mrr": 50}


def test_a_change_without_a_subscription_sets_the_amount_too() -> None:
    other = event("bob", "subscribe", "2025-01-05 10:00", amount=30, reference="s")
    assert bridge(other, paid("change", "2025-02-10 10:00", 20)) == {"at_start": 30, "new": 20, "mrr": 50}


def test_a_cancellation_of_an_unknown_subscription_does_nothing() -> None:
    assert bridge(JANUARY, paid("cancel", "2025-02-10 10:00", None, "t")) == {"at_start": 50, "mrr": 50}
    unknown = event("bob", "cancel", "2025-01-10 10:00", reference="s")
    assert bridge(JANUARY, unknown) == {"at_start": 50, "mrr": 50}
    late = event("bob", "subscribe", "2025-02-10 10:00", amount=5, reference="s")
    assert bridge(JANUARY, unknown, late) == {"at_start": 50, "new": 5, "mrr": 55}, "nor does it make Bob known"


AT = "2025-02-10 10:00"
SUBSCRIBE, CHANGE, CANCEL = paid("subscribe", AT, 60), paid("change", AT, 80), paid("cancel", AT)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([CHANGE, SUBSCRIBE], {"new": 80, "mrr": 80}),
        ([CANCEL, SUBSCRIBE], {}),
        ([CANCEL, CHANGE, SUBSCRIBE], {}),
        ([CANCEL, CHANGE], {}),
        ([CHANGE, paid("change", AT, 70)], {"new": 80, "mrr": 80}),  # the greater of two changes is the last
        ([CHANGE, paid("change", AT)], {"new": 80, "mrr": 80}),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_at_one_instant_subscribe_comes_before_change_before_cancel(
    rows: list[Row], expected: Mapping[str, float], backwards: bool
) -> None:
    provides = event("bob", "subscribe", "2025-01-05 10:00", amount=0, reference="free")
    assert bridge(provides, *(rows[::-1] if backwards else rows)) == expected


def test_amounts_are_exact_to_the_cent() -> None:
    # 0.1 + 0.2 as floats is no 0.3. Thirty times both: 9. Each up to 0.3 in March: + 6 + 3. All but one down again.
    amounts = [(f"s{number}", amount) for number in range(30) for amount in ("0.1", "0.2")]
    begun = [paid("subscribe", "2025-02-10 10:00", amount, f"{name} {amount}") for name, amount in amounts]
    raised = [paid("change", "2025-03-10 10:00", "0.3", f"{name} {amount}") for name, amount in amounts]
    ended = [paid("cancel", "2025-04-10 10:00", None, f"{name} {amount}") for name, amount in amounts[1:]]
    rows = [*begun, *raised, *ended]
    assert bridge(*rows) == {"new": 9.0, "mrr": 9.0}
    assert bridge(*rows, period="2025-03") == {"at_start": 9.0, "expansion": 9.0, "mrr": 18.0}
    assert bridge(*rows, period="2025-04") == {"at_start": 18.0, "contraction": 17.7, "mrr": 0.3}


def test_thirty_changes_leave_nothing_behind() -> None:
    rows = [paid("subscribe", "2025-01-10 10:00", "0.1")]
    rows += [
        paid("change", f"2025-02-{day:02d} {clock}", amount)
        for day in range(1, 29)
        for clock, amount in (("10:00", "0.3"), ("11:00", "0.1"))
    ]
    assert bridge(*rows) == {"at_start": 0.1, "mrr": 0.1}


def test_the_bridge_of_a_quarter_stands_on_its_own_edges() -> None:
    rows = [
        # Ada: 50 before, 80 in January, 65 in March. Expansion 15.
        event("ada", "subscribe", "2024-12-31 23:59:59.999999", amount=50, reference="a"),
        event("ada", "change", "2025-01-10 10:00", amount=80, reference="a"),
        event("ada", "change", "2025-03-10 10:00", amount=65, reference="a"),
        # Bob: leaves in January, comes back in March for less. Contraction 10, neither churn nor reactivation.
        event("bob", "subscribe", "2024-12-10 10:00", amount=30, reference="b"),
        event("bob", "cancel", "2025-01-10 10:00", reference="b"),
        event("bob", "subscribe", "2025-03-31 23:59:59.999999", amount=20, reference="b"),
        # Cyd: new in January, more in February. New 25.
        event("cyd", "subscribe", "2025-01-01 00:00", amount=10, reference="c"),
        event("cyd", "change", "2025-02-10 10:00", amount=25, reference="c"),
        # Dan: comes in January and goes in March. Nothing.
        event("dan", "subscribe", "2025-01-10 10:00", amount=99, reference="d"),
        event("dan", "cancel", "2025-03-10 10:00", reference="d"),
        # Eve: leaves at the quarter's end. Kept.
        event("eve", "subscribe", "2024-12-10 10:00", amount=7, reference="e"),
        event("eve", "cancel", "2025-04-01 00:00", reference="e"),
    ]
    assert bridge(*rows, period="2025-Q1") == {
        "at_start": 87,
        "new": 25,
        "expansion": 15,
        "contraction": 10,
        "mrr": 117,
    }
    kpis = kpis_of(rows, "2025-Q1", "quick_ratio", "net_revenue_retention", "gross_revenue_retention")
    assert numbers(kpis, "quick_ratio") == (40, 10, 4)
    assert numbers(kpis, "gross_revenue_retention") == pytest.approx((77, 87, 77 / 87))
    assert numbers(kpis, "net_revenue_retention") == pytest.approx((92, 87, 92 / 87))
    # Of 2025: Ada and Bob as in the quarter, Cyd too, Eve is lost.
    year = {"at_start": 87, "new": 25, "expansion": 15, "contraction": 10, "churn": 7, "mrr": 110}
    assert bridge(*rows, period="2025") == year


@pytest.mark.parametrize(
    ("period", "end"), [("2025-03", "2025-04-01 00:00+02:00"), ("2025-10", "2025-11-01 00:00+01:00")]
)
def test_a_month_ends_on_the_local_clock_although_it_changed(period: str, end: str) -> None:
    before = (instant(end) - timedelta(microseconds=1)).isoformat()
    assert bridge(JANUARY, paid("cancel", before), period=period) == {"at_start": 50, "churn": 50}
    assert bridge(JANUARY, paid("cancel", end), period=period) == {"at_start": 50, "mrr": 50}


def test_on_activity_a_quarter_loses_what_was_bought_in_the_quarter_before() -> None:
    rows = [
        # Ada: alive at 1 January (December), gone; 30 in October and 20 in December. Lost 50.
        event("ada", "purchase", "2024-10-01 00:00", amount=30),
        event("ada", "purchase", "2024-12-10 10:00", amount=20),
        # Bob: the same, but active in March. Kept, 40.
        event("bob", "purchase", "2024-12-10 10:00", amount=40),
        event("bob", "visit", "2025-03-10 10:00"),
        # Cyd: bought in November, not alive at 1 January. Not in the base.
        event("cyd", "purchase", "2024-11-30 23:59:59.999999", amount=1000),
        # Dan: alive, but bought in September. Lost 0.
        event("dan", "purchase", "2024-09-30 23:59:59.999999", amount=1000),
        event("dan", "visit", "2024-12-10 10:00"),
    ]
    kpis = kpis_of(rows, "2025-Q1", "revenue_churn_amount", "revenue_churn_rate")
    assert numbers(kpis, "revenue_churn_amount") == (50, None, 50)
    assert numbers(kpis, "revenue_churn_rate") == pytest.approx((50, 90, 50 / 90))


def test_without_anything_at_the_start_the_rates_are_null_with_their_sums() -> None:
    rows = [paid("subscribe", "2025-02-10 10:00", 50)]
    kpis = kpis_of(rows, "2025-02", config=settings(basis="subscription"))
    for name in ("gross_revenue_retention", "net_revenue_retention", "revenue_churn_rate"):
        assert figure(kpis, name) == (0, 0, None, None, None, "no_population")
    assert figure(kpis, "quick_ratio") == (50, 0, None, None, None, "no_population")
    assert numbers(kpis, "revenue_churn_amount") == (0, None, 0)


def test_net_retention_can_exceed_one_and_gross_cannot() -> None:
    rows = [JANUARY, paid("change", "2025-02-10 10:00", 75), event("bob", "subscribe", AT, amount=1000, reference="b")]
    kpis = kpis_of(rows, "2025-02", "gross_revenue_retention", "net_revenue_retention")
    assert numbers(kpis, "gross_revenue_retention") == (50, 50, 1)
    assert numbers(kpis, "net_revenue_retention") == (75, 50, 1.5)


def test_who_changes_plan_while_leaving_leaves_under_the_one_at_the_start() -> None:
    rows = [{**JANUARY, "plan": "pro"}, {**paid("cancel", AT), "plan": "free"}]
    kpis = kpis_of(rows, "2025-02", "mrr_churn", "mrr_at_start", config=PLANS)
    assert levels(kpis, "mrr_churn", "plan") == levels(kpis, "mrr_at_start", "plan") == {"pro": (50, None)}


def test_strangers_have_no_subscriptions() -> None:
    rows = [JANUARY, event(None, "subscribe", AT, amount=30, reference="x", anonymous="a1")]
    assert bridge(*rows) == {"at_start": 50, "mrr": 50}
