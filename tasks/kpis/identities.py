"""What must hold between the figures of one period, whatever the data. A breach is our bug, and stops publication."""

from collections.abc import Iterator

import polars as pl
from polars import col

from config.errors import IdentityError
from tasks.kpis import BY_NAME
from tasks.kpis.record import Quantile, Share, Total

TOLERANCE = 1e-9
"""Relative; published numbers are floats of exact sums."""


def refuse_breaches(kpis: pl.DataFrame, days: int) -> None:
    """Raises IdentityError naming the identity, the period and the figures."""
    known = kpis.filter(col("status") != "missing_input")
    breaches = [*_churn_and_retention(known), *_bounds(known, days), *_segments(known)]
    if breaches:
        listed = "\n".join(f"  - {breach}" for breach in breaches[:10])
        raise IdentityError(
            f"{kpis.item(0, 'period')}: figures contradict each other; nothing was published.\n{listed}\n"
            "This is a fault of lifecycle, not of the data. Please report it with this message."
        )


def _churn_and_retention(kpis: pl.DataFrame) -> Iterator[str]:
    """Among the same base, lost + kept = base."""
    key = ["segment", "level"]
    churned, kept = (kpis.filter(col("kpi") == name).select(*key, "numerator", "denominator") for name in _OPPOSITES)
    both = churned.join(kept, on=key, how="full", coalesce=True, suffix="_kept", nulls_equal=True)
    holds = (col("numerator") + col("numerator_kept") == col("denominator")) & (
        col("denominator") == col("denominator_kept")
    )
    for row in both.filter(~holds.fill_null(False)).iter_rows(named=True):
        yield (
            f"churn_rate + retention_rate = 1 ({row['segment']} {row['level']}): lost {row['numerator']} of "
            f"{row['denominator']}, kept {row['numerator_kept']} of {row['denominator_kept']}"
        )


_OPPOSITES = ("churn_rate", "retention_rate")


def _bounds(kpis: pl.DataFrame, days: int) -> Iterator[str]:
    """Shares lie in [0, 1]; who is active is so on at least one day of the period."""
    shares = [name for name, kpi in BY_NAME.items() if isinstance(kpi.measure, Share)]
    low = pl.when(col("kpi") == "stickiness").then(1 / days).otherwise(0.0)
    bounded = kpis.filter(col("kpi").is_in([*shares, "stickiness"]) & col("value").is_not_null())
    for row in bounded.filter(~col("value").is_between(low - TOLERANCE, 1 + TOLERANCE)).iter_rows(named=True):
        yield f"{row['kpi']} within its bounds ({row['segment']} {row['level']}): {row['value']}"


def _segments(kpis: pl.DataFrame) -> Iterator[str]:
    """The levels of a segment partition the customers, so their sums are those of the whole."""
    additive = [name for name, kpi in BY_NAME.items() if not isinstance(kpi.measure, Quantile)]
    per_day = [
        name for name in additive if isinstance(measure := BY_NAME[name].measure, Total) and measure.per == "day"
    ]
    sums = (
        kpis.filter(col("kpi").is_in(additive) & (col("segment") != "item"))
        .with_columns(pl.when(~col("kpi").is_in(per_day)).then("denominator").alias("denominator"))
        .group_by("kpi", "segment")
        .agg(col("numerator", "denominator").sum())
    )
    whole = sums.filter(col("segment") == "all").drop("segment")
    both = sums.filter(col("segment") != "all").join(whole, on="kpi", suffix="_all")
    for part in ("numerator", "denominator"):
        apart = (col(part) - col(f"{part}_all")).abs() > TOLERANCE * (1 + col(f"{part}_all").abs())
        for row in both.filter(apart).sort("kpi", "segment").iter_rows(named=True):
            yield (
                f"{part}s of {row['kpi']} by {row['segment']} add up to {row[part]}, the whole has {row[f'{part}_all']}"
            )
