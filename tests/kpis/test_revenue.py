"""Revenue figures, worked out by hand. Period: February 2025 in Paris."""

from decimal import Decimal
from typing import Any

import pytest

from tests.helpers import Example, Figure, Row, crowd, event, figure, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])
MARGIN = settings(dimensions=["plan"], clv={"gross_margin": 0.6})

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

# Two who are active without buying; who only returned or subscribed is not active.
ACTIVE = (
    *SALES,
    event("gus", "visit", "2025-02-01 00:00", plan="free"),
    event("hal", "use", "2025-02-28 23:59:59.999999", plan="pro"),
)

EXISTING = (
    # Ada: 100, then 150, under another plan. Growth 50 under the one at s.
    event("ada", "purchase", "2025-01-10 10:00", amount=100, plan="pro"),
    event("ada", "purchase", "2025-02-10 10:00", amount=150, plan="free"),
    # Bob: 40, then nothing. Growth −40.
    event("bob", "purchase", "2025-01-10 10:00", amount=25, plan="free"),
    event("bob", "purchase", "2025-01-11 10:00", amount=15),
    # Cyd: ordered in December and February. Not of January's customers.
    event("cyd", "purchase", "2024-12-31 23:59:59.999999", amount=500, plan="pro"),
    event("cyd", "purchase", "2025-02-10 10:00", amount=500),
    # Dan: an order of January that brought nothing. Nor he.
    event("dan", "purchase", "2025-01-10 10:00", amount=0, plan="free"),
    event("dan", "purchase", "2025-02-10 10:00", amount=30),
    # Eve: 10 at the first instant of January, 10 in the last microsecond of February; a return changes nothing.
    event("eve", "purchase", "2025-01-01 00:00", amount=10),
    event("eve", "return", "2025-02-05 10:00", amount=10),
    event("eve", "purchase", "2025-02-28 23:59:59.999999", amount=10),
    # Fay: 50 in the last microsecond of January, then at the end, too late. Growth −50.
    event("fay", "purchase", "2025-01-31 23:59:59.999999", amount=50, plan="pro"),
    event("fay", "purchase", "2025-03-01 00:00", amount=50),
    # Gus: new in February. Not of January's customers.
    event("gus", "purchase", "2025-02-01 00:00", amount=70, plan="pro"),
)

# 30 customers under pro, 6 of whom leave, and 10 under free, 2 of whom leave; 60 and 20 from each who stays.
LIFETIMES = (
    *crowd(30, "visit", "2025-01-10 10:00", "pro", plan="pro"),
    *crowd(10, "visit", "2025-01-10 10:00", "free", plan="free"),
    *crowd(24, "purchase", "2025-02-10 10:00", "pro", amount=60),
    *crowd(8, "purchase", "2025-02-10 10:00", "free", amount=20),
)

