"""Visitors, sign-ups, activation and conversion by the oracle, on worlds to check by hand."""

from pathlib import Path

import pytest

from . import demo, kernel
from .worlds import (
    ADA,
    BOB,
    CYD,
    DAN,
    DELETED,
    OPENED,
    REPORT,
    SIGN_UP,
    app,
    campaign,
    entry,
    numbers,
    page,
    raw,
    subscription,
)


def test_window_of_14_days_is_half_open_and_local(tmp_path: Path) -> None:
    # Ada and Bob sign up on 20 January at 09:00 in Paris: the window ends on 3 February at 09:00.
    # Cyd's, from 20 March at 10:00 (09:00 UTC), ends on 3 April at 10:00, 08:00 UTC: an hour of the 14 days is missing.
    rows = [
        *(app(user, SIGN_UP, "2024-01-20T08:00") for user in (ADA, BOB)),
        *(app(user, REPORT, at) for user in (ADA, BOB) for at in ("2024-01-21T08:00", "2024-01-22T08:00")),
        app(ADA, REPORT, "2024-02-03T08:00"),
        app(BOB, REPORT, "2024-02-03T07:59:59"),
        app(CYD, SIGN_UP, "2024-03-20T09:00"),
        *(app(CYD, REPORT, at) for at in ("2024-03-21T09:00", "2024-03-22T09:00", "2024-04-03T08:30")),
    ]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-04")
    assert numbers(figures, "activation_rate", "2024-01") == (0, 2, 0)
    assert numbers(figures, "activation_rate_window", "2024-01") == (0, 0, None)
    assert numbers(figures, "activation_rate_window", "2024-02") == (1, 2, 0.5)
    assert numbers(figures, "activation_rate_window", "2024-04") == (0, 1, 0)
    days = 14 - 1 / 86_400
    assert numbers(figures, "time_to_activate_mean", "2024-02") == pytest.approx((days, 1, days))
    assert numbers(figures, "time_to_activate_p90", "2024-02") == pytest.approx((None, 1, days))
    assert numbers(figures, "time_to_activate_median", "2024-04") == (None, 0, None)


def test_window_that_closes_at_midnight_closes_in_the_month_that_begins(tmp_path: Path) -> None:
    # 14 days before 1 February and 1 March in Paris: 18 January and 16 February.
    # Cyd only shows that there is something to be activated by.
    rows = [
        app(ADA, SIGN_UP, "2024-01-17T23:00"),
        app(BOB, SIGN_UP, "2024-02-15T22:59:59"),
        app(CYD, REPORT, "2024-01-01T10:00"),
    ]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-03")
    closed = [numbers(figures, "activation_rate_window", period)[1] for period in ("2024-01", "2024-02", "2024-03")]
    assert closed == [0, 2, 0]


def test_what_is_done_before_signing_up_does_not_activate(tmp_path: Path) -> None:
    rows = [
        *(app(ADA, REPORT, f"2024-01-0{day}T08:00") for day in (1, 2, 4, 5)),
        app(ADA, SIGN_UP, "2024-01-03T08:00"),
    ]
    orders = [entry(ADA, "order_line", "2024-01-02 12:00:00", amount="5.00", reference="O-1")]
    figures = demo.figures(raw(tmp_path, rows, (), orders), "2024-01", "2024-01")
    assert numbers(figures, "activation_rate", "2024-01") == (0, 1, 0)


def test_a_customer_is_new_once(tmp_path: Path) -> None:
    entries = [
        # A subscription for nothing is none; Ada is new with her order, and not again with the paid subscription.
        entry(ADA, "subscription_created", "2024-01-05 12:00:00", amount="0.00", reference="S-1"),
        entry(ADA, "order_line", "2024-02-05 12:00:00", amount="9.00", reference="O-1"),
        entry(ADA, "subscription_created", "2024-03-05 12:00:00", amount="19.00", reference="S-2"),
        entry(BOB, "subscription_created", "2024-03-06 12:00:00", reference="S-3"),
    ]
    figures = demo.figures(
        raw(tmp_path, [app(BOB, SIGN_UP, "2024-03-01T10:00"), app(CYD, SIGN_UP, "2024-03-01T10:00")], (), entries),
        "2024-01",
        "2024-03",
    )
    new = [numbers(figures, "new_customers", period)[2] for period in ("2024-01", "2024-02", "2024-03")]
    assert new == [0, 1, 1]
    assert numbers(figures, "signup_to_subscription_rate", "2024-03") == (1, 2, 0.5)


