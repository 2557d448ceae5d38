"""What is published: the tables of a snapshot and its manifest.

Number columns are Float64, so that every BI tool reads them; exact decimals stay inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

STATUSES = ("ok", "no_population", "immature", "missing_input", "small_sample", "history_starts")
Status = Literal["ok", "no_population", "immature", "missing_input", "small_sample", "history_starts"]

KPIS: Mapping[str, pl.DataType] = {
    "period": pl.String(),
    "kpi": pl.String(),
    "segment": pl.String(),
    "level": pl.String(),
    "numerator": pl.Float64(),
    "denominator": pl.Float64(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "unit": pl.String(),
    "status": pl.String(),
}
"""One row per KPI × segment × level; the whole is segment "all", level "all". Sorted by kpi, segment, level.

`low` and `high` are the 95 % interval, null for totals. Null value: see status. Totals have no denominator.
"""

COHORTS: Mapping[str, pl.DataType] = {
    "period": pl.String(),
    "cohort": pl.String(),
    "age": pl.Int64(),
    "size": pl.Float64(),
    "active": pl.Float64(),
    "retained": pl.Float64(),
}
"""One row per sign-up period × age in periods, all ages complete by the period's end. `size`: customers who signed up
in the cohort; `active`: of them, active in the period of that age; `retained` = active ÷ size. Sorted.
"""

FEATURES: Mapping[str, pl.DataType] = {
    "period": pl.String(),
    "item": pl.String(),
    "customers": pl.Float64(),
    "active_customers": pl.Float64(),
    "adoption": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}
"""One row per feature used in the period: active customers who used it, all active customers, their quotient."""

TABLES: Mapping[str, Mapping[str, pl.DataType]] = {"kpis": KPIS, "cohorts": COHORTS, "features": FEATURES}


@dataclass(frozen=True)
class Snapshot:
    """One published revision of one period, as read back from the store.

    `manifest` holds what may not be in data files: when, by what code, from which files, what changed, row counts.
    """

    period: str
    revision: int
    manifest: Mapping[str, Any]
    kpis: pl.DataFrame
    cohorts: pl.DataFrame
    features: pl.DataFrame
