"""Cohorts, movements and contributions by the oracle, on worlds to check by hand."""

from pathlib import Path

import polars as pl
import pytest

from . import demo, kernel
from .worlds import ADA, BOB, CYD, DAN, OPENED, REPORT, SIGN_UP, app, entry, raw, subscription


def test_cohorts_have_all_complete_ages(tmp_path: Path) -> None:
    rows = [
        *(app(user, SIGN_UP, "2024-01-10T10:00") for user in (ADA, BOB)),
        app(CYD, SIGN_UP, "2024-02-10T10:00"),
        app(ADA, OPENED, "2024-03-10T10:00"),
    ]
    cohorts = demo.cohorts(raw(tmp_path, rows))
    assert cohorts.filter(period="2024-03").select("cohort", "age", "size", "active", "active_since").rows() == [
        ("2024-01", 0, 2, 2, 2),
        ("2024-01", 1, 2, 0, 1),
        ("2024-01", 2, 2, 1, 1),
        ("2024-02", 0, 1, 1, 1),
        ("2024-02", 1, 1, 0, 0),
    ]
    # As of the end of February nobody has been active again.
    february = cohorts.filter(period="2024-02", cohort="2024-01")
    assert february.select("active_since", "retained_since", "status").rows() == [(2, 1, "ok"), (0, 0, "immature")]
    assert cohorts.group_by("period").len().sort("period")["len"].to_list() == [1, 3, 5]


def test_cohorts_add_up_what_they_do_and_pay(tmp_path: Path) -> None:
    rows = [
        app(ADA, SIGN_UP, "2024-01-20T10:00"),
        *(app(ADA, REPORT, at) for at in ("2024-01-21T10:00", "2024-01-22T10:00", "2024-02-01T10:00")),
        *(app(user, SIGN_UP, "2024-04-10T10:00") for user in (BOB, CYD)),
        app(DAN, OPENED, "2024-01-01T10:00"),  # never signs up
    ]
    orders = [
        entry(ADA, "order_line", "2023-11-10 12:00:00", amount="5.00"),  # before signing up
        entry(ADA, "order_line", "2024-03-10 12:00:00", amount="7.10"),
        entry(BOB, "order_line", "2024-04-11 12:00:00", amount="1.00"),
        entry(CYD, "order_line", "2024-08-11 12:00:00", amount="2.00"),
        entry(DAN, "order_line", "2024-08-11 12:00:00", amount="9.00"),
    ]
    told = ("cohort", "age", "size", "active", "active_since", "activated", "revenue")
    with demo.events(raw(tmp_path, rows, (), orders)) as con:
        months = kernel.cohorts(con, "2024-03", "2024-03")
        quarters = kernel.cohorts(con, "2024-Q1", "2024-Q3", "quarter")
        years = kernel.cohorts(con, grain="year")
    assert months.select(told).rows() == [
        ("2024-01", 0, 1, 1, 1, 0, 5),
        ("2024-01", 1, 1, 1, 1, 1, 5),
        ("2024-01", 2, 1, 1, 1, 1, 12.1),
    ]
    assert quarters.filter(period="2024-Q3").select(told).rows() == [
        ("2024-Q1", 0, 1, 1, 1, 1, 12.1),
        ("2024-Q1", 1, 1, 0, 0, 1, 12.1),
        ("2024-Q1", 2, 1, 0, 0, 1, 12.1),
        ("2024-Q2", 0, 2, 2, 2, 1, 1),
        ("2024-Q2", 1, 2, 1, 1, 1, 3),
    ]
    assert years.select("period", *told).rows() == [("2024", "2024", 0, 3, 3, 3, 2, pytest.approx(15.1))]


