"""The published tables beside `kpis`: features and cohorts, from counts to figures."""

from collections.abc import Sequence

import polars as pl
from polars import col

from schemas.snapshots import COHORTS, FEATURES
from tasks.clock import Period
from tasks.kpis.measure import Context, Row, frame, share_row
from tasks.kpis.record import Kpi
from tasks.kpis.stats import share


def feature_rows(counts: pl.DataFrame, active: int, kpis: Sequence[Kpi], context: Context) -> pl.DataFrame:
    """Rows of `kpis.parquet` with a level per feature; `counts`: item, customers; `active`: customers of the period."""
    rows: list[Row] = [
        share_row(kpi, "item", item, users, active, context)
        for kpi in kpis
        for item, users in counts.iter_rows()
        if set(kpi.needs) <= context.provided
    ]
    return frame(rows)


def features(counts: pl.DataFrame, active: int, period: Period) -> pl.DataFrame:
    """`features.parquet`: adoption of each feature among the active customers, with its interval."""
    found = [(item, users, share(users, active)) for item, users in counts.iter_rows()]
    rows = [(str(period), item, users, active, one.value, one.low, one.high) for item, users, one in found]
    return pl.DataFrame(rows, schema=dict(FEATURES), orient="row").sort("item")


def cohorts(rows: pl.DataFrame, period: Period) -> pl.DataFrame:
    """`cohorts.parquet`: who of each sign-up month was active how many months later; empty for longer periods.

    Activity of a quarter cannot be added up from that of its months: its cohorts need a chain of their own.
    """
    followed = rows if period.grain == "month" else rows.clear()
    return followed.select(
        pl.lit(str(period)).alias("period"),
        "cohort",
        "age",
        "size",
        "active",
        (col("active") / col("size")).alias("retained"),
    ).select(col(name).cast(kind) for name, kind in COHORTS.items())
