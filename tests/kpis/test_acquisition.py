"""Acquisition figures, worked out by hand. Period: February 2025 in Paris, [1 February 00:00, 1 March 00:00)."""

import pytest

from tests.helpers import Example, event, figure, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])

VISITS = (
    # Ada: visits and signs up at the first instant of the period. Visitor, signed up.
    event("ada", "visit", "2025-02-01 00:00", plan="free"),
    event("ada", "signup", "2025-02-01 00:00"),
    # Bob: signed up in January, visits in the last microsecond; his second sign-up is none. Visitor, not signed up.
    event("bob", "signup", "2025-01-20 10:00", plan="pro"),
    event("bob", "visit", "2025-02-28 23:59:59.999999"),
    event("bob", "signup", "2025-02-20 10:00"),
    # Cyd: visits a microsecond too early. Not a visitor.
    event("cyd", "visit", "2025-01-31 23:59:59.999999", plan="pro"),
    # Dan: visits and signs up at the period's end, which belongs to March. Not a visitor.
    event("dan", "visit", "2025-03-01 00:00", plan="pro"),
    event("dan", "signup", "2025-03-01 00:00"),
    # Eve: visits as a stranger (a1), later signs up under that id and visits by name. One visitor, signed up.
    event(None, "visit", "2025-02-10 10:00", anonymous="a1", plan="free"),
    event("eve", "signup", "2025-02-20 10:00", anonymous="a1"),
    event("eve", "visit", "2025-02-21 10:00"),
    # a2: a stranger who stays one, visiting twice. Visitor, not signed up.
    event(None, "visit", "2025-02-11 10:00", anonymous="a2", plan="free"),
    event(None, "visit", "2025-02-12 10:00", anonymous="a2"),
    # Fay: signs up without ever visiting. No visitor, but a sign-up.
    event("fay", "signup", "2025-02-05 10:00", plan="pro"),
)

FIRST_PAYMENTS = (
    # Ada: her first order at the first instant. New.
    event("ada", "purchase", "2025-02-01 00:00", amount=10, plan="free"),
    # Bob: ordered in January already. Not new.
    event("bob", "purchase", "2025-01-10 10:00", amount=10, plan="free"),
    event("bob", "purchase", "2025-02-10 10:00", amount=10),
    # Cyd: a first subscription and a first order, both in the period. New, once.
    event("cyd", "subscribe", "2025-02-10 10:00", amount=9, reference="s1", plan="pro"),
    event("cyd", "purchase", "2025-02-12 10:00", amount=10),
    # Dan: subscribed in January, orders first in February. Became a customer in January.
    event("dan", "subscribe", "2025-01-15 10:00", amount=9, reference="s2", plan="pro"),
    event("dan", "purchase", "2025-02-12 10:00", amount=10),
    # Eve: a subscription that costs nothing is none. Not new.
    event("eve", "subscribe", "2025-02-10 10:00", amount=0, reference="s3", plan="free"),
    # Fay: orders at the period's end. Not new in February.
    event("fay", "purchase", "2025-03-01 00:00", amount=10, plan="free"),
    # Gus: subscribes at a price nobody told. New.
    event("gus", "subscribe", "2025-02-14 10:00", reference="s4", plan="pro"),
)

SUBSCRIPTIONS = (
    # Ada: signs up at the first and subscribes at the last instant. In both.
    event("ada", "signup", "2025-02-01 00:00", plan="pro"),
    event("ada", "subscribe", "2025-02-28 23:59:59.999999", amount=9, reference="s1"),
    # Bob: subscribes at the period's end, an instant too late. Denominator only.
    event("bob", "signup", "2025-02-10 10:00", plan="pro"),
    event("bob", "subscribe", "2025-03-01 00:00", amount=9, reference="s2"),
    # Cyd: signed up a microsecond too early. Neither.
    event("cyd", "signup", "2025-01-31 23:59:59.999999", plan="pro"),
    event("cyd", "subscribe", "2025-02-02 10:00", amount=9, reference="s3"),
    # Dan: subscribed before he signed up: that too is before the end. In both.
    event("dan", "subscribe", "2025-01-15 10:00", amount=9, reference="s4", plan="pro"),
    event("dan", "signup", "2025-02-03 10:00"),
    # Eve: a subscription that costs nothing. Denominator only.
    event("eve", "signup", "2025-02-04 10:00", plan="free"),
    event("eve", "subscribe", "2025-02-05 10:00", amount=0, reference="s5"),
    # Fay: cancelled again before the end; she had subscribed all the same. In both.
    event("fay", "signup", "2025-02-05 10:00"),
    event("fay", "subscribe", "2025-02-06 10:00", amount=9, reference="s6"),
    event("fay", "cancel", "2025-02-07 10:00", reference="s6"),
)