def test_links_work_backwards_but_not_into_the_published_past(tmp_path: Path) -> None:
    pages = [
        page("x", None, "2024-01-02T10:00:00.000Z", country="FR"),  # 89 local days before Ada is known
        page("x", None, "2024-03-10T11:00:00.000+01:00", country="FR"),
        page("x", ADA, "2024-03-31T10:00:00.000Z", country="DE"),
        page("x", BOB, "2024-03-31T11:00:00.000Z"),  # the first link wins
        page("x", None, "2024-04-10T10:00:00.000Z"),
        page("y", None, "2024-03-11T10:00:00.000Z", country="ES"),
        page("y", None, "2024-03-12T10:00:00.000Z"),
    ]
    rows = [app(DAN, SIGN_UP, "2024-02-01T10:00")]
    figures = demo.figures(raw(tmp_path, rows, pages), "2024-01", "2024-04")
    assert numbers(figures, "visitors", "2024-01", "country", "FR") == (1, None, 1)  # not linked before February
    assert numbers(figures, "visitors", "2024-03") == (3, None, 3)  # Ada, Bob, y
    assert numbers(figures, "visitors", "2024-03", "country", "DE") == (1, None, 1)
    assert numbers(figures, "visitors", "2024-03", "country", "ES") == (1, None, 1)
    assert numbers(figures, "visitors", "2024-03", "country", "unknown") == (1, None, 1)
    assert numbers(figures, "visitors", "2024-04", "country", "DE") == (1, None, 1)
    assert numbers(figures, "mau", "2024-04") == (0, None, 0)
    assert numbers(figures, "visitor_to_signup_rate", "2024-03") == (0, 3, 0)


def test_lookback_of_a_link_ends(tmp_path: Path) -> None:
    # Linked on the 30th. x, with one visit 10 days before and one 11, is Ada as soon as one of them is looked back to;
    # y, whose only visit is 11 days before, is somebody else for a lookback of 10 days.
    pages = [
        page("x", None, "2024-01-19T10:00:00.000Z"),
        page("x", None, "2024-01-20T10:00:00.000Z"),
        page("y", None, "2024-01-19T10:00:00.000Z"),
        *(page(anonymous, ADA, "2024-01-30T10:00:00.000Z") for anonymous in ("x", "y")),
    ]
    with demo.events(raw(tmp_path, (), pages)) as con:
        visitors = []
        for days in (90, 11, 10, 9):
            kernel.assign(con, lookback_days=days)
            visitors.append(numbers(kernel.figures(con, "2024-01", "2024-01"), "visitors", "2024-01")[2])
    assert visitors == [1, 1, 2, 3]


def test_prospects_may_still_be_activated(tmp_path: Path) -> None:
    rows = [
        app(ADA, SIGN_UP, "2024-01-20T08:00"),
        *(app(ADA, REPORT, f"2024-02-0{day}T08:00") for day in (1, 2)),
        app(ADA, REPORT, "2024-02-03T07:00"),
        app(BOB, SIGN_UP, "2024-01-17T23:00"),  # 18 January in Paris: the window ends as February begins
        app(CYD, SIGN_UP, "2024-02-05T08:00"),
        app(DAN, SIGN_UP, "2024-01-30T08:00"),
        *(app(DAN, REPORT, "2024-01-31T08:00") for _ in range(3)),  # already activated when February begins
    ]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-03")
    assert numbers(figures, "activation_rate_prospects", "2024-01") == (1, 3, 1 / 3)
    assert numbers(figures, "activation_rate_prospects", "2024-02") == (1, 2, 0.5)
    assert numbers(figures, "activation_rate_prospects", "2024-03") == (0, 0, None)


def test_targeted_are_judged_from_the_first_target_on(tmp_path: Path) -> None:
    rows = [app(user, SIGN_UP, "2024-01-02T08:00", country="FR") for user in (ADA, BOB, CYD)]
    orders = [
        entry(ADA, "order_line", "2024-01-03 12:00:00", reference="O-1"),  # before the target
        entry(BOB, "order_line", "2024-01-10 12:00:00", reference="O-2"),
        entry(CYD, "order_line", "2024-01-05 10:00:00", reference="O-3"),  # at the target, to the second
    ]
    targets = [
        *(campaign(user, "2024-01-05T09:00:00Z") for user in (ADA, BOB, CYD)),
        campaign(BOB, "2024-01-11T09:00:00Z"),
        campaign(DAN, "2024-01-05T09:00:00Z"),  # never signs up
        campaign(DAN, "2024-02-05T09:00:00Z"),
    ]
    figures = demo.figures(raw(tmp_path, rows, (), orders, campaigns=targets), "2024-01", "2024-02")
    assert numbers(figures, "activation_rate_targeted", "2024-01") == (1, 2, 0.5)
    assert numbers(figures, "activation_rate_targeted", "2024-01", "country", "FR") == (1, 1, 1)
    assert numbers(figures, "activation_rate_targeted", "2024-02") == (0, 1, 0)


