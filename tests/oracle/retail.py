"""UCI Online Retail's figures by SQL over the Parquet file, mapped as the `orders` source of DESIGN §3.

Here: the settings, and the KPIs that a file of purchases and returns can answer. Not here: the file, which is not part
of the project (`path_from_environment` says where it is; `retail_like` makes one up).
"""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from . import kernel

VARIABLE = "LIFECYCLE_ONLINE_RETAIL"
FIRST, LAST = "2010-12", "2011-11"
"""The complete months of the file."""
ZONE = "Europe/London"

KPIS = (
    "average_order_value",
    "churn_rate",
    "customer_lifetime_value",
    "dau",
    "existing_customer_revenue_growth",
    "intra_period_churn",
    "loyal_customer_rate",
    "mau",
    "net_revenue",
    "new_customers",
    "orders",
    "product_return_rate",
    "reactivated_customers",
    "reactivation_rate",
    "repeat_purchase_rate",
    "retention_bucket",
    "retention_rate",
    "revenue",
    "revenue_churn_amount",
    "revenue_churn_rate",
    "revenue_per_customer",
    "stickiness",
    "time_between_purchases_mean",
    "time_between_purchases_median",
    "wau",
)


def path_from_environment() -> Path | None:
    """Where the real file lies, if this machine has it."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def events(path: Path, dimensions: Sequence[str] = ()) -> duckdb.DuckDBPyConnection:
    """A connection with the events of the file; `dimensions` may hold "country"."""
    con = kernel.connection(
        path=str(path), zone=ZONE, source_zone=ZONE, activity_kinds=["purchase", "return"], dimensions=dimensions
    )
    kernel.run(con, "retail_events")
    return con


def figures(
    path: Path, first: str = FIRST, last: str = LAST, dimensions: Sequence[str] = (), grain: str = "month"
) -> pl.DataFrame:
    """period, kpi, segment, level, numerator, denominator, value of `KPIS`; `first` and `last` are of the grain."""
    with events(path, dimensions) as con:
        return kernel.figures(con, first, last, grain).filter(pl.col("kpi").is_in(KPIS))
