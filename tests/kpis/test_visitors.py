"""Who is one visitor: customers, strangers, and strangers who turn out to be customers. Mostly in February 2025."""

import pytest

from tests.helpers import Row, event, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])


def visitors(*rows: Row, period: str = "2025-02", lookback: str = "90d") -> float | None:
    config = settings(dimensions=["plan"], lookback=lookback)
    return value(kpis_of(rows, period, "visitors", config=config), "visitors")


def test_a_visit_after_the_link_counts_as_the_customer_however_long_after() -> None:
    rows = [
        event("ada", "signup", "2023-01-05 10:00", anonymous="a1"),
        event(None, "visit", "2025-02-10 10:00", anonymous="a1"),
        event("ada", "visit", "2025-02-11 10:00"),
    ]
    assert visitors(*rows) == 1


def test_a_link_after_the_period_changes_nothing_in_it() -> None:
    stranger = event(None, "visit", "2025-02-10 10:00", anonymous="a1")
    known = event("ada", "visit", "2025-02-11 10:00")
    link = event("ada", "signup", "2025-03-01 00:00", anonymous="a1")
    assert visitors(stranger, known) == 2
    assert visitors(stranger, known, link) == 2
    assert visitors(stranger, known, {**link, "at": "2025-02-28 23:59:59.999999"}) == 1


def test_a_link_reaches_back_exactly_as_far_as_the_lookback() -> None:
    # Linked on 13 February at 10:00, lookback 3 days: visits from 10 February 10:00 on are Ada's.
    known = [
        event("ada", "visit", "2025-02-01 10:00"),
        event("ada", "signup", "2025-02-13 10:00", anonymous="a1"),
    ]
    inside = event(None, "visit", "2025-02-10 10:00", anonymous="a1")
    outside = event(None, "visit", "2025-02-10 09:59:59.999999", anonymous="a1")
    assert visitors(*known, inside, lookback="3d") == 1
    assert visitors(*known[1:], inside, lookback="3d") == 1, "her only visit"
    assert visitors(*known, outside, lookback="3d") == 2
    assert visitors(*known[1:], outside, lookback="3d") == 1, "a stranger; Ada made no visit"
    # Visits on both sides: one of them is Ada's, so the stranger is Ada, and counted once.
    assert visitors(*known, inside, outside, lookback="3d") == 1
    assert visitors(*known[1:], inside, outside, lookback="3d") == 1


def test_a_stranger_of_one_month_is_the_customer_of_the_quarter() -> None:
    # Linked on 10 March, lookback 10 days: by the quarter's end a1 is Ada, though January's visit is out of reach.
    rows = [
        event(None, "visit", "2025-01-30 10:00", anonymous="a1"),
        event(None, "visit", "2025-03-05 10:00", anonymous="a1"),
        event("ada", "signup", "2025-03-10 10:00", anonymous="a1"),
        event("ada", "visit", "2025-03-11 10:00"),
    ]
    assert visitors(*rows, period="2025-01", lookback="10d") == 1
    assert visitors(*rows, period="2025-03", lookback="10d") == 1
    assert visitors(*rows, period="2025-Q1", lookback="10d") == 1
    without = [row for row in rows if row["at"] != "2025-03-05 10:00"]
    assert visitors(*without, period="2025-Q1", lookback="10d") == 2, "nothing says that January's stranger was Ada"


def test_a_link_reaches_back_over_the_month_boundary_within_a_quarter() -> None:
    rows = [
        event(None, "visit", "2025-01-30 10:00", anonymous="a1"),
        event("ada", "visit", "2025-02-02 10:00", anonymous="a1"),
        event("bob", "visit", "2025-03-31 23:59:59"),
    ]
    assert visitors(*rows, period="2025-01") == 1
    assert visitors(*rows, period="2025-02") == 1
    assert visitors(*rows, period="2025-Q1") == 2  # Ada and Bob: by the quarter's end a1 is Ada


def test_the_first_link_wins() -> None:
    # A shared computer: a1 belongs to Bob, who was first, also after Ada used it.
    rows = [
        event("bob", "signup", "2025-01-10 10:00", anonymous="a1"),
        event("ada", "signup", "2025-01-20 10:00", anonymous="a1"),
        event(None, "visit", "2025-02-10 10:00", anonymous="a1"),
    ]
    assert visitors(*rows, event("bob", "visit", "2025-02-11 10:00")) == 1
    assert visitors(*rows, event("ada", "visit", "2025-02-11 10:00")) == 2


