"""fold: what the past tells the future, month after month."""

import polars as pl

from schemas.tables import CUSTOMERS
from tasks.tables import customers
from tests.helpers import Chain, Row, canonical, chain, event, instant, settings

CONFIG = settings(dimensions=["plan"])


def told(*rows: Row, last: str | None = None) -> Chain:
    return chain(canonical(rows, CONFIG), CONFIG, last=last)


def ada(world: Chain, month: str) -> dict[str, object]:
    return world.customers(month)["customers"].filter(customer_id="ada").row(0, named=True)


HISTORY = (
    event("ada", "visit", "2024-12-20 10:00", plan="free"),
    event("ada", "signup", "2025-01-05 10:00"),
    event("ada", "purchase", "2025-01-06 10:00", amount="10.50", reference="o1"),
    event("ada", "purchase", "2025-01-07 10:00", amount="1.50", reference="o1"),
    event("ada", "subscribe", "2025-01-10 10:00", amount=20, reference="s1"),
    event("ada", "subscribe", "2025-01-11 10:00", amount=5, reference="s2", plan="pro"),
    event("ada", "purchase", "2025-03-02 10:00", amount=8, reference="o2"),
    event("ada", "cancel", "2025-03-03 10:00", reference="s1"),
)


def test_the_state_grows_month_by_month() -> None:
    world = told(*HISTORY)
    december, january, march = (ada(world, month) for month in ("2024-12", "2025-01", "2025-03"))
    nothing_yet = ["signed_up_at", "first_order_at", "last_order_at", "subscribed_at"]
    assert [december[name] for name in nothing_yet] == [None] * 4
    assert (december["orders"], december["revenue"], december["mrr"], december["plan"]) == (0, 0, 0, "free")
    assert january == {
        "customer_id": "ada",
        "first_event_at": instant("2024-12-20 10:00"),
        "signed_up_at": instant("2025-01-05 10:00"),
        "activated_at": None,
        "last_active_at": instant("2025-01-07 10:00"),
        "orders": 1,
        "first_order_at": instant("2025-01-06 10:00"),
        "last_order_at": instant("2025-01-06 10:00"),
        "revenue": 12,
        "subscribed_at": instant("2025-01-10 10:00"),
        "mrr": 25,
        "plan": "pro",
    }
    assert march == {
        **january,
        "last_active_at": instant("2025-03-02 10:00"),
        "orders": 2,
        "last_order_at": instant("2025-03-02 10:00"),
        "revenue": 20,
        "mrr": 5,
    }


def test_a_month_without_events_keeps_everything() -> None:
    world = told(*HISTORY)
    assert ada(world, "2025-02") == ada(world, "2025-01")
    for name in ("customers", "subscriptions", "links"):
        assert world.customers("2025-02")[name].equals(world.customers("2025-01")[name])


def test_before_the_first_month_there_is_nobody() -> None:
    for table in told(*HISTORY).customers("2024-11").values():
        assert table.height == 0


def test_the_columns_are_those_of_the_schema_in_every_month() -> None:
    rule = {"within": "14d", "all": [{"kind": "use"}, {"any": [{"kind": "visit"}, {"kind": "purchase"}]}]}
    config = settings(dimensions=["plan", "country"], activation=rule)
    world = chain(canonical([event("ada", "visit", "2025-01-05 10:00")], config), config, last="2025-02")
    expected = customers.schemas(customers.Choices.of(config))
    for end in world.ends.values():
        assert {name: dict(table.schema) for name, table in end.items()} == expected
    progress = [f"{name}_{number}" for number in range(3) for name in ("count", "days", "met_at")]
    assert list(expected["customers"]) == [*CUSTOMERS, "plan", "country", *progress]


def test_the_first_link_wins_over_all_months() -> None:
    world = told(
        event("bob", "use", "2025-01-10 10:00", anonymous="a1"),
        event("ada", "use", "2025-02-10 10:00", anonymous="a1"),
        event("ada", "use", "2025-02-11 10:00", anonymous="a2"),
    )
    assert world.customers("2025-02")["links"].rows() == [
        ("a1", "bob", instant("2025-01-10 10:00")),
        ("a2", "ada", instant("2025-02-11 10:00")),
    ]


def test_subscriptions_stand_as_of_their_last_event_ever() -> None:
    world = told(
        event("ada", "subscribe", "2025-01-10 10:00", amount=10, reference="s1"),
        event("ada", "subscribe", "2025-01-10 10:00", amount=10),
        event("ada", "cancel", "2025-02-10 10:00", reference="s1"),
        event("ada", "change", "2025-02-10 10:00", amount=7),
        last="2025-03",
    )
    states = {month: world.customers(month)["subscriptions"].rows() for month in ("2025-01", "2025-03")}
    assert states == {"2025-01": [("ada", "", 10), ("ada", "s1", 10)], "2025-03": [("ada", "", 7), ("ada", "s1", 0)]}
    assert ada(world, "2025-03")["mrr"] == 7


def test_cohorts_have_a_row_for_every_month_of_age() -> None:
    world = told(
        event("ada", "signup", "2025-01-05 10:00"),
        event("bob", "signup", "2025-01-31 23:59:59.999999"),
        event("ada", "visit", "2025-02-10 10:00"),
        event("cyd", "signup", "2025-02-01 00:00"),
        event("dan", "visit", "2025-02-10 10:00"),  # never signed up
        event("bob", "visit", "2025-03-10 10:00"),
        event("ada", "nps", "2025-03-10 10:00"),  # no activity
    )
    assert world.customers("2025-03")["cohorts"].rows() == [
        ("2025-01", 0, 2, 2),
        ("2025-01", 1, 2, 1),
        ("2025-01", 2, 2, 1),
        ("2025-02", 0, 1, 1),
        ("2025-02", 1, 1, 0),
    ]


def test_cohorts_only_grow() -> None:
    world = told(event("ada", "signup", "2025-01-05 10:00"), event("bob", "signup", "2025-02-05 10:00"), last="2025-06")
    before: set[tuple[object, ...]] = set()
    for end in world.ends.values():
        rows = set(end["cohorts"].rows())
        assert before < rows
        before = rows


def test_tables_are_sorted_by_their_key() -> None:
    names = ("dan", "ada", "cyd", "bob")
    rows = [
        event(name, kind, f"2025-0{month}-10 10:00", reference=f"s{month}", anonymous=f"{name}{month}", amount=1)
        for month in (1, 2)
        for name in names
        for kind in ("subscribe", "signup")
    ]
    keys = {
        "customers": ["customer_id"],
        "subscriptions": ["customer_id", "reference"],
        "links": ["anonymous_id"],
        "cohorts": ["cohort", "age"],
    }
    for name, table in told(*rows).customers("2025-02").items():
        key = table.select(keys[name])
        assert key.equals(key.sort(pl.all()))
        assert not key.is_duplicated().any()
