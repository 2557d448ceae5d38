"""Figures that contradict each other are refused, with the identity, the period and the figures named."""

import re

import polars as pl
import pytest
from polars import col

from config.errors import IdentityError
from tasks.clock import Period
from tasks.kpis.identities import MOST_TOLD, refuse_breaches
from tests.helpers import Chain, Tables, canonical, chain, event, numbers, period_of, settings, snapshot

FEBRUARY = Period.parse("2025-02")
ROWS = (
    event("ada", "signup", "2024-12-05 10:00", plan="free"),
    event("ada", "visit", "2025-01-05 10:00"),
    event("ada", "subscribe", "2025-01-05 10:00", amount="10.10", plan="pro"),
    event("bob", "signup", "2025-01-05 10:00", plan="pro"),
    event("bob", "subscribe", "2025-01-05 10:00", amount=20),
    event("bob", "cancel", "2025-02-05 10:00", plan="free"),
    event("cyd", "visit", "2024-12-05 10:00", plan="pro"),
    event("cyd", "subscribe", "2024-12-05 10:00", amount=5),
    event("cyd", "cancel", "2024-12-06 10:00"),
    event("cyd", "subscribe", "2025-02-10 10:00", amount=7),
    event("cyd", "use", "2025-02-10 10:00", item="report"),
    event("eve", "subscribe", "2024-12-05 10:00", amount=4, plan="pro"),
    event("ada", "visit", "2025-02-05 10:00"),
    event("ada", "change", "2025-02-05 10:00", amount="12.30"),
    event("ada", "purchase", "2025-02-05 10:00", amount=10),
    event("dan", "signup", "2025-02-06 10:00"),
    event("dan", "subscribe", "2025-02-06 10:00", amount="3.33"),
)


def world_of(basis: str = "subscription") -> Chain:
    config = settings(dimensions=["plan"], basis=basis, activation={"within": "14d", "any": [{"kind": "purchase"}]})
    return chain(canonical(ROWS, config), config, first="2024-10", last="2025-03")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return snapshot(world_of(), "2025-02")


def changed(tables: Tables, name: str, column: str, to: pl.Expr | float, **where: str | int) -> Tables:
    """The tables with one column of one of them otherwise, in the rows told."""
    rows = pl.all_horizontal(col(key) == value for key, value in where.items())
    other = to if isinstance(to, pl.Expr) else pl.lit(to)
    table = tables[name]
    assert table.filter(rows).height > 0
    return {**tables, name: table.with_columns(pl.when(rows).then(other).otherwise(column).alias(column))}


def breaches(tables: Tables) -> list[str]:
    """The breaches told, in order; the sentence around them is checked here."""
    with pytest.raises(IdentityError) as refused:
        refuse_breaches(tables, FEBRUARY)
    first, *told, last = str(refused.value).splitlines()
    assert first == "2025-02: figures contradict each other; nothing was published."
    assert last == "This is a fault of lifecycle, not of the data. Please report it with this message."
    assert all(line.startswith("  - ") for line in told)
    return [line.removeprefix("  - ") for line in told]


def breach(tables: Tables) -> str:
    found = breaches(tables)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("basis", ["activity", "subscription"])
@pytest.mark.parametrize("period", ["2024-10", "2024-12", "2025-01", "2025-02", "2025-03", "2024-Q4", "2025-Q1"])
def test_true_figures_pass(basis: str, period: str) -> None:
    refuse_breaches(snapshot(world_of(basis), period), period_of(period))


def test_the_figures_here_are_no_trivial_ones(tables: Tables) -> None:
    moved = tables["movements"].filter(segment="all")
    assert (moved.filter(~col("movement").is_in(["contracted"]))["customers"] > 0).all()
    assert tables["contributions"].height > 10
    assert tables["cohorts"].height > 5


def test_lost_and_kept_are_the_base(tables: Tables) -> None:
    lost = changed(tables, "kpis", "numerator", 2.0, kpi="churn_rate", segment="all")
    assert "churn_rate + retention_rate = 1 (all all): lost 2.0 of 3.0, kept 2.0 of 3.0" in breaches(lost)
    other_base = changed(tables, "kpis", "denominator", 9.0, kpi="retention_rate", level="pro")
    assert any(one.startswith("churn_rate + retention_rate = 1 (plan pro): lost ") for one in breaches(other_base))


