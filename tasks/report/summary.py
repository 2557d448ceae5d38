"""`summary.json`: the figures for machines. Canonical bytes: sorted keys; no clock, host, path or revision."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

_FIGURE = ("value", "low", "high", "numerator", "denominator", "status", "unit")
_FEATURE = ("item", "customers", "active_customers", "adoption", "low", "high")


def summary(tables: Mapping[str, pl.DataFrame], period: str, currency: str) -> bytes:
    """Null means the same as in the tables. Cohorts list the retained share by age in periods, from age 0."""
    kpis, cohorts, features = tables["kpis"], tables["cohorts"], tables["features"]
    whole = kpis.filter((pl.col("segment") == "all") & (pl.col("level") == "all"))
    content = {
        "period": period,
        "currency": currency,
        "kpis": {row["kpi"]: _plain(row, _FIGURE) for row in whole.iter_rows(named=True)},
        "cohorts": list(_cohorts(cohorts)),
        "features": [_plain(row, _FEATURE) for row in features.sort("item").iter_rows(named=True)],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _cohorts(cohorts: pl.DataFrame) -> Iterable[dict[str, Any]]:
    for (name,), group in cohorts.sort("cohort", "age").group_by("cohort", maintain_order=True):
        retained = dict(group.select("age", "retained").iter_rows())
        shares = [_number(retained.get(age)) for age in range(max(retained) + 1)]
        yield {"cohort": name, "size": _number(group["size"][0]), "retained": shares}


def _plain(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: _number(row[name]) for name in names}


def _number(value: Any) -> Any:
    """Whole numbers without a decimal point, so that the same figure is always written the same way."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
