"""reduce: what each customer did in a month, from events small enough to read. February 2025 in Paris."""

from decimal import Decimal

import polars as pl

from schemas.events import KINDS
from schemas.tables import (
    ACTIVITY,
    ANONYMOUS,
    LINKS,
    MILESTONES,
    ORDERS,
    SPEND,
    SUBSCRIPTION_EVENTS,
    SURVEYS,
    USAGE,
    with_dimensions,
)
from tasks.tables import activity
from tests.helpers import DEFAULTS, Row, canonical, collected, event, instant, settings


def reduced(*rows: Row, **choices: object) -> dict[str, pl.DataFrame]:
    config = settings(**choices) if choices else DEFAULTS  # type: ignore[arg-type]
    return collected(activity.reduce_events(canonical(rows, config).lazy(), activity.Choices.of(config)))


def ada(*rows: Row, **choices: object) -> dict[str, object]:
    return reduced(*rows, **choices)["activity"].filter(customer_id="ada").row(0, named=True)


def test_every_table_has_its_schema_also_without_events() -> None:
    rule = {"within": "14d", "any": [{"kind": "use"}, {"kind": "purchase", "where": "amount > 1"}]}
    for rows in ((), (event("ada", "use", "2025-02-10 10:00", item="x"),)):
        tables = reduced(*rows, dimensions=["plan"], activation=rule)
        assert {name: dict(table.schema) for name, table in tables.items()} == {
            "activity": with_dimensions(ACTIVITY, ["plan"]),
            "orders": ORDERS,
            "usage": USAGE,
            "subscription_events": SUBSCRIPTION_EVENTS,
            "surveys": SURVEYS,
            "spend": with_dimensions(SPEND, ["plan"]),
            "milestones": MILESTONES,
            "anonymous": with_dimensions(ANONYMOUS, ["plan"]),
            "links": LINKS,
        }


def test_active_days_are_bits_of_the_days_with_an_activity() -> None:
    found = ada(
        event("ada", "visit", "2025-02-01 00:00"),
        event("ada", "use", "2025-02-01 23:59:59.999999"),
        event("ada", "purchase", "2025-02-28 23:59:59.999999"),
        event("ada", "nps", "2025-02-14 10:00"),  # no activity
    )
    assert found["active_days"] == (1 << 0) | (1 << 27)
    assert ada(event("ada", "visit", "2025-01-31 12:00"))["active_days"] == 1 << 30


def test_instants_are_the_first_and_last_of_their_kind() -> None:
    found = ada(
        event("ada", "nps", "2025-02-02 10:00"),
        event("ada", "signup", "2025-02-05 10:00"),
        event("ada", "signup", "2025-02-04 10:00"),
        event("ada", "use", "2025-02-07 10:00"),
        event("ada", "cancel", "2025-02-09 10:00"),
    )
    days = {name: found[name] for name in ("first_event_at", "signed_up_at", "last_active_at", "last_event_at")}
    assert days == {
        "first_event_at": instant("2025-02-02 10:00"),
        "signed_up_at": instant("2025-02-04 10:00"),
        "last_active_at": instant("2025-02-07 10:00"),
        "last_event_at": instant("2025-02-09 10:00"),
    }


def test_who_did_nothing_that_counts_has_zeros_and_nulls() -> None:
    found = ada(event("ada", "feedback", "2025-02-02 10:00"))
    nothing = {name: value for name, value in found.items() if name not in {"customer_id", "first_event_at"}}
    assert nothing.pop("last_event_at") == instant("2025-02-02 10:00")
    assert nothing == {
        "last_active_at": None,
        "active_days": 0,
        "visited": False,
        "signed_up_at": None,
        "orders": 0,
        "first_order_at": None,
        "last_order_at": None,
        "revenue": 0,
        "units_sold": 0,
        "returned_amount": 0,
        "units_returned": 0,
        "subscribed_at": None,
        "targeted_at": None,
        "deactivated_at": None,
        "conversions": 0,
        "invoiced": 0,
        "paid": 0,
    }


