"""Cohorts: customers by the period they signed up in, followed period by period.

`rows`: what the fold adds at every month's end, for all three lengths of period, so that past periods are remembered.
`returned`: how late customers were last seen, as it stands now. Publishing them is `tasks.kpis.tables`.
"""

import polars as pl
from polars import col

from tasks.clock import MONTHS, Grain, Period, start_of


def rows(customers: pl.LazyFrame, month: Period, zone: str) -> pl.LazyFrame:
    """`COHORT_ROWS` of the periods that a month lies in, from the customers at its end."""
    members = _members(customers, zone)
    return pl.concat([_rows(members, Period.containing(month.first, grain), zone) for grain in MONTHS])


def without_current(before: pl.LazyFrame, month: Period) -> pl.LazyFrame:
    """The rows of periods that ended before the month: those of the periods it lies in are made anew."""
    current = [str(Period.containing(month.first, grain)) for grain in MONTHS]
    return before.filter(~col("period").is_in(current))


def returned(customers: pl.LazyFrame, grain: Grain, zone: str) -> pl.LazyFrame:
    """One row per cohort × age: `customers` whose last activity so far lies in the period of that age."""
    members = _members(customers.filter(col("last_active_at").is_not_null()), zone)
    last = _index(col("last_active_at").dt.convert_time_zone(zone), grain)
    counted = members.select(cohort=_name(grain), age=(last - _index(col("local"), grain)).cast(pl.Int64))
    return counted.group_by("cohort", "age").agg(pl.len().cast(pl.Int64).alias("customers"))


def _members(customers: pl.LazyFrame, zone: str) -> pl.LazyFrame:
    signed_up = customers.filter(col("signed_up_at").is_not_null())
    return signed_up.with_columns(local=col("signed_up_at").dt.convert_time_zone(zone))


def _rows(members: pl.LazyFrame, period: Period, zone: str) -> pl.LazyFrame:
    active = (col("last_active_at") >= start_of(period.first, zone)).fill_null(False)
    return (
        members.group_by(cohort=_name(period.grain))
        .agg(
            (period.index - _index(col("local"), period.grain).first()).cast(pl.Int64).alias("age"),
            pl.len().cast(pl.Int64).alias("size"),
            active.sum().cast(pl.Int64).alias("active"),
            col("activated_at").is_not_null().sum().cast(pl.Int64).alias("activated"),
            col("revenue").sum(),
        )
        .with_columns(pl.lit(period.grain).alias("grain"), pl.lit(str(period)).alias("period"))
    )


def _index(local: pl.Expr, grain: Grain) -> pl.Expr:
    """Periods since the year 0."""
    return (local.dt.year() * 12 + local.dt.month().cast(pl.Int32) - 1) // MONTHS[grain]


def _name(grain: Grain) -> pl.Expr:
    local = col("local")
    match grain:
        case "month":
            return local.dt.strftime("%Y-%m")
        case "quarter":
            return pl.format("{}-Q{}", local.dt.year(), local.dt.quarter())
        case "year":
            return local.dt.year().cast(pl.String)