CONVERSIONS = (
    # Ada: visits; two lines of one order and another order. Visitor, 2 conversions.
    event("ada", "visit", "2025-02-03 10:00", plan="pro"),
    event("ada", "purchase", "2025-02-03 11:00", amount=10, reference="o1"),
    event("ada", "purchase", "2025-02-04 11:00", amount=10, reference="o1"),
    event("ada", "purchase", "2025-02-04 11:00", amount=10, reference="o2"),
    # Bob: subscribes at the first and, after cancelling, at the last instant; never visits. No visitor, 2 conversions.
    event("bob", "subscribe", "2025-02-01 00:00", amount=9, reference="s1", plan="free"),
    event("bob", "change", "2025-02-02 10:00", amount=12, reference="s1"),
    event("bob", "cancel", "2025-02-03 10:00", reference="s1"),
    event("bob", "subscribe", "2025-02-28 23:59:59.999999", amount=9, reference="s1"),
    # Cyd: orders just before and at the end of the period. Visitor, no conversion.
    event("cyd", "visit", "2025-02-10 10:00", plan="pro"),
    event("cyd", "purchase", "2025-01-31 23:59:59.999999", amount=10),
    event("cyd", "purchase", "2025-03-01 00:00", amount=10),
    # a1: a stranger; what strangers buy is no conversion of a customer. Visitor, no conversion.
    event(None, "visit", "2025-02-11 10:00", anonymous="a1", plan="free"),
    event(None, "purchase", "2025-02-11 11:00", anonymous="a1", amount=10, plan="free"),
    # Dan: a subscription that costs nothing is one too. Visitor, 1 conversion.
    event("dan", "visit", "2025-02-12 10:00"),
    event("dan", "subscribe", "2025-02-12 11:00", amount=0, reference="s2"),
)

SPENDING = (
    # The costs: 150.50 for pro; 30, and one of unknown amount, for free; 20 for nobody knows whom.
    event(None, "spend", "2025-02-01 00:00", amount=100, plan="pro"),
    event(None, "spend", "2025-02-28 23:59:59.999999", amount="50.50", plan="pro"),
    event(None, "spend", "2025-02-10 10:00", amount=30, plan="free"),
    event(None, "spend", "2025-02-10 10:00", plan="free"),
    event(None, "spend", "2025-02-11 10:00", amount=20),
    # Just before and at the end. Not of February.
    event(None, "spend", "2025-01-31 23:59:59.999999", amount=1000, plan="pro"),
    event(None, "spend", "2025-03-01 00:00", amount=1000, plan="pro"),
    # Ada and Bob: new customers under pro.
    event("ada", "purchase", "2025-02-01 00:00", amount=10, plan="pro"),
    event("bob", "subscribe", "2025-02-28 23:59:59.999999", amount=9, reference="s1", plan="pro"),
    # Cyd: a customer since January.
    event("cyd", "purchase", "2025-01-31 23:59:59.999999", amount=10, plan="free"),
    event("cyd", "purchase", "2025-02-10 10:00", amount=10),
    # Dan: a new customer of a plan nothing was spent on.
    event("dan", "purchase", "2025-02-10 10:00", amount=10, plan="team"),
)

