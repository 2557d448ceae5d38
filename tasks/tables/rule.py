"""The activation rule: its conditions in a fixed order, and when a customer's events fulfil it.

Events that meet a condition come as `milestones`; progress (counts, days, instants met) is state in `customers`, so
a window that spans months is judged without looking back.
"""

from collections.abc import Sequence

import polars as pl
from polars import col

from config.models import Activation, Condition, Group


def conditions(rule: Activation | None) -> list[Condition]:
    """All conditions, depth first; their position is their number everywhere."""
    if rule is None:
        return []
    return [leaf for part in _parts(rule) for leaf in _leaves(part)]


def _progress(number: int) -> tuple[str, str, str]:
    """The state columns of one condition: matching events and days so far, instant it was met."""
    return f"count_{number}", f"days_{number}", f"met_at_{number}"


def progress_columns(rule: Activation | None) -> dict[str, pl.DataType]:
    """State columns of `customers`, per condition; see `_progress`."""
    kinds = (pl.UInt32(), pl.UInt32(), pl.Datetime("us", "UTC"))
    numbers = range(len(conditions(rule)))
    return {name: kind for number in numbers for name, kind in zip(_progress(number), kinds, strict=True)}


def advance(open_customers: pl.LazyFrame, milestones: pl.LazyFrame, rule: Activation) -> pl.LazyFrame:
    """Customers whose window is open, with their progress, → with the month's milestones counted in.

    `open_customers`: one row per customer with `customer_id`, `signed_up_at`, `window_ends_at` and the progress
    columns. Returns the same rows with progress advanced and `activated_at` (null: not yet).
    """
    state = open_customers = open_customers.cache()
    within = (col("occurred_at") >= col("signed_up_at")) & (col("occurred_at") < col("window_ends_at"))
    rule_conditions = conditions(rule)
    for number, after in _judged(rule):
        met = milestones.filter(col("condition") == number).select("customer_id", "occurred_at", "day")
        counted = within if after is None else within & (col("occurred_at") > after)
        # Reading the state twice doubles the plan: only a condition that comes after others has to.
        needed = open_customers if after is None else (state := state.cache())
        month = _counted(needed, met, counted, number, rule_conditions[number])
        state = _advanced(state, month, number)
    return state.with_columns(_fulfilled_at(rule).alias("activated_at"))


def _counted(
    state: pl.LazyFrame, met: pl.LazyFrame, counted: pl.Expr, number: int, condition: Condition
) -> pl.LazyFrame:
    """One row per customer with a month's events that count: how many so far, on how many days, and when enough."""
    count, days, met_at = (col(name) for name in _progress(number))
    events = (
        state.join(met, on="customer_id").filter(counted & met_at.is_null()).sort("customer_id", "occurred_at", "day")
    )
    running = events.select(
        "customer_id",
        "occurred_at",
        nth=col("occurred_at").cum_count().over("customer_id") + count.fill_null(0),
        day_nth=(col("day") != col("day").shift(1).over("customer_id")).fill_null(True).cum_sum().over("customer_id")
        + days.fill_null(0),
    )
    reached = (col("nth") >= condition.count) & (col("day_nth") >= condition.distinct_days)
    return running.group_by("customer_id").agg(
        col("nth").max(), col("day_nth").max(), col("occurred_at").filter(reached).min().alias("reached_at")
    )


def _advanced(state: pl.LazyFrame, month: pl.LazyFrame, number: int) -> pl.LazyFrame:
    """The state with the progress of one condition as counted."""
    count, days, met_at = _progress(number)
    return (
        state.join(month, on="customer_id", how="left")
        .with_columns(
            pl.coalesce("nth", count, 0).cast(pl.UInt32).alias(count),
            pl.coalesce("day_nth", days, 0).cast(pl.UInt32).alias(days),
            pl.coalesce(met_at, "reached_at").alias(met_at),
        )
        .drop("nth", "day_nth", "reached_at")
    )


def _judged(rule: Activation) -> list[tuple[int, pl.Expr | None]]:
    """Condition numbers in the order of judging, each with the instant its events must come after, if any."""
    judged: list[tuple[int, pl.Expr | None]] = []
    before: pl.Expr | None = None
    for part, numbers in _numbered(rule):
        steps = isinstance(part, Group) and part.sequence is not None
        judged += [
            (number, col(f"met_at_{number - 1}") if steps and number > numbers[0] else before) for number in numbers
        ]
        before = _part_fulfilled_at(part, numbers) if rule.sequence else None
    return judged


def _numbered(rule: Activation) -> list[tuple[Condition | Group, list[int]]]:
    """The parts of the rule with the numbers of their conditions."""
    numbered: list[tuple[Condition | Group, list[int]]] = []
    start = 0
    for part in _parts(rule):
        size = len(_leaves(part))
        numbered.append((part, list(range(start, start + size))))
        start += size
    return numbered


def _fulfilled_at(rule: Activation) -> pl.Expr:
    return _combine(rule, [_part_fulfilled_at(part, numbers) for part, numbers in _numbered(rule)])


def _part_fulfilled_at(part: Condition | Group, numbers: Sequence[int]) -> pl.Expr:
    met = [col(f"met_at_{number}") for number in numbers]
    return _combine(part, met) if isinstance(part, Group) else met[0]


def _combine(rule: Activation | Group, instants: Sequence[pl.Expr]) -> pl.Expr:
    """any: the first of them; all and sequence: the last, null while one is missing."""
    if rule.any:
        return pl.min_horizontal(instants)
    everything = pl.all_horizontal(instant.is_not_null() for instant in instants)
    return pl.when(everything).then(pl.max_horizontal(instants))


def _parts(rule: Activation) -> Sequence[Condition | Group]:
    return rule.any or rule.all or rule.sequence or ()


def _leaves(part: Condition | Group) -> Sequence[Condition]:
    return (part.any or part.all or part.sequence or ()) if isinstance(part, Group) else (part,)
