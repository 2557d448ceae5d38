"""Subscriptions by the oracle, on worlds to check by hand: recurring revenue, its bridge, churn as others define it."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import polars as pl
import pytest

from . import demo, kernel
from .worlds import ADA, BOB, CYD, DAN, OPENED, Rows, app, entry, numbers, raw, subscription

BRIDGE = ("mrr_at_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr")


def bridge(figures: pl.DataFrame, period: str) -> list[float | None]:
    return [numbers(figures, kpi, period)[2] for kpi in BRIDGE]


def by_subscription(folder: Path, rows: Rows, grain: str = "month", last: str | None = None) -> pl.DataFrame:
    with demo.events(raw(folder, (), (), rows)) as con:
        kernel.assign(con, churn_basis="subscription")
        return kernel.figures(con, last=last, grain=grain)


def test_recurring_amount_is_the_sum_over_subscriptions(tmp_path: Path) -> None:
    rows = [
        subscription(ADA, "created", "2024-01-10 12:00:00", "20.00", "S-1"),
        subscription(ADA, "created", "2024-01-11 12:00:00", "30.05", "S-2"),
        subscription(ADA, "changed", "2024-02-10 12:00:00", None, "S-2"),  # no amount: as it was
        subscription(ADA, "cancelled", "2024-03-10 12:00:00", "20.00", "S-1"),
        # A change is a start where there was none before; a cancellation of something unknown is nothing.
        subscription(BOB, "changed", "2024-02-10 12:00:00", "5.00"),
        subscription(CYD, "cancelled", "2024-02-10 12:00:00"),
        subscription(CYD, "created", "2024-02-11 12:00:00"),  # of unknown amount: 0
        entry(DAN, "subscription_created", "2024-02-11 12:00:00", amount="7.00"),  # without reference
        entry(DAN, "subscription_created", "2024-02-12 12:00:00", amount="8.00"),  # the same subscription
    ]
    figures = by_subscription(tmp_path, rows)
    assert bridge(figures, "2024-01") == [0, 50.05, 0, 0, 0, 0, 50.05]
    assert bridge(figures, "2024-02") == [50.05, 13, 0, 0, 0, 0, 63.05]
    assert bridge(figures, "2024-03") == [63.05, 0, 0, 0, 20, 0, 43.05]
    assert numbers(figures, "gross_revenue_retention", "2024-03") == pytest.approx((43.05, 63.05, 43.05 / 63.05))
    assert numbers(figures, "gross_revenue_retention", "2024-01") == (0, 0, None)
    assert numbers(figures, "churn_rate", "2024-03") == (0, 3, 0)
    assert numbers(figures, "revenue_churn_amount", "2024-03") == (20, None, 20)


def test_at_one_instant_subscribe_comes_before_cancel(tmp_path: Path) -> None:
    # Ada moves to another subscription, Bob ends the one he begins, Cyd's two changes end at the higher amount.
    rows = [
        subscription(ADA, "created", "2024-01-10 12:00:00", "20.00", "S-1"),
        subscription(ADA, "cancelled", "2024-02-10 12:00:00", None, "S-1"),
        subscription(ADA, "created", "2024-02-10 12:00:00", "25.00", "S-2"),
        subscription(BOB, "cancelled", "2024-02-10 12:00:00"),
        subscription(BOB, "created", "2024-02-10 12:00:00", "9.00"),
        subscription(CYD, "created", "2024-01-10 12:00:00", "1.00"),
        subscription(CYD, "changed", "2024-02-10 12:00:00", "3.00"),
        subscription(CYD, "changed", "2024-02-10 12:00:00", "2.00"),
    ]
    with demo.events(raw(tmp_path, (), (), rows)) as con:
        figures, churn = kernel.figures(con), kernel.churn_definitions(con)
    assert bridge(figures, "2024-02") == [21, 0, 0, 7, 0, 0, 28]
    # Bob's is the only loss, of somebody who was not subscribed at the start.
    churn_rows = churn.filter(period="2024-02").select("definition", "numerator", "denominator").rows()
    assert {name: (lost, among) for name, lost, among in churn_rows} == {
        "lifecycle": (0, 2),
        "chartmogul": (0, 2),
        "recurly": (0, 2),
        "profitwell": (0, 2),
        "baremetrics": (1, 2),
        "stripe": (1, 3),
    }


def test_bridge_of_a_month_by_hand(tmp_path: Path) -> None:
    # Ada 50 → 0 is churn; Bob 0 → 50 of a known customer reactivation; Cyd 50 → 70; Dan 50 → 20; user 5 is new.
    rows = [
        *(subscription(user, "created", "2024-01-10 12:00:00", "50.00") for user in (ADA, BOB, CYD, DAN)),
        subscription(BOB, "cancelled", "2024-01-20 12:00:00"),
        subscription(ADA, "cancelled", "2024-02-10 12:00:00"),
        subscription(BOB, "created", "2024-02-10 12:00:00", "50.00", "S-2"),
        subscription(CYD, "changed", "2024-02-10 12:00:00", "70.00"),
        subscription(DAN, "changed", "2024-02-10 12:00:00", "20.00"),
        subscription(5, "created", "2024-02-10 12:00:00", "10.00"),
    ]
    rows[3] |= {"plan": "business"}  # Dan's, who tells another one later
    rows[-2] |= {"plan": "pro"}
    figures = by_subscription(tmp_path, rows)
    assert bridge(figures, "2024-02") == [150, 10, 50, 20, 30, 50, 150]
    assert numbers(figures, "gross_revenue_retention", "2024-02") == (70, 150, 70 / 150)
    assert numbers(figures, "net_revenue_retention", "2024-02") == (90, 150, 0.6)
    assert numbers(figures, "quick_ratio", "2024-02") == (80, 80, 1)
    assert numbers(figures, "revenue_churn_rate", "2024-02") == (80, 150, 80 / 150)
    assert numbers(figures, "churn_rate", "2024-02") == (1, 3, 1 / 3)
    assert numbers(figures, "reactivation_rate", "2024-02") == (1, 1, 1)
    assert numbers(figures, "intra_period_churn", "2024-01") == (1, None, 1)
    # What is about the base at the start has the plan of the start, and so has the ratio made of it.
    assert numbers(figures, "mrr_contraction", "2024-02", "plan", "business") == (30, None, 30)
    assert numbers(figures, "net_revenue_retention", "2024-02", "plan", "business") == (20, 50, 0.4)
    assert numbers(figures, "quick_ratio", "2024-02", "plan", "business") == (0, 30, 0)
    assert numbers(figures, "mrr", "2024-02", "plan", "pro") == (20, None, 20)


def test_cancellation_in_the_future_is_no_churn(tmp_path: Path) -> None:
    rows = [
        subscription(ADA, "created", "2024-01-10 12:00:00", "50.00"),
        subscription(ADA, "cancelled", "2024-03-01 00:00:00"),
    ]
    figures = by_subscription(tmp_path, rows)
    assert numbers(figures, "churn_rate", "2024-02") == (0, 1, 0)
    assert numbers(figures, "mrr", "2024-02") == (50, None, 50)
    assert numbers(figures, "churn_rate", "2024-03") == (1, 1, 1)
    assert numbers(figures, "quick_ratio", "2024-02") == (0, 0, None)


def toy_month() -> Iterator[dict[str, object]]:
    """100 at the start; 30 join; 12 losses: 10 plain, 1 lost and back, 1 joined and lost within the month."""
    user = count(1)
    start = [next(user) for _ in range(100)]
    joining = [next(user) for _ in range(30)]
    yield from (subscription(each, "created", "2024-01-10 12:00:00", "10.00") for each in start)
    yield from (subscription(each, "created", "2024-02-10 12:00:00", "10.00") for each in joining)
    yield from (subscription(each, "cancelled", "2024-02-15 12:00:00") for each in (*start[:11], joining[0]))
    yield subscription(start[10], "created", "2024-02-20 12:00:00", "10.00", "S-2")


def test_churn_as_others_define_it(tmp_path: Path) -> None:
    rows = list(toy_month())
    with demo.events(raw(tmp_path, [app(ADA, OPENED, "2023-12-10T10:00")], (), rows)) as con:
        months, quarter = kernel.churn_definitions(con), kernel.churn_definitions(con, grain="quarter")
    assert months["period"].unique().sort().to_list() == ["2024-01", "2024-02"]  # nobody subscribed before
    february = {row["definition"]: row for row in months.filter(period="2024-02").to_dicts()}
    values = {name: row["value"] for name, row in february.items()}
    assert values == {
        "lifecycle": 0.10,
        "chartmogul": 0.10,
        "recurly": 0.10,
        "profitwell": 0.11,
        "baremetrics": 0.12,
        "stripe": 12 / 130,
    }
    assert (february["stripe"]["numerator"], february["stripe"]["denominator"]) == (12, 130)
    first = quarter.filter(period="2024-Q1", definition="stripe")
    assert first.select("numerator", "denominator").row(0) == (12, 130)
    assert quarter.filter(period="2024-Q1", definition="recurly")["value"].to_list() == [None]


def test_toy_month_moves_customers_and_money(tmp_path: Path) -> None:
    with demo.events(raw(tmp_path, (), (), list(toy_month()))) as con:
        kernel.assign(con, churn_basis="subscription")
        figures, movements = kernel.figures(con), kernel.movements(con, "2024-02", "2024-02")
    assert numbers(figures, "churn_rate", "2024-02") == (10, 100, 0.1)
    assert numbers(figures, "intra_period_churn", "2024-02") == (1, None, 1)
    assert bridge(figures, "2024-02") == [1000, 290, 0, 0, 0, 100, 1190]
    whole = movements.filter(segment="all").select("movement", "customers", "mrr").rows()
    assert {name: (customers, mrr) for name, customers, mrr in whole} == {
        "start": (100, 1000),
        "new": (29, 290),
        "kept": (90, 900),
        "expanded": (0, 0),
        "contracted": (0, 0),
        "reactivated": (0, 0),
        "lost": (10, 100),
        "end": (119, 1190),
    }


def test_subscriptions_of_a_quarter_and_a_year(tmp_path: Path) -> None:
    rows = [
        subscription(ADA, "created", "2023-11-10 12:00:00", "10.00"),
        subscription(ADA, "changed", "2024-01-10 12:00:00", "30.00"),
        subscription(ADA, "changed", "2024-02-10 12:00:00", "15.00"),
        subscription(BOB, "created", "2023-11-10 12:00:00", "10.00"),
        subscription(BOB, "cancelled", "2024-01-10 12:00:00"),
        subscription(BOB, "created", "2024-03-10 12:00:00", "12.00"),  # at both edges of the quarter: expanded
        subscription(CYD, "created", "2024-01-10 12:00:00", "99.00"),
        subscription(CYD, "cancelled", "2024-03-31 23:59:59"),
    ]
    quarters = by_subscription(tmp_path / "quarters", rows, "quarter")
    assert bridge(quarters, "2024-Q1") == [20, 0, 0, 7, 0, 0, 27]
    assert numbers(quarters, "churn_rate", "2024-Q1") == (0, 2, 0)
    assert numbers(quarters, "intra_period_churn", "2024-Q1") == (1, None, 1)
    years = by_subscription(tmp_path / "years", rows, "year", "2024")
    assert bridge(years, "2023") == [0, 20, 0, 0, 0, 0, 20]
    assert bridge(years, "2024") == [20, 0, 0, 7, 0, 0, 27]
    assert numbers(years, "net_revenue_retention", "2024") == (27, 20, 1.35)


def test_recurring_revenue_does_not_ask_what_churn_is(tmp_path: Path) -> None:
    rows = [subscription(ADA, "created", "2024-01-10 12:00:00", "50.00")]
    with demo.events(raw(tmp_path, [app(BOB, OPENED, "2024-01-10T10:00")], (), rows)) as con:
        figures = kernel.figures(con, last="2024-02")
    assert numbers(figures, "mrr", "2024-02") == (50, None, 50)
    assert numbers(figures, "churn_rate", "2024-02") == (1, 1, 1)  # a subscription is no activity