EXAMPLES = (
    # Ada, Bob, Eve, a2. Eve's plan is unknown: what a1 told is not hers.
    Example(
        "visitors",
        VISITS,
        (4, None, 4),
        {"free": (2, None, 2), "pro": (1, None, 1), "unknown": (1, None, 1)},
        PLANS,
    ),
    # Of these four: Ada and Eve.
    Example(
        "visitor_to_signup_rate",
        VISITS,
        (2, 4, 0.5),
        {"free": (1, 2, 0.5), "pro": (0, 1, 0), "unknown": (1, 1, 1)},
        PLANS,
    ),
    # Ada, Eve, Fay.
    Example(
        "signups",
        VISITS,
        (3, None, 3),
        {"free": (1, None, 1), "pro": (1, None, 1), "unknown": (1, None, 1)},
        PLANS,
    ),
    # Ada, Cyd, Gus.
    Example("new_customers", FIRST_PAYMENTS, (3, None, 3), {"free": (1, None, 1), "pro": (2, None, 2)}, PLANS),
    # Signed up: Ada, Bob, Dan, Eve, Fay; subscribed of them: Ada, Dan, Fay.
    Example(
        "signup_to_subscription_rate",
        SUBSCRIPTIONS,
        (3, 5, 0.6),
        {"free": (0, 1, 0), "pro": (2, 3, 2 / 3), "unknown": (1, 1, 1)},
        PLANS,
    ),
    # Converted: Ada 2, Bob 2, Dan 1; visitors: Ada, Cyd, Dan, a1.
    Example(
        "conversion_ratio",
        CONVERSIONS,
        (5, 4, 1.25),
        {"free": (2, 1, 2), "pro": (2, 2, 1), "unknown": (1, 1, 1)},
        PLANS,
    ),
    Example(
        "marketing_spend",
        SPENDING,
        (200.5, None, 200.5),
        {"free": (30, None, 30), "pro": (150.5, None, 150.5), "unknown": (20, None, 20)},
        PLANS,
    ),
    # New: Ada, Bob, Dan. What was spent where nobody became a customer has no cost per customer.
    Example(
        "customer_acquisition_cost",
        SPENDING,
        (200.5, 3, 200.5 / 3),
        {"free": (30, 0, None), "pro": (150.5, 2, 75.25), "team": (0, 1, 0), "unknown": (20, 0, None)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kpi)
def test_worked_example(example: Example) -> None:
    example.check()


def test_since_first_event_the_first_event_of_any_kind_is_the_sign_up() -> None:
    config = settings(activation={"since": "first_event", "within": "7d", "any": [{"kind": "purchase"}]})
    rows = [
        event("ada", "nps", "2025-02-01 00:00"),  # the first event, though no activity
        event("bob", "visit", "2025-01-31 23:59:59.999999"),  # known since January
        event("bob", "signup", "2025-02-05 10:00"),  # changes nothing
        event("cyd", "visit", "2025-03-01 00:00"),  # not yet known
    ]
    assert numbers(kpis_of(rows, "2025-02", "signups", config=config), "signups") == (1, None, 1)


def test_figures_without_their_source_are_missing_input_and_null() -> None:
    kpis = kpis_of([event("ada", "use", "2025-02-01 10:00")], "2025-02", config=PLANS)
    for name in ("visitors", "signups", "new_customers", "visitor_to_signup_rate", "signup_to_subscription_rate"):
        assert figure(kpis, name) == (None, None, None, None, None, "missing_input")
        assert kpis.filter(kpi=name).height == 1, "one row, no segments"


def test_a_kind_seen_before_the_period_is_provided_and_one_after_it_is_not() -> None:
    used = event("ada", "use", "2025-02-10 10:00")
    earlier = kpis_of([event("ada", "visit", "2025-01-01 10:00"), used], "2025-02", "visitors", config=PLANS)
    later = kpis_of([used, event("ada", "visit", "2025-03-01 00:00")], "2025-02", "visitors", config=PLANS)
    assert figure(earlier, "visitors").status == "ok"
    assert figure(earlier, "visitors").value == 0
    assert figure(later, "visitors").status == "missing_input"


def test_a_conversion_without_visitors_is_null_with_both_counts() -> None:
    rows = [event("ada", "visit", "2025-01-10 10:00"), event("ada", "signup", "2025-02-10 10:00")]
    kpis = kpis_of(rows, "2025-02", "visitor_to_signup_rate", config=PLANS)
    assert figure(kpis, "visitor_to_signup_rate") == (0, 0, None, None, None, "no_population")


def test_the_first_month_says_history_starts_where_a_past_is_needed() -> None:
    rows = [event("ada", "visit", "2025-02-01 10:00"), event("ada", "signup", "2025-02-02 10:00")]
    first = kpis_of(rows, "2025-02", config=settings(history_complete=False))
    assert figure(first, "signups") == (1, None, 1, None, None, "history_starts")
    assert figure(first, "visitors").status == "ok"
    second = kpis_of(rows, "2025-03", config=settings(history_complete=False))
    assert figure(second, "signups").status == "ok"
    whole = kpis_of(rows, "2025-02", config=settings(history_complete=True))
    assert figure(whole, "signups").status == "ok"


def test_a_free_trial_that_becomes_a_paid_plan_is_a_new_customer() -> None:
    rows = [
        event("ada", "signup", "2025-02-05 10:00"),
        event("ada", "subscribe", "2025-02-05 10:00", amount=0, reference="s1"),
        event("ada", "change", "2025-02-10 10:00", amount=20, reference="s1"),
    ]
    kpis = kpis_of(rows, "2025-02", "new_customers", "signup_to_subscription_rate")
    assert numbers(kpis, "new_customers") == (1, None, 1)
    assert numbers(kpis, "signup_to_subscription_rate") == (1, 1, 1)


def test_the_kinds_that_convert_are_configured() -> None:
    visit = event("ada", "visit", "2025-02-03 10:00")
    rows = [
        visit,
        event("ada", "signup", "2025-02-03 10:00"),
        event("ada", "use", "2025-02-04 10:00"),
        event("ada", "use", "2025-02-04 10:00"),
        event("ada", "purchase", "2025-02-05 10:00", amount=10),
    ]
    found = {
        kinds: numbers(
            kpis_of(rows, "2025-02", "conversion_ratio", config=settings(conversion={"kinds": kinds})),
            "conversion_ratio",
        )
        for kinds in [("signup",), ("use",), ("purchase", "use"), ("visit",), ("subscribe",)]
    }
    assert found == {
        ("signup",): (1, 1, 1),
        ("use",): (2, 1, 2),
        ("purchase", "use"): (3, 1, 3),
        ("visit",): (1, 1, 1),
        ("subscribe",): (None, None, None),  # nothing tells subscriptions
    }


def test_conversions_without_a_visitor_are_null_with_both_counts() -> None:
    rows = [event("ada", "visit", "2025-01-10 10:00"), event("ada", "purchase", "2025-02-10 10:00", amount=1)]
    found = figure(kpis_of(rows, "2025-02", "conversion_ratio"), "conversion_ratio")
    assert found == (1, 0, None, None, None, "no_population")


def test_what_is_spent_is_exact_and_no_customer_comes_of_it() -> None:
    rows = [event(None, "spend", "2025-02-10 10:00", amount=amount) for amount in ("0.1", "0.2") for _ in range(30)]
    kpis = kpis_of([*rows, event("ada", "visit", "2025-02-11 10:00")], "2025-02", "marketing_spend", "mau", "visitors")
    assert value(kpis, "marketing_spend") == 9
    assert (value(kpis, "mau"), value(kpis, "visitors")) == (1, 1)


def test_spending_without_new_customers_has_no_cost_of_one() -> None:
    rows = [
        event("ada", "purchase", "2025-01-10 10:00", amount=1),
        event(None, "spend", "2025-02-10 10:00", amount=100),
    ]
    kpis = kpis_of(rows, "2025-02", "customer_acquisition_cost")
    assert figure(kpis, "customer_acquisition_cost") == (100, 0, None, None, None, "no_population")


def test_a_month_without_costs_costs_nothing_and_a_quarter_those_of_its_months() -> None:
    rows = [
        event(None, "spend", "2025-01-01 00:00", amount=100),
        event(None, "spend", "2025-03-31 23:59:59.999999", amount="20.50"),
        event(None, "spend", "2025-04-01 00:00", amount=1000),
        *(event(name, "purchase", "2025-02-10 10:00", amount=1) for name in ("ada", "bob")),
    ]
    names = ("marketing_spend", "customer_acquisition_cost")
    february, quarter = (kpis_of(rows, period, *names) for period in ("2025-02", "2025-Q1"))
    assert numbers(february, "marketing_spend") == (0, None, 0)
    assert numbers(february, "customer_acquisition_cost") == (0, 2, 0)
    assert numbers(quarter, "marketing_spend") == (120.5, None, 120.5)
    assert numbers(quarter, "customer_acquisition_cost") == (120.5, 2, 60.25)


def test_costs_bring_no_more_levels_than_may_be() -> None:
    rows = [event("ada", "visit", "2025-02-10 10:00", plan="free")]
    rows += [event(None, "spend", "2025-02-10 10:00", amount=10, plan=f"only-costs-{number}") for number in range(5)]
    kpis = kpis_of(rows, "2025-02", "marketing_spend", "mau", config=settings(dimensions=["plan"], max_levels=2))
    assert levels(kpis, "marketing_spend", "plan") == {"only-costs-0": (10, None), "other": (40, None)}
    assert levels(kpis, "mau", "plan") == {"free": (1, None)}
