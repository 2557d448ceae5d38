"""Subscriptions event by event: what each makes of a customer's monthly amount, and when they start and are lost."""

from decimal import Decimal

import polars as pl
import pytest

from schemas.tables import SUBSCRIPTIONS
from tasks.tables import activity, subscriptions
from tests.helpers import DEFAULTS, Chain, Row, canonical, chain, event

AT = "2025-02-10 10:00"


def replayed(*rows: Row, before: dict[tuple[str, str], float] | None = None) -> pl.DataFrame:
    """The events of one month, from the subscriptions as of its start (customer, reference → monthly amount)."""
    known = [(customer, reference, Decimal(str(mrr))) for (customer, reference), mrr in (before or {}).items()]
    subscribed = pl.LazyFrame(known, schema=dict(SUBSCRIPTIONS), orient="row")
    events = activity.reduce_events(canonical(rows).lazy(), activity.Choices.of(DEFAULTS))["subscription_events"]
    return subscriptions.replayed(subscribed, events).collect()


def totals(*rows: Row, before: dict[tuple[str, str], float] | None = None) -> list[tuple[float, float, float]]:
    """Per event: its subscription's amount after it, the customer's total before and after it."""
    found = replayed(*rows, before=before).select("amount", "total_before", "total").rows()
    return [(float(amount), float(then), float(now)) for amount, then, now in found]


def counts(*rows: Row, before: dict[tuple[str, str], float] | None = None) -> tuple[float, int, int]:
    """Of the one customer: what is paid now, starts and losses."""
    found = subscriptions.by_customer(replayed(*rows, before=before).lazy()).collect()
    assert found.height == 1
    _, now, starts, losses = found.row(0)
    return float(now), starts, losses


def state(world: Chain, month: str) -> tuple[float, int, int]:
    """Ada's monthly amount, starts and losses, ever."""
    row = world.customers(month)["customers"].filter(customer_id="ada").row(0, named=True)
    return float(row["mrr"]), row["starts"], row["losses"]


def told(*rows: Row, last: str | None = None) -> Chain:
    return chain(canonical(rows), last=last)


def test_amounts_of_all_subscriptions_add_up() -> None:
    assert totals(
        event("ada", "subscribe", "2025-02-01 10:00", amount=10, reference="s1"),
        event("ada", "subscribe", "2025-02-02 10:00", amount=5, reference="s2"),
        event("ada", "change", "2025-02-03 10:00", amount="12.5", reference="s1"),
        event("ada", "cancel", "2025-02-04 10:00", reference="s2"),
        event("ada", "cancel", "2025-02-05 10:00", reference="s1"),
    ) == [(10, 0, 10), (5, 10, 15), (12.5, 15, 17.5), (0, 17.5, 12.5), (0, 12.5, 0)]


def test_events_of_customers_do_not_mix() -> None:
    rows = [
        event("bob", "subscribe", "2025-02-01 10:00", amount=1, reference="s1"),
        event("ada", "subscribe", "2025-02-02 10:00", amount=10, reference="s1"),
        event("bob", "cancel", "2025-02-03 10:00", reference="s1"),
    ]
    found = replayed(*rows, before={("cyd", "s1"): 99}).select("customer_id", "total_before", "total")
    assert found.rows() == [("ada", 0, 10), ("bob", 0, 1), ("bob", 1, 0)]


def test_subscriptions_without_reference_are_one() -> None:
    rows = [
        event("ada", "subscribe", "2025-02-01 10:00", amount=10),
        event("ada", "subscribe", "2025-02-02 10:00", amount=20),
    ]
    assert totals(*rows) == [(10, 0, 10), (20, 10, 20)]


@pytest.mark.parametrize("kind", ["subscribe", "change"])
def test_an_amount_nobody_told_stays_what_it_was(kind: str) -> None:
    untold = event("ada", kind, "2025-02-05 10:00", reference="s1")
    assert totals(untold) == [(0, 0, 0)], "0 at first"
    assert totals(untold, before={("ada", "s1"): 7, ("ada", "s2"): 1}) == [(7, 8, 8)]
    assert totals(event("ada", "change", "2025-02-04 10:00", amount=9, reference="s1"), untold) == [
        (9, 0, 9),
        (9, 9, 9),
    ]
    cancelled = event("ada", "cancel", "2025-02-04 10:00", reference="s1")
    assert totals(cancelled, untold, before={("ada", "s1"): 7}) == [(0, 7, 0), (0, 0, 0)]


def test_a_change_before_any_subscription_is_one() -> None:
    assert counts(event("ada", "change", AT, amount=10, reference="s1")) == (10, 1, 0)


def test_cancelling_what_nobody_has_is_no_loss() -> None:
    assert counts(event("ada", "cancel", AT, reference="s1")) == (0, 0, 0)


