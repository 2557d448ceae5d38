"""Who buys again, worked out by hand: the retention figures that rest on orders. Period: February 2025 in Paris.

Levels: at the period's end.
"""

import pytest

from tests.helpers import Example, Row, event, figure, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])
THREE_ORDERS = settings(dimensions=["plan"], loyalty={"orders": 3})

ORDERS = (
    # Ada: one order in January, one in February. Repeated.
    event("ada", "purchase", "2025-01-10 10:00", amount=1, reference="o1", plan="pro"),
    event("ada", "purchase", "2025-02-10 10:00", amount=1, reference="o2"),
    # Bob: two lines of one order. One order, not repeated.
    event("bob", "purchase", "2025-02-10 10:00", amount=1, reference="o3", plan="pro"),
    event("bob", "purchase", "2025-02-11 10:00", amount=1, reference="o3"),
    # Cyd: two purchases at one instant, without reference. Two orders, repeated.
    event("cyd", "purchase", "2025-02-12 10:00", amount=1, plan="free"),
    event("cyd", "purchase", "2025-02-12 10:00", amount=1),
    # Dan: his second order comes at e. Not repeated yet.
    event("dan", "purchase", "2025-02-01 00:00", amount=1, reference="o4", plan="free"),
    event("dan", "purchase", "2025-03-01 00:00", amount=1, reference="o5"),
    # Eve: two orders in January, none in February. In neither.
    event("eve", "purchase", "2025-01-10 10:00", amount=1, reference="o6", plan="free"),
    event("eve", "purchase", "2025-01-31 23:59:59.999999", amount=1, reference="o7"),
    # Fay: lines of one reference in two months are two orders. Repeated.
    event("fay", "purchase", "2025-01-20 10:00", amount=1, reference="o8", plan="pro"),
    event("fay", "purchase", "2025-02-20 10:00", amount=1, reference="o8"),
    # Gus: bought and returned, one order. Not repeated.
    event("gus", "purchase", "2025-02-10 10:00", amount=1, reference="o9"),
    event("gus", "return", "2025-02-11 10:00", amount=1, reference="o9"),
)

GAPS = (
    # Ada: over the month boundary, 30 days.
    event("ada", "purchase", "2025-01-10 10:00", reference="o1", plan="pro"),
    event("ada", "purchase", "2025-02-09 10:00", reference="o2"),
    # Bob: the first order of his life begins no gap; then 10 days and 1 day.
    event("bob", "purchase", "2025-02-01 00:00", reference="o3", plan="pro"),
    event("bob", "purchase", "2025-02-11 00:00", reference="o4"),
    event("bob", "purchase", "2025-02-12 00:00", reference="o5"),
    # Cyd: her gap of 19 days ended in January. None.
    event("cyd", "purchase", "2025-01-01 10:00", reference="o6", plan="free"),
    event("cyd", "purchase", "2025-01-20 10:00", reference="o7"),
    # Dan: his gap ends at e. None in February.
    event("dan", "purchase", "2025-02-05 10:00", reference="o8", plan="free"),
    event("dan", "purchase", "2025-03-01 00:00", reference="o9"),
    # Eve: two lines are one order, at its first instant; 10 days to the next.
    event("eve", "purchase", "2025-02-03 10:00", reference="o10", plan="free"),
    event("eve", "purchase", "2025-02-05 10:00", reference="o10"),
    event("eve", "purchase", "2025-02-13 10:00", reference="o11"),
    # Fay: two orders at one instant, 0 days; the last one before was 2 × 365 + 1 days ago (2024 is a leap year).
    event("fay", "purchase", "2023-02-14 10:00", plan="pro"),
    event("fay", "purchase", "2025-02-14 10:00"),
    event("fay", "purchase", "2025-02-14 10:00"),
)

