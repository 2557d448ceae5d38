"""The mean of a ratio over the months of a period, by level, with its interval; for `MeanOfMonths`."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import polars as pl
from polars import col

from tasks.kpis.stats import Estimate, student95

PRECISION = 10**12
"""Residuals are rounded to these parts, so that their sums do not depend on the order they are made in."""


@dataclass(frozen=True)
class Mean:
    """Of a month its two sums; of a longer period the sum of their values and how many there are."""

    numerator: float
    denominator: float
    estimate: Estimate


NOBODY = Mean(0.0, 0.0, Estimate(None))


def means(rows: pl.DataFrame, length: int) -> dict[str, Mean]:
    """Per level: the mean of the months' Σx ÷ Σy, over the months in which Σy is not 0.

    `rows`: customer_id, month, level, x, y (integers); `length`: months of the period. Delta method: what a customer
    is away from the months' ratios, relative to the months' denominators, is summed over the months, then squared.
    """
    months = rows.group_by("level", "month").agg(col("x", "y").sum()).filter(col("y") > 0).sort("level", "month")
    away = (col("x") - col("y") * (col("x_month") / col("y_month"))) / col("y_month")
    residuals = (
        rows.join(months, on=["level", "month"], suffix="_month")
        .select("level", "customer_id", away=(away * PRECISION).round().cast(pl.Int128))
        .group_by("level", "customer_id")
        .agg(col("away").sum())
        .group_by("level")
        .agg(n=pl.len(), squares=(col("away") * col("away")).sum())
    )
    spread = {level: (n, int(squares)) for level, n, squares in residuals.iter_rows()}
    return {
        str(level): _mean(own, length, *spread[level])
        for (level,), own in months.group_by("level", maintain_order=True)
    }


def _mean(months: pl.DataFrame, length: int, n: int, squares: int) -> Mean:
    sums = [(int(x), int(y)) for x, y in months.select("x", "y").iter_rows()]
    values = [Fraction(x, y) for x, y in sums]
    total, count = sums[0] if length == 1 else (sum(values), len(values))
    value = float(Fraction(total) / count)
    return Mean(float(total), float(count), _estimate(value, n, squares / PRECISION**2 / len(values) ** 2))


def _estimate(value: float, n: int, squares: float) -> Estimate:
    if n < 2 or squares == 0:
        return Estimate(value, n=n)
    half = student95(n - 1) * sqrt(squares * n / (n - 1))
    return Estimate(value, value - half, value + half, n)
