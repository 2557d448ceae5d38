"""Activity, churn, retention and reactivation by the oracle, on worlds to check by hand."""

from pathlib import Path

import polars as pl
import pytest

from . import demo, kernel
from .worlds import ADA, BOB, CYD, DAN, OPENED, REPORT, app, entry, numbers, raw


def test_week_of_the_wau_is_the_last_seven_days(tmp_path: Path) -> None:
    # 30 days: the week begins on the 24th, on 23 April at 22:00 UTC.
    rows = [app(ADA, OPENED, "2024-04-23T21:59:59"), app(BOB, OPENED, "2024-04-23T22:00")]
    figures = demo.figures(raw(tmp_path, rows), "2024-04", "2024-04")
    assert numbers(figures, "wau", "2024-04") == (1, None, 1)
    assert numbers(figures, "mau", "2024-04") == (2, None, 2)


def test_who_leaves_leaves_under_the_plan_of_the_start(tmp_path: Path) -> None:
    rows = [
        *(app(user, OPENED, "2024-01-10T10:00", plan="pro") for user in (ADA, BOB, CYD)),
        app(ADA, OPENED, "2024-02-10T10:00", plan="starter"),
        app(BOB, OPENED, "2024-03-10T10:00"),
    ]
    # Bob's cancellation is no activity, but says that he is on the free plan now.
    entries = [entry(BOB, "subscription_cancelled", "2024-02-10 10:00:00", plan="free", reference="S-1")]
    figures = demo.figures(raw(tmp_path, rows, (), entries), "2024-01", "2024-03")
    assert numbers(figures, "churn_rate", "2024-01") == (0, 0, None)
    assert numbers(figures, "churn_rate", "2024-02") == (2, 3, 2 / 3)
    assert numbers(figures, "churn_rate", "2024-02", "plan", "pro") == (2, 3, 2 / 3)
    assert numbers(figures, "retention_rate", "2024-02") == (1, 3, 1 / 3)
    assert numbers(figures, "mau", "2024-02", "plan", "starter") == (1, None, 1)
    assert numbers(figures, "churn_rate", "2024-03", "plan", "starter") == (1, 1, 1)
    assert numbers(figures, "reactivated_customers", "2024-03", "plan", "free") == (1, None, 1)
    assert numbers(figures, "reactivated_customers", "2024-02") == (0, None, 0)


def test_features_are_adopted_by_active_customers(tmp_path: Path) -> None:
    rows = [
        *(app(ADA, event, "2024-01-10T10:00") for event in (REPORT, REPORT, "File Uploaded")),
        app(BOB, REPORT, "2024-01-11T10:00", country="FR"),
        app(CYD, OPENED, "2024-01-12T10:00", country="FR"),
    ]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-01")
    assert numbers(figures, "feature_adoption_rate", "2024-01") == (2, 3, 2 / 3)
    assert numbers(figures, "feature_adoption_rate", "2024-01", "item", "file") == (1, 3, 1 / 3)
    assert numbers(figures, "feature_adoption_rate", "2024-01", "country", "FR") == (1, 2, 0.5)


def test_lost_customers_come_back_or_not(tmp_path: Path) -> None:
    rows = [
        *(app(user, OPENED, "2024-01-10T10:00", plan="pro") for user in (ADA, BOB, CYD)),
        app(ADA, OPENED, "2024-02-10T10:00"),
        app(BOB, OPENED, "2024-03-10T10:00", plan="free"),
        app(DAN, OPENED, "2024-03-10T10:00"),
    ]
    figures = demo.figures(raw(tmp_path, rows), "2024-02", "2024-04")
    assert numbers(figures, "reactivation_rate", "2024-02") == (0, 0, None)
    assert numbers(figures, "reactivation_rate", "2024-03") == (1, 2, 0.5)
    assert numbers(figures, "reactivation_rate", "2024-03", "plan", "pro") == (1, 2, 0.5)
    assert numbers(figures, "reactivated_customers", "2024-03") == (1, None, 1)
    assert numbers(figures, "churn_rate", "2024-03") == (1, 1, 1)
    assert numbers(figures, "reactivation_rate", "2024-04") == (0, 2, 0)