def test_a_level_with_lost_but_no_kept_customers_is_a_breach(tables: Tables) -> None:
    kpis = tables["kpis"].filter((col("kpi") != "retention_rate") | (col("level") != "pro"))
    assert any("churn_rate + retention_rate = 1 (plan pro)" in one for one in breaches({**tables, "kpis": kpis}))


@pytest.mark.parametrize("beyond", [-0.001, 1.001])
def test_a_share_lies_between_0_and_1(tables: Tables, beyond: float) -> None:
    found = breach(changed(tables, "kpis", "value", beyond, kpi="activation_rate", level="unknown"))
    assert found == f"activation_rate within its bounds (plan unknown): {beyond}"


@pytest.mark.parametrize("beyond", [0.99 / 28, 1.001])
def test_who_is_active_is_so_on_a_day_of_the_month_at_least(tables: Tables, beyond: float) -> None:
    found = breach(changed(tables, "kpis", "value", beyond, kpi="stickiness", segment="all"))
    assert found == f"stickiness within its bounds (all all): {beyond}"
    refuse_breaches(changed(tables, "kpis", "value", 1 / 28, kpi="stickiness", segment="all"), FEBRUARY)


def test_stickiness_of_a_quarter_is_bound_by_its_longest_month() -> None:
    tables = snapshot(world_of(), "2025-Q1")
    refuse_breaches(changed(tables, "kpis", "value", 1 / 31, kpi="stickiness", segment="all"), period_of("2025-Q1"))
    with pytest.raises(IdentityError, match=r"2025-Q1: .*\n.*stickiness within its bounds"):
        refuse_breaches(changed(tables, "kpis", "value", 1 / 90, kpi="stickiness", segment="all"), period_of("2025-Q1"))


@pytest.mark.parametrize(
    ("kpi", "column", "told"),
    [
        ("revenue", "numerator", "numerators of revenue by plan add up to {}, the whole has {}"),
        ("dau", "numerator", "numerators of dau by plan add up to {}, the whole has {}"),
        ("average_order_value", "denominator", "denominators of average_order_value by plan add up to {}, "),
        ("activation_rate", "denominator", "denominators of activation_rate by plan add up to {}, the whole has {}"),
    ],
)
def test_levels_add_up_to_the_whole(tables: Tables, kpi: str, column: str, told: str) -> None:
    whole = tables["kpis"].filter(kpi=kpi, segment="all")[column].item()
    found = breaches(changed(tables, "kpis", column, col(column) + 0.01, kpi=kpi, segment="all"))
    assert any(told.format(whole, whole + 0.01) in one for one in found), found


def test_a_figure_without_levels_does_not_add_up(tables: Tables) -> None:
    kpis = tables["kpis"].filter((col("kpi") != "revenue") | (col("segment") == "all"))
    assert breach({**tables, "kpis": kpis}) == "numerators of revenue by plan add up to 0.0, the whole has 10.0"


def test_levels_that_cancel_out_are_as_exact_as_their_floats() -> None:
    config = settings(dimensions=["plan"])
    spent = {"free": ("70000000.10", "0"), "pro": ("10", "50000010.07"), "team": ("20", "20000020.03")}
    rows = [
        event(plan, "purchase", f"2025-{month} 10:00", amount=amount, plan=plan)
        for plan, amounts in spent.items()
        for month, amount in zip(("01-05", "02-05"), amounts, strict=True)
    ]
    tables = snapshot(chain(canonical(rows, config), config, first="2024-12"), "2025-02")
    assert numbers(tables["kpis"], "existing_customer_revenue_growth")[0] == 0
    refuse_breaches(tables, FEBRUARY)


def test_days_of_the_period_need_not_add_up(tables: Tables) -> None:
    dau = tables["kpis"].filter(kpi="dau", segment="plan")
    assert dau["denominator"].sum() == 28 * dau.height > 28
    refuse_breaches(tables, FEBRUARY)


@pytest.mark.parametrize("movement", ["start", "new", "kept", "reactivated", "lost", "end"])
def test_the_customer_bridge_closes_at_every_level(tables: Tables, movement: str) -> None:
    more = col("customers") + 1
    found = breaches(changed(tables, "movements", "customers", more, movement=movement, level="pro"))
    bridge = "start + new + reactivated − lost = new + kept + reactivated = end (plan pro: "
    assert [one for one in found if one.startswith(bridge)], found
    now = tables["movements"].filter(movement=movement, level="pro")["customers"].item()
    assert f"{movement} {now + 1}" in found[0]