def test_lines_of_one_reference_are_one_order_at_its_first_instant() -> None:
    orders = reduced(
        event("ada", "purchase", "2025-02-05 10:00", amount="1.10", reference="o1"),
        event("ada", "purchase", "2025-02-04 10:00", amount="2.20", quantity=2, reference="o1"),
        event("ada", "purchase", "2025-02-06 10:00", amount=3),
        event("ada", "purchase", "2025-02-06 10:00", amount=3),
        event("bob", "purchase", "2025-02-03 10:00", reference="o1"),
    )["orders"]
    assert orders.rows() == [
        ("ada", instant("2025-02-04 10:00"), "o1", Decimal("3.3"), 3),
        ("ada", instant("2025-02-06 10:00"), None, 3, 1),
        ("ada", instant("2025-02-06 10:00"), None, 3, 1),
        ("bob", instant("2025-02-03 10:00"), "o1", 0, 1),
    ]


def test_usage_counts_named_features_only() -> None:
    usage = reduced(
        *(event("ada", "use", f"2025-02-0{day} 10:00", item="report") for day in (1, 2)),
        event("ada", "use", "2025-02-03 10:00"),
        event("ada", "visit", "2025-02-03 10:00", item="report"),
        event("bob", "use", "2025-02-03 10:00", item="export"),
    )["usage"]
    assert usage.rows() == [("ada", "report", 2), ("bob", "export", 1)]


def test_all_events_of_subscriptions_are_kept_in_the_order_they_count() -> None:
    at = "2025-02-10 10:00"
    events = reduced(
        event("ada", "change", "2025-02-11 10:00", amount=20, reference="s1"),
        event("ada", "subscribe", at, amount=10, reference="s1"),
        event("bob", "cancel", at, reference="s2"),
        event("bob", "change", at, amount=30, reference="s2"),
        event("bob", "subscribe", at, amount=10, reference="s2"),
        event("cyd", "change", at, reference="s3"),  # three at once: the smaller first, the untold last
        event("cyd", "change", at, amount=7, reference="s3"),
        event("cyd", "change", at, amount=5, reference="s3"),
        event("dan", "cancel", "2025-02-09 10:00", amount=9),  # whatever it says, nothing is left
        event("dan", "invoice", at, amount=9),
    )["subscription_events"]
    subscribe, change, cancel = (KINDS.index(kind) for kind in ("subscribe", "change", "cancel"))
    assert subscribe < change < cancel
    assert events.select("customer_id", "rank", "mrr", "reference").rows() == [
        ("ada", subscribe, 10, "s1"),
        ("ada", change, 20, "s1"),
        ("bob", subscribe, 10, "s2"),
        ("bob", change, 30, "s2"),
        ("bob", cancel, 0, "s2"),
        ("cyd", change, 5, "s3"),
        ("cyd", change, 7, "s3"),
        ("cyd", change, None, "s3"),
        ("dan", cancel, 0, ""),
    ]
    assert events["occurred_at"].to_list()[:2] == [instant(at), instant("2025-02-11 10:00")]


def test_the_first_subscription_is_one_that_may_cost_something() -> None:
    found = ada(
        event("ada", "subscribe", "2025-02-01 10:00", amount=0),
        event("ada", "change", "2025-02-02 10:00", amount=0),
        event("ada", "subscribe", "2025-02-03 10:00"),
        event("ada", "subscribe", "2025-02-04 10:00", amount=1),
    )
    assert found["subscribed_at"] == instant("2025-02-03 10:00")


def test_half_a_euro_is_a_subscription() -> None:
    found = ada(event("ada", "change", "2025-02-01 10:00", amount="0.50"))
    assert found["subscribed_at"] == instant("2025-02-01 10:00")