def test_targeted_who_are_activated_next_month_are_not_yet(tmp_path: Path) -> None:
    orders = [entry(ADA, "order_line", "2024-02-01 00:00:00", reference="O-1")]
    world = raw(
        tmp_path,
        [app(ADA, SIGN_UP, "2024-01-20T08:00"), app(BOB, REPORT, "2024-01-20T08:00")],
        (),
        orders,
        campaigns=[campaign(ADA, "2024-01-25T09:00:00Z")],
    )
    assert numbers(demo.figures(world, "2024-01", "2024-01"), "activation_rate_targeted", "2024-01") == (0, 1, 0)
    quarter = demo.figures(world, "2024-Q1", "2024-Q1", "quarter")
    assert numbers(quarter, "activation_rate_targeted", "2024-Q1") == (1, 1, 1)
    assert numbers(quarter, "activation_rate_prospects", "2024-Q1") == (1, 1, 1)


def test_nobody_is_deactivated_twice(tmp_path: Path) -> None:
    rows = [
        *(app(user, OPENED, "2024-01-10T08:00", plan="pro") for user in (ADA, BOB)),
        app(ADA, DELETED, "2024-02-10T08:00", plan="free"),
        app(ADA, DELETED, "2024-03-10T08:00"),
        app(CYD, DELETED, "2024-02-11T08:00"),  # not known when February begins
        app(BOB, DELETED, "2024-03-31T21:59:59"),
    ]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-03")
    assert figures.filter(kpi="deactivation_rate", period="2024-01").is_empty()
    assert numbers(figures, "deactivation_rate", "2024-02") == (1, 2, 0.5)
    assert numbers(figures, "deactivation_rate", "2024-02", "plan", "pro") == (1, 2, 0.5)
    assert numbers(figures, "deactivation_rate", "2024-03") == (1, 1, 1)


def test_conversions_are_orders_and_subscriptions(tmp_path: Path) -> None:
    pages = [page("x", ADA, "2024-01-02T10:00:00.000Z", country="FR"), page("y", None, "2024-01-03T10:00:00.000Z")]
    entries = [
        *(entry(ADA, "order_line", "2024-01-10 12:00:00", reference="O-1") for _ in range(2)),
        entry(ADA, "order_line", "2024-01-11 12:00:00", reference="O-2"),
        subscription(ADA, "created", "2024-01-12 12:00:00", "0.00"),
        subscription(ADA, "changed", "2024-01-13 12:00:00", "9.00"),
        entry(BOB, "order_line", "2024-01-10 12:00:00", country="DE"),
    ]
    with demo.events(raw(tmp_path, (), pages, entries)) as con:
        figures = kernel.figures(con)
        kernel.assign(con, conversion_kinds=["change"])
        changes = kernel.figures(con)
    assert numbers(figures, "conversion_ratio", "2024-01") == (4, 2, 2)
    assert numbers(figures, "conversion_ratio", "2024-01", "country", "FR") == (3, 1, 3)
    assert numbers(figures, "conversion_ratio", "2024-01", "country", "unknown") == (0, 1, 0)
    assert numbers(figures, "conversion_ratio", "2024-01", "country", "DE") == (1, 0, None)
    assert numbers(changes, "conversion_ratio", "2024-01") == (1, 2, 0.5)


def test_anonymous_visitor_of_two_months_is_one_of_the_quarter(tmp_path: Path) -> None:
    pages = [
        page("x", None, "2024-01-02T10:00:00.000Z", country="FR"),
        page("x", None, "2024-02-02T10:00:00.000Z", country="DE"),
        page("y", None, "2024-01-02T10:00:00.000Z"),
        page("y", ADA, "2024-03-02T10:00:00.000Z"),
    ]
    with demo.events(raw(tmp_path, (), pages)) as con:
        months, quarter = kernel.figures(con), kernel.figures(con, grain="quarter")
    assert numbers(months, "visitors", "2024-01") == (2, None, 2)
    assert numbers(quarter, "visitors", "2024-Q1") == (2, None, 2)
    assert numbers(quarter, "visitors", "2024-Q1", "country", "DE") == (1, None, 1)
    assert numbers(quarter, "visitors", "2024-Q1", "country", "unknown") == (1, None, 1)


def test_figures_wait_for_the_kinds_they_need(tmp_path: Path) -> None:
    rows = [app(ADA, SIGN_UP, "2024-01-10T08:00"), app(ADA, OPENED, "2024-02-10T08:00")]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-02")
    told = ["churn_rate", "dau", "intra_period_churn", "mau", "reactivated_customers", "reactivation_rate",
            "retention_rate", "signups", "stickiness", "wau"]  # fmt: skip
    assert sorted(figures.filter(period="2024-01", segment="all")["kpi"]) == told
    more = ["activation_rate", "activation_rate_prospects", "activation_rate_window", "feature_adoption_rate",
            "time_to_activate_mean", "time_to_activate_median", "time_to_activate_p90"]  # fmt: skip
    assert sorted(figures.filter(period="2024-02", segment="all")["kpi"]) == sorted(told + more)
