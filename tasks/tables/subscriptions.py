"""Subscriptions through a month: what each event makes of a customer's recurring revenue. Used by the fold.

A customer is subscribed while the monthly amounts of their subscriptions add up to more than 0. From 0 to more is a
start, from more to 0 a loss; anything between two positive sums is neither.
"""

import polars as pl
from polars import col

ORDER = ("customer_id", "occurred_at", "rank", "mrr", "reference")
"""The order in which events count: at one instant subscribe < change < cancel, then the smaller amount."""
SUBSCRIPTION = ("customer_id", "reference")


def replayed(subscriptions: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """The month's events in order, each with what it makes of its subscription and of its customer.

    `subscriptions`: as of the month's start. One row per event: `amount` of the subscription after it, `total_before`
    and `total` of the customer.
    """
    before = subscriptions.select(*SUBSCRIPTION, known="mrr")
    totals = before.group_by("customer_id").agg(col("known").sum().alias("total_at_start"))
    told = col("mrr").forward_fill().over(SUBSCRIPTION)
    change = col("amount") - col("amount").shift(1).over(SUBSCRIPTION).fill_null(col("known"))
    return (
        events.sort(ORDER, nulls_last=True)
        .join(before, on=SUBSCRIPTION, how="left", maintain_order="left")
        .with_columns(col("known").fill_null(0))
        .with_columns(pl.coalesce(told, "known").alias("amount"))
        .with_columns(change.alias("change"))
        .join(totals, on="customer_id", how="left", maintain_order="left")
        .with_columns((col("total_at_start").fill_null(0) + col("change").cum_sum().over("customer_id")).alias("total"))
        .select(*SUBSCRIPTION, "amount", "total", total_before=col("total") - col("change"))
    )


def at_end(subscriptions: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """The subscriptions that cost something after the month's events (as from `replayed`)."""
    now = events.group_by(SUBSCRIPTION, maintain_order=True).agg(col("amount").last())
    both = subscriptions.join(now, on=SUBSCRIPTION, how="full", coalesce=True)
    return both.select(*SUBSCRIPTION, pl.coalesce("amount", "mrr").alias("mrr")).filter(col("mrr") > 0)


def by_customer(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer with events (as from `replayed`): `mrr_now`, and how often it started and was lost."""
    start = (col("total_before") == 0) & (col("total") > 0)
    loss = (col("total_before") > 0) & (col("total") == 0)
    return events.group_by("customer_id", maintain_order=True).agg(
        col("total").last().alias("mrr_now"), start.sum().alias("starts_now"), loss.sum().alias("losses_now")
    )