BUYERS = (
    # Ada: in both months.
    event("ada", "purchase", "2025-01-10 10:00", amount=1, plan="pro"),
    event("ada", "purchase", "2025-02-10 10:00", amount=1),
    # Bob: in January only; has another plan by the end.
    event("bob", "purchase", "2025-01-31 23:59:59.999999", amount=1, plan="pro"),
    event("bob", "visit", "2025-02-10 10:00", plan="free"),
    # Cyd: in February only, three times.
    *(event("cyd", "purchase", f"2025-02-{day} 10:00", amount=1, plan="free") for day in (10, 11, 12)),
    # Dan: at the first instant of February.
    event("dan", "purchase", "2025-02-01 00:00", amount=1, plan="pro"),
    # Eve: just before January, and never again. In neither.
    event("eve", "purchase", "2024-12-31 23:59:59.999999", amount=1, plan="pro"),
    # Fay: at the first instant of January, then at the end of February, too late. In January only.
    event("fay", "purchase", "2025-01-01 00:00", amount=1, plan="pro"),
    event("fay", "purchase", "2025-03-01 00:00", amount=1),
    # Gus: lines of one reference in both months. In both.
    event("gus", "purchase", "2025-01-20 10:00", amount=1, reference="o1"),
    event("gus", "purchase", "2025-02-20 10:00", amount=1, reference="o1"),
    # Hal: returns are no orders. In neither.
    event("hal", "return", "2025-02-10 10:00", amount=1, plan="free"),
    # Ivy: in the last microsecond of February.
    event("ivy", "purchase", "2025-02-28 23:59:59.999999"),
)

# Twelve months before the end of February 2025: from 1 March 2024 on.
YEAR = (
    # Ada: at the very first instant, and once more. Two.
    event("ada", "purchase", "2024-03-01 00:00", amount=1, reference="o1", plan="pro"),
    event("ada", "purchase", "2025-02-28 23:59:59.999999", amount=1, reference="o2"),
    # Bob: a microsecond too early (2024 is a leap year), and once in time. One.
    event("bob", "purchase", "2024-02-29 23:59:59.999999", amount=1, reference="o3", plan="pro"),
    event("bob", "purchase", "2024-10-10 10:00", amount=1, reference="o4"),
    # Cyd: two lines of one order. One.
    event("cyd", "purchase", "2024-06-10 10:00", amount=1, reference="o5", plan="free"),
    event("cyd", "purchase", "2024-06-11 10:00", amount=1, reference="o5"),
    # Dan: lines of one reference in two months. Two.
    event("dan", "purchase", "2024-06-30 23:59:59.999999", amount=1, reference="o6", plan="free"),
    event("dan", "purchase", "2024-07-01 00:00", amount=1, reference="o6"),
    # Eve: two orders, too long ago. In neither.
    event("eve", "purchase", "2023-06-10 10:00", amount=1, plan="pro"),
    event("eve", "purchase", "2024-02-10 10:00", amount=1),
    # Fay: two orders at one instant. Two.
    event("fay", "purchase", "2024-12-10 10:00", amount=1),
    event("fay", "purchase", "2024-12-10 10:00", amount=1),
    # Gus: one in time, one at the end, too late. One.
    event("gus", "purchase", "2024-12-10 10:00", amount=1, plan="pro"),
    event("gus", "purchase", "2025-03-01 00:00", amount=1),
    # Hal: three.
    *(event("hal", "purchase", f"2024-{month}-10 10:00", amount=1, plan="pro") for month in ("04", "08", "12")),
)