def test_milestones_are_numbered_depth_first() -> None:
    rule = {
        "within": "14d",
        "sequence": [
            {"kind": "signup"},
            {"any": [{"kind": "use", "where": "item = 'a'"}, {"kind": "use", "where": "item = 'b'"}]},
            {"kind": "visit"},
        ],
    }
    rows = [
        event("ada", "visit", "2025-02-04 10:00"),
        event("ada", "use", "2025-02-03 10:00", item="b"),
        event("ada", "use", "2025-02-02 10:00", item="a"),
        event("ada", "signup", "2025-02-01 10:00"),
        event("ada", "use", "2025-02-02 10:00", item="c"),
    ]
    found = reduced(*rows, activation=rule)["milestones"]
    assert found.select("condition", "day").rows() == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_an_anonymous_id_is_seen_from_its_first_to_its_last_visit() -> None:
    found = reduced(
        event(None, "use", "2025-02-01 10:00", anonymous="a1"),
        event(None, "visit", "2025-02-02 10:00", anonymous="a1", plan="free"),
        event(None, "visit", "2025-02-09 10:00", anonymous="a1"),
        event(None, "use", "2025-02-10 10:00", anonymous="a1", plan="pro"),
        event("ada", "visit", "2025-02-03 10:00", anonymous="a2"),  # a customer's visit
        event(None, "use", "2025-02-03 10:00", anonymous="a3"),  # never visits
        dimensions=["plan"],
    )["anonymous"]
    assert found.rows() == [("a1", instant("2025-02-02 10:00"), instant("2025-02-09 10:00"), "pro")]


def test_a_link_is_the_first_event_with_both_ids() -> None:
    links = reduced(
        event("bob", "use", "2025-02-03 10:00", anonymous="a1"),
        event("ada", "use", "2025-02-02 10:00", anonymous="a1"),
        event("cyd", "use", "2025-02-02 10:00", anonymous="a2"),
        event("bob", "use", "2025-02-02 10:00", anonymous="a2"),  # at one instant: the least customer
        event("bob", "use", "2025-02-01 10:00"),
        event(None, "visit", "2025-02-01 10:00", anonymous="a3"),
    )["links"]
    assert links.rows() == [
        ("a1", "ada", instant("2025-02-02 10:00")),
        ("a2", "bob", instant("2025-02-02 10:00")),
    ]


def test_costs_are_summed_by_their_own_dimensions() -> None:
    rows = [
        event(None, "spend", "2025-02-01 00:00", amount="100.10", plan="pro"),
        event(None, "spend", "2025-02-28 23:59", amount="0.20", plan="pro"),
        event(None, "spend", "2025-02-02 10:00", amount=7),
        event(None, "spend", "2025-02-02 10:00", plan="free"),  # an amount nobody told is none
        event("ada", "purchase", "2025-02-02 10:00", amount=50, plan="pro"),
    ]
    assert reduced(*rows, dimensions=["plan"])["spend"].rows() == [
        (0, "free"),
        (Decimal("100.3"), "pro"),
        (7, None),
    ]
    whole = [{name: value for name, value in row.items() if name != "plan"} for row in rows]
    assert reduced(*whole)["spend"].rows() == [(Decimal("107.3"),)]


def test_a_month_without_costs_has_no_row_of_them() -> None:
    bought = event("ada", "purchase", "2025-02-02 10:00", amount=50)
    assert reduced(bought)["spend"].is_empty()
    assert reduced(bought, dimensions=["plan"])["spend"].is_empty()


def test_costs_make_nobody_a_customer() -> None:
    tables = reduced(event(None, "spend", "2025-02-01 10:00", amount=100))
    assert {name: table.height for name, table in tables.items() if table.height} == {"spend": 1}


