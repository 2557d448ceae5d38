"""fold: customers(p) = fold(customers(p−1), activity(p)). What the past must tell the future about each customer.

If a KPI seems to need the whole history, a column is missing here. Months only: quarters and years read the
customers at their edges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from polars import col

from config.models import Activation, Config
from schemas.tables import COHORT_ROWS, CUSTOMERS, LINKS, SUBSCRIPTIONS, Schema, with_dimensions
from tasks.clock import Period, after, start_of
from tasks.tables.activity import first_links
from tasks.tables.rule import advance, progress_columns

STEP = 1
Tables = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True)
class Choices:
    """The part of the config that customers depend on."""

    zone: str
    dimensions: tuple[str, ...]
    activation: Activation | None

    @classmethod
    def of(cls, config: Config) -> "Choices":
        return cls(config.periods.timezone, config.segments.dimensions, config.activation)

    def depends_on(self) -> dict[str, Any]:
        return vars(self) | {"activation": self.activation.model_dump() if self.activation else None}

    @property
    def since_first_event(self) -> bool:
        return self.activation is not None and self.activation.since == "first_event"


def schemas(choices: Choices) -> dict[str, Schema]:
    customers = with_dimensions(CUSTOMERS, choices.dimensions) | progress_columns(choices.activation)
    return {"customers": customers, "subscriptions": SUBSCRIPTIONS, "links": LINKS, "cohorts": COHORT_ROWS}


def nobody(choices: Choices) -> dict[str, pl.LazyFrame]:
    """The tables before the first month: empty."""
    return {name: pl.LazyFrame(schema=dict(schema)) for name, schema in schemas(choices).items()}


def fold(before: Tables, month: Tables, period: Period, choices: Choices) -> dict[str, pl.LazyFrame]:
    """The tables at the end of a month, from those at its start and the month's activity tables, by name."""
    subscriptions = _subscriptions(before["subscriptions"], month["subscription_changes"])
    known = _known(before["customers"], month["activity"], subscriptions, choices)
    customers = _with_activation(known, month["milestones"], period, choices)
    tables = {
        "customers": (customers, ["customer_id"]),
        "subscriptions": (subscriptions, ["customer_id", "reference"]),
        "links": (first_links(pl.concat([before["links"], month["links"]])), ["anonymous_id"]),
        "cohorts": (
            pl.concat([before["cohorts"], _cohort_rows(known, month["activity"], period, choices.zone)]),
            ["cohort", "age"],
        ),
    }
    expected = schemas(choices)
    return {
        name: table.select(col(column).cast(kind) for column, kind in expected[name].items()).sort(key)
        for name, (table, key) in tables.items()
    }


def _subscriptions(before: pl.LazyFrame, changes: pl.LazyFrame) -> pl.LazyFrame:
    key = ["customer_id", "reference"]
    both = before.join(changes, on=key, how="full", coalesce=True, suffix="_new")
    return both.select(*key, pl.coalesce("mrr_new", "mrr", 0).alias("mrr"))


def _known(before: pl.LazyFrame, activity: pl.LazyFrame, subscriptions: pl.LazyFrame, choices: Choices) -> pl.LazyFrame:
    """Everything but activation."""
    mrr = subscriptions.group_by("customer_id").agg(col("mrr").sum().alias("mrr_now"))
    both = before.join(activity, on="customer_id", how="full", coalesce=True, suffix="_new")
    first_event_at = pl.min_horizontal("first_event_at", "first_event_at_new")
    signed_up_at = (
        first_event_at if choices.since_first_event else pl.min_horizontal("signed_up_at", "signed_up_at_new")
    )
    return both.join(mrr, on="customer_id", how="left").with_columns(
        first_event_at.alias("first_event_at"),
        signed_up_at.alias("signed_up_at"),
        pl.max_horizontal("last_active_at", "last_active_at_new").alias("last_active_at"),
        (col("orders").fill_null(0) + col("orders_new").fill_null(0)).alias("orders"),
        pl.min_horizontal("first_order_at", "first_order_at_new").alias("first_order_at"),
        pl.max_horizontal("last_order_at", "last_order_at_new").alias("last_order_at"),
        (col("revenue").fill_null(0) + col("revenue_new").fill_null(0)).alias("revenue"),
        pl.min_horizontal("subscribed_at", "subscribed_at_new").alias("subscribed_at"),
        col("mrr_now").fill_null(0).alias("mrr"),
        *(pl.coalesce(f"{name}_new", name).alias(name) for name in choices.dimensions),
    )


def _with_activation(known: pl.LazyFrame, milestones: pl.LazyFrame, period: Period, choices: Choices) -> pl.LazyFrame:
    """Advances those who signed up, are not activated and whose window is still open at the month's start.

    Progress is kept only while it can matter: later months see null for everybody else.
    """
    rule = choices.activation
    if rule is None:
        return known
    start, end = (pl.lit(start_of(day, choices.zone)) for day in (period.first, period.end))
    progress = list(progress_columns(rule))
    windowed = known.with_columns(after(col("signed_up_at"), rule.within, choices.zone).alias("window_ends_at"))
    is_open = (
        col("signed_up_at").is_not_null() & col("activated_at").is_null() & (col("window_ends_at") > start)
    ).fill_null(False)
    judged = advance(
        windowed.filter(is_open).select("customer_id", "signed_up_at", "window_ends_at", *progress), milestones, rule
    )
    matters = col("activated_at").is_null() & (col("window_ends_at") > end)
    kept = judged.select(
        "customer_id",
        col("activated_at").alias("activated_now"),
        *(pl.when(matters).then(name).alias(name) for name in progress),
    )
    return (
        known.drop(progress)
        .join(kept, on="customer_id", how="left")
        .with_columns(pl.coalesce("activated_at", "activated_now").alias("activated_at"))
    )


def _cohort_rows(known: pl.LazyFrame, activity: pl.LazyFrame, period: Period, zone: str) -> pl.LazyFrame:
    """One row per sign-up month so far: its size, and how many of it are active in this month."""
    month = period.first.year * 12 + period.first.month
    active = activity.filter(col("active_days") > 0).select("customer_id", is_active=pl.lit(True))
    local = col("signed_up_at").dt.convert_time_zone(zone)
    return (
        known.filter(col("signed_up_at").is_not_null())
        .select("customer_id", first=local.dt.year() * 12 + local.dt.month(), cohort=local.dt.strftime("%Y-%m"))
        .join(active, on="customer_id", how="left")
        .group_by("cohort")
        .agg(
            (month - col("first").first()).cast(pl.Int64).alias("age"),
            pl.len().cast(pl.Int64).alias("size"),
            col("is_active").sum().cast(pl.Int64).alias("active"),
        )
    )