def test_at_one_instant_subscribing_comes_before_changing_and_cancelling() -> None:
    rows = [
        event("ada", "cancel", AT, reference="s1"),
        event("ada", "change", AT, amount=30, reference="s1"),
        event("ada", "subscribe", AT, amount=10, reference="s1"),
    ]
    assert totals(*rows) == [(10, 0, 10), (30, 10, 30), (0, 30, 0)]
    assert counts(*rows) == (0, 1, 1)


def test_at_one_instant_the_greater_of_two_amounts_stays() -> None:
    rows = [event("ada", "change", AT, amount=7, reference="s1"), event("ada", "change", AT, amount=5, reference="s1")]
    assert totals(*rows) == [(5, 0, 5), (7, 5, 7)]


def test_from_one_subscription_to_another_at_one_instant_is_no_loss() -> None:
    moved = [
        event("ada", "cancel", AT, reference="s1"),
        event("ada", "subscribe", AT, amount=20, reference="s2"),
    ]
    assert counts(*moved, before={("ada", "s1"): 10}) == (20, 0, 0)
    later = [event("ada", "cancel", AT, reference="s1"), event("ada", "subscribe", "2025-02-10 10:01", amount=20)]
    assert counts(*later, before={("ada", "s1"): 10}) == (20, 1, 1)


def test_dates_without_times_joining_and_leaving_on_one_day() -> None:
    day = "2025-02-10 00:00"
    both = [event("ada", "cancel", day, reference="s1"), event("ada", "subscribe", day, amount=10, reference="s1")]
    assert counts(*both) == (0, 1, 1)
    assert counts(*both, before={("ada", "s1"): 10}) == (0, 0, 1), "whose subscription is told again, then ended"


def test_only_the_first_and_the_last_subscription_start_and_lose_a_customer() -> None:
    rows = [
        event("ada", "subscribe", "2025-02-01 10:00", amount=10, reference="s1"),
        event("ada", "subscribe", "2025-02-02 10:00", amount=10, reference="s2"),
        event("ada", "cancel", "2025-02-03 10:00", reference="s1"),
        event("ada", "change", "2025-02-04 10:00", amount=0, reference="s2"),  # down to nothing is a loss
        event("ada", "change", "2025-02-05 10:00", amount=3, reference="s2"),
        event("ada", "cancel", "2025-02-06 10:00", reference="s2"),
        event("ada", "cancel", "2025-02-07 10:00", reference="s2"),  # told twice
    ]
    assert counts(*rows) == (0, 2, 2)


def test_amounts_of_a_tenth_leave_nothing_behind() -> None:
    rows = [event("ada", "subscribe", f"2025-02-0{day} 10:00", amount="0.1", reference=f"s{day}") for day in (1, 2, 3)]
    gone = [event("ada", "cancel", f"2025-02-0{day + 3} 10:00", reference=f"s{day}") for day in (1, 2, 3)]
    assert counts(*rows, *gone) == (0, 1, 1)


def test_subscriptions_are_carried_from_month_to_month() -> None:
    world = told(
        event("ada", "subscribe", "2025-01-10 10:00", amount=10, reference="s1"),
        event("ada", "subscribe", "2025-01-11 10:00", amount=5),
        event("ada", "cancel", "2025-02-10 10:00", reference="s1"),
        event("ada", "change", "2025-02-10 10:00", reference=""),
        event("ada", "cancel", "2025-04-01 00:00"),
        event("ada", "change", "2025-04-02 00:00", reference="s1"),  # no amount: nothing, as it was left
        event("ada", "subscribe", "2025-05-31 23:59:59.999999", amount=8, reference="s1"),
        last="2025-06",
    )
    kept = {month: end["subscriptions"].rows() for month, end in world.ends.items()}
    assert kept == {
        "2025-01": [("ada", "", 5), ("ada", "s1", 10)],
        "2025-02": [("ada", "", 5)],
        "2025-03": [("ada", "", 5)],
        "2025-04": [],
        "2025-05": [("ada", "s1", 8)],
        "2025-06": [("ada", "s1", 8)],
    }
    assert [state(world, month) for month in kept] == [
        (15, 1, 0),
        (5, 1, 0),
        (5, 1, 0),
        (0, 1, 1),
        (8, 2, 1),
        (8, 2, 1),
    ]


def test_the_last_instant_of_a_month_is_its_own() -> None:
    world = told(
        event("ada", "subscribe", "2025-01-31 23:59:59.999999", amount=10),
        event("ada", "cancel", "2025-02-01 00:00"),
    )
    assert state(world, "2025-01") == (10, 1, 0)
    assert state(world, "2025-02") == (0, 1, 1)


def test_a_free_subscription_is_none() -> None:
    world = told(event("ada", "subscribe", "2025-01-10 10:00", amount=0, reference="s1"))
    assert world.customers("2025-01")["subscriptions"].height == 0
    assert state(world, "2025-01") == (0, 0, 0)