def test_the_last_answer_with_a_score_is_kept_of_each_survey() -> None:
    surveys = reduced(
        event("ada", "nps", "2025-02-01 10:00", score=10),
        event("ada", "nps", "2025-02-05 10:00", score=3),
        event("ada", "nps", "2025-02-06 10:00"),  # "don't know"
        event("ada", "csat", "2025-02-01 10:00", score=4),
        event("bob", "nps", "2025-02-01 10:00", score="8.5"),  # two at one instant: the greater
        event("bob", "nps", "2025-02-01 10:00", score=8),
        event("cyd", "nps", "2025-02-01 10:00"),
        event(None, "nps", "2025-02-01 10:00", score=9, anonymous="a1"),
        event("dan", "feedback", "2025-02-01 10:00", score=9),
    )["surveys"]
    assert surveys.rows() == [
        ("ada", "csat", instant("2025-02-01 10:00"), 4),
        ("ada", "nps", instant("2025-02-05 10:00"), 3),
        ("bob", "nps", instant("2025-02-01 10:00"), Decimal("8.5")),
    ]


def test_invoices_and_payments_are_summed_apart() -> None:
    found = ada(
        event("ada", "invoice", "2025-02-01 10:00", amount="10.10", reference="i1"),
        event("ada", "invoice", "2025-02-01 10:00", amount="10.10", reference="i1"),  # no id: not the same
        event("ada", "payment", "2025-02-20 10:00", amount="0.20", reference="i1"),
        event("ada", "payment", "2025-02-21 10:00"),
        event("ada", "purchase", "2025-02-01 10:00", amount=99),
    )
    assert (found["invoiced"], found["paid"]) == (Decimal("20.2"), Decimal("0.2"))


def test_the_first_message_and_the_first_closing_of_the_account_count() -> None:
    found = ada(
        event("ada", "target", "2025-02-05 10:00"),
        event("ada", "target", "2025-02-03 10:00"),
        event("ada", "deactivate", "2025-02-09 10:00"),
        event("ada", "deactivate", "2025-02-08 10:00"),
    )
    assert found["targeted_at"] == instant("2025-02-03 10:00")
    assert found["deactivated_at"] == instant("2025-02-08 10:00")


def test_a_message_closes_no_account_and_a_closing_is_no_message() -> None:
    addressed, closed = (ada(event("ada", kind, "2025-02-05 10:00")) for kind in ("target", "deactivate"))
    assert (addressed["targeted_at"], addressed["deactivated_at"]) == (instant("2025-02-05 10:00"), None)
    assert (closed["targeted_at"], closed["deactivated_at"]) == (None, instant("2025-02-05 10:00"))


def test_conversions_are_orders_and_events_of_the_other_kinds() -> None:
    rows = (
        event("ada", "purchase", "2025-02-01 10:00", reference="o1"),
        event("ada", "purchase", "2025-02-02 10:00", reference="o1"),  # a line of the same order
        event("ada", "purchase", "2025-02-03 10:00"),
        event("ada", "subscribe", "2025-02-04 10:00"),
        event("ada", "subscribe", "2025-02-05 10:00"),
        event("ada", "use", "2025-02-06 10:00"),
    )
    assert ada(*rows)["conversions"] == 2 + 2
    assert ada(*rows, conversion={"kinds": ["subscribe"]})["conversions"] == 2
    assert ada(*rows, conversion={"kinds": ["purchase"]})["conversions"] == 2
    assert ada(*rows, conversion={"kinds": ["use", "purchase"]})["conversions"] == 1 + 2


def test_tables_are_sorted_whatever_the_order_of_events() -> None:
    rows = [
        event(name, kind, f"2025-02-{day:02d} 10:00", amount=day, item=name, anonymous=f"x{day}", reference=name)
        for name in ("cyd", "ada", "bob")
        for day, kind in ((9, "purchase"), (3, "use"), (5, "subscribe"))
    ]
    strangers = [event(None, "visit", "2025-02-03 10:00", anonymous=name) for name in ("z", "b", "a")]
    one, other = reduced(*rows, *strangers), reduced(*reversed([*rows, *strangers]))
    for name, table in one.items():
        assert table.equals(other[name])
        assert table.rows() == sorted(table.rows()), name
