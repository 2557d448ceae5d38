"""Who is behind a figure, on tables small enough to check by hand; that all figures add up is tested with the flows."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest
from polars import col

from tasks.kpis.measure import Context, measure
from tasks.kpis.record import Kpi, Measure, Quantile, Ratio, Share, Text, Total
from tasks.kpis.sides import sides

CONTEXT = Context("2025-01", 31, 1, "EUR", ("country",), frozenset(), 1.0, frozenset())
TABLE = pl.LazyFrame(
    {
        "customer_id": ["d", "c", "b", "a"],
        "country": ["DE", "FR", "FR", "FR"],
        "in_base": [False, True, True, True],
        "kept": [False, True, False, True],
        "orders": [0, 2, 1, 0],
        "revenue": [Decimal(0), Decimal("30.10"), Decimal("5.05"), Decimal(0)],
        "gap": [None, timedelta(days=1), timedelta(hours=12), None],
    },
    schema_overrides={"revenue": pl.Decimal(38, 4)},
)


def kpi(measured: Measure) -> Kpi:
    text = Text(en="x", fr="x")
    return Kpi(
        name="figure",
        table="customers",
        measure=measured,
        unit="number",
        better="up",
        section="revenue",
        label=text,
        formula=text,
        source=("lifecycle",),
        needs=(),
    )


def test_share_lists_its_base_and_marks_the_numerator() -> None:
    found = sides(TABLE, kpi(Share(of=~col("kept"), among=col("in_base"))), CONTEXT)
    assert found.rows.rows() == [("a", "FR", False, True), ("b", "FR", True, True), ("c", "FR", False, True)]
    assert found.rows.columns == ["customer_id", "country", "in_numerator", "in_denominator"]
    assert (found.numerator, found.denominator) == (1.0, 3.0)


def test_ratio_lists_what_each_adds_to_both_parts() -> None:
    found = sides(TABLE, kpi(Ratio(col("revenue"), col("orders"))), CONTEXT)
    assert found.rows.rows() == [("b", "FR", 5.05, 1), ("c", "FR", 30.10, 2)]
    assert (found.numerator, found.denominator) == (35.15, 3.0)


def test_quantile_lists_its_values_in_days() -> None:
    found = sides(TABLE, kpi(Quantile(col("gap"))), CONTEXT)
    assert found.rows.rows() == [("b", "FR", 0.5), ("c", "FR", 1.0)]
    assert (found.numerator, found.denominator) == (None, 2.0)


def test_total_lists_whoever_adds_to_it() -> None:
    found = sides(TABLE, kpi(Total(col("kept"))), CONTEXT)
    assert found.rows.rows() == [("a", "FR", 1), ("c", "FR", 1)]
    assert (found.numerator, found.denominator) == (2.0, None)


def test_level_lists_only_its_own() -> None:
    found = sides(TABLE, kpi(Share(of=col("kept"), among=col("customer_id") != "")), CONTEXT, "country", "DE")
    assert found.rows["customer_id"].to_list() == ["d"]


@pytest.mark.parametrize(
    "measured",
    [
        Share(of=col("kept"), among=col("in_base")),
        Ratio(col("revenue"), col("orders"), times="hundred"),
        Total(col("revenue")),
        Total(col("orders"), per="day"),
        Quantile(col("gap")),
    ],
    ids=lambda measured: type(measured).__name__,
)
def test_sums_are_those_that_are_published(measured: Measure) -> None:
    published = measure(TABLE, [kpi(measured)], CONTEXT).filter(segment="all")
    found = sides(TABLE, kpi(measured), CONTEXT)
    assert published.select("numerator", "denominator").row(0) == (found.numerator, found.denominator)
