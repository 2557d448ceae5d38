"""The oracle on worlds small enough to check by hand.

Not here: the pipeline; comparing it with the oracle is for the tests of the whole.
"""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from . import demo, kernel, retail, retail_like
from .compare import differences

wall = datetime.fromisoformat
Numbers = tuple[float | None, float | None, float | None]
APP = {
    "event_id": pl.String(),
    "user_id": pl.Int64(),
    "event": pl.String(),
    "occurred_at": pl.Datetime("us", "UTC"),
    "received_at": pl.Datetime("us", "UTC"),
    "country": pl.String(),
    "plan": pl.String(),
    "device": pl.String(),
}
BILLING = (
    "entry_id", "customer", "type", "booked_at", "amount", "currency", "reference", "sku", "quantity", "country",
    "plan",
)  # fmt: skip
ADA, BOB, CYD = 1, 2, 3
REPORT, SIGN_UP, OPENED = "Report Created", "Account Created", "App Opened"


def app(user: int | None, event: str | None, at: str | None, **others: str | None) -> dict[str, object]:
    """`at` in UTC."""
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    received = others.pop("received_at", None)
    received_at = datetime.fromisoformat(received).replace(tzinfo=UTC) if received else None
    return {"user_id": user, "event": event, "occurred_at": instant, "received_at": received_at, **others}


def page(anonymous: str | None, user: int | None, at: str, path: str = "/", **others: str | None) -> dict[str, object]:
    visitor = {"id": user, "country": others.pop("country", None)}
    kind = others.pop("type", "page")
    return {"anonymous_id": anonymous, "visitor": visitor, "path": path, "type": kind, "sent_at": at, **others}


def entry(user: int | None, kind: str, at: str, **others: object) -> dict[str, object]:
    """`at` on the clock in Paris."""
    return {"customer": user, "type": kind, "booked_at": at, "currency": "EUR", **others}


def raw(
    folder: Path,
    app_rows: Sequence[Mapping[str, object]] = (),
    web_rows: Sequence[Mapping[str, object]] = (),
    billing_rows: Sequence[Mapping[str, object]] = (),
) -> Path:
    """The three systems' files as the demo writes them."""
    for system in ("app", "web", "billing"):
        (folder / system).mkdir(parents=True)
    complete = [{name: row.get(name) for name in APP} for row in app_rows]
    pl.DataFrame(complete, APP, orient="row").write_parquet(folder / "app/app-2024-01.parquet")
    lines = "".join(json.dumps({"message_id": None, "received_at": None, **row}) + "\n" for row in web_rows)
    (folder / "web/web-2024-01.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    with (folder / "billing/billing-2024-01.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, BILLING)
        writer.writeheader()
        writer.writerows(billing_rows)
    return folder


def numbers(figures: pl.DataFrame, kpi: str, period: str, segment: str = "all", level: str = "all") -> Numbers:
    row = figures.filter(kpi=kpi, period=period, segment=segment, level=level)
    assert len(row) == 1, f"{len(row)} rows of {kpi}"
    found = row.select("numerator", "denominator", "value").row(0)
    return found[0], found[1], found[2]


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
    rows = [app(ADA, SIGN_UP, "2024-01-17T23:00"), app(BOB, SIGN_UP, "2024-02-15T22:59:59")]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-03")
    closed = [numbers(figures, "activation_rate_window", period)[1] for period in ("2024-01", "2024-02", "2024-03")]
    assert closed == [0, 2, 0]


def test_week_of_the_wau_is_the_last_seven_days(tmp_path: Path) -> None:
    # 30 days: the week begins on the 24th, on 23 April at 22:00 UTC.
    rows = [app(ADA, OPENED, "2024-04-23T21:59:59"), app(BOB, OPENED, "2024-04-23T22:00")]
    figures = demo.figures(raw(tmp_path, rows), "2024-04", "2024-04")
    assert numbers(figures, "wau", "2024-04") == (1, None, 1)
    assert numbers(figures, "mau", "2024-04") == (2, None, 2)


def test_what_is_done_before_signing_up_does_not_activate(tmp_path: Path) -> None:
    rows = [
        *(app(ADA, REPORT, f"2024-01-0{day}T08:00") for day in (1, 2, 4, 5)),
        app(ADA, SIGN_UP, "2024-01-03T08:00"),
    ]
    orders = [entry(ADA, "order_line", "2024-01-02 12:00:00", amount="5.00", reference="O-1")]
    figures = demo.figures(raw(tmp_path, rows, (), orders), "2024-01", "2024-01")
    assert numbers(figures, "activation_rate", "2024-01") == (0, 1, 0)