def test_movements_of_the_active(tmp_path: Path) -> None:
    rows = [
        *(app(user, OPENED, "2024-01-10T10:00", plan="pro") for user in (ADA, BOB)),
        app(CYD, OPENED, "2023-11-10T10:00", plan="pro"),
        app(ADA, OPENED, "2024-02-10T10:00", plan="free"),
        app(CYD, OPENED, "2024-02-10T10:00", plan="free"),
        app(DAN, OPENED, "2024-02-10T10:00", plan="free"),
    ]
    with demo.events(raw(tmp_path, rows)) as con:
        movements = kernel.movements(con, "2024-02", "2024-02")
    assert movements["mrr"].null_count() == len(movements)
    counts = {
        (level, movement): customers
        for segment, level, movement, customers in movements.select("segment", "level", "movement", "customers").rows()
        if segment in ("all", "plan")
    }
    # Ada, Bob and Cyd have the plan of the start, Dan, who was not there, that of the end.
    assert {movement: customers for (level, movement), customers in counts.items() if level == "all"} == {
        "start": 2, "new": 1, "kept": 1, "reactivated": 1, "lost": 1, "end": 3,
    }  # fmt: skip
    assert {movement: customers for (level, movement), customers in counts.items() if level == "pro"} == {
        "start": 2, "new": 0, "kept": 1, "reactivated": 1, "lost": 1, "end": 2,
    }  # fmt: skip
    assert {movement: customers for (level, movement), customers in counts.items() if level == "free"} == {
        "start": 0, "new": 1, "kept": 0, "reactivated": 0, "lost": 0, "end": 1,
    }  # fmt: skip


def test_movements_of_money(tmp_path: Path) -> None:
    rows = [
        *(subscription(user, "created", "2024-01-10 12:00:00", "50.00") for user in (ADA, BOB, CYD, DAN)),
        subscription(ADA, "changed", "2024-02-10 12:00:00", "80.00"),
        subscription(BOB, "changed", "2024-02-10 12:00:00", "10.50"),
        subscription(CYD, "cancelled", "2024-02-10 12:00:00"),
        subscription(DAN, "cancelled", "2024-01-11 12:00:00"),
        subscription(DAN, "created", "2024-02-10 12:00:00", "7.00"),
        subscription(5, "created", "2024-02-10 12:00:00", "9.00"),
    ]
    with demo.events(raw(tmp_path, (), (), rows)) as con:
        kernel.assign(con, churn_basis="subscription")
        movements = kernel.movements(con, "2024-02", "2024-02").filter(segment="all")
    assert {name: (customers, mrr) for name, customers, mrr in movements[["movement", "customers", "mrr"]].rows()} == {
        "start": (3, 150),
        "new": (1, 9),
        "kept": (2, 60.5),
        "expanded": (1, 30),
        "contracted": (1, 39.5),
        "reactivated": (1, 7),
        "lost": (1, 50),
        "end": (4, 106.5),
    }


def test_a_rate_moves_by_mix_and_by_rate(tmp_path: Path) -> None:
    # January: 2 of 4 are activated (FR 2 of 3, DE 0 of 1). February: 1 of 4 (FR 1 of 2, ES 0 of 2).
    signed_up = [(1, "01", "FR"), (2, "01", "FR"), (3, "01", "FR"), (4, "01", "DE"),
                 (5, "02", "FR"), (6, "02", "FR"), (7, "02", "ES"), (8, "02", "ES")]  # fmt: skip
    rows = [app(user, SIGN_UP, f"2024-{month}-02T10:00", country=country) for user, month, country in signed_up]
    ordered = ((1, "01"), (2, "01"), (5, "02"))
    orders = [entry(user, "order_line", f"2024-{month}-03 12:00:00") for user, month in ordered]
    with demo.events(raw(tmp_path, rows, (), orders)) as con:
        found = kernel.contributions(con).filter(kpi="activation_rate", segment="country")
        only_february = kernel.contributions(con, "2024-02", "2024-02").filter(kpi="activation_rate", segment="country")
    assert found.equals(only_february)
    mean = (2 / 4 + 1 / 4) / 2
    expected = [
        ("DE", 1 / 4, 0, 0, None, -1 / 4 * (0 - mean), 0),
        ("ES", 0, 2 / 4, None, 0, 2 / 4 * (0 - mean), 0),
        ("FR", 3 / 4, 2 / 4, 2 / 3, 1 / 2, -1 / 4 * ((2 / 3 + 1 / 2) / 2 - mean), (1 / 2 - 2 / 3) * 5 / 8),
    ]
    columns = ["level", "share_before", "share_now", "value_before", "value_now", "mix", "rate"]
    assert [row[0] for row in found[columns].rows()] == [row[0] for row in expected]
    for row, by_hand in zip(found[columns].rows(), expected, strict=True):
        assert row[1:] == pytest.approx(by_hand[1:])
    assert found.select(pl.col("mix").sum() + pl.col("rate").sum()).item() == pytest.approx(1 / 4 - 2 / 4)
