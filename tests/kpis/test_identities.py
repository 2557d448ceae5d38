"""Figures that contradict each other are refused, with the identity, the period and the figures named."""

import polars as pl
import pytest
from polars import col

from config.errors import IdentityError
from tasks.kpis.identities import refuse_breaches
from tests.helpers import event, kpis_of, settings

ROWS = (
    event("ada", "visit", "2025-01-05 10:00", plan="free"),
    event("bob", "visit", "2025-01-05 10:00", plan="pro"),
    event("ada", "visit", "2025-02-05 10:00", plan="free"),
    event("ada", "purchase", "2025-02-05 10:00", amount=10),
    event("cyd", "signup", "2025-02-06 10:00"),
)


@pytest.fixture(scope="module")
def kpis() -> pl.DataFrame:
    names = ("churn_rate", "retention_rate", "stickiness", "mau", "dau", "revenue", "average_order_value")
    return kpis_of(list(ROWS), "2025-02", *names, config=settings(dimensions=["plan"]))


def changed(kpis: pl.DataFrame, kpi: str, column: str, by: float, segment: str = "all") -> pl.DataFrame:
    there = (col("kpi") == kpi) & (col("segment") == segment)
    return kpis.with_columns(pl.when(there).then(col(column) + by).otherwise(column).alias(column))


def test_true_figures_pass(kpis: pl.DataFrame) -> None:
    assert kpis.height > 10
    refuse_breaches(kpis, 28)


@pytest.mark.parametrize(
    ("kpi", "column", "by", "segment", "named"),
    [
        ("churn_rate", "numerator", 1.0, "all", r"2025-02.*\n.*churn_rate \+ retention_rate = 1 \(all all\): lost 2.0"),
        ("retention_rate", "denominator", 1.0, "plan", r"churn_rate \+ retention_rate = 1 \(plan "),
        ("churn_rate", "value", 1.0, "all", r"churn_rate within its bounds \(all all\): 1.5"),
        ("stickiness", "value", -0.04, "all", r"stickiness within its bounds"),
        ("revenue", "numerator", 0.01, "plan", r"numerators of revenue by plan add up to .*, the whole has 10.0"),
        ("average_order_value", "denominator", 1.0, "all", r"denominators of average_order_value by plan"),
    ],
)
def test_breach_is_named(kpis: pl.DataFrame, kpi: str, column: str, by: float, segment: str, named: str) -> None:
    with pytest.raises(IdentityError, match=named):
        refuse_breaches(changed(kpis, kpi, column, by, segment), 28)