EXAMPLES = (
    # In February: Ada, Cyd, Dan, Gus, Ivy; in January: Ada, Bob, Fay, Gus.
    Example(
        "retention_bucket",
        BUYERS,
        (5, 4, 1.25),
        {"free": (1, 1, 1), "pro": (2, 2, 1), "unknown": (2, 1, 2)},
        PLANS,
    ),
    # With an order: Ada, Bob, Cyd, Dan, Fay, Gus, Hal; with two: Ada, Dan, Fay, Hal.
    Example(
        "loyal_customer_rate",
        YEAR,
        (4, 7, 4 / 7),
        {"free": (1, 2, 0.5), "pro": (2, 4, 0.5), "unknown": (1, 1, 1)},
        PLANS,
    ),
    # With three: Hal.
    Example(
        "loyal_customer_rate",
        YEAR,
        (1, 7, 1 / 7),
        {"free": (0, 2, 0), "pro": (1, 4, 0.25), "unknown": (0, 1, 0)},
        THREE_ORDERS,
    ),
    # With an order: Ada, Bob, Cyd, Dan, Fay, Gus; repeated: Ada, Cyd, Fay.
    Example(
        "repeat_purchase_rate",
        ORDERS,
        (3, 6, 0.5),
        {"free": (1, 2, 0.5), "pro": (2, 3, 2 / 3), "unknown": (0, 1, 0)},
        PLANS,
    ),
    # Gaps: Ada 30; Bob 10, 1; Eve 10; Fay 731, 0.
    Example(
        "time_between_purchases_mean",
        GAPS,
        (782, 6, 782 / 6),
        {"free": (10, 1, 10), "pro": (772, 5, 772 / 5)},
        PLANS,
    ),
    # 0, 1, 10, 10, 30, 731: between 10 and 10. "pro": 0, 1, 10, 30, 731.
    Example(
        "time_between_purchases_median",
        GAPS,
        (None, 6, 10),
        {"free": (None, 1, 10), "pro": (None, 5, 10)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.kpi}-{example.config.loyalty.orders}")
def test_worked_example(example: Example) -> None:
    example.check()


@pytest.mark.parametrize(("at", "gap"), [("2025-03-31 10:00", 31 - 1 / 24), ("2025-04-01 09:00", 31 + 22 / 24)])
def test_gaps_are_elapsed_time_although_the_clock_changed(at: str, gap: float) -> None:
    # From 28 February 10:00 to 31 March 10:00 in Paris: one hour of the 31 days is missing.
    rows = [event("ada", "purchase", "2025-02-28 10:00"), event("ada", "purchase", at)]
    kpis = kpis_of(rows, at[:7], "time_between_purchases_mean", "time_between_purchases_median")
    assert value(kpis, "time_between_purchases_mean") == pytest.approx(gap)
    assert value(kpis, "time_between_purchases_median") == pytest.approx(gap)


def test_a_gap_over_quiet_months_belongs_to_the_month_of_the_later_order() -> None:
    rows = [event("ada", "purchase", "2024-11-01 10:00"), event("ada", "purchase", "2025-02-01 00:00")]
    quiet = kpis_of(rows, "2025-01", "time_between_purchases_mean", "time_between_purchases_median")
    assert figure(quiet, "time_between_purchases_mean").status == "no_population"
    assert figure(quiet, "time_between_purchases_median") == (None, 0, None, None, None, "no_population")
    kpis = kpis_of(rows, "2025-02", "time_between_purchases_mean")
    assert value(kpis, "time_between_purchases_mean") == pytest.approx(91 + 14 / 24)


def test_the_gaps_of_a_quarter_are_those_of_its_months() -> None:
    rows = [
        event("ada", "purchase", f"{day} 10:00") for day in ("2024-12-31", "2025-01-10", "2025-02-09", "2025-03-01")
    ]
    kpis = kpis_of(rows, "2025-Q1", "time_between_purchases_mean", "time_between_purchases_median")
    assert numbers(kpis, "time_between_purchases_mean") == (60, 3, 20)
    assert numbers(kpis, "time_between_purchases_median") == (None, 3, 20)


def test_lines_of_one_reference_in_two_months_are_two_orders_with_a_gap() -> None:
    rows = [event("ada", "purchase", f"2025-0{month}-20 10:00", reference="o1") for month in (1, 2)]
    kpis = kpis_of(rows, "2025-02", "time_between_purchases_mean", "repeat_purchase_rate")
    assert numbers(kpis, "time_between_purchases_mean") == (31, 1, 31)
    assert numbers(kpis, "repeat_purchase_rate") == (1, 1, 1)


def bucket(*rows: Row, period: str) -> tuple[float | None, float | None, float | None]:
    return numbers(kpis_of(rows, period, "retention_bucket"), "retention_bucket")


def bought(customer: str, *at: str) -> list[Row]:
    return [event(customer, "purchase", one, amount=1) for one in at]


def test_the_bucket_of_a_quarter_was_filled_in_the_quarter_before() -> None:
    rows = [
        *bought("ada", "2024-10-01 00:00", "2025-03-31 23:59:59.999999"),  # in both
        *bought("bob", "2024-12-31 23:59:59.999999"),  # in the former
        *bought("cyd", "2024-09-30 23:59:59.999999", "2025-02-10 10:00"),  # in the latter
        *bought("dan", "2025-01-01 00:00"),  # in the latter
        *bought("eve", "2025-04-01 00:00"),  # in neither
    ]
    assert bucket(*rows, period="2025-Q1") == (3, 2, 1.5)
    assert bucket(*rows, period="2024-Q4") == (2, 1, 2)
    assert bucket(*rows, period="2025-01") == (1, 1, 1)
    assert bucket(*rows, period="2025") == (4, 3, 4 / 3)


@pytest.mark.parametrize("period", ["2025-04", "2025-11"])
def test_the_previous_month_has_its_local_edges_although_the_clock_changed_in_it(period: str) -> None:
    month = {"2025-04": "2025-03", "2025-11": "2025-10"}[period]
    rows = [*bought("ada", f"{month}-01 00:00"), *bought("bob", f"{month}-31 23:59:59.999999")]
    assert bucket(*rows, *bought("cyd", f"{period}-01 00:00"), period=period) == (1, 2, 0.5)


def test_an_empty_bucket_has_no_ratio() -> None:
    found = figure(kpis_of(bought("ada", "2025-02-10 10:00"), "2025-02", "retention_bucket"), "retention_bucket")
    assert found == (1, 0, None, None, None, "no_population")


def test_months_drop_out_of_the_twelve_one_by_one() -> None:
    # Ada: two orders in March 2024 and one in May. Bob: one in April.
    rows = [
        *bought("ada", "2024-03-10 10:00", "2024-03-11 10:00", "2024-05-10 10:00"),
        *bought("bob", "2024-04-10 10:00"),
    ]
    found = {
        period: numbers(kpis_of(rows, period, "loyal_customer_rate"), "loyal_customer_rate")
        for period in ("2024-03", "2024-04", "2025-02", "2025-03", "2025-04", "2025-05")
    }
    assert found == {
        "2024-03": (1, 1, 1),
        "2024-04": (1, 2, 0.5),
        "2025-02": (1, 2, 0.5),
        "2025-03": (0, 2, 0),  # Ada's orders of March are over, one is left
        "2025-04": (0, 1, 0),  # and Bob's of April
        "2025-05": (0, 0, None),
    }


def test_the_twelve_months_of_a_quarter_and_a_year_end_with_them() -> None:
    # Ada: one order in each of the two years. Bob: two in 2024, the first in the first quarter.
    rows = [
        *bought("ada", "2024-04-01 00:00", "2025-03-31 23:59:59.999999"),
        *bought("bob", "2024-03-31 23:59:59.999999", "2024-12-31 23:59:59.999999"),
    ]
    found = {
        period: numbers(kpis_of(rows, period, "loyal_customer_rate"), "loyal_customer_rate")
        for period in ("2024-Q4", "2025-Q1", "2024", "2025")
    }
    assert found == {"2024-Q4": (1, 2, 0.5), "2025-Q1": (1, 2, 0.5), "2024": (1, 2, 0.5), "2025": (0, 1, 0)}


def test_one_order_is_loyal_where_the_config_says_so() -> None:
    config = settings(loyalty={"orders": 1})
    kpis = kpis_of(bought("ada", "2024-12-10 10:00"), "2025-02", "loyal_customer_rate", config=config)
    assert numbers(kpis, "loyal_customer_rate") == (1, 1, 1)


def test_the_level_is_the_one_at_the_end() -> None:
    rows = [*bought("ada", "2025-01-10 10:00", "2025-02-10 10:00"), event("ada", "visit", "2025-02-11", plan="pro")]
    kpis = kpis_of(rows, "2025-02", "retention_bucket", "loyal_customer_rate", config=PLANS)
    assert levels(kpis, "retention_bucket", "plan") == {"pro": (1, 1)}
    assert levels(kpis, "loyal_customer_rate", "plan") == {"pro": (1, 1)}


def test_figures_without_orders_are_missing_input() -> None:
    visits = kpis_of([event("ada", "visit", "2025-02-01 10:00")], "2025-02")
    for example in EXAMPLES:
        assert figure(visits, example.kpi) == (None, None, None, None, None, "missing_input")
