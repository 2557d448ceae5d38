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
    "active_since": pl.Float64(),
    "retained_since": pl.Float64(),
    "activated": pl.Float64(),
    "revenue": pl.Float64(),
    "status": pl.String(),
}
"""One row per sign-up period × age in periods; ages still to come are absent. Sorted.

`size`: customers who signed up in the cohort; of them, `active` in the period of that age (bounded retention), and
`active_since`: then or later, as of the published period's end (unbounded); `retained…` ÷ size; `activated` before the
end of that age; `revenue`: of all their orders before it. `status`: "immature" at the newest age, where `active_since`
may still grow, otherwise "ok".
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

MOVEMENTS: Mapping[str, pl.DataType] = {
    "period": pl.String(),
    "segment": pl.String(),
    "level": pl.String(),
    "movement": pl.String(),
    "customers": pl.Float64(),
    "mrr": pl.Float64(),
}
"""How the base (by `churn.basis`) got from the start to the end, one row per movement and level of each segment.

start + new + reactivated − lost = end, and new + kept + reactivated = end. `expanded` and `contracted` are those of the
kept whose recurring revenue rose or fell. `mrr`: at the start (start, lost), at the end (end, new, reactivated), the
gain or loss (expanded, contracted), what is paid at both edges (kept); null where churn is judged on activity.
"""

CONTRIBUTIONS: Mapping[str, pl.DataType] = {
    "period": pl.String(),
    "kpi": pl.String(),
    "segment": pl.String(),
    "level": pl.String(),
    "share_before": pl.Float64(),
    "share_now": pl.Float64(),
    "value_before": pl.Float64(),
    "value_now": pl.Float64(),
    "mix": pl.Float64(),
    "rate": pl.Float64(),
}
"""Why a share moved since the previous period, one row per KPI and level of each segment.

`share_…`: the level's part of the denominator; `value_…`: its own rate, null where nobody is in it. `rate`: what the
level's own rate adds to the change of the whole; `mix`: what its growing or shrinking adds. All of them sum to it.
"""

CHURN_DEFINITIONS: Mapping[str, pl.DataType] = {
    "period": pl.String(),
    "definition": pl.String(),
    "numerator": pl.Float64(),
    "denominator": pl.Float64(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}
"""Churn of subscriptions as others publish it, beside ours, on the same data; empty without subscriptions."""

TABLES: Mapping[str, Mapping[str, pl.DataType]] = {
    "kpis": KPIS,
    "cohorts": COHORTS,
    "features": FEATURES,
    "movements": MOVEMENTS,
    "contributions": CONTRIBUTIONS,
    "churn_definitions": CHURN_DEFINITIONS,
}


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
    movements: pl.DataFrame
    contributions: pl.DataFrame
    churn_definitions: pl.DataFrame