def test_day_and_month_are_those_of_paris(tmp_path: Path) -> None:
    rows = [app(ADA, OPENED, "2024-01-31T22:59:59"), app(ADA, OPENED, "2024-01-31T23:00")]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-02")
    assert numbers(figures, "mau", "2024-01") == numbers(figures, "mau", "2024-02") == (1, None, 1)
    assert numbers(figures, "wau", "2024-01") == (1, None, 1)
    assert numbers(figures, "wau", "2024-02") == (0, None, 0)
    assert numbers(figures, "dau", "2024-02") == (1, 29, 1 / 29)
    assert numbers(figures, "stickiness", "2024-02") == (1, 29, 1 / 29)


def test_billing_times_that_clocks_skip_or_repeat(tmp_path: Path) -> None:
    entries = [
        entry(ADA, "order_line", "2024-03-31 02:30:00"),  # skipped: 03:30, 01:30 UTC
        entry(BOB, "order_line", "2024-10-27 02:30:00"),  # repeated: the first, 00:30 UTC
    ]
    with demo.events(raw(tmp_path, (), (), entries)) as con:
        found = con.execute("SELECT customer_id, occurred_at FROM event ORDER BY ALL").fetchall()
    assert found == [("1", wall("2024-03-31T01:30")), ("2", wall("2024-10-27T00:30"))]


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
    figures = demo.figures(raw(tmp_path, (), pages), "2024-01", "2024-04")
    assert numbers(figures, "visitors", "2024-01", "country", "FR") == (1, None, 1)  # not linked before February
    assert numbers(figures, "visitors", "2024-03") == (3, None, 3)  # Ada, Bob, y
    assert numbers(figures, "visitors", "2024-03", "country", "DE") == (1, None, 1)
    assert numbers(figures, "visitors", "2024-03", "country", "ES") == (1, None, 1)
    assert numbers(figures, "visitors", "2024-03", "country", "unknown") == (1, None, 1)
    assert numbers(figures, "visitors", "2024-04", "country", "DE") == (1, None, 1)
    assert numbers(figures, "mau", "2024-04") == (0, None, 0)
    assert numbers(figures, "visitor_to_signup_rate", "2024-03") == (0, 3, 0)


def test_lookback_of_a_link_ends(tmp_path: Path) -> None:
    # A lookback of 10 days: the visit of the 20th is Ada's, the one of the 19th is somebody's.
    pages = [
        page("x", None, "2024-01-19T10:00:00.000Z"),
        page("x", None, "2024-01-20T10:00:00.000Z"),
        page("x", ADA, "2024-01-30T10:00:00.000Z"),
    ]
    with demo.events(raw(tmp_path, (), pages)) as con:
        assert numbers(kernel.figures(con, "2024-01", "2024-01"), "visitors", "2024-01") == (1, None, 1)
        kernel.assign(con, lookback_days=10)
        assert numbers(kernel.figures(con, "2024-01", "2024-01"), "visitors", "2024-01") == (2, None, 2)


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


