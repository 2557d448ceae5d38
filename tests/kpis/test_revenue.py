"""Revenue figures, worked out by hand. Period: February 2025 in Paris."""

import pytest

from tests.helpers import Example, event, figure, kpis_of, numbers, settings, value

PLANS = settings(dimensions=["plan"])

SALES = (
    # Ada: two lines of one order, 15.50 in all; a line without quantity is one unit. 3 units.
    event("ada", "purchase", "2025-02-03 10:00", amount="10.00", quantity=2, reference="o1", plan="pro"),
    event("ada", "purchase", "2025-02-04 10:00", amount="5.50", reference="o1"),
    # Bob: two purchases without reference are two orders; the second without amount, 4 units.
    event("bob", "purchase", "2025-02-03 10:00", amount=20, quantity=1, plan="free"),
    event("bob", "purchase", "2025-02-03 10:00", quantity=4),
    # Cyd: orders at the first instant, half a unit; returns two of an earlier order in the last microsecond.
    event("cyd", "purchase", "2025-02-01 00:00", amount=100, quantity="0.5", reference="o2", plan="pro"),
    event("cyd", "return", "2025-02-28 23:59:59.999999", amount=30, quantity=2, reference="o0"),
    # Dan: only returns, one unit where no quantity is told. No order.
    event("dan", "return", "2025-02-10 10:00", amount="12.25", plan="free"),
    # Eve: orders just before and at the end. Not in February.
    event("eve", "purchase", "2025-01-31 23:59:59.999999", amount=1000, quantity=1, plan="pro"),
    event("eve", "purchase", "2025-03-01 00:00", amount=1000, quantity=1),
    event("eve", "return", "2025-03-01 00:00", amount=1000, quantity=1),
    # Fay: subscribes, which is no order.
    event("fay", "subscribe", "2025-02-10 10:00", amount=50, reference="s1", plan="pro"),
)

