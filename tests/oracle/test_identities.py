"""What must hold of the oracle's tables whatever happened, on a made-up company of some hundred events."""

import random
from pathlib import Path

import duckdb
import polars as pl
import pytest

from . import demo, kernel
from .worlds import (
    DELETED,
    OPENED,
    REPORT,
    SIGN_UP,
    answer,
    app,
    booking,
    campaign,
    entry,
    page,
    raw,
    spend,
    subscription,
)

COUNTRIES, PLANS = ("FR", "DE", None), ("free", "pro", None)
MONTHS = [f"{year}-{month:02}" for year in (2023, 2024) for month in range(1, 13)][6:21]
GRAINS, BASES = ("month", "quarter", "year"), ("activity", "subscription")
NOT_OF_CUSTOMERS = ("customer_lifetime_value", "stickiness", "time_to_activate_median", "time_to_activate_p90",
                    "time_between_purchases_median")  # fmt: skip


def company(folder: Path, seed: int = 1, events: int = 900) -> Path:
    rng = random.Random(seed)
    rows: list[dict[str, object]] = []
    pages: list[dict[str, object]] = []
    entries: list[dict[str, object]] = []
    others: dict[str, list[dict[str, object]]] = {"surveys": [], "ledger": [], "campaigns": [], "spending": []}
    for _ in range(events):
        user, month, day = rng.randint(1, 60), rng.choice(MONTHS), f"{rng.randint(1, 28):02}"
        at, wall = f"{month}-{day}T10:00", f"{month}-{day} 12:00:00"
        where = {"country": rng.choice(COUNTRIES), "plan": rng.choice(PLANS)}
        amount = f"{rng.randint(0, 3) * 10}.{rng.randint(0, 99):02}"
        number = f"S-{user}-{rng.randint(1, 2)}"
        rows.append(app(user, rng.choice((OPENED, REPORT, REPORT, SIGN_UP, DELETED)), at, **where))
        known = user if rng.random() < 0.3 else None
        pages.append(page(f"x{rng.randint(1, 90)}", known, f"{at}:00.000Z", country=where["country"]))
        entries.append(entry(user, rng.choice(("order_line", "order_line", "refund")), wall, amount=amount, **where))
        entries.append(subscription(user, rng.choice(("created", "changed", "cancelled")), wall, amount, number))
        question, on = rng.choice(("nps", "csat")), f"{day}/{month[5:]}/{month[:4]}"
        others["surveys"].append(answer(user, question, on, f"{rng.randint(1, 5)}"))
        others["ledger"].append(booking(user, rng.choice(("invoice", "payment")), f"{month}-{day}", amount))
        others["campaigns"].append(campaign(user, f"{at}:00Z"))
        others["spending"].append(spend(f"{month}-{day}", amount, where["country"]))
    return raw(folder, rows, pages, entries, **others)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return demo.events(company(tmp_path_factory.mktemp("company") / "raw"))


@pytest.fixture(params=[(basis, grain) for basis in BASES for grain in GRAINS], ids="-".join)
def grain(request: pytest.FixtureRequest, con: duckdb.DuckDBPyConnection) -> str:
    """Each grain on each basis; the basis is set, the grain given."""
    basis, grain = request.param
    kernel.assign(con, churn_basis=basis)
    return str(grain)


def wide(figures: pl.DataFrame, kpis: tuple[str, ...], column: str = "value") -> pl.DataFrame:
    kept = figures.filter(pl.col("kpi").is_in(kpis), segment="all")
    return kept.pivot("kpi", index="period", values=column).sort("period")


def test_segments_add_up_to_the_whole(con: duckdb.DuckDBPyConnection, grain: str) -> None:
    figures = kernel.figures(con, grain=grain).filter(~pl.col("kpi").is_in(NOT_OF_CUSTOMERS), segment="all")
    levels = kernel.figures(con, grain=grain).filter(pl.col("segment").is_in(["country", "plan"]))
    sums = levels.group_by("period", "kpi", "segment").agg(pl.col("numerator", "denominator").sum().name.suffix("_sum"))
    both = figures.join(sums, on=["period", "kpi"])
    assert both["kpi"].n_unique() > 45
    # "active customer-days ÷ days of P" has the days for a denominator on every level.
    off = (pl.col("numerator") - pl.col("numerator_sum")).abs() > 1e-6
    off |= ((pl.col("denominator") - pl.col("denominator_sum")).abs() > 1e-6) & (pl.col("kpi") != "dau")
    assert both.filter(off).is_empty()