def test_who_comes_and_goes_within_the_quarter(tmp_path: Path) -> None:
    # Alive when the quarter ends: active in its last month. Ada is on neither side, Bob stays on, Cyd comes back.
    rows = [
        app(ADA, OPENED, "2024-01-10T10:00"),
        app(BOB, OPENED, "2024-02-10T10:00"),
        app(BOB, OPENED, "2024-03-10T10:00"),
        app(CYD, OPENED, "2023-05-10T10:00"),
        app(CYD, OPENED, "2024-03-01T10:00"),
        app(DAN, OPENED, "2023-05-10T10:00"),
        app(DAN, OPENED, "2024-01-31T10:00"),  # lost before, back, and lost again
    ]
    with demo.events(raw(tmp_path, rows)) as con:
        months, quarters, years = (kernel.figures(con, grain=grain) for grain in ("month", "quarter", "year"))
    assert months.filter(pl.col("numerator") > 0, kpi="intra_period_churn").is_empty()
    assert numbers(quarters, "intra_period_churn", "2024-Q1") == (2, None, 2)
    assert numbers(quarters, "reactivation_rate", "2024-Q1") == (1, 2, 0.5)
    assert numbers(quarters, "churn_rate", "2024-Q1") == (0, 0, None)
    assert numbers(quarters, "intra_period_churn", "2023-Q2") == (2, None, 2)
    assert numbers(years, "intra_period_churn", "2023") == (2, None, 2)
    assert numbers(years, "reactivated_customers", "2024") == (0, None, 0)
    assert numbers(years, "intra_period_churn", "2024") == (4, None, 4)


def test_activity_of_a_quarter(tmp_path: Path) -> None:
    # 91 days; nobody in February. Ada ends the quarter in Germany.
    rows = [
        app(ADA, OPENED, "2024-01-10T10:00", country="FR"),
        *(app(ADA, OPENED, f"2024-03-{day}T10:00", country="DE") for day in (10, 25)),
        *(app(BOB, OPENED, f"2024-03-{day}T10:00", country="FR") for day in (10, 24)),
    ]
    with demo.events(raw(tmp_path, rows)) as con:
        quarter, year = kernel.figures(con, grain="quarter"), kernel.figures(con, "2024", "2024", "year")
    assert numbers(quarter, "dau", "2024-Q1") == (5, 91, 5 / 91)
    assert numbers(quarter, "wau", "2024-Q1") == (1, None, 1)
    assert numbers(quarter, "mau", "2024-Q1") == (2, None, 2)
    assert numbers(quarter, "stickiness", "2024-Q1") == pytest.approx((1 / 31 + 2 / 31, 2, 3 / 62))
    assert numbers(quarter, "stickiness", "2024-Q1", "country", "DE") == pytest.approx((1 / 31 + 2 / 31, 2, 3 / 62))
    assert numbers(quarter, "stickiness", "2024-Q1", "country", "FR") == pytest.approx((2 / 31, 1, 2 / 31))
    assert numbers(year, "dau", "2024") == (5, 366, 5 / 366)
    assert numbers(year, "stickiness", "2024") == pytest.approx((3 / 31, 2, 3 / 62))
    assert numbers(year, "churn_rate", "2024") == (0, 0, None)


def test_a_month_counts_towards_the_stickiness_of_its_own_days(tmp_path: Path) -> None:
    rows = [app(ADA, OPENED, "2024-02-29T22:59:59"), app(BOB, OPENED, "2024-02-29T23:00")]
    figures = demo.figures(raw(tmp_path, rows), "2024-Q1", "2024-Q1", "quarter")
    assert numbers(figures, "stickiness", "2024-Q1") == pytest.approx((1 / 29 + 1 / 31, 2, (1 / 29 + 1 / 31) / 2))
