"""Orders, revenue and returns by the oracle, on worlds to check by hand."""

from pathlib import Path

import pytest

from . import demo, kernel
from .worlds import ADA, BOB, CYD, DAN, OPENED, app, entry, numbers, raw


def test_lines_of_a_reference_are_one_order_per_month(tmp_path: Path) -> None:
    entries = [
        # Ada: one order of two lines (10 €, 3 units) on the 10th; its third line in February is an order of its own.
        entry(ADA, "order_line", "2024-01-10 12:00:00", amount="4.00", quantity=2, reference="O-1"),
        entry(ADA, "order_line", "2024-01-10 18:00:00", amount="6.00", reference="O-1"),
        entry(ADA, "order_line", "2024-02-09 12:00:00", amount="1.50", quantity=1, reference="O-1"),
        entry(ADA, "refund", "2024-02-20 12:00:00", amount="0.50", quantity=1, reference="O-1"),
        # Bob: without reference, two orders a day apart.
        entry(BOB, "order_line", "2024-02-01 12:00:00", amount="2.00", quantity=1),
        entry(BOB, "order_line", "2024-02-02 12:00:00", quantity=2),
    ]
    figures = demo.figures(raw(tmp_path, (), (), entries), "2024-01", "2024-02")
    assert numbers(figures, "orders", "2024-01") == (1, None, 1)
    assert numbers(figures, "average_order_value", "2024-01") == (10, 1, 10)
    assert numbers(figures, "repeat_purchase_rate", "2024-01") == (0, 1, 0)
    assert numbers(figures, "orders", "2024-02") == (3, None, 3)
    assert numbers(figures, "revenue", "2024-02") == (3.5, None, 3.5)
    assert numbers(figures, "net_revenue", "2024-02") == (3, None, 3)
    assert numbers(figures, "product_return_rate", "2024-02") == (1, 4, 0.25)
    assert numbers(figures, "repeat_purchase_rate", "2024-02") == (2, 2, 1)
    assert numbers(figures, "time_between_purchases_mean", "2024-02") == (31, 2, 15.5)
    assert numbers(figures, "time_between_purchases_median", "2024-02") == (None, 2, 15.5)


def orders(*rows: tuple[int, str, str]) -> list[dict[str, object]]:
    """Customer, day and amount; each an order, at noon."""
    return [entry(user, "order_line", f"{day} 12:00:00", amount=amount) for user, day, amount in rows]


def test_orders_of_this_period_and_the_one_before(tmp_path: Path) -> None:
    bought = orders(
        (ADA, "2024-01-10", "10.00"),
        (ADA, "2024-01-11", "10.00"),
        (BOB, "2024-01-10", "30.10"),
        (DAN, "2024-01-10", "0.00"),  # an order, but no revenue
        (ADA, "2024-02-10", "25.00"),
        (CYD, "2024-02-10", "99.00"),
        (DAN, "2024-02-10", "7.00"),
    )
    rows = [app(BOB, OPENED, "2024-01-05T10:00", country="FR"), app(BOB, OPENED, "2024-02-05T10:00", country="DE")]
    figures = demo.figures(raw(tmp_path, rows, (), bought), "2024-01", "2024-03")
    assert numbers(figures, "retention_bucket", "2024-01") == (3, 0, None)
    assert numbers(figures, "retention_bucket", "2024-02") == (3, 3, 1)
    assert numbers(figures, "retention_bucket", "2024-02", "country", "DE") == (0, 1, 0)
    assert numbers(figures, "retention_bucket", "2024-03") == (0, 3, 0)
    growth = "existing_customer_revenue_growth"
    assert numbers(figures, growth, "2024-02") == pytest.approx((25 - 50.1, 50.1, 25 / 50.1 - 1))
    assert numbers(figures, growth, "2024-02", "country", "FR") == pytest.approx((-30.1, 30.1, -1))
    assert numbers(figures, "revenue_per_customer", "2024-02") == (131, 4, 131 / 4)


