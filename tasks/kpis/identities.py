"""What must hold between the figures of one period, whatever the data. A breach is our bug, and stops publication."""

from collections.abc import Iterator, Mapping

import polars as pl
from polars import col

from config.errors import IdentityError
from tasks.clock import Period
from tasks.kpis import BY_NAME, CATALOGUE
from tasks.kpis.record import Ratio, Share, Total

TOLERANCE = 1e-9
"""Relative; published numbers are floats of exact sums."""
CENT = 0.005
"""What money may be off: published sums of cents are floats."""
MOST_TOLD = 10
KEY = ("segment", "level")
Tables = Mapping[str, pl.DataFrame]


def refuse_breaches(tables: Tables, period: Period) -> None:
    """Raises IdentityError naming the identity, the period and the figures. `tables`: of a snapshot, by name."""
    kpis = tables["kpis"].filter(col("status") != "missing_input")
    breaches = [
        *_churn_and_retention(kpis),
        *_bounds(kpis, period),
        *_segments(kpis),
        *_customer_bridge(tables["movements"], kpis),
        *_mrr_bridge(tables["movements"], kpis),
        *_cohorts(tables["cohorts"]),
        *_contributions(tables["contributions"], kpis),
    ]
    if breaches:
        listed = "\n".join(f"  - {breach}" for breach in breaches[:MOST_TOLD])
        raise IdentityError(
            f"{period}: figures contradict each other; nothing was published.\n{listed}\n"
            "This is a fault of lifecycle, not of the data. Please report it with this message."
        )


def _churn_and_retention(kpis: pl.DataFrame) -> Iterator[str]:
    """Among the same base, lost + kept = base."""
    both = _side_by_side(kpis, "churn_rate", "retention_rate")
    holds = (col("numerator") + col("numerator_other") == col("denominator")) & (
        col("denominator") == col("denominator_other")
    )
    for row in both.filter(~holds.fill_null(False)).iter_rows(named=True):
        yield (
            f"churn_rate + retention_rate = 1 ({row['segment']} {row['level']}): lost {row['numerator']} of "
            f"{row['denominator']}, kept {row['numerator_other']} of {row['denominator_other']}"
        )


def _side_by_side(kpis: pl.DataFrame, one: str, other: str) -> pl.DataFrame:
    mine, theirs = (kpis.filter(kpi=name).select(*KEY, "numerator", "denominator") for name in (one, other))
    return mine.join(theirs, on=KEY, how="full", coalesce=True, suffix="_other", nulls_equal=True)


def _bounds(kpis: pl.DataFrame, period: Period) -> Iterator[str]:
    """Shares lie in [0, 1]; who is active is so on at least one day of a month."""
    shares = [kpi.name for kpi in CATALOGUE if isinstance(kpi.measure, Share)]
    longest = max(month.days for month in period.months())
    low = pl.when(col("kpi") == "stickiness").then(1 / longest).otherwise(0.0)
    bounded = kpis.filter(col("kpi").is_in([*shares, "stickiness"]) & col("value").is_not_null())
    for row in bounded.filter(~col("value").is_between(low - TOLERANCE, 1 + TOLERANCE)).iter_rows(named=True):
        yield f"{row['kpi']} within its bounds ({row['segment']} {row['level']}): {row['value']}"


def _segments(kpis: pl.DataFrame) -> Iterator[str]:
    """The levels of a segment partition the customers, so their sums are those of the whole."""
    additive = [kpi.name for kpi in CATALOGUE if isinstance(kpi.measure, Share | Ratio | Total)]
    per_day = [
        name for name in additive if isinstance(measure := BY_NAME[name].measure, Total) and measure.per == "day"
    ]
    sums = (
        kpis.filter(col("kpi").is_in(additive) & (col("segment") != "item"))
        .with_columns(pl.when(~col("kpi").is_in(per_day)).then("denominator").alias("denominator"))
        .group_by("kpi", "segment")
        .agg(col("numerator", "denominator").sum(), col("numerator", "denominator").abs().sum().name.suffix("_size"))
    )
    whole = sums.filter(segment="all").select("kpi", "numerator", "denominator")
    segments = sums.select("segment").unique()
    both = whole.join(segments, how="cross").join(sums, on=["kpi", "segment"], how="left", suffix="_parts").fill_null(0)
    for part in ("numerator", "denominator"):
        apart = both.filter(_apart(col(f"{part}_parts"), col(part), col(f"{part}_size"))).sort("kpi", "segment")
        for row in apart.iter_rows(named=True):
            added = row[f"{part}_parts"]
            yield f"{part}s of {row['kpi']} by {row['segment']} add up to {added}, the whole has {row[part]}"


