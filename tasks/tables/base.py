"""The base: who is in it at a period's start and end, and so who joined, stayed, left, came back.

By activity: alive, with the last activity no longer ago than `activity.inactive_after`. By subscription: paying.
"""

import polars as pl
from polars import col

from tasks.clock import before
from tasks.tables.inputs import Choices, Inputs

SUBSCRIPTION = "subscription"
MOVEMENTS = ("start", "new", "kept", "expanded", "contracted", "reactivated", "lost", "end")


def standing(inputs: Inputs, choices: Choices, basis: str) -> pl.LazyFrame:
    """Everybody ever seen before the period's end, and where they stand in the base at both edges.

    `known`: seen before the start; `in_base`, `still`: in the base at the start, at the end; `once`: at some time
    before the start. `starts`, `losses`: how often subscribed and lost in the period. Dimensions as of the end, and
    as of the start with the suffix `_at_start`. Then what each customer adds to the MRR bridge:
    start + new + reactivation + expansion − contraction − churn = end.
    """
    state = ("last_active_at", "mrr", "starts", "losses", *choices.dimensions)
    then = inputs.at_start["customers"].select("customer_id", *state, known=pl.lit(value=True))
    both = inputs.at_end["customers"].select("customer_id", *state)
    joined = both.join(then, on="customer_id", how="left", suffix="_at_start").with_columns(
        col("known").fill_null(False), *(col(f"{name}_at_start").fill_null(0) for name in ("mrr", "starts", "losses"))
    )
    in_base, once, still = _belonging(inputs, choices, basis)
    return joined.select(
        "customer_id",
        "known",
        *choices.dimensions,
        *(f"{name}_at_start" for name in choices.dimensions),
        in_base.fill_null(False).alias("in_base"),
        once.fill_null(False).alias("once"),
        still.fill_null(False).alias("still"),
        *((col(name) - col(f"{name}_at_start")).alias(name) for name in ("starts", "losses")),
        "mrr_at_start",
        col("mrr").alias("mrr_at_end"),
        *_bridge(col("mrr_at_start"), col("mrr"), subscribed_once=col("starts_at_start") > 0),
    )


def _belonging(inputs: Inputs, choices: Choices, basis: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """In the base at the start, once before it, at the end; null for the unknown."""
    if basis == SUBSCRIPTION:
        return col("mrr_at_start") > 0, col("starts_at_start") > 0, col("mrr") > 0
    start, end = (
        pl.lit(before(day, choices.inactive_after, choices.zone)) for day in (inputs.period.first, inputs.period.end)
    )
    then = col("last_active_at_at_start")
    return then >= start, then.is_not_null(), col("last_active_at") >= end


def _bridge(then: pl.Expr, now: pl.Expr, subscribed_once: pl.Expr) -> list[pl.Expr]:
    """From 0 to more is new or a reactivation, from more to 0 churn; never expansion or contraction."""
    both = (then > 0) & (now > 0)
    parts = {
        "mrr_new": (now, (then == 0) & ~subscribed_once),
        "mrr_reactivation": (now, (then == 0) & subscribed_once),
        "mrr_expansion": (now - then, both & (now > then)),
        "mrr_contraction": (then - now, both & (now < then)),
        "mrr_churn": (then, now == 0),
    }
    return [pl.when(holds).then(amount).otherwise(0).alias(name) for name, (amount, holds) in parts.items()]


def movements(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per customer in the base at one of the edges: a truth value per movement, and `mrr_…` that moved by it.

    Dimensions as of the start for who was in the base then or before, otherwise as of the end: nobody leaves under the
    plan they left for, and nobody joins under the one they had as a stranger. `end` is counted by itself, so that the
    others can be checked against it.
    """
    in_base, once, still = col("in_base"), col("once"), col("still")
    then, now = col("mrr_at_start"), col("mrr_at_end")
    moves: dict[str, tuple[pl.Expr, pl.Expr]] = {
        "start": (in_base, then),
        "new": (~in_base & ~once & still, now),
        "kept": (in_base & still, pl.min_horizontal(then, now)),
        "expanded": (in_base & still & (now > then), now - then),
        "contracted": (in_base & still & (now < then), then - now),
        "reactivated": (~in_base & once & still, now),
        "lost": (in_base & ~still, then),
        "end": (still, now),
    }
    levels = (
        pl.when(in_base | once).then(f"{name}_at_start").otherwise(name).alias(name) for name in choices.dimensions
    )
    return (
        standing(inputs, choices, choices.churn_basis)
        .filter(in_base | still)
        .select(
            *levels,
            *(holds.alias(name) for name, (holds, _) in moves.items()),
            *(pl.when(holds).then(amount).otherwise(0).alias(f"mrr_{name}") for name, (holds, amount) in moves.items()),
        )
    )


def churn_counts(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row: the customers and events that the definitions of churn are made of, all by subscription.

    `base`: subscribed at the start; of them `lost` at the end, `left` at some time; `anybody_left`: whoever did;
    `losses`: each time somebody did; `joined`: subscribed in the period, not at its start.
    """
    in_base, left = col("in_base"), col("losses") > 0
    counts = {
        "base": in_base,
        "lost": in_base & ~col("still"),
        "left": in_base & left,
        "anybody_left": left,
        "joined": ~in_base & (col("starts") > 0),
    }
    return standing(inputs, choices, SUBSCRIPTION).select(
        *(holds.sum().cast(pl.Int64).alias(name) for name, holds in counts.items()), col("losses").sum().cast(pl.Int64)
    )