def test_bridges_close(con: duckdb.DuckDBPyConnection, grain: str) -> None:
    kpis = ("mrr_at_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr")
    money = wide(kernel.figures(con, grain=grain), kpis)
    gain = pl.col("mrr_new") + pl.col("mrr_reactivation") + pl.col("mrr_expansion")
    loss = pl.col("mrr_contraction") + pl.col("mrr_churn")
    assert (money.select(pl.col("mrr_at_start") + gain - loss - pl.col("mrr")).to_series().abs() < 1e-6).all()
    assert (money["mrr"].shift() - money["mrr_at_start"]).drop_nulls().abs().max() == 0
    assert all(most > 0 for most in money.select(kpis).max().row(0))
    moved = kernel.movements(con, grain=grain)
    for number in ("customers", "mrr"):
        one = moved.pivot("movement", index=["period", "segment", "level"], values=number)
        has_money = number == "mrr" and "expanded" in one.columns
        extra = pl.col("expanded") - pl.col("contracted") if has_money else pl.lit(0)
        change = pl.col("new") + pl.col("reactivated") - pl.col("lost") + extra
        off = one.filter((pl.col("start") + change - pl.col("end")).abs() > 1e-6)
        assert off.is_empty()
        if number == "customers":
            assert one.filter(pl.col("new") + pl.col("kept") + pl.col("reactivated") != pl.col("end")).is_empty()


def test_rates_are_rates_and_churn_is_what_is_not_retention(con: duckdb.DuckDBPyConnection, grain: str) -> None:
    figures = kernel.figures(con, grain=grain)
    rates = wide(figures, ("churn_rate", "retention_rate")).drop_nulls()
    assert (rates["churn_rate"] + rates["retention_rate"] - 1).abs().max() == pytest.approx(0, abs=1e-12)
    assert len(rates) > 0
    shares = figures.filter(pl.col("kpi").str.ends_with("_rate"), pl.col("kpi") != "product_return_rate")
    assert shares["value"].drop_nulls().is_between(0, 1).all()
    assert figures.filter(pl.col("denominator") == 0)["value"].null_count() == len(figures.filter(denominator=0))
    stickiness = figures.filter(kpi="stickiness")["value"].drop_nulls()
    assert stickiness.is_between(1 / 31, 1).all()


def test_contributions_sum_to_the_change(con: duckdb.DuckDBPyConnection, grain: str) -> None:
    figures = kernel.figures(con, grain=grain).filter(segment="all").sort("period")
    change = figures.with_columns(change=pl.col("value") - pl.col("value").shift().over("kpi")).drop_nulls("change")
    parts = kernel.contributions(con, grain=grain)
    # In the first of the two years nobody is there at the start.
    assert parts["kpi"].n_unique() == (10 if grain == "year" else 14)
    sums = parts.group_by("period", "kpi", "segment").agg(sum=pl.col("mix").sum() + pl.col("rate").sum())
    both = sums.join(change, on=["period", "kpi"], how="left")
    assert both["change"].null_count() == 0
    assert (both["sum"] - both["change"]).abs().max() == pytest.approx(0, abs=1e-12)
    assert both.group_by("segment").len()["len"].n_unique() == 1


def test_cohorts_only_grow_in_what_is_cumulative(con: duckdb.DuckDBPyConnection, grain: str) -> None:
    cohorts = kernel.cohorts(con, grain=grain).sort("period", "cohort", "age")
    assert cohorts.filter(pl.col("active") > pl.col("active_since")).is_empty()
    assert cohorts.filter(pl.col("active_since") > pl.col("size")).is_empty()
    steps = cohorts.select(pl.col("active_since", "activated", "revenue").diff().over("period", "cohort"))
    assert (steps["active_since"].drop_nulls() <= 0).all()
    assert (steps["activated"].drop_nulls() >= 0).all()
    assert (steps["revenue"].drop_nulls() >= 0).all()
    # Bounded columns of an age never change afterwards: "cohorts(p) = cohorts(p-1) + the row of p".
    settled = cohorts.group_by("cohort", "age").agg(pl.col("size", "active", "activated", "revenue").n_unique())
    assert settled.select(pl.max_horizontal("size", "active", "activated", "revenue")).max().item() == 1