LEDGER = (
    # Ada: invoiced at the first instant, 40 of 100 paid. Owes 60.
    event("ada", "invoice", "2025-02-01 00:00", amount=100, reference="i1", plan="pro"),
    event("ada", "payment", "2025-02-20 10:00", amount=40, reference="i1"),
    # Bob: invoiced in January, unpaid. Owes 200, nothing invoiced in February.
    event("bob", "invoice", "2025-01-10 10:00", amount=200, reference="i2", plan="free"),
    # Cyd: pays at the end, too late. Owes 300.
    event("cyd", "invoice", "2025-02-28 23:59:59.999999", amount=300, reference="i3", plan="pro"),
    event("cyd", "payment", "2025-03-01 00:00", amount=300, reference="i3"),
    # Dan: has paid in advance. Owes −50.
    event("dan", "payment", "2025-02-10 10:00", amount=50, plan="free"),
    # Eve: pays January's invoice in the last microsecond; the next one comes at the end. Owes nothing.
    event("eve", "invoice", "2025-01-31 23:59:59.999999", amount=10, reference="i4", plan="free"),
    event("eve", "payment", "2025-02-28 23:59:59.999999", amount=10, reference="i4"),
    event("eve", "invoice", "2025-03-01 00:00", amount=1000, reference="i5"),
    # Fay: two invoices, one of unknown amount. Owes 100.
    event("fay", "invoice", "2025-02-10 10:00", amount=100),
    event("fay", "invoice", "2025-02-11 10:00"),
    # Gus: buys and subscribes, which is no invoice. Owes nothing.
    event("gus", "purchase", "2025-02-10 10:00", amount=500, plan="pro"),
    event("gus", "subscribe", "2025-02-10 10:00", amount=500, reference="s1"),
    # A stranger. Owes nothing we could collect.
    event(None, "invoice", "2025-02-10 10:00", anonymous="a1", amount=500, plan="pro"),
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
    # Active: Ada, Bob, Cyd, Gus, Hal.
    Example(
        "revenue_per_customer",
        ACTIVE,
        (135.5, 5, 27.1),
        {"free": (20, 2, 10), "pro": (115.5, 3, 38.5)},
        PLANS,
    ),
    # Before: Ada 100, Bob 40, Eve 10, Fay 50; growth: 50 − 40 + 0 − 50.
    Example(
        "existing_customer_revenue_growth",
        EXISTING,
        (-40, 200, -0.2),
        {"free": (-40, 40, -1), "pro": (0, 150, 0), "unknown": (0, 10, 0)},
        PLANS,
    ),
    # Per customer (24 × 60 + 8 × 20) ÷ 32 = 50, of which 60 % is margin; churn 8 of 40. Ten customers are too few.
    Example(
        "customer_lifetime_value",
        LIFETIMES,
        (30, 0.2, 150),
        {"free": (12, 0.2, None), "pro": (36, 0.2, 180)},
        MARGIN,
    ),
    # Owed: 60 + 200 + 300 − 50 + 100; invoiced: Ada 100, Cyd 300, Fay 100; × 28 days. Of free nothing was invoiced.
    Example(
        "dso",
        LEDGER,
        (610, 500, 34.16),
        {"free": (150, 0, None), "pro": (360, 400, 25.2), "unknown": (100, 100, 28)},
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
    money = ("revenue", "net_revenue", "average_order_value", "revenue_per_customer", "customer_lifetime_value", "mrr")
    assert {units[name] for name in money} == {"EUR"}
    assert units["product_return_rate"] == "ratio"
    assert units["orders"] == "orders"


def test_a_mean_of_one_customer_has_no_interval() -> None:
    rows = [event("ada", "purchase", "2025-02-03 10:00", amount=10)]
    found = figure(kpis_of(rows, "2025-02", "average_order_value"), "average_order_value")
    assert found == (10, 1, 10, None, None, "small_sample")


def test_figures_without_their_source_are_missing_input() -> None:
    visits = kpis_of([event("ada", "visit", "2025-02-01 10:00")], "2025-02")
    for name in {example.kpi for example in EXAMPLES}:
        assert figure(visits, name) == (None, None, None, None, None, "missing_input")
    sales = kpis_of([event("ada", "purchase", "2025-02-01 10:00", amount=1)], "2025-02")
    assert figure(sales, "product_return_rate").status == "missing_input", "nothing tells returns"
    assert figure(sales, "net_revenue").status == "ok"


def test_revenue_of_customers_who_are_not_active_counts_all_the_same() -> None:
    rows = [
        event("ada", "purchase", "2025-02-10 10:00", amount=30),
        event("bob", "visit", "2025-02-10 10:00"),
        event("cyd", "visit", "2025-02-10 10:00"),
    ]
    on_visits = settings(active_kinds=["visit"])
    kpis = kpis_of(rows, "2025-02", "revenue_per_customer", config=on_visits)
    assert numbers(kpis, "revenue_per_customer") == (30, 2, 15)
    nobody = [rows[0], {**rows[1], "at": "2025-01-10 10:00"}]
    found = figure(kpis_of(nobody, "2025-02", "revenue_per_customer", config=on_visits), "revenue_per_customer")
    assert found == (30, 0, None, None, None, "no_population")


def growth(*rows: Row, period: str) -> tuple[float | None, float | None, float | None]:
    return numbers(kpis_of(rows, period, "existing_customer_revenue_growth"), "existing_customer_revenue_growth")


def test_growth_of_a_quarter_and_a_year_is_against_the_one_before() -> None:
    rows = [
        event("ada", "purchase", "2024-10-01 00:00", amount=30),
        event("ada", "purchase", "2024-12-31 23:59:59.999999", amount=20),
        event("ada", "purchase", "2025-01-01 00:00", amount=80),
        event("ada", "purchase", "2025-03-31 23:59:59.999999", amount=10),
        event("bob", "purchase", "2024-09-30 23:59:59.999999", amount=50),
        event("bob", "purchase", "2025-02-10 10:00", amount=70),
    ]
    assert growth(*rows, period="2025-Q1") == (40, 50, 0.8)  # Ada: 50, then 90
    assert growth(*rows, period="2024-Q4") == (-50, 50, -1)  # Bob: 50, then nothing
    assert growth(*rows, period="2025") == (60, 100, 0.6)  # Ada: 50, then 90; Bob: 50, then 70
    assert growth(*rows, period="2025-02") == (-80, 80, -1)


def test_without_existing_customers_growth_is_null() -> None:
    rows = [event("ada", "purchase", "2025-02-10 10:00", amount=1), event("bob", "purchase", "2025-01-10 10:00")]
    kpis = kpis_of(rows, "2025-02", "existing_customer_revenue_growth")
    assert figure(kpis, "existing_customer_revenue_growth") == (0, 0, None, None, None, "no_population")


def test_growth_is_exact_to_the_cent() -> None:
    rows = [event("ada", "purchase", "2025-01-10 10:00", amount="0.1") for _ in range(30)]
    rows += [
        event("ada", "purchase", "2025-02-10 10:00", amount=amount) for amount in ("0.1", "0.2") for _ in range(30)
    ]
    assert growth(*rows, period="2025-02") == (6, 3, 2)


def lifetime(base: int, lost: int, **choices: Any) -> Figure:
    """Each who stays brings 50, but for one 40 and one 60: from customers who are all alike no interval can be had."""
    rows = [*crowd(base, "visit", "2025-01-10 10:00"), *crowd(base - lost, "purchase", "2025-02-10 10:00", amount=50)]
    rows[-2:] = [{**row, "amount": Decimal(amount)} for row, amount in zip(rows[-2:], (40, 60), strict=True)]
    kpis = kpis_of(rows, "2025-02", "customer_lifetime_value", config=settings(**choices))
    return figure(kpis, "customer_lifetime_value")


def test_a_lifetime_value_needs_a_base_of_thirty_and_somebody_who_left() -> None:
    enough, few = lifetime(30, 6), lifetime(29, 6)
    assert enough[:3] == pytest.approx((50, 0.2, 250))
    assert enough.low is not None
    assert enough.high is not None
    assert enough.low < 250 < enough.high
    assert enough.status == "small_sample", "what a customer brings rests on 24"
    assert lifetime(35, 5).status == "ok"
    assert few == pytest.approx((50, 6 / 29, None, None, None, "small_sample"))
    assert lifetime(30, 0) == (50, 0, None, None, None, "no_population")


def test_a_lifetime_value_is_of_the_margin_and_its_interval_too() -> None:
    whole, half = lifetime(40, 8), lifetime(40, 8, clv={"gross_margin": 0.5})
    assert (whole.value, half.value) == pytest.approx((250, 125))
    assert (half.low, half.high) == pytest.approx(((whole.low or 0) / 2, (whole.high or 0) / 2))
    assert lifetime(40, 8, clv={"gross_margin": 0})[:3] == (0, 0.2, 0)


def test_a_lifetime_value_may_rest_on_subscriptions_that_end() -> None:
    # 40 subscribed, 10 of whom cancel; all 40 are active and bring 50 each.
    rows = [
        *crowd(40, "subscribe", "2025-01-10 10:00", amount=5, reference="s"),
        *crowd(10, "cancel", "2025-02-20 10:00", reference="s"),
        *crowd(40, "purchase", "2025-02-10 10:00", amount=50),
    ]
    kpis = kpis_of(rows, "2025-02", "customer_lifetime_value", config=settings(basis="subscription"))
    assert numbers(kpis, "customer_lifetime_value") == (50, 0.25, 200)


@pytest.mark.parametrize(
    ("period", "days"),
    [("2025-01", 31), ("2024-02", 29), ("2025-03", 31), ("2025-10", 31), ("2025-Q1", 90), ("2024", 366), ("2025", 365)],
)
def test_days_outstanding_are_of_the_days_of_the_period(period: str, days: int) -> None:
    # Half of what is invoiced in the period's first month stays unpaid; clock changes make no day longer.
    month = {"2025-Q1": "2025-02", "2024": "2024-05", "2025": "2025-05"}.get(period, period)
    rows = [
        event("ada", "invoice", f"{month}-01 00:00", amount=100),
        event("ada", "payment", f"{month}-20 10:00", amount=50),
    ]
    assert numbers(kpis_of(rows, period, "dso"), "dso") == (50, 100, days / 2)


def test_what_is_owed_is_owed_until_it_is_paid() -> None:
    rows = [
        event("ada", "invoice", "2025-01-10 10:00", amount="0.1", plan="pro"),
        event("ada", "invoice", "2025-01-10 10:00", amount="0.2"),
        event("bob", "invoice", "2025-02-10 10:00", amount="0.6", plan="free"),
        event("ada", "payment", "2025-03-10 10:00", amount="0.3"),
        event("bob", "payment", "2025-03-10 10:00", amount="0.6"),
    ]
    found = {
        month: numbers(kpis_of(rows, month, "dso", config=PLANS), "dso") for month in ("2025-01", "2025-02", "2025-03")
    }
    assert found == {"2025-01": (0.3, 0.3, 31), "2025-02": (0.9, 0.6, 42), "2025-03": (0, 0, None)}
    february = kpis_of(rows, "2025-02", "dso", config=PLANS)
    assert levels(february, "dso", "plan") == {"free": (0.6, 0.6), "pro": (0.3, 0)}
    march = kpis_of(rows, "2025-03", "dso", config=PLANS)
    assert levels(march, "dso", "plan") == {}, "nobody owes anything"


def test_paid_in_advance_is_below_zero_days() -> None:
    rows = [
        event("ada", "invoice", "2025-02-10 10:00", amount=100),
        event("ada", "payment", "2025-02-01 10:00", amount=150),
    ]
    assert numbers(kpis_of(rows, "2025-02", "dso"), "dso") == (-50, 100, -14)


def test_payments_alone_provide_no_days_outstanding() -> None:
    kpis = kpis_of([event("ada", "payment", "2025-02-10 10:00", amount=1)], "2025-02", "dso")
    assert figure(kpis, "dso").status == "missing_input"