def test_every_row_ends_in_one_place(tmp_path: Path) -> None:
    rows = [
        app(ADA, OPENED, "2024-01-10T10:00", event_id="a1", received_at="2024-01-12T00:00", plan="late copy"),
        app(ADA, OPENED, "2024-01-10T10:00", event_id="a1", received_at="2024-01-11T00:00", plan="first copy"),
        app(ADA, OPENED, "2024-01-10T10:00", event_id="a1"),
        app(ADA, OPENED, "2024-02-10T10:00", event_id="a1"),  # another month: not recognised
        app(ADA, OPENED, "2024-01-10T10:00"),
        app(ADA, OPENED, "2024-01-10T10:00"),  # no event_id: no duplicate
        app(None, "Heartbeat", None),
        app(None, OPENED, "2024-01-10T10:00"),
        app(ADA, OPENED, None),
    ]
    pages = [
        page("x", None, "2024-01-10T10:00:00.000Z", "/health", type="identify_probe"),
        page("x", None, "not a date", type="identify_probe"),
        page("x", None, "not a date"),
        page(" ", None, "2024-01-10T10:00:00.000Z"),
        page("x", None, "2024-01-10T10:00:00.000Z"),
    ]
    entries = [
        entry(ADA, "invoice_sent", "2024-01-10 10:00:00", amount="abc"),
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="abc"),
        entry(ADA, "order_line", "2024-13-45 99:00:00", amount="1.00"),
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="-1.00"),
        entry(ADA, "order_line", "2024-01-10 10:00:00", quantity=-1),
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="1.00") | {"currency": "USD"},
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="1.00"),
    ]
    with demo.events(raw(tmp_path, rows, pages, entries)) as con:
        accounting = demo.rows(con)
        assert numbers(kernel.figures(con, "2024-01", "2024-01"), "mau", "2024-01", "plan", "first copy")[2] == 1
    assert accounting.columns == ["source", "read", "accepted", "duplicate", "filtered", "ignored", "quarantined"]
    assert accounting.rows() == [("app", 9, 4, 2, 0, 1, 2), ("billing", 7, 1, 0, 0, 1, 5), ("web", 5, 1, 0, 1, 1, 2)]


def test_cohorts_have_all_complete_ages(tmp_path: Path) -> None:
    rows = [
        *(app(user, SIGN_UP, "2024-01-10T10:00") for user in (ADA, BOB)),
        app(CYD, SIGN_UP, "2024-02-10T10:00"),
        app(ADA, OPENED, "2024-03-10T10:00"),
    ]
    cohorts = demo.cohorts(raw(tmp_path, rows))
    assert cohorts.filter(period="2024-03").rows() == [
        ("2024-03", "2024-01", 0, 2, 2),
        ("2024-03", "2024-01", 1, 2, 0),
        ("2024-03", "2024-01", 2, 2, 1),
        ("2024-03", "2024-02", 0, 1, 1),
        ("2024-03", "2024-02", 1, 1, 0),
    ]
    assert cohorts.group_by("period").len().sort("period")["len"].to_list() == [1, 3, 5]


def test_retail_by_hand(tmp_path: Path) -> None:
    rows: list[retail_like.Row] = [
        ("1", "A", "", 6, wall("2010-12-01T08:00"), 2.55, 17850, "United Kingdom"),
        ("1", "B", "", 2, wall("2010-12-01T08:01"), 0.0, 17850, "United Kingdom"),
        ("1", "B", "", 2, wall("2010-12-01T08:01"), 0.0, 17850, "United Kingdom"),  # an exact duplicate counts
        ("C2", "A", "", -3, wall("2010-12-31T08:00"), 2.55, 17850, "United Kingdom"),
        ("3", "A", "", 1, wall("2010-12-31T09:00"), 99.0, None, "France"),
        ("4", "A", "", 1, wall("2011-01-02T08:00"), 1.0, 17850, "France"),
        ("5", "A", "", 1, wall("2011-01-03T08:00"), 3.0, 17851, "France"),
    ]
    path = tmp_path / "retail.parquet"
    pl.DataFrame(rows, retail_like.SCHEMA, orient="row").write_parquet(path)
    figures = retail.figures(path, "2010-12", "2011-01", ("country",))
    assert numbers(figures, "mau", "2010-12", "country", "United Kingdom") == (1, None, 1)
    assert numbers(figures, "dau", "2010-12") == (2, 31, 2 / 31)
    assert numbers(figures, "wau", "2010-12") == (1, None, 1)
    assert numbers(figures, "orders", "2010-12") == (1, None, 1)
    assert numbers(figures, "revenue", "2010-12") == pytest.approx((15.3, None, 15.3))
    assert numbers(figures, "net_revenue", "2010-12") == pytest.approx((7.65, None, 7.65))
    assert numbers(figures, "product_return_rate", "2010-12") == (3, 10, 0.3)
    assert numbers(figures, "retention_rate", "2011-01", "country", "United Kingdom") == (1, 1, 1)
    assert numbers(figures, "time_between_purchases_mean", "2011-01", "country", "France") == (32, 1, 32)
    assert numbers(figures, "new_customers", "2011-01") == (1, None, 1)


