"""reduce: a month's events → what each customer did in it. The heavy step: every event is looked at here, once.

One row per customer and small tables beside it (orders, usage, ...). Nothing here knows the past: that is `customers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce as fold_left
from operator import or_
from typing import Any

import polars as pl
from polars import col

from config.models import Condition, Config
from schemas.events import KINDS
from schemas.tables import (
    ACTIVITY,
    ANONYMOUS,
    COUNT,
    EXACT,
    LINKS,
    MILESTONES,
    ORDERS,
    SPEND,
    SUBSCRIPTION_EVENTS,
    SURVEYS,
    USAGE,
    Schema,
    with_dimensions,
)
from tasks.tables.rule import conditions

STEP = 2


@dataclass(frozen=True)
class Choices:
    """The part of the config that activity depends on."""

    active_kinds: tuple[str, ...]
    dimensions: tuple[str, ...]
    conditions: tuple[Condition, ...]
    conversion_kinds: tuple[str, ...]

    @classmethod
    def of(cls, config: Config) -> "Choices":
        return cls(
            config.activity.kinds,
            config.segments.dimensions,
            tuple(conditions(config.activation)),
            config.conversion.kinds,
        )

    def depends_on(self) -> dict[str, Any]:
        return vars(self) | {"conditions": [condition.model_dump() for condition in self.conditions]}


def reduce_events(events: pl.LazyFrame, choices: Choices) -> dict[str, pl.LazyFrame]:
    """Deduplicated events of one month → the activity tables, by name."""
    known = events.filter(col("customer_id").is_not_null())
    orders = _orders(known.filter(col("kind") == "purchase"))
    tables: dict[str, tuple[pl.LazyFrame, Schema, Sequence[str]]] = {
        "activity": (
            _activity(known, orders, choices),
            with_dimensions(ACTIVITY, choices.dimensions),
            ["customer_id"],
        ),
        "orders": (orders, ORDERS, ["customer_id", "ordered_at", "reference", "amount", "quantity"]),
        "usage": (_usage(known), USAGE, ["customer_id", "item"]),
        "subscription_events": (
            _subscription_events(known),
            SUBSCRIPTION_EVENTS,
            ["customer_id", "occurred_at", "rank", "mrr", "reference"],
        ),
        "surveys": (_surveys(known), SURVEYS, ["customer_id", "survey"]),
        "spend": (
            _spend(events, choices.dimensions),
            with_dimensions(SPEND, choices.dimensions),
            [*choices.dimensions, "spend"],
        ),
        "milestones": (
            _milestones(known, choices.conditions),
            MILESTONES,
            ["customer_id", "condition", "occurred_at"],
        ),
        "anonymous": (
            _anonymous(events, choices.dimensions),
            with_dimensions(ANONYMOUS, choices.dimensions),
            ["anonymous_id"],
        ),
        "links": (_links(known), LINKS, ["anonymous_id"]),
    }
    return {
        name: table.select(col(column).cast(kind) for column, kind in schema.items()).sort(key, nulls_last=True)
        for name, (table, schema, key) in tables.items()
    }


def _activity(known: pl.LazyFrame, orders: pl.LazyFrame, choices: Choices) -> pl.LazyFrame:
    dimensions = choices.dimensions
    active = fold_left(or_, (col("kind") == kind for kind in choices.active_kinds))
    by_values = (
        known.select("customer_id", *dimensions, "kind", "occurred_at", "day", active.alias("is_active"))
        .select(
            "customer_id",
            *dimensions,
            "occurred_at",
            pl.when("is_active").then("occurred_at").alias("active_at"),
            pl.when("is_active").then(pl.lit(2, pl.UInt32).pow(col("day") - 1)).otherwise(0).alias("day_bit"),
            pl.when(col("kind") == "signup").then("occurred_at").alias("signup_at"),
            (col("kind") == "visit").alias("is_visit"),
        )
        .group_by("customer_id", *dimensions)
        .agg(
            col("occurred_at").min().alias("first_event_at"),
            col("occurred_at").max().alias("last_event_at"),
            col("active_at").max().alias("last_active_at"),
            col("day_bit").bitwise_or().alias("active_days"),
            col("is_visit").any().alias("visited"),
            col("signup_at").min().alias("signed_up_at"),
        )
    )
    customers = by_values.group_by("customer_id").agg(
        col("first_event_at").min(),
        col("last_event_at").max(),
        col("last_active_at").max(),
        col("active_days").bitwise_or(),
        col("visited").any(),
        col("signed_up_at").min(),
    )
    parts = [
        *(last_value(by_values, ["customer_id"], name, "last_event_at") for name in dimensions),
        _order_sums(orders),
        _return_sums(known),
        _first_subscriptions(known),
        _first_instants(known),
        _invoice_sums(known),
        _conversions(known, choices.conversion_kinds),
    ]
    for part in parts:
        customers = customers.join(part, on="customer_id", how="left")
    orders_count = col("orders") if "purchase" in choices.conversion_kinds else pl.lit(0, COUNT)
    nothing = (name for name, kind in ACTIVITY.items() if kind == EXACT or name in {"orders", "conversions"})
    return customers.with_columns(col(name).fill_null(0) for name in nothing).with_columns(
        col("conversions") + orders_count
    )


def last_value(rows: pl.LazyFrame, key: list[str], name: str, instant: str) -> pl.LazyFrame:
    """Per key, the value told last of one dimension; of several at one instant, the greatest."""
    told = rows.filter(col(name).is_not_null()).select(*key, name, instant)
    return told.sort(instant, name).group_by(key, maintain_order=True).agg(col(name).last())


def _orders(purchases: pl.LazyFrame) -> pl.LazyFrame:
    lines = purchases.select(
        "customer_id",
        "reference",
        ordered_at="occurred_at",
        amount=col("amount").cast(EXACT).fill_null(0),
        quantity=units(),
    )
    together = lines.filter(col("reference").is_not_null()).group_by("customer_id", "reference")
    merged = together.agg(col("ordered_at").min(), col("amount").sum(), col("quantity").sum())
    return pl.concat([merged, lines.filter(col("reference").is_null())], how="diagonal")


def units() -> pl.Expr:
    """Units of a line; one where the source gives no quantity."""
    return col("quantity").cast(EXACT).fill_null(1)


def _order_sums(orders: pl.LazyFrame) -> pl.LazyFrame:
    return orders.group_by("customer_id").agg(
        pl.len().alias("orders"),
        col("ordered_at").min().alias("first_order_at"),
        col("ordered_at").max().alias("last_order_at"),
        col("amount").sum().alias("revenue"),
        col("quantity").sum().alias("units_sold"),
    )


def _return_sums(known: pl.LazyFrame) -> pl.LazyFrame:
    returns = known.filter(col("kind") == "return").select(
        "customer_id", col("amount").cast(EXACT).fill_null(0), units()
    )
    return returns.group_by("customer_id").agg(
        col("amount").sum().alias("returned_amount"), col("quantity").sum().alias("units_returned")
    )


def _first_subscriptions(known: pl.LazyFrame) -> pl.LazyFrame:
    """A subscription begins when it first costs something, by `subscribe` or `change`; an unknown amount does."""
    begins = (col("kind") == "subscribe") & col("amount").is_null()
    paid = begins | (col("kind").is_in(["subscribe", "change"]) & (col("amount") > 0))
    return known.filter(paid).group_by("customer_id").agg(col("occurred_at").min().alias("subscribed_at"))


def _first_instants(known: pl.LazyFrame) -> pl.LazyFrame:
    """When a campaign first addressed the customer, and when the account was first closed, in the month."""
    found = known.filter(col("kind").is_in(["target", "deactivate"])).select(
        "customer_id",
        pl.when(col("kind") == "target").then("occurred_at").alias("targeted_at"),
        pl.when(col("kind") == "deactivate").then("occurred_at").alias("deactivated_at"),
    )
    return found.group_by("customer_id").agg(col("targeted_at", "deactivated_at").min())


def _invoice_sums(known: pl.LazyFrame) -> pl.LazyFrame:
    amount = col("amount").cast(EXACT).fill_null(0)
    entries = known.filter(col("kind").is_in(["invoice", "payment"])).select(
        "customer_id",
        pl.when(col("kind") == "invoice").then(amount).alias("invoiced"),
        pl.when(col("kind") == "payment").then(amount).alias("paid"),
    )
    return entries.group_by("customer_id").agg(col("invoiced", "paid").sum())


def _conversions(known: pl.LazyFrame, kinds: Sequence[str]) -> pl.LazyFrame:
    """Conversions that are no orders, which are counted already."""
    counted = known.filter(col("kind").is_in([kind for kind in kinds if kind != "purchase"]))
    return counted.group_by("customer_id").agg(pl.len().alias("conversions"))


def _surveys(known: pl.LazyFrame) -> pl.LazyFrame:
    answers = known.filter(col("kind").is_in(["nps", "csat"]) & col("score").is_not_null()).select(
        "customer_id",
        col("kind").cast(pl.String).alias("survey"),
        answered_at="occurred_at",
        score=col("score").cast(EXACT),
    )
    return last_answers(answers)


def last_answers(answers: pl.LazyFrame) -> pl.LazyFrame:
    """Per customer and survey the last answer; of several at one instant, the greatest score."""
    ordered = answers.sort("answered_at", "score")
    key = ["customer_id", "survey"]
    return ordered.group_by(key, maintain_order=True).agg(col("answered_at").last(), col("score").last())


def _spend(events: pl.LazyFrame, dimensions: Sequence[str]) -> pl.LazyFrame:
    costs = events.filter(col("kind") == "spend").select(*dimensions, col("amount").cast(EXACT).fill_null(0))
    if not dimensions:
        return costs.select(col("amount").sum().alias("spend")).filter(col("spend") != 0)
    return costs.group_by(dimensions).agg(col("amount").sum().alias("spend"))


def _usage(known: pl.LazyFrame) -> pl.LazyFrame:
    used = known.filter((col("kind") == "use") & col("item").is_not_null())
    return used.group_by("customer_id", "item").agg(pl.len().alias("times"))


def _subscription_events(known: pl.LazyFrame) -> pl.LazyFrame:
    """All of them: only the fold knows the amounts they start from."""
    rank = {kind: KINDS.index(kind) for kind in ("subscribe", "change", "cancel")}
    return known.filter(col("kind").is_in(list(rank))).select(
        "customer_id",
        "occurred_at",
        col("kind").cast(pl.String).replace_strict(rank, return_dtype=pl.UInt8).alias("rank"),
        pl.when(col("kind") != "cancel").then("amount").otherwise(0).alias("mrr"),
        col("reference").fill_null(""),
    )


def _milestones(known: pl.LazyFrame, rule: Sequence[Condition]) -> pl.LazyFrame:
    if not rule:
        return pl.LazyFrame(schema=dict(MILESTONES))
    return pl.concat(
        _meeting(known, condition).with_columns(pl.lit(number, pl.UInt8).alias("condition"))
        for number, condition in enumerate(rule)
    )


def _meeting(known: pl.LazyFrame, condition: Condition) -> pl.LazyFrame:
    events = known.filter(col("kind") == condition.kind)
    if condition.where is not None:
        events = events.filter(pl.sql_expr(condition.where))
    events = events.select("customer_id", "reference", "occurred_at", "day")
    if condition.kind != "purchase":
        return events.drop("reference")
    orders = events.filter(col("reference").is_not_null()).group_by("customer_id", "reference")
    first_lines = orders.agg(col("occurred_at").min(), col("day").min()).drop("reference")
    return pl.concat([first_lines, events.filter(col("reference").is_null()).drop("reference")], how="diagonal")


def _anonymous(events: pl.LazyFrame, dimensions: Sequence[str]) -> pl.LazyFrame:
    strangers = events.filter(col("customer_id").is_null() & col("anonymous_id").is_not_null())
    visitors = (
        strangers.filter(col("kind") == "visit")
        .group_by("anonymous_id")
        .agg(col("occurred_at").min().alias("first_visit_at"), col("occurred_at").max().alias("last_visit_at"))
    )
    for name in dimensions:
        told = last_value(strangers, ["anonymous_id"], name, "occurred_at")
        visitors = visitors.join(told, on="anonymous_id", how="left")
    return visitors


def _links(known: pl.LazyFrame) -> pl.LazyFrame:
    both = known.filter(col("anonymous_id").is_not_null()).select(
        "anonymous_id", "customer_id", linked_at="occurred_at"
    )
    return first_links(both)


def first_links(links: pl.LazyFrame) -> pl.LazyFrame:
    """Per anonymous id the first link; of several at one instant, the least customer id."""
    pairs = links.group_by("anonymous_id", "customer_id").agg(col("linked_at").min())
    ordered = pairs.sort("linked_at", "customer_id")
    return ordered.group_by("anonymous_id", maintain_order=True).agg(
        col("customer_id").first(), col("linked_at").first()
    )
