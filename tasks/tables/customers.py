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
from schemas.tables import COHORT_ROWS, CUSTOMERS, LINKS, ORDER_MONTHS, SUBSCRIPTIONS, Schema, with_dimensions
from tasks.clock import Period, after, start_of
from tasks.tables import cohorts, subscriptions
from tasks.tables.activity import first_links
from tasks.tables.rule import advance, progress_columns

STEP = 2
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
    return {
        "customers": customers,
        "subscriptions": SUBSCRIPTIONS,
        "order_months": ORDER_MONTHS,
        "links": LINKS,
        "cohorts": COHORT_ROWS,
    }


def nobody(choices: Choices) -> dict[str, pl.LazyFrame]:
    """The tables before the first month: empty."""
    return {name: pl.LazyFrame(schema=dict(schema)) for name, schema in schemas(choices).items()}


def fold(before: Tables, month: Tables, period: Period, choices: Choices) -> dict[str, pl.LazyFrame]:
    """The tables at the end of a month, from those at its start and the month's activity tables, by name."""
    events = subscriptions.replayed(before["subscriptions"], month["subscription_events"])
    known = _known(before["customers"], month["activity"], subscriptions.by_customer(events), choices)
    customers = _with_activation(known, month["milestones"], period, choices)
    rows = [cohorts.without_current(before["cohorts"], period), cohorts.rows(customers, period, choices.zone)]
    tables = {
        "customers": (customers, ["customer_id"]),
        "subscriptions": (subscriptions.at_end(before["subscriptions"], events), ["customer_id", "reference"]),
        "order_months": (_order_months(before["order_months"], month["activity"], period), ["customer_id", "month"]),
        "links": (first_links(pl.concat([before["links"], month["links"]])), ["anonymous_id"]),
        "cohorts": (pl.concat(rows, how="diagonal_relaxed"), ["grain", "period", "cohort"]),
    }
    expected = schemas(choices)
    return {
        name: table.select(col(column).cast(kind) for column, kind in expected[name].items()).sort(key)
        for name, (table, key) in tables.items()
    }


def _known(before: pl.LazyFrame, activity: pl.LazyFrame, subscribed: pl.LazyFrame, choices: Choices) -> pl.LazyFrame:
    """Everything but activation. `subscribed`: what the month's events made of subscriptions, by customer."""
    both = before.join(activity, on="customer_id", how="full", coalesce=True, suffix="_new")
    first_event_at = _earliest("first_event_at")
    return both.join(subscribed, on="customer_id", how="left").with_columns(
        first_event_at,
        (first_event_at if choices.since_first_event else _earliest("signed_up_at")).alias("signed_up_at"),
        pl.max_horizontal("last_active_at", "last_active_at_new").alias("last_active_at"),
        _added("orders", "orders_new"),
        _earliest("first_order_at"),
        pl.max_horizontal("last_order_at", "last_order_at_new").alias("last_order_at"),
        _added("revenue", "revenue_new"),
        _earliest("subscribed_at"),
        pl.coalesce("mrr_now", "mrr", 0).alias("mrr"),
        _added("starts", "starts_now"),
        _added("losses", "losses_now"),
        _earliest("deactivated_at"),
        (_added("receivable", "invoiced") - col("paid").fill_null(0)).alias("receivable"),
        *(pl.coalesce(f"{name}_new", name).alias(name) for name in choices.dimensions),
    )


def _earliest(name: str) -> pl.Expr:
    return pl.min_horizontal(name, f"{name}_new").alias(name)


def _added(before: str, now: str) -> pl.Expr:
    return col(before).fill_null(0) + col(now).fill_null(0)


def _order_months(before: pl.LazyFrame, activity: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """The twelve months that end with this one."""
    this = period.index
    now = activity.filter(col("orders") > 0).select(
        "customer_id", pl.lit(this, pl.Int32).alias("month"), "orders", "revenue"
    )
    return pl.concat([before.filter(col("month") > this - 12), now])


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
