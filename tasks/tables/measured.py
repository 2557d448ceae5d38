"""The tables KPIs are measured on: the windows of a period applied once, so that no two KPIs disagree about "active".

Made from the months' activity and the customers at the period's edges; one row per customer unless said otherwise.
Booleans assert; a duration (`time_to_activate`, `gap`) is elapsed time; money and units are exact.
"""

import polars as pl
from polars import col

from tasks.clock import Period, after, before, earlier, start_of
from tasks.tables.activity import last_answers
from tasks.tables.base import SUBSCRIPTION, standing
from tasks.tables.inputs import Choices, Inputs, activity, anonymous, usage, within


def customers(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """Everybody ever seen before the period's end, with what they did in it; dimensions as of the end."""
    edges = inputs.edges(choices.zone)
    parts = (
        activity(inputs),
        gaps(inputs, choices).group_by("customer_id").agg(col("gap").sum().alias("gap_time"), gaps=pl.len()),
        usage(inputs).select("customer_id", used_a_feature=pl.lit(True)).unique(),
        inputs.at_start["customers"].select("customer_id", ordered_before="last_order_at"),
        _orders_in_a_year(inputs),
        standing(inputs, choices, choices.churn_basis).drop(choices.dimensions),
    )
    people = inputs.at_end["customers"]
    for part in parts:
        people = people.join(part, on="customer_id", how="left", suffix="_in_period")
    activated = within("activated_at", edges)
    active = (col("active_days") > 0).fill_null(False)
    previous = pl.lit(start_of(inputs.period.shift(-1).first, choices.zone))
    return people.select(
        "customer_id",
        *choices.dimensions,
        active.alias("active"),
        col("active_days").fill_null(0),
        col("active_last_7_days").fill_null(False),
        col("used_a_feature").fill_null(False),
        within("signed_up_at", edges).alias("signed_up"),
        col("activated_at").is_not_null().alias("activated_by_end"),
        activated.alias("activated"),
        _prospect(edges, choices).alias("prospect"),
        _targeted().alias("targeted"),
        pl.when(activated).then(col("activated_at") - col("signed_up_at")).alias("time_to_activate"),
        _window_closed(inputs.period, choices).alias("window_closed"),
        col("activated_at").is_not_null().alias("activated_in_window"),
        col("subscribed_at").is_not_null().alias("subscribed_by_end"),
        pl.min_horizontal("first_order_at", "subscribed_at")
        .is_between(*edges, closed="left")
        .fill_null(False)
        .alias("became_customer"),
        _came_and_left(active, choices).alias("came_and_left"),
        col("orders_in_period").fill_null(0).alias("orders"),
        (col("orders_in_period").fill_null(0) > 0).alias("ordered"),
        (col("ordered_before") >= previous).fill_null(False).alias("ordered_before"),
        (col("orders_in_a_year") > 0).fill_null(False).alias("ordered_in_a_year"),
        (col("orders_in_a_year") >= choices.loyal_orders).fill_null(False).alias("loyal"),
        (col("orders") >= 2).alias("ordered_repeatedly"),
        col("revenue_in_period").fill_null(0).alias("revenue"),
        *(col(name).fill_null(0) for name in ("returned_amount", "units_sold", "units_returned")),
        "gap_time",
        col("gaps").fill_null(0),
        "mrr",
        "mrr_new",
    )


def _orders_in_a_year(inputs: Inputs) -> pl.LazyFrame:
    """Orders of the twelve months before the period's end."""
    months = inputs.at_end["order_months"]
    return months.group_by("customer_id").agg(col("orders").sum().alias("orders_in_a_year"))


def _prospect(edges: tuple[pl.Expr, pl.Expr], choices: Choices) -> pl.Expr:
    """Signed up in the period; or before it, not activated then, and the window still open."""
    if choices.activation_within is None:
        return pl.lit(False)
    start = edges[0]
    not_activated = col("activated_at").is_null() | (col("activated_at") >= start)
    window_ends_at = after(col("signed_up_at"), choices.activation_within, choices.zone)
    waiting = (col("signed_up_at") < start) & (window_ends_at > start) & not_activated
    return waiting.fill_null(False) | within("signed_up_at", edges)


def _targeted() -> pl.Expr:
    """Addressed by a campaign in the period, and not activated yet at the first of its messages."""
    not_activated = col("activated_at").is_null() | (col("activated_at") > col("targeted_at"))
    return col("targeted_at").is_not_null() & not_activated


def _came_and_left(active: pl.Expr, choices: Choices) -> pl.Expr:
    """In the base at neither edge, but in between."""
    came = col("starts_in_period") > 0 if choices.churn_basis == SUBSCRIPTION else active
    return ~col("in_base") & ~col("still") & came


def _window_closed(period: Period, choices: Choices) -> pl.Expr:
    """The sign-up is so long ago that its activation window ended in the period."""
    if choices.activation_within is None:
        return pl.lit(False)
    opened, closed = (
        pl.lit(before(day, choices.activation_within, choices.zone)) for day in (period.first, period.end)
    )
    return col("signed_up_at").is_between(opened, closed, closed="left").fill_null(False)


def customers_at_start(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """Everybody seen before the period's start, and what became of them in it; dimensions as of the start."""
    doing = activity(inputs).select("customer_id", "revenue", deactivated=col("deactivated_at").is_not_null())
    closed = inputs.at_start["customers"].select("customer_id", deactivated_before=col("deactivated_at").is_not_null())
    known = standing(inputs, choices, choices.churn_basis).filter("known")
    for part in (doing, closed, _revenue_before(inputs)):
        known = known.join(part, on="customer_id", how="left")
    in_base, still = col("in_base"), col("still")
    had_revenue = (col("revenue_before") > 0).fill_null(False)
    lost, base = _base_revenue(choices)
    return known.with_columns(col("revenue", "revenue_before").fill_null(0)).select(
        "customer_id",
        *(col(f"{name}_at_start").alias(name) for name in choices.dimensions),
        "in_base",
        (in_base & still).alias("kept"),
        (col("once") & ~in_base).alias("lost_before"),
        (col("once") & ~in_base & still).alias("came_back"),
        col("deactivated").fill_null(False),
        "deactivated_before",
        "revenue_before",
        pl.when(had_revenue).then(col("revenue") - col("revenue_before")).otherwise(0).alias("revenue_growth"),
        base.alias("base_revenue"),
        lost.alias("base_revenue_lost"),
        *("mrr_at_start", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn"),
    )


def _revenue_before(inputs: Inputs) -> pl.LazyFrame:
    """Order revenue in the previous period, by customer."""
    first = inputs.period.shift(-1).months()[0].index
    months = inputs.at_start["order_months"].filter(col("month") >= first)
    return months.group_by("customer_id").agg(col("revenue").sum().alias("revenue_before"))


def _base_revenue(choices: Choices) -> tuple[pl.Expr, pl.Expr]:
    """What is lost of the base's recurring revenue, and all of it.

    By activity there is no monthly amount: the revenue of the previous period stands for it, and no contraction, as
    shopping for less in one month than in the other is noise.
    """
    if choices.churn_basis == SUBSCRIPTION:
        return col("mrr_contraction") + col("mrr_churn"), col("mrr_at_start")
    before = col("revenue_before")
    lost = pl.when(col("in_base") & ~col("still")).then(before).otherwise(0)
    return lost, pl.when("in_base").then(before).otherwise(0)


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
    known = pairs.select("customer_id", gap.alias("gap")).drop_nulls("gap")
    return known.join(_dimensions(inputs, choices), on="customer_id")


def months(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per customer × month in which they were active: on how many days, and of how many."""
    rows = [
        tables["activity"]
        .filter(col("active_days") > 0)
        .select(
            "customer_id",
            pl.lit(month.index, pl.Int32).alias("month"),
            col("active_days").bitwise_count_ones(),
            pl.lit(month.days).alias("possible_days"),
        )
        for month, tables in zip(inputs.period.months(), inputs.months, strict=True)
    ]
    return pl.concat(rows).join(_dimensions(inputs, choices), on="customer_id")


def visitors(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per visitor of the period, and per customer who converted: a customer, or an anonymous id.

    An anonymous id is its customer if it was linked before the end and one of its visits is covered by the link, which
    reaches back by `identity.lookback`; otherwise it is itself. Dimensions: the customer's as of the end; an anonymous
    visitor's own, last told in the period.
    """
    covered_since = earlier(col("linked_at"), choices.lookback, choices.zone)
    is_known = (col("last_visit_at") >= covered_since).fill_null(False)
    strangers = anonymous(inputs, choices.dimensions).join(inputs.at_end["links"], on="anonymous_id", how="left")
    doing = activity(inputs).select("customer_id", "visited", "conversions")
    linked = strangers.filter(is_known).select("customer_id", visited=pl.lit(True), conversions=pl.lit(0, pl.UInt32))
    customers_visiting = (
        pl.concat([doing, linked])
        .group_by("customer_id")
        .agg(col("visited").any(), col("conversions").sum())
        .filter(col("visited") | (col("conversions") > 0))
        .join(inputs.at_end["customers"], on="customer_id")
        .with_columns(signed_up=within("signed_up_at", inputs.edges(choices.zone)))
    )
    # with_columns first: a select of literals alone is one row, however many strangers there are.
    others = strangers.filter(~is_known).with_columns(
        pl.lit(None, pl.String).alias("customer_id"),
        visited=pl.lit(True),
        conversions=pl.lit(0, pl.UInt32),
        signed_up=pl.lit(False),
    )
    columns = ("customer_id", *choices.dimensions, "visited", "conversions", "signed_up")
    return pl.concat([customers_visiting.select(columns), others.select(columns)])


def surveys(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per customer × survey answered in the period: the last answer. `recommends`: 1, 0 or −1."""
    score = col("score")
    is_nps = col("survey") == "nps"
    promotes, detracts = (score.is_between(*band).cast(pl.Int8) for band in reversed(choices.nps_bands))
    answers = inputs.rows("surveys") if len(inputs.months) == 1 else last_answers(inputs.rows("surveys"))
    return answers.join(_dimensions(inputs, choices), on="customer_id").select(
        "customer_id",
        *choices.dimensions,
        is_nps.alias("nps_answered"),
        pl.when(is_nps).then(promotes - detracts).otherwise(0).alias("recommends"),
        (~is_nps).alias("csat_answered"),
        (~is_nps & (score >= choices.satisfied_from)).alias("satisfied"),
    )


def receivables(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per customer with anything owed at the end or invoiced in the period."""
    invoiced = activity(inputs).select("customer_id", "invoiced")
    people = inputs.at_end["customers"].select("customer_id", "receivable", *choices.dimensions)
    both = people.join(invoiced, on="customer_id", how="left").with_columns(col("invoiced").fill_null(0))
    return both.filter((col("receivable") != 0) | (col("invoiced") > 0))


def spend(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per combination of dimensions of the period's marketing costs; no customers."""
    costs = inputs.rows("spend")
    return costs.select(pl.lit(None, pl.String).alias("customer_id"), *choices.dimensions, "spend")


def features(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """One row per feature: `customers` active in the period who used it. Beyond the most used, all are "other"."""
    active = activity(inputs).filter(col("active_days") > 0).select("customer_id")
    used = usage(inputs).join(active, on="customer_id", how="semi")
    users = used.group_by("item").agg(pl.len().alias("customers"))
    ranked = users.sort(["customers", "item"], descending=[True, False]).with_row_index("rank")
    named = ranked.select(
        "item", pl.when(col("rank") < choices.max_levels).then("item").otherwise(pl.lit("other")).alias("name")
    )
    return (
        used.join(named, on="item")
        .select("customer_id", item="name")
        .unique()
        .group_by("item")
        .agg(pl.len().cast(pl.Int64).alias("customers"))
        .sort("item")
    )


def active_customers(inputs: Inputs) -> pl.LazyFrame:
    """One row: how many customers were active in the period."""
    return activity(inputs).select((col("active_days") > 0).sum().cast(pl.Int64))


def _dimensions(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """Every customer's dimensions as of the end."""
    return inputs.at_end["customers"].select("customer_id", *choices.dimensions)
