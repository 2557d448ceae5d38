"""The tables KPIs are measured on: the windows of a period applied once, so that no two KPIs disagree about "active".

Made from the months' activity and the customers at the period's edges; one row per customer unless said otherwise.
Booleans assert; a duration (`time_to_activate`, `gap`) is elapsed time; money and units are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars import col

from config.models import Config
from tasks.clock import Period, before, earlier, start_of
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
        )


@dataclass(frozen=True)
class Inputs:
    """What a period is measured from: its months' activity tables, and the customers at its start and end."""

    period: Period
    months: Sequence[Tables]
    at_start: Tables
    at_end: Tables


def customers(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """Everybody ever seen before the period's end, with what they did in it; dimensions as of the end."""
    start, end = _edges(inputs.period, choices.zone)
    doing = _activity(inputs)
    gap_sums = gaps(inputs, choices).group_by("customer_id").agg(col("gap").sum().alias("gap_time"), gaps=pl.len())
    users = _usage(inputs).select("customer_id", used_a_feature=pl.lit(True)).unique()
    people = inputs.at_end["customers"].join(doing, on="customer_id", how="left", suffix="_in_period")
    for part in (gap_sums, users):
        people = people.join(part, on="customer_id", how="left")
    activated = col("activated_at").is_between(start, end, closed="left").fill_null(False)
    active = (col("active_days") > 0).fill_null(False)
    return people.select(
        "customer_id",
        *choices.dimensions,
        active.alias("active"),
        col("active_days").fill_null(0),
        pl.when(active).then(inputs.period.days).otherwise(0).alias("possible_days"),
        col("active_last_7_days").fill_null(False),
        col("used_a_feature").fill_null(False),
        col("signed_up_at").is_between(start, end, closed="left").fill_null(False).alias("signed_up"),
        col("activated_at").is_not_null().alias("activated_by_end"),
        activated.alias("activated"),
        pl.when(activated).then(col("activated_at") - col("signed_up_at")).alias("time_to_activate"),
        _window_closed(inputs.period, choices).alias("window_closed"),
        col("activated_at").is_not_null().alias("activated_in_window"),
        col("subscribed_at").is_not_null().alias("subscribed_by_end"),
        pl.min_horizontal("first_order_at", "subscribed_at")
        .is_between(start, end, closed="left")
        .fill_null(False)
        .alias("became_customer"),
        col("orders_in_period").fill_null(0).alias("orders"),
        (col("orders_in_period").fill_null(0) > 0).alias("ordered"),
        (col("orders") >= 2).alias("ordered_repeatedly"),
        col("revenue_in_period").fill_null(0).alias("revenue"),
        *(col(name).fill_null(0) for name in ("returned_amount", "units_sold", "units_returned")),
        "gap_time",
        col("gaps").fill_null(0),
    )


def customers_at_start(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """Everybody seen before the period's start, and where they stand at both edges; dimensions as of the start."""
    now = inputs.at_end["customers"].select("customer_id", last_active_at_end="last_active_at", mrr_at_end="mrr")
    edges = (inputs.period.first, inputs.period.end)
    if choices.churn_basis == "subscription":
        once, then, still = col("subscribed_at").is_not_null(), col("mrr") > 0, col("mrr_at_end") > 0
    else:
        alive_since = [before(day, choices.inactive_after, choices.zone) for day in edges]
        once = col("last_active_at").is_not_null()
        then, still = col("last_active_at") >= alive_since[0], col("last_active_at_end") >= alive_since[1]
    return (
        inputs.at_start["customers"]
        .join(now, on="customer_id", how="left")
        .select(
            "customer_id",
            *choices.dimensions,
            then.fill_null(False).alias("in_base"),
            once.alias("once"),
            still.fill_null(False).alias("still"),
        )
        .with_columns(kept=col("in_base") & col("still"), came_back=col("once") & ~col("in_base") & col("still"))
    )


def gaps(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per pair of consecutive orders of a customer, the later one in the period: the time between them."""
    orders = pl.concat([month["orders"].select("customer_id", "ordered_at", "reference") for month in inputs.months])
    earlier_orders = inputs.at_start["customers"].select("customer_id", "last_order_at")
    ordered = orders.sort("customer_id", "ordered_at", "reference", nulls_last=True)
    same_customer = col("customer_id") == col("customer_id").shift(1)
    pairs = ordered.with_columns(pl.when(same_customer).then(col("ordered_at").shift(1)).alias("previous_at")).join(
        earlier_orders, on="customer_id", how="left", maintain_order="left"
    )
    gap = col("ordered_at") - pl.coalesce("previous_at", "last_order_at")
    dimensions = inputs.at_end["customers"].select("customer_id", *choices.dimensions)
    return pairs.select("customer_id", gap.alias("gap")).drop_nulls("gap").join(dimensions, on="customer_id")


def visitors(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per visitor of the period: a customer, or an anonymous id not linked to one before the end.

    A link also covers visits before it, back to `identity.lookback`. Dimensions: the customer's as of the end; an
    anonymous visitor's own, last told in the period.
    """
    start, end = _edges(inputs.period, choices.zone)
    covered_since = earlier(col("linked_at"), choices.lookback, choices.zone)
    strangers = _anonymous(inputs, choices.dimensions).join(inputs.at_end["links"], on="anonymous_id", how="left")
    known = strangers.filter(col("last_visit_at") >= covered_since).select("customer_id")
    unknown = strangers.filter(col("linked_at").is_null() | (col("first_visit_at") < covered_since))
    visiting = _activity(inputs).filter("visited").select("customer_id")
    signed_up = col("signed_up_at").is_between(start, end, closed="left").fill_null(False)
    customers_visiting = (
        pl.concat([visiting, known])
        .unique()
        .join(inputs.at_end["customers"], on="customer_id")
        .select("customer_id", *choices.dimensions, signed_up.alias("signed_up"))
    )
    # with_columns first: a select of literals alone is one row, however many strangers there are.
    nobody = unknown.with_columns(pl.lit(None, pl.String).alias("customer_id"), signed_up=pl.lit(False))
    others = nobody.select("customer_id", *choices.dimensions, "signed_up")
    return pl.concat([customers_visiting, others]).with_columns(visited=pl.lit(True))


def features(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per feature: `customers` active in the period who used it. Beyond the most used, all are "other"."""
    active = _activity(inputs).filter(col("active_days") > 0).select("customer_id")
    usage = _usage(inputs).join(active, on="customer_id", how="semi")
    users = usage.group_by("item").agg(pl.len().alias("customers"))
    ranked = users.sort(["customers", "item"], descending=[True, False]).with_row_index("rank")
    named = ranked.select(
        "item", pl.when(col("rank") < choices.max_levels).then("item").otherwise(pl.lit("other")).alias("name")
    )
    return (
        usage.join(named, on="item")
        .select("customer_id", item="name")
        .unique()
        .group_by("item")
        .agg(pl.len().cast(pl.Int64).alias("customers"))
        .sort("item")
    )


def active_customers(inputs: Inputs) -> pl.LazyFrame:
    """One row: how many customers were active in the period."""
    return _activity(inputs).select((col("active_days") > 0).sum().cast(pl.Int64))


def kept_levels(inputs: Inputs, choices: Choices) -> dict[str, list[str]]:
    """Per dimension with too many levels, the ones that keep their name in every table of the period.

    Those of most customers first, then those of most anonymous visitors, then by name.
    """
    strangers = _anonymous(inputs, choices.dimensions)
    counts = pl.collect_all([_levels(inputs.at_end["customers"], strangers, name) for name in choices.dimensions])
    return {
        name: found["level"].head(choices.max_levels).to_list()
        for name, found in zip(choices.dimensions, counts, strict=True)
        if found.height > choices.max_levels
    }


def _levels(customers: pl.LazyFrame, strangers: pl.LazyFrame, name: str) -> pl.LazyFrame:
    level = col(name).fill_null("unknown").alias("level")
    both = pl.concat(
        [
            customers.select(level, is_customer=pl.lit(value=True)),
            strangers.select(level, is_customer=pl.lit(value=False)),
        ]
    )
    ranked = both.group_by("level").agg(col("is_customer").sum().alias("customers"), pl.len())
    return ranked.sort(["customers", "len", "level"], descending=[True, True, False])


def with_levels(table: pl.LazyFrame, dimensions: Sequence[str], kept: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
    """Dimensions as levels: null is "unknown", what is not kept is "other"."""

    def level(name: str) -> pl.Expr:
        told = col(name).fill_null("unknown")
        return pl.when(told.is_in(list(kept[name]))).then(told).otherwise(pl.lit("other")) if name in kept else told

    return table.with_columns(level(name).alias(name) for name in dimensions)


def _edges(period: Period, zone: str) -> tuple[pl.Expr, pl.Expr]:
    return pl.lit(start_of(period.first, zone)), pl.lit(start_of(period.end, zone))


def _window_closed(period: Period, choices: Choices) -> pl.Expr:
    """The sign-up is so long ago that its activation window ended in the period."""
    if choices.activation_within is None:
        return pl.lit(False)
    opened, closed = (
        pl.lit(before(day, choices.activation_within, choices.zone)) for day in (period.first, period.end)
    )
    return col("signed_up_at").is_between(opened, closed, closed="left").fill_null(False)


def _activity(inputs: Inputs) -> pl.LazyFrame:
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
    return rows.group_by("customer_id").agg(
        col("active_last_7_days", "visited").any(),
        col("active_days", "orders", "revenue", "units_sold", "returned_amount", "units_returned").sum(),
    )


def _counted(activity: pl.LazyFrame, days: int, *, is_last: bool) -> pl.LazyFrame:
    last_week = ((1 << 7) - 1) << (days - 7)
    return activity.select(
        "customer_id",
        "visited",
        ((col("active_days") & last_week) != 0 if is_last else pl.lit(False)).alias("active_last_7_days"),
        col("active_days").bitwise_count_ones(),
        "orders",
        "revenue",
        "units_sold",
        "returned_amount",
        "units_returned",
    )


def _usage(inputs: Inputs) -> pl.LazyFrame:
    return pl.concat([month["usage"].select("customer_id", "item") for month in inputs.months]).unique()


def _anonymous(inputs: Inputs, dimensions: Sequence[str]) -> pl.LazyFrame:
    """One row per anonymous id that visited in the period."""
    rows = pl.concat([month["anonymous"] for month in inputs.months])
    if len(inputs.months) == 1:
        return rows
    visitors = rows.group_by("anonymous_id").agg(col("first_visit_at").min(), col("last_visit_at").max())
    for name in dimensions:
        visitors = visitors.join(
            last_value(rows, ["anonymous_id"], name, "last_visit_at"), on="anonymous_id", how="left"
        )
    return visitors