def test_made_up_retail_has_the_traps_and_keeps_the_identities(tmp_path: Path) -> None:
    path = retail_like.write(tmp_path / "retail.parquet")
    rows = pl.read_parquet(path)
    assert rows["CustomerID"].null_count() > 100
    assert rows["InvoiceNo"].str.starts_with("C").sum() > 50
    assert rows.is_duplicated().sum() > 50
    assert (rows["UnitPrice"] <= 0).sum() > 20
    timestamps = rows.group_by("InvoiceNo").agg(pl.col("InvoiceDate").n_unique())["InvoiceDate"]
    assert (timestamps > 1).sum() > 10
    figures = retail.figures(path, dimensions=("country",))
    assert set(figures["kpi"]) == set(retail.KPIS)
    churn, retention = (figures.filter(kpi=kpi) for kpi in ("churn_rate", "retention_rate"))
    rates = churn.join(retention, on=["period", "segment", "level", "denominator"], validate="1:1")
    assert len(rates) == len(churn)
    assert ((rates["value"] + rates["value_right"] - 1).abs() < 1e-12).all()
    sums = figures.group_by("period", "kpi", "segment").agg(pl.col("numerator", "denominator").sum())
    pairs = sums.filter(segment="all").join(sums.filter(segment="country"), on=["period", "kpi"])
    assert pairs.filter((pl.col("numerator") - pl.col("numerator_right")).abs() > 1e-6).is_empty()


@pytest.mark.skipif(retail.path_from_environment() is None, reason=f"{retail.VARIABLE} does not say where the file is")
def test_real_retail_has_its_published_customers_per_month() -> None:
    path = retail.path_from_environment()
    assert path is not None
    figures = retail.figures(path).filter(kpi="mau", segment="all").sort("period")
    assert figures["value"].to_list() == [948, 783, 798, 1020, 899, 1079, 1051, 993, 980, 1302, 1425, 1711]


FIGURE = {"period": "2024-01", "kpi": "churn_rate", "segment": "all", "level": "all"}


def table(*rows: Mapping[str, object]) -> pl.DataFrame:
    types = {
        **dict.fromkeys(("period", "kpi", "segment", "level"), pl.String()),
        **dict.fromkeys(("numerator", "denominator", "value"), pl.Float64()),
        "status": pl.String(),
    }
    complete = [{"status": "ok", **FIGURE, **row} for row in rows]
    return pl.DataFrame([{name: row.get(name) for name in types} for row in complete], types, orient="row")


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ({"numerator": 1, "denominator": 4, "value": 0.25 + 1e-12}, None),
        ({"numerator": 1, "denominator": 4, "value": 0.26}, "value"),
        ({"numerator": 2, "denominator": 5, "value": 0.25}, "numerator, denominator"),
        ({"numerator": 1, "denominator": 4, "value": None}, "value"),
    ],
)
def test_numbers_are_compared_with_tolerance_and_nulls(ours: Mapping[str, object], why: str | None) -> None:
    found = differences(table(ours), table({"numerator": 1, "denominator": 4, "value": 0.25}))
    assert found["why"].to_list() == ([why] if why else [])


def test_tolerance_is_relative_for_large_numbers() -> None:
    near = {"kpi": "revenue", "numerator": 1e9, "value": 1e9}
    assert differences(table(near), table({**near, "value": 1e9 + 0.5})).is_empty()
    assert not differences(table(near), table({**near, "value": 1e9 + 2})).is_empty()


@pytest.mark.parametrize(
    ("row", "differs"),
    [
        ({"numerator": 0, "denominator": 4, "value": 0}, True),
        ({"numerator": 0, "denominator": 0, "value": None}, False),
        ({"kpi": "orders", "numerator": 0, "value": 0}, False),
        ({"kpi": "orders", "numerator": 1, "value": 1}, True),
        ({"kpi": "dau", "numerator": 0, "denominator": 31, "value": 0}, False),
        ({"kpi": "time_to_activate_median", "denominator": 2, "value": 3}, True),
    ],
)
def test_row_of_one_side_differs_unless_it_says_nothing(row: Mapping[str, object], differs: bool) -> None:
    assert differences(table(row), table())["why"].to_list() == ["only in ours"] * differs
    assert differences(table(), table(row))["why"].to_list() == ["only in oracle"] * differs


def test_missing_input_counts_as_absent() -> None:
    missing = table({"status": "missing_input"})
    assert differences(missing, table()).is_empty()
    figure = table({"numerator": 1, "denominator": 4, "value": 0.25})
    assert differences(missing, figure)["why"].to_list() == ["only in oracle"]
