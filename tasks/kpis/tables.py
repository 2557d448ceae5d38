"""The published tables beside `kpis`, from counts to figures."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import polars as pl
from polars import col

from schemas.snapshots import CHURN_DEFINITIONS, COHORTS, CONTRIBUTIONS, FEATURES, MOVEMENTS
from tasks.clock import Period
from tasks.kpis.measure import Context, Row, frame, share_row
from tasks.kpis.record import Kpi
from tasks.kpis.stats import Estimate, share
from tasks.tables.base import MOVEMENTS as MOVES

KEY = ("segment", "level")


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


def cohorts(rows: pl.DataFrame, returned: pl.DataFrame, period: Period) -> pl.DataFrame:
    """`cohorts.parquet`: who of each sign-up period was active how much later, then or since.

    `rows`: COHORT_ROWS as of the period's end; `returned`: cohort, age, customers last active at that age.
    """
    followed = rows.filter(grain=period.grain).sort("cohort", "age")
    later = followed.join(returned, on=["cohort", "age"], how="left").with_columns(
        col("customers").fill_null(0).reverse().cum_sum().reverse().over("cohort").alias("active_since")
    )
    newest = col("age") == col("age").max().over("cohort")
    return later.with_columns(
        pl.lit(str(period)).alias("period"),
        (col("active") / col("size")).alias("retained"),
        (col("active_since") / col("size")).alias("retained_since"),
        pl.when(newest).then(pl.lit("immature")).otherwise(pl.lit("ok")).alias("status"),
    ).select(col(name).cast(kind) for name, kind in COHORTS.items())


def movements(table: pl.LazyFrame, context: Context, *, has_mrr: bool) -> pl.DataFrame:
    """`movements.parquet`; `table`: one row per customer, a truth value and an amount per movement.

    Movements of money, expanded and contracted, are there only with it.
    """
    moves = [name for name in MOVES if has_mrr or name not in {"expanded", "contracted"}]
    sums = [col(name).sum().alias(name) for name in moves] + [col(f"mrr_{name}").sum() for name in moves]
    people = table.collect(engine="streaming")
    found = [people.select(pl.lit("all").alias("segment"), pl.lit("all").alias("level"), *sums)]
    found += [
        people.group_by(col(name).alias("level")).agg(sums).select(pl.lit(name).alias("segment"), pl.exclude("segment"))
        for name in context.dimensions
    ]
    rows = [
        (context.period, one["segment"], one["level"], name, one[name], one[f"mrr_{name}"] if has_mrr else None)
        for part in found
        for one in part.sort("level").iter_rows(named=True)
        for name in moves
    ]
    return pl.DataFrame([_floats(one) for one in rows], schema=dict(MOVEMENTS), orient="row")


def _floats(row: Sequence[Any]) -> list[Any]:
    return [float(value) if value is not None and not isinstance(value, str) else value for value in row]


def churn_definitions(counts: Mapping[str, int], period: Period) -> pl.DataFrame:
    """`churn_definitions.parquet` from `base.churn_counts`. An interval where those counted are part of the base.

    Ours, ChartMogul and Recurly: who of those there at the start is gone at the end. ProfitWell: who of them left at
    some time, back or not. Baremetrics: anybody who left, also who had only just joined. Stripe: each time somebody
    left, among those there at the start and those who joined.
    """
    base = counts["base"]
    parts = {
        "lifecycle": share(counts["lost"], base),
        "chartmogul": share(counts["lost"], base),
        "recurly": share(counts["lost"], base),
        "profitwell": share(counts["left"], base),
        "baremetrics": _quotient(counts["anybody_left"], base),
        "stripe": _quotient(counts["losses"], base + counts["joined"]),
    }
    numerators = {"profitwell": "left", "baremetrics": "anybody_left", "stripe": "losses"}
    rows = [
        (
            str(period),
            name,
            counts[numerators.get(name, "lost")],
            base + counts["joined"] if name == "stripe" else base,
            found.value,
            found.low,
            found.high,
        )
        for name, found in parts.items()
    ]
    return pl.DataFrame([_floats(one) for one in rows], schema=dict(CHURN_DEFINITIONS), orient="row")


def _quotient(x: int, y: int) -> Estimate:
    return Estimate(x / y if y else None)


def contributions(now: pl.DataFrame, before: pl.DataFrame, kpis: Sequence[str], period: Period) -> pl.DataFrame:
    """`contributions.parquet`: the change of each share since the previous period, split over the levels of segments.

    The symmetric split of a weighted mean (T. L. Bennet, 1920): what a level's own rate adds, at its mean weight, and
    what its weight adds, by how far its mean rate is from the whole's. A level that is new or gone has no change of
    rate of its own: all it adds is mix.
    """
    whole = {name: (_whole(before, name), _whole(now, name)) for name in kpis}
    rows = [
        line
        for name, (old, new) in whole.items()
        if old and new
        for segment in now["segment"].unique().sort().to_list()
        if segment not in {"all", "item"}
        for line in _split(name, segment, _counts(before, name, segment), _counts(now, name, segment), old, new)
    ]
    schema = dict(CONTRIBUTIONS)
    return pl.DataFrame([[str(period), *line] for line in rows], schema=schema, orient="row")


Counts = tuple[int, int]
"""Part, whole."""


def _whole(kpis: pl.DataFrame, name: str) -> Counts | None:
    counts = _counts(kpis, name, "all").get("all")
    return counts if counts and counts[1] else None


def _counts(kpis: pl.DataFrame, name: str, segment: str) -> dict[str, Counts]:
    rows = kpis.filter(kpi=name, segment=segment).filter(col("status") != "missing_input")
    return {level: (int(x), int(y)) for level, x, y in rows.select("level", "numerator", "denominator").iter_rows()}


def _split(
    kpi: str, segment: str, before: Mapping[str, Counts], now: Mapping[str, Counts], old: Counts, new: Counts
) -> Iterator[list[Any]]:
    middle = (Fraction(*old) + Fraction(*new)) / 2
    for level in sorted(before.keys() | now.keys()):
        (x0, y0), (x1, y1) = before.get(level, (0, 0)), now.get(level, (0, 0))
        if not y0 and not y1:
            continue
        rate0 = Fraction(x0, y0) if y0 else Fraction(x1, y1)
        rate1 = Fraction(x1, y1) if y1 else rate0
        weight0, weight1 = Fraction(y0, old[1]), Fraction(y1, new[1])
        mix = (weight1 - weight0) * ((rate0 + rate1) / 2 - middle)
        rate = (rate1 - rate0) * (weight0 + weight1) / 2
        values = (rate0 if y0 else None, rate1 if y1 else None)
        yield [kpi, segment, level, *_floats((weight0, weight1, *values, mix, rate))]