EXAMPLES = (
    # Ada 1, Bob 2, Cyd 1.
    Example("orders", SALES, (4, None, 4), {"free": (2, None, 2), "pro": (2, None, 2)}, PLANS),
    # 15.50 + 20 + 0 + 100.
    Example("revenue", SALES, (135.5, None, 135.5), {"free": (20, None, 20), "pro": (115.5, None, 115.5)}, PLANS),
    # Less 30 and 12.25.
    Example("net_revenue", SALES, (93.25, None, 93.25), {"free": (7.75, None, 7.75), "pro": (85.5, None, 85.5)}, PLANS),
    Example("average_order_value", SALES, (135.5, 4, 33.875), {"free": (20, 2, 10), "pro": (115.5, 2, 57.75)}, PLANS),
    # Returned: Cyd 2, Dan 1; sold: Ada 3, Bob 5, Cyd 0.5.
    Example(
        "product_return_rate",
        SALES,
        (3, 8.5, 3 / 8.5),
        {"free": (1, 5, 0.2), "pro": (2, 3.5, 2 / 3.5)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kpi)
def test_worked_example(example: Example) -> None:
    example.check()


def test_money_is_exact_to_the_last_digit() -> None:
    # 0.1 + 0.2 as floats is no 0.3; ten thousand times the smallest amount is one.
    rows = [event("ada", "purchase", "2025-02-03 10:00", amount=amount) for amount in ("0.1", "0.2")]
    assert value(kpis_of(rows, "2025-02", "revenue"), "revenue") == 0.3
    many = [event("bob", "purchase", "2025-02-03 10:00", amount="0.0001") for _ in range(10_000)]
    assert value(kpis_of(many, "2025-02", "revenue"), "revenue") == 1


def test_returns_of_earlier_sales_take_the_ratio_above_one_and_net_revenue_below_zero() -> None:
    rows = [
        event("ada", "purchase", "2025-01-10 10:00", amount=50, quantity=5),
        event("ada", "purchase", "2025-02-03 10:00", amount=10, quantity=1),
        event("ada", "return", "2025-02-10 10:00", amount=30, quantity=3),
    ]
    kpis = kpis_of(rows, "2025-02", "product_return_rate", "net_revenue")
    assert numbers(kpis, "product_return_rate") == (3, 1, 3)
    assert value(kpis, "net_revenue") == -20


def test_a_return_rate_without_sales_is_null_with_both_counts() -> None:
    rows = [
        event("ada", "purchase", "2025-01-10 10:00", amount=50, quantity=5),
        event("ada", "return", "2025-02-10 10:00", amount=30, quantity=3),
    ]
    kpis = kpis_of(rows, "2025-02", "product_return_rate", "average_order_value", "orders", "revenue")
    assert figure(kpis, "product_return_rate") == (3, 0, None, None, None, "no_population")
    assert figure(kpis, "average_order_value") == (0, 0, None, None, None, "no_population")
    assert numbers(kpis, "orders") == (0, None, 0)
    assert numbers(kpis, "revenue") == (0, None, 0)


def test_a_quantity_of_nothing_is_nothing() -> None:
    rows = [
        event("ada", "purchase", "2025-02-03 10:00", amount=10, quantity=0),
        event("ada", "return", "2025-02-03 10:00", amount=10, quantity=0),
    ]
    assert figure(kpis_of(rows, "2025-02", "product_return_rate"), "product_return_rate").status == "no_population"


def test_one_reference_of_two_customers_is_two_orders() -> None:
    rows = [event(name, "purchase", "2025-02-03 10:00", amount=1, reference="o1") for name in ("ada", "bob")]
    assert value(kpis_of(rows, "2025-02", "orders"), "orders") == 2


def test_lines_of_one_reference_in_two_months_are_an_order_in_each() -> None:
    rows = [event("ada", "purchase", f"2025-0{month}-03 10:00", amount=month, reference="o1") for month in (1, 2)]
    for month in (1, 2):
        kpis = kpis_of(rows, f"2025-0{month}", "orders", "revenue")
        assert (value(kpis, "orders"), value(kpis, "revenue")) == (1, month)


def test_the_month_of_a_line_is_that_of_the_business_zone() -> None:
    # One order whose lines are a second apart, on both sides of local midnight.
    rows = [
        event("ada", "purchase", "2025-01-31 23:59:59", amount=1, reference="o1"),
        event("ada", "purchase", "2025-02-01 00:00:00", amount=2, reference="o1"),
    ]
    assert value(kpis_of(rows, "2025-01", "revenue"), "revenue") == 1
    assert value(kpis_of(rows, "2025-02", "revenue"), "revenue") == 2


def test_a_quarter_is_the_sum_of_its_months() -> None:
    rows = [event("ada", "purchase", f"2025-0{month}-03 10:00", amount=10, quantity=2) for month in (1, 2, 3)]
    back = event("ada", "return", "2025-03-05 10:00", amount=4, quantity=1)
    kpis = kpis_of([*rows, back], "2025-Q1")
    assert numbers(kpis, "orders") == (3, None, 3)
    assert numbers(kpis, "revenue") == (30, None, 30)
    assert numbers(kpis, "net_revenue") == (26, None, 26)
    assert numbers(kpis, "average_order_value") == (30, 3, 10)
    assert numbers(kpis, "product_return_rate") == (1, 6, 1 / 6)


def test_amounts_are_in_the_currency_of_the_report() -> None:
    kpis = kpis_of(SALES, "2025-02", config=PLANS)
    units = dict(kpis.filter(segment="all").select("kpi", "unit").iter_rows())
    assert {units[name] for name in ("revenue", "net_revenue", "average_order_value")} == {"EUR"}
    assert units["product_return_rate"] == "ratio"
    assert units["orders"] == "orders"


def test_a_mean_of_one_customer_has_no_interval() -> None:
    rows = [event("ada", "purchase", "2025-02-03 10:00", amount=10)]
    found = figure(kpis_of(rows, "2025-02", "average_order_value"), "average_order_value")
    assert found == (10, 1, 10, None, None, "small_sample")


def test_figures_without_their_source_are_missing_input() -> None:
    visits = kpis_of([event("ada", "visit", "2025-02-01 10:00")], "2025-02")
    for name in ("orders", "revenue", "net_revenue", "average_order_value", "product_return_rate"):
        assert figure(visits, name) == (None, None, None, None, None, "missing_input")
    sales = kpis_of([event("ada", "purchase", "2025-02-01 10:00", amount=1)], "2025-02")
    assert figure(sales, "product_return_rate").status == "missing_input", "nothing tells returns"
    assert figure(sales, "net_revenue").status == "ok"
