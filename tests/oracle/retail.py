"""UCI Online Retail's figures by SQL over the Parquet file, mapped as the `orders` source of DESIGN §3.

Here: the settings, and the KPIs that a file of purchases and returns can answer. Not here: the file, which is not part
of the project (`path_from_environment` says where it is; `retail_like` makes one up).
"""

import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from . import kernel

VARIABLE = "LIFECYCLE_ONLINE_RETAIL"
FIRST, LAST = "2010-12", "2011-11"
"""The complete months of the file."""
ZONE = "Europe/London"

KPIS = (
    "average_order_value",
    "churn_rate",
    "dau",
    "mau",
    "net_revenue",
    "new_customers",
    "orders",
    "product_return_rate",
    "reactivated_customers",
    "repeat_purchase_rate",
    "retention_rate",
    "revenue",
    "stickiness",
    "time_between_purchases_mean",
    "time_between_purchases_median",
    "wau",
)


def path_from_environment() -> Path | None:
    """Where the real file lies, if this machine has it."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def figures(path: Path, first: str = FIRST, last: str = LAST, dimensions: Sequence[str] = ()) -> pl.DataFrame:
    """period, kpi, segment, level, numerator, denominator, value of `KPIS`; `dimensions` may hold "country"."""
    con = kernel.connection(
        path=str(path), zone=ZONE, source_zone=ZONE, activity_kinds=["purchase", "return"], dimensions=dimensions
    )
    with con:
        kernel.run(con, "retail_events")
        return kernel.figures(con, first, last).filter(pl.col("kpi").is_in(KPIS))