def test_customers_at_the_start_are_the_base_of_churn(tables: Tables) -> None:
    more = col("customers") + 1  # the bridge still closes
    moved = changed(tables, "movements", "customers", more, movement="start", level="all")
    moved = changed(moved, "movements", "customers", more, movement="lost", level="all")
    assert breach(moved) == "customers at the start = base of churn_rate: 4.0, 3.0"


@pytest.mark.parametrize("movement", ["start", "new", "kept", "expanded", "contracted", "reactivated", "lost", "end"])
def test_the_mrr_bridge_closes_to_the_cent_at_every_level(tables: Tables, movement: str) -> None:
    found = breach(changed(tables, "movements", "mrr", col("mrr") + 0.01, movement=movement, level="pro"))
    assert found.startswith("MRR: start + new + reactivated + expanded − contracted − lost = end (plan pro: ")
    assert re.search(rf"\b{movement} [0-9.]+[),]|\b{movement} [0-9.]+$", found), found
    refuse_breaches(changed(tables, "movements", "mrr", col("mrr") + 0.004, movement=movement, level="pro"), FEBRUARY)


@pytest.mark.parametrize(
    "kpi", ["mrr", "mrr_at_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn"]
)
def test_the_mrr_figures_close_to_the_cent(tables: Tables, kpi: str) -> None:
    found = breach(changed(tables, "kpis", "value", col("value") + 0.01, kpi=kpi, segment="all"))
    assert found.startswith("MRR at the start + its movements = MRR at the end: mrr ")
    assert f"{kpi} " in found


def test_on_activity_the_mrr_figures_close_all_the_same() -> None:
    tables = snapshot(world_of("activity"), "2025-02")
    assert tables["movements"]["mrr"].is_null().all()
    found = breach(changed(tables, "kpis", "value", col("value") + 0.01, kpi="mrr_new", segment="all"))
    assert found.startswith("MRR at the start + its movements")


def test_then_or_later_is_at_least_then(tables: Tables) -> None:
    found = breaches(changed(tables, "cohorts", "active_since", 0.0, cohort="2024-12", age=2))
    told = "active ≤ active since ≤ active since the age before (cohort 2024-12, age 2): 1.0, 0.0, 1.0"
    assert found == [told]


def test_who_is_active_since_never_grows_with_age(tables: Tables) -> None:
    kpis = changed(tables, "cohorts", "active_since", 0.0, cohort="2024-12", age=0)
    found = breaches(changed(kpis, "cohorts", "active", 0.0, cohort="2024-12", age=0))
    assert found == ["active ≤ active since ≤ active since the age before (cohort 2024-12, age 1): 1.0, 1.0, 0.0"]


def test_no_more_are_active_than_the_cohort_has(tables: Tables) -> None:
    found = breaches(changed(tables, "cohorts", "active_since", 9.0, cohort="2025-01", age=0))
    assert found == ["active ≤ active since ≤ active since the age before (cohort 2025-01, age 0): 1.0, 9.0, 1.0"]


@pytest.mark.parametrize("part", ["mix", "rate"])
def test_contributions_add_up_to_the_change(tables: Tables, part: str) -> None:
    found = breach(changed(tables, "contributions", part, col(part) + 0.001, kpi="churn_rate", level="pro"))
    assert re.fullmatch(
        r"contributions to churn_rate by plan add up to its change: \S+ of \S+ → \S+, published 0.333\S*", found
    )


def test_weighted_rates_add_up_to_the_figure(tables: Tables) -> None:
    share = changed(tables, "contributions", "share_now", col("share_now") + 0.001, kpi="churn_rate", level="pro")
    assert "contributions to churn_rate by plan" in breach(share)


def test_figures_that_no_source_provides_break_nothing() -> None:
    rows = [event("ada", "spend", "2025-02-05 10:00", amount=3)]
    world = chain(canonical(rows), last="2025-02")
    refuse_breaches(snapshot(world, "2025-02"), FEBRUARY)


def test_of_many_breaches_the_first_ones_are_told(tables: Tables) -> None:
    kpis = tables["kpis"].with_columns(col("value") + 2, col("numerator") + 1)
    assert len(breaches({**tables, "kpis": kpis})) == MOST_TOLD