def test_of_two_links_at_one_instant_the_least_customer_wins() -> None:
    links = [event(name, "signup", "2025-02-10 10:00", anonymous="a1") for name in ("bob", "ada")]
    stranger = event(None, "visit", "2025-02-12 10:00", anonymous="a1")
    assert visitors(*links, stranger, event("ada", "visit", "2025-02-11 10:00")) == 1
    assert visitors(*links, stranger, event("bob", "visit", "2025-02-11 10:00")) == 2


def test_a_link_may_come_on_any_event() -> None:
    rows = [
        event(None, "visit", "2025-02-10 10:00", anonymous="a1"),
        event("ada", "purchase", "2025-02-11 10:00", anonymous="a1", amount=1),
        event("ada", "visit", "2025-02-12 10:00"),
    ]
    assert visitors(*rows) == 1


def test_a_customer_visiting_under_two_anonymous_ids_is_one_visitor() -> None:
    rows = [
        event(None, "visit", "2025-02-10 10:00", anonymous="phone"),
        event(None, "visit", "2025-02-10 11:00", anonymous="laptop"),
        event("ada", "signup", "2025-02-11 10:00", anonymous="phone"),
        event("ada", "use", "2025-02-12 10:00", anonymous="laptop"),
    ]
    kpis = kpis_of(rows, "2025-02", "visitors", "visitor_to_signup_rate", config=PLANS)
    assert numbers(kpis, "visitors") == (1, None, 1)
    assert numbers(kpis, "visitor_to_signup_rate") == (1, 1, 1)


def test_anonymous_events_feed_only_the_visitor_figures() -> None:
    rows = [
        event("ada", "visit", "2025-02-01 10:00"),
        event(None, "visit", "2025-02-10 10:00", anonymous="a1"),
        event(None, "use", "2025-02-10 10:00", anonymous="a1", item="report"),
        event(None, "purchase", "2025-02-10 10:00", anonymous="a1", amount=10),
    ]
    kpis = kpis_of(rows, "2025-02")
    found = {name: value(kpis, name) for name in ("visitors", "mau", "wau", "orders", "revenue", "new_customers")}
    assert found == {"visitors": 2, "mau": 1, "wau": 0, "orders": 0, "revenue": 0, "new_customers": 0}


def test_an_anonymous_id_that_never_visits_is_no_visitor() -> None:
    rows = [event("ada", "visit", "2025-02-01 10:00"), event(None, "use", "2025-02-10 10:00", anonymous="a1")]
    assert visitors(*rows) == 1


def test_who_only_buys_converts_but_is_no_visitor() -> None:
    rows = [event("ada", "visit", "2025-02-10 10:00"), event("bob", "purchase", "2025-02-10 10:00", amount=1)]
    kpis = kpis_of(rows, "2025-02", "visitors", "conversion_ratio")
    assert numbers(kpis, "visitors") == (1, None, 1)
    assert numbers(kpis, "conversion_ratio") == (1, 1, 1)


def test_a_stranger_has_the_level_told_last_in_the_period() -> None:
    rows = [
        event(None, "visit", "2025-01-31 10:00", anonymous="a1", plan="old"),
        event(None, "visit", "2025-02-10 10:00", anonymous="a1", plan="free"),
        event(None, "visit", "2025-02-11 10:00", anonymous="a1", plan="pro"),
        event(None, "visit", "2025-02-12 10:00", anonymous="a1"),
        event(None, "visit", "2025-02-12 10:00", anonymous="a2"),
    ]
    kpis = kpis_of(rows, "2025-02", "visitors", config=PLANS)
    assert levels(kpis, "visitors", "plan") == {"pro": (1, None), "unknown": (1, None)}


@pytest.mark.parametrize("strangers", [0, 3])
def test_every_stranger_is_a_visitor_where_there_are_no_dimensions(strangers: int) -> None:
    rows = [
        event("ada", "visit", "2025-02-10 10:00"),
        event("ada", "signup", "2025-02-10 10:00"),
        *(event(None, "visit", "2025-02-10 10:00", anonymous=f"a{number}") for number in range(strangers)),
    ]
    kpis = kpis_of(rows, "2025-02", "visitors", "visitor_to_signup_rate")
    assert numbers(kpis, "visitors") == (1 + strangers, None, 1 + strangers)
    assert numbers(kpis, "visitor_to_signup_rate") == (1, 1 + strangers, 1 / (1 + strangers))


def test_a_visit_the_link_does_not_reach_is_the_stranger_s_alone() -> None:
    link = event("ada", "signup", "2025-02-20 10:00", anonymous="a1")
    assert visitors(event(None, "visit", "2025-02-01 10:00", anonymous="a1"), link, lookback="3d") == 1
