"""What the measured tables are made from, and what they all need: a period's activity, its edges, its choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars import col

from config.models import Config
from tasks.clock import Period, start_of
from tasks.tables.activity import last_value

Tables = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True)
class Choices:
    """The part of the config that the measured tables depend on."""

    zone: str
    dimensions: tuple[str, ...]
    max_levels: int
    inactive_after: str
    churn_basis: str
    activation_within: str | None
    lookback: str
    loyal_orders: int
    nps_bands: tuple[tuple[int, int], tuple[int, int]]
    satisfied_from: int

    @classmethod
    def of(cls, config: Config) -> "Choices":
        return cls(
            zone=config.periods.timezone,
            dimensions=config.segments.dimensions,
            max_levels=config.segments.max_levels,
            inactive_after=config.activity.inactive_after,
            churn_basis=config.churn.basis,
            activation_within=config.activation.within if config.activation else None,
            lookback=config.identity.lookback,
            loyal_orders=config.loyalty.orders,
            nps_bands=config.surveys.nps_bands,
            satisfied_from=config.surveys.csat_satisfied_from,
        )


@dataclass(frozen=True)
class Inputs:
    """What a period is measured from: its months' activity tables, and the customers at its start and end."""

    period: Period
    months: Sequence[Tables]
    at_start: Tables
    at_end: Tables

    def edges(self, zone: str) -> tuple[pl.Expr, pl.Expr]:
        """The first instants of the period and after it."""
        return pl.lit(start_of(self.period.first, zone)), pl.lit(start_of(self.period.end, zone))

    def rows(self, name: str) -> pl.LazyFrame:
        """The rows of one activity table of all months."""
        return pl.concat([month[name] for month in self.months])


def within(instant: str, edges: tuple[pl.Expr, pl.Expr]) -> pl.Expr:
    """Whether an instant lies in [start, end); false where there is none."""
    return col(instant).is_between(*edges, closed="left").fill_null(False)


def activity(inputs: Inputs) -> pl.LazyFrame:
    """The period's activity, one row per customer: counts of days instead of the months' day bits."""
    months = inputs.period.months()
    rows = pl.concat(
        [
            _counted(tables["activity"], month.days, is_last=month == months[-1])
            for month, tables in zip(months, inputs.months, strict=True)
        ]
    )
    if len(months) == 1:
        return rows
    sums = ("active_days", "orders", "revenue", "units_sold", "returned_amount", "units_returned", "conversions")
    return rows.group_by("customer_id").agg(
        col("active_last_7_days", "visited").any(),
        col(*sums, "invoiced").sum(),
        col("targeted_at", "deactivated_at").min(),
    )


def _counted(rows: pl.LazyFrame, days: int, *, is_last: bool) -> pl.LazyFrame:
    last_week = ((1 << 7) - 1) << (days - 7)
    return rows.select(
        "customer_id",
        "visited",
        ((col("active_days") & last_week) != 0 if is_last else pl.lit(False)).alias("active_last_7_days"),
        col("active_days").bitwise_count_ones(),
        "orders",
        "revenue",
        "units_sold",
        "returned_amount",
        "units_returned",
        "conversions",
        "invoiced",
        "targeted_at",
        "deactivated_at",
    )


def usage(inputs: Inputs) -> pl.LazyFrame:
    """One row per customer × feature used in the period."""
    return inputs.rows("usage").select("customer_id", "item").unique()


def anonymous(inputs: Inputs, dimensions: Sequence[str]) -> pl.LazyFrame:
    """One row per anonymous id that visited in the period."""
    rows = inputs.rows("anonymous")
    if len(inputs.months) == 1:
        return rows
    visitors = rows.group_by("anonymous_id").agg(col("first_visit_at").min(), col("last_visit_at").max())
    for name in dimensions:
        told = last_value(rows, ["anonymous_id"], name, "last_visit_at")
        visitors = visitors.join(told, on="anonymous_id", how="left")
    return visitors