def test_base_that_stops_buying_takes_its_earlier_revenue_along(tmp_path: Path) -> None:
    # Buying is being active. Cyd is in the base, but bought nothing in January; Bob leaves.
    bought = orders((ADA, "2024-01-10", "20.00"), (BOB, "2024-01-11", "30.10"), (ADA, "2024-02-10", "1.00"))
    rows = [app(CYD, OPENED, "2024-01-05T10:00"), app(BOB, OPENED, "2024-01-05T10:00", plan="pro")]
    figures = demo.figures(raw(tmp_path, rows, (), bought), "2024-01", "2024-02")
    assert numbers(figures, "churn_rate", "2024-02") == (2, 3, 2 / 3)
    assert numbers(figures, "revenue_churn_amount", "2024-02") == (30.1, None, 30.1)
    assert numbers(figures, "revenue_churn_rate", "2024-02") == pytest.approx((30.1, 50.1, 30.1 / 50.1))
    assert numbers(figures, "revenue_churn_rate", "2024-02", "plan", "pro") == (30.1, 30.1, 1)
    assert numbers(figures, "revenue_churn_rate", "2024-01") == (0, 0, None)


def test_loyalty_looks_back_twelve_months(tmp_path: Path) -> None:
    bought = orders(
        (ADA, "2024-01-31", "1.00"),
        (ADA, "2024-12-10", "1.00"),
        (BOB, "2024-02-01", "1.00"),
        (BOB, "2024-02-02", "1.00"),
        (CYD, "2023-12-10", "1.00"),
    )
    with demo.events(raw(tmp_path, (), (), bought)) as con:
        months, quarters = kernel.figures(con, last="2025-01"), kernel.figures(con, last="2025-Q1", grain="quarter")
        years = kernel.figures(con, grain="year")
        kernel.assign(con, loyalty_orders=3)
        loyal_by_three = kernel.figures(con)
    rate = "loyal_customer_rate"
    assert numbers(months, rate, "2024-02") == (1, 3, 1 / 3)
    assert numbers(months, rate, "2024-12") == (2, 2, 1)
    assert numbers(months, rate, "2025-01") == (1, 2, 0.5)  # Ada's order of January 2024 is too old
    assert numbers(quarters, rate, "2025-Q1") == (0, 1, 0)
    assert numbers(years, rate, "2024") == (2, 2, 1)
    assert numbers(years, "retention_bucket", "2024") == (2, 1, 2)
    assert numbers(years, "repeat_purchase_rate", "2024") == (2, 2, 1)
    assert numbers(loyal_by_three, rate, "2024-12") == (0, 2, 0)


def test_orders_are_formed_within_months_in_every_grain(tmp_path: Path) -> None:
    lines = [
        entry(ADA, "order_line", f"2024-{at} 12:00:00", amount="2.00", reference="O-1")
        for at in ("01-30", "01-31", "02-01", "04-01")
    ]
    lines.append(entry(ADA, "refund", "2024-05-01 12:00:00", amount="1.00", reference="O-1"))
    with demo.events(raw(tmp_path, (), (), lines)) as con:
        quarters, year = kernel.figures(con, grain="quarter"), kernel.figures(con, grain="year")
    assert numbers(quarters, "orders", "2024-Q1") == (2, None, 2)
    assert numbers(quarters, "average_order_value", "2024-Q1") == (6, 2, 3)
    assert numbers(quarters, "time_between_purchases_mean", "2024-Q1") == (2, 1, 2)
    assert numbers(quarters, "existing_customer_revenue_growth", "2024-Q2") == (-4, 6, -2 / 3)
    assert numbers(quarters, "product_return_rate", "2024-Q2") == (1, 1, 1)
    assert quarters.filter(kpi="product_return_rate", period="2024-Q1").is_empty()
    assert numbers(year, "orders", "2024") == (3, None, 3)
    assert numbers(year, "net_revenue", "2024") == (7, None, 7)


def test_lifetime_value_needs_thirty_customers_at_the_start(tmp_path: Path) -> None:
    # 30 customers at the start, 3 of them lost; 27 active in February, who spend 81 € in all.
    bought = orders(
        *((user, "2024-01-10", "1.00") for user in range(1, 31)),
        *((user, "2024-02-10", "3.00") for user in range(1, 28)),
    )
    rows = [app(user, OPENED, "2024-01-09T10:00", country="FR" if user > 1 else "DE") for user in range(1, 31)]
    with demo.events(raw(tmp_path, rows, (), bought)) as con:
        kernel.assign(con, gross_margin=0.5)
        figures = kernel.figures(con)
    assert numbers(figures, "customer_lifetime_value", "2024-01") == (0.5, None, None)
    assert numbers(figures, "customer_lifetime_value", "2024-02") == pytest.approx((1.5, 0.1, 15))
    few = numbers(figures, "customer_lifetime_value", "2024-02", "country", "FR")
    assert few == pytest.approx((1.5, 3 / 29, None), nan_ok=True)
