"""Survey answers, receivables and marketing by the oracle, on worlds to check by hand."""

from pathlib import Path

import pytest

from . import demo, kernel
from .worlds import ADA, BOB, CYD, DAN, OPENED, answer, app, booking, entry, numbers, raw, spend


def test_last_answer_of_each_customer_counts(tmp_path: Path) -> None:
    answers = [
        answer(ADA, "nps", "05/01/2024", "9", plan="pro"),
        answer(ADA, "nps", "06/01/2024", "11"),  # does not know: no answer, so the 9 stays
        answer(BOB, "nps", "05/01/2024", "10"),
        answer(BOB, "nps", "20/01/2024", "6"),
        answer(CYD, "nps", "05/01/2024", "3"),  # on one day the higher one is the last
        answer(CYD, "nps", "05/01/2024", "8"),
        answer(DAN, "nps", "31/01/2024", "0"),
        answer(DAN, "nps", "01/02/2024", "10"),
        *(answer(user, "csat", "05/01/2024", score) for user, score in ((ADA, "4"), (BOB, "3"), (CYD, "5"))),
    ]
    with demo.events(raw(tmp_path, surveys=answers)) as con:
        months, quarter = kernel.figures(con), kernel.figures(con, grain="quarter")
        kernel.assign(con, nps_detractors=[0, 5], nps_promoters=[8, 10], csat_satisfied_from=5)
        stricter = kernel.figures(con)
    assert numbers(months, "nps", "2024-01") == (1 - 2, 4, -25)
    assert numbers(months, "nps", "2024-01", "plan", "pro") == (1, 1, 100)
    assert numbers(months, "nps", "2024-02") == (1, 1, 100)
    assert numbers(months, "csat", "2024-01") == (2, 3, 2 / 3)
    assert numbers(months, "csat", "2024-02") == (0, 0, None)
    assert numbers(quarter, "nps", "2024-Q1") == (2 - 1, 4, 25)
    assert numbers(stricter, "nps", "2024-01") == (2 - 1, 4, 25)
    assert numbers(stricter, "csat", "2024-01") == (1, 3, 1 / 3)


def test_receivables_in_days_of_what_was_invoiced(tmp_path: Path) -> None:
    bookings = [
        booking(ADA, "invoice", "2024-01-10", "100.10", country="FR"),
        booking(ADA, "payment", "2024-02-01", "100.10"),  # midnight in Paris: February
        booking(BOB, "invoice", "2024-01-31", "50.00", country="DE"),
        booking(BOB, "invoice", "2024-02-10", "25.00"),
    ]
    with demo.events(raw(tmp_path, ledger=bookings)) as con:
        months, quarter = kernel.figures(con, last="2024-03"), kernel.figures(con, grain="quarter")
    assert numbers(months, "dso", "2024-01") == pytest.approx((150.1, 150.1, 31))
    assert numbers(months, "dso", "2024-02") == (75, 25, 87)
    assert numbers(months, "dso", "2024-02", "country", "FR") == (0, 0, None)
    assert numbers(months, "dso", "2024-03") == (75, 0, None)
    assert numbers(quarter, "dso", "2024-Q1") == pytest.approx((75, 175.1, 75 / 175.1 * 91))


def test_spend_per_new_customer_where_it_was_spent(tmp_path: Path) -> None:
    rows = [app(ADA, OPENED, "2024-01-10T10:00", country="FR"), app(BOB, OPENED, "2024-01-10T10:00", country="DE")]
    orders = [entry(user, "order_line", "2024-01-11 12:00:00") for user in (ADA, BOB)]
    costs = [
        spend("2024-01-01", "10.01", "FR"),
        spend("2024-01-01", "10.01", "FR"),
        spend("2024-01-31", "5.00", "ES"),
        spend("2024-01-31", "3.00"),
        spend("2024-02-01", "7.00", "FR"),
    ]
    figures = demo.figures(raw(tmp_path, rows, (), orders, spending=costs), "2024-01", "2024-02")
    assert numbers(figures, "marketing_spend", "2024-01") == pytest.approx((28.02, None, 28.02))
    assert numbers(figures, "marketing_spend", "2024-01", "country", "unknown") == (3, None, 3)
    assert numbers(figures, "marketing_spend", "2024-01", "plan", "unknown") == pytest.approx((28.02, None, 28.02))
    cost = "customer_acquisition_cost"
    assert numbers(figures, cost, "2024-01") == pytest.approx((28.02, 2, 14.01))
    assert numbers(figures, cost, "2024-01", "country", "FR") == pytest.approx((20.02, 1, 20.02))
    assert numbers(figures, cost, "2024-01", "country", "DE") == (0, 1, 0)
    assert numbers(figures, cost, "2024-01", "country", "ES") == (5, 0, None)
    assert numbers(figures, cost, "2024-02") == (7, 0, None)


def test_spend_alone_has_no_cost_per_customer(tmp_path: Path) -> None:
    figures = demo.figures(raw(tmp_path, spending=[spend("2024-01-01", "10.00")]), "2024-01", "2024-01")
    assert figures["kpi"].unique().to_list() == ["marketing_spend"]
