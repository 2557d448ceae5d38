"""fold: what the past tells the future, month after month."""

from decimal import Decimal

import polars as pl

from schemas.tables import CUSTOMERS
from tasks.clock import Period
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
    event("ada", "invoice", "2025-01-10 10:00", amount=30),
    event("ada", "payment", "2025-03-03 10:00", amount="12.50"),
    event("ada", "deactivate", "2025-03-05 10:00"),
    event("ada", "deactivate", "2025-03-04 10:00"),
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
        "starts": 1,
        "losses": 0,
        "deactivated_at": None,
        "receivable": 30,
        "plan": "pro",
    }
    assert march == {
        **january,
        "last_active_at": instant("2025-03-02 10:00"),
        "orders": 2,
        "last_order_at": instant("2025-03-02 10:00"),
        "revenue": 20,
        "mrr": 5,
        "deactivated_at": instant("2025-03-04 10:00"),
        "receivable": Decimal("17.5"),
    }


def test_progress_towards_activation_is_kept_only_while_it_can_matter() -> None:
    rule = {"within": "14d", "any": [{"kind": "use", "count": 2}]}
    config = settings(activation=rule)
    rows = [
        # Ada: activated, goes on within her window. Bob: his window ends with February. Cyd: hers is open.
        event("ada", "signup", "2025-02-25 10:00"),
        *(event("ada", "use", at) for at in ("2025-02-26 10:00", "2025-02-27 10:00", "2025-03-02 10:00")),
        event("bob", "signup", "2025-02-15 00:00"),
        event("bob", "use", "2025-02-26 10:00"),
        event("cyd", "signup", "2025-02-15 00:00:00.000001"),
        event("cyd", "use", "2025-02-26 10:00"),
    ]
    world = chain(canonical(rows, config), config)
    counts = {
        month: dict(world.customers(month)["customers"].select("customer_id", "count_0").iter_rows())
        for month in ("2025-02", "2025-03")
    }
    assert counts == {
        "2025-02": {"ada": None, "bob": None, "cyd": 1},
        "2025-03": {"ada": None, "bob": None, "cyd": None},
    }


def test_a_month_without_events_keeps_everything() -> None:
    world = told(*HISTORY)
    assert ada(world, "2025-02") == ada(world, "2025-01")
    for name in ("customers", "subscriptions", "links", "order_months"):
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


def test_who_closed_the_account_once_stays_so() -> None:
    world = told(event("ada", "deactivate", "2025-01-10 10:00"), event("ada", "deactivate", "2025-02-10 10:00"))
    assert ada(world, "2025-02")["deactivated_at"] == instant("2025-01-10 10:00")


def test_more_may_be_paid_than_is_owed() -> None:
    world = told(
        event("ada", "payment", "2025-01-10 10:00", amount="0.10"),
        event("ada", "invoice", "2025-02-10 10:00", amount="0.30"),
    )
    assert [ada(world, month)["receivable"] for month in ("2025-01", "2025-02")] == [Decimal("-0.1"), Decimal("0.2")]


def test_orders_are_remembered_for_twelve_months() -> None:
    world = told(
        event("ada", "purchase", "2024-01-31 23:59:59.999999", amount=1, reference="o1"),
        event("ada", "purchase", "2024-02-01 00:00", amount=2, reference="o1"),
        event("ada", "purchase", "2024-02-02 00:00", amount=3),
        event("bob", "purchase", "2024-02-29 10:00", amount=5),
        event("bob", "visit", "2024-03-10 10:00"),
        last="2025-02",
    )
    january, february = (Period.parse(month).index for month in ("2024-01", "2024-02"))
    both = [("ada", january, 1, 1), ("ada", february, 2, 5), ("bob", february, 1, 5)]
    remembered = {month: end["order_months"].rows() for month, end in world.ends.items()}
    assert remembered["2024-01"] == both[:1]
    assert remembered["2024-02"] == remembered["2024-12"] == both
    assert remembered["2025-01"] == both[1:]
    assert remembered["2025-02"] == []


def test_past_periods_of_cohorts_are_remembered_and_the_current_ones_made_anew() -> None:
    world = told(
        event("ada", "signup", "2025-01-05 10:00"),
        event("bob", "signup", "2025-03-05 10:00"),
        event("ada", "visit", "2025-04-10 10:00"),
        last="2025-07",
    )
    before: set[tuple[object, ...]] = set()
    for month, end in world.ends.items():
        rows = end["cohorts"]
        assert set(rows.filter(grain="month").rows()) > before, month
        before = set(rows.filter(grain="month").rows())
        current = [str(Period.containing(Period.parse(month).first, grain)) for grain in ("month", "quarter", "year")]
        assert set(rows["grain"]) == {"month", "quarter", "year"}
        assert [rows.filter(grain=grain)["period"].max() for grain in ("month", "quarter", "year")] == current
    columns = ("period", "cohort", "age", "size", "active")
    quarters = world.customers("2025-07")["cohorts"].filter(grain="quarter").select(columns)
    assert quarters.rows() == [
        ("2025-Q1", "2025-Q1", 0, 2, 2),
        ("2025-Q2", "2025-Q1", 1, 2, 1),
        ("2025-Q3", "2025-Q1", 2, 2, 0),
    ]
    year = {
        month: world.customers(month)["cohorts"].filter(grain="year").select(columns).rows() for month in world.ends
    }
    assert year["2025-02"] == [("2025", "2025", 0, 1, 1)]
    assert year["2025-03"] == year["2025-07"] == [("2025", "2025", 0, 2, 2)]


def test_tables_are_sorted_by_their_key() -> None:
    names = ("dan", "ada", "cyd", "bob")
    rows = [
        event(name, kind, f"2025-0{month}-10 10:00", reference=f"s{month}", anonymous=f"{name}{month}", amount=1)
        for month in (1, 2)
        for name in names
        for kind in ("subscribe", "signup", "purchase")
    ]
    keys = {
        "customers": ["customer_id"],
        "subscriptions": ["customer_id", "reference"],
        "links": ["anonymous_id"],
        "order_months": ["customer_id", "month"],
        "cohorts": ["grain", "period", "cohort"],
    }
    for name, table in told(*rows).customers("2025-02").items():
        key = table.select(keys[name])
        assert key.equals(key.sort(pl.all()))
        assert not key.is_duplicated().any()