def _customer_bridge(movements: pl.DataFrame, kpis: pl.DataFrame) -> Iterator[str]:
    """Start + new + reactivated − lost = end, and new + kept + reactivated = end; the start is the base of churn."""
    for row in _wide(movements, "customers").iter_rows(named=True):
        bridge = row["start"] + row["new"] + row["reactivated"] - row["lost"]
        if not bridge == row["end"] == row["new"] + row["kept"] + row["reactivated"]:
            yield f"start + new + reactivated − lost = new + kept + reactivated = end ({_told(row)})"
    bases = _wide(movements, "customers").join(kpis.filter(kpi="churn_rate"), on=KEY).filter(segment="all")
    for row in bases.filter(col("start") != col("denominator")).iter_rows(named=True):
        yield f"customers at the start = base of churn_rate: {row['start']}, {row['denominator']}"


def _mrr_bridge(movements: pl.DataFrame, kpis: pl.DataFrame) -> Iterator[str]:
    """Start + new + reactivated + expanded − contracted − lost = end, to the cent."""
    for row in _wide(movements.filter(col("mrr").is_not_null()), "mrr").iter_rows(named=True):
        bridge = row["start"] + row["new"] + row["reactivated"] + row["expanded"] - row["contracted"] - row["lost"]
        kept = row["kept"] + row["expanded"] + row["new"] + row["reactivated"]
        if max(abs(bridge - row["end"]), abs(kept - row["end"])) > CENT:
            yield f"MRR: start + new + reactivated + expanded − contracted − lost = end ({_told(row)})"
    parts = dict(kpis.filter(segment="all").select("kpi", "value").iter_rows())
    if parts.get("mrr") is not None:
        gained = parts["mrr_at_start"] + parts["mrr_new"] + parts["mrr_reactivation"] + parts["mrr_expansion"]
        ends = gained - parts["mrr_contraction"] - parts["mrr_churn"]
        if abs(ends - parts["mrr"]) > CENT:
            told = ", ".join(f"{name} {parts[name]}" for name in sorted(parts) if name.startswith("mrr"))
            yield f"MRR at the start + its movements = MRR at the end: {told}"


def _wide(movements: pl.DataFrame, amount: str) -> pl.DataFrame:
    """One row per level, a column per movement."""
    return movements.select(*KEY, "movement", amount).pivot("movement", index=KEY, values=amount)


def _told(row: Mapping[str, object]) -> str:
    numbers = ", ".join(f"{name} {value}" for name, value in row.items() if name not in KEY)
    return f"{row['segment']} {row['level']}: {numbers}"


def _cohorts(cohorts: pl.DataFrame) -> Iterator[str]:
    """Bounded retention is at most the unbounded one, which never rises with age; both are at most the whole cohort."""
    ordered = cohorts.sort("cohort", "age").with_columns(
        col("active_since").shift(1).over("cohort").fill_null(col("size")).alias("before")
    )
    holds = (col("active") <= col("active_since")) & (col("active_since") <= col("before"))
    for row in ordered.filter(~holds).iter_rows(named=True):
        yield (
            f"active ≤ active since ≤ active since the age before (cohort {row['cohort']}, age {row['age']}): "
            f"{row['active']}, {row['active_since']}, {row['before']}"
        )


def _contributions(contributions: pl.DataFrame, kpis: pl.DataFrame) -> Iterator[str]:
    """Mix and rate of the levels add up to the change of the whole, and their weighted rates to the whole."""
    then, now = (col(f"share_{edge}") * col(f"value_{edge}").fill_null(0) for edge in ("before", "now"))
    sums = contributions.group_by("kpi", "segment").agg(
        then.sum().alias("then"), now.sum().alias("now"), (col("mix") + col("rate")).sum().alias("explained")
    )
    whole = kpis.filter(segment="all").select("kpi", "value")
    holds = ~_apart(col("explained"), col("now") - col("then")) & ~_apart(col("now"), col("value"))
    for row in sums.join(whole, on="kpi").filter(~holds).sort("kpi", "segment").iter_rows(named=True):
        yield (
            f"contributions to {row['kpi']} by {row['segment']} add up to its change: {row['explained']} of "
            f"{row['then']} → {row['now']}, published {row['value']}"
        )


def _apart(one: pl.Expr, other: pl.Expr, size: pl.Expr | None = None) -> pl.Expr:
    """`size`: of what was added up, where it may cancel out."""
    return (one - other).abs() > TOLERANCE * (1 + (other.abs() if size is None else size))
