"""`summary.json`: the figures for machines. Canonical bytes: sorted keys; no clock, host, path or revision."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

_FIGURE = ("value", "low", "high", "numerator", "denominator", "status", "unit")
_FEATURE = ("item", "customers", "active_customers", "adoption", "low", "high")
_CHURN = ("numerator", "denominator", "value", "low", "high")


def summary(tables: Mapping[str, pl.DataFrame], period: str, currency: str) -> bytes:
    """`tables`: those of a snapshot, by name. Null means the same as in them.

    Cohorts list the retained shares by age in periods, from age 0; movements are those of the whole.
    """
    content = {
        "period": period,
        "currency": currency,
        "kpis": {row["kpi"]: _plain(row, _FIGURE) for row in _whole(tables["kpis"])},
        "cohorts": list(_cohorts(tables["cohorts"])),
        "features": [_plain(row, _FEATURE) for row in tables["features"].sort("item").iter_rows(named=True)],
        "movements": {row["movement"]: _plain(row, ("customers", "mrr")) for row in _whole(tables["movements"])},
        "churn_definitions": {
            row["definition"]: _plain(row, _CHURN) for row in tables["churn_definitions"].iter_rows(named=True)
        },
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _whole(table: pl.DataFrame) -> Iterable[dict[str, Any]]:
    return table.filter((pl.col("segment") == "all") & (pl.col("level") == "all")).iter_rows(named=True)


def _cohorts(cohorts: pl.DataFrame) -> Iterable[dict[str, Any]]:
    for (name,), group in cohorts.sort("cohort", "age").group_by("cohort", maintain_order=True):
        shares = {column: _by_age(group, column) for column in ("retained", "retained_since")}
        yield {"cohort": name, "size": _number(group["size"][0]), **shares}


def _by_age(group: pl.DataFrame, column: str) -> list[Any]:
    known = dict(group.select("age", column).iter_rows())
    return [_number(known.get(age)) for age in range(max(known) + 1)]


def _plain(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: _number(row[name]) for name in names}


def _number(value: Any) -> Any:
    """Whole numbers without a decimal point, so that the same figure is always written the same way."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
