"""(table, KPIs, segments) → one row per KPI × segment × level, with value, interval and status.

All KPIs of a table share one pass per cut. Units come from the types: money and durations are summed as integers
(ten-thousandths, microseconds) and divided once, at the end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from typing import Any

import polars as pl
from polars import col

from schemas.snapshots import KPIS, Status
from tasks.kpis import months
from tasks.kpis.record import Derived, Kpi, MeanOfMonths, Quantile, Ratio, Share, Total
from tasks.kpis.stats import Estimate, Sums, is_enclosed, quantile_ranks, ratio, share

STEP = 2
SMALL_SAMPLE = 30
SQUARES_END = 2**127
"""Sums of squares from here on do not fit 128 bits: a figure keeps its value then, and has no interval."""
MICROSECONDS_A_DAY = 86_400_000_000
BOUNDS: Mapping[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "ratio": (0.0, inf),
    "number": (0.0, inf),
    "growth": (-1.0, inf),
    "points": (-100.0, 100.0),
    "days": (0.0, inf),
    "currency": (0.0, inf),
}
"""What figures of a unit can be. Where one nevertheless is not (a debt can be negative), its interval is not cut."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What a figure's row needs beside the table. `provided`: the facts some source has told before the end."""

    period: str
    days: int
    months: int
    currency: str
    dimensions: tuple[str, ...]
    provided: frozenset[str]
    gross_margin: float
    lacks_past: frozenset[str]
    """How much of the past some figures need, and the data do not have: "period", "year"."""

    def depends_on(self) -> dict[str, Any]:
        return vars(self) | {"provided": sorted(self.provided), "lacks_past": sorted(self.lacks_past)}


def measure(table: pl.LazyFrame, kpis: Sequence[Kpi], context: Context) -> pl.DataFrame:
    """Rows of `kpis.parquet` for the KPIs of one table. Dimension columns hold levels, no nulls."""
    computable = [kpi for kpi in kpis if set(kpi.needs) <= context.provided]
    rows = [missing_row(kpi, context) for kpi in kpis if kpi not in computable]
    if computable:
        scales = scales_of(table, computable)
        month = ["month"] if any(isinstance(kpi.measure, MeanOfMonths) for kpi in computable) else []
        columns = ("customer_id", *context.dimensions, *month)
        units = table.select(*columns, *addends(computable)).collect(engine="streaming")
        additive = [kpi for kpi in computable if isinstance(kpi.measure, Share | Ratio | Total)]
        for segment in ("all", *context.dimensions):
            for sums in _sums_by_level(units, additive, segment) if additive else ():
                rows += [_additive_row(kpi, sums, segment, scales[kpi.name], context) for kpi in additive]
            for kpi in computable:
                match kpi.measure:
                    case Quantile():
                        rows += _quantile_rows(kpi, kpi.measure, units, segment, scales[kpi.name], context)
                    case MeanOfMonths():
                        rows += _mean_of_months_rows(kpi, units, segment, context)
                    case _:
                        pass
    return frame(rows)


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(KPIS), orient="row").sort("kpi", "segment", "level")


def share_row(kpi: Kpi, segment: str, level: str, x: int, y: int, context: Context) -> Row:
    """A row for a share whose two counts are already known."""
    return row(kpi, segment, level, (float(x), float(y)), share(x, y), context)


def missing_row(kpi: Kpi, context: Context) -> Row:
    return row(kpi, "all", "all", (None, None), Estimate(None), context) | {"status": "missing_input"}


def row(
    kpi: Kpi, segment: str, level: str, parts: tuple[float | None, float | None], found: Estimate, context: Context
) -> Row:
    low, high = _within_bounds(kpi, found)
    return {
        "period": context.period,
        "kpi": kpi.name,
        "segment": segment,
        "level": level,
        "numerator": parts[0],
        "denominator": parts[1],
        "value": found.value,
        "low": low,
        "high": high,
        "unit": context.currency if kpi.unit == "currency" else kpi.unit,
        "status": _status(kpi, found, context),
    }


def _within_bounds(kpi: Kpi, found: Estimate) -> tuple[float | None, float | None]:
    """The interval without what the figure cannot be."""
    least, most = BOUNDS.get(kpi.unit, (-inf, inf))
    if found.value is None or found.low is None or found.high is None or not least <= found.value <= most:
        return found.low, found.high
    return max(found.low, least), min(found.high, most)


def _status(kpi: Kpi, found: Estimate, context: Context) -> Status:
    if found.value is None:
        return "no_population"
    if kpi.needs_past in context.lacks_past:
        return "history_starts"
    if not isinstance(kpi.measure, Total | Derived) and found.n < SMALL_SAMPLE:
        return "small_sample"
    return "ok"


def scales_of(table: pl.LazyFrame, kpis: Sequence[Kpi]) -> dict[str, tuple[Fraction, Fraction]]:
    """Per KPI, what one unit of its numerator and denominator sums is worth in published units."""
    schema = table.select(*_raw_inputs(kpis)).collect_schema()
    return {kpi.name: (_scale(schema[f"{kpi.name}.x"]), _scale(schema.get(f"{kpi.name}.y"))) for kpi in kpis}


def _scale(kind: pl.DataType | None) -> Fraction:
    match kind:
        case pl.Decimal():
            return Fraction(1, 10**kind.scale)
        case pl.Duration():
            return Fraction(1, MICROSECONDS_A_DAY)
        case _:
            return Fraction(1)


def _raw_inputs(kpis: Iterable[Kpi]) -> Iterator[pl.Expr]:
    for kpi in kpis:
        match kpi.measure:
            case Share(of, among):
                yield from ((of & among).alias(f"{kpi.name}.x"), among.alias(f"{kpi.name}.y"))
            case Ratio(numerator, denominator) | MeanOfMonths(numerator, denominator):
                yield from (numerator.alias(f"{kpi.name}.x"), denominator.alias(f"{kpi.name}.y"))
            case Total(of) | Quantile(of):
                yield of.alias(f"{kpi.name}.x")


def addends(kpis: Sequence[Kpi]) -> Iterator[pl.Expr]:
    """Per KPI, `<name>.x` and `<name>.y`: what a row adds to both parts; of a quantile, its value.

    Truth values and integers, as narrow as they come: this is held in memory for all customers at once.
    """
    for expression in _raw_inputs(kpis):
        yield expression.to_physical()


def _sums_by_level(levels: pl.DataFrame, kpis: Sequence[Kpi], segment: str) -> Iterator[Mapping[str, Any]]:
    """One mapping of sums per level; the whole is there even where the table has no row."""
    sums = [expression for kpi in kpis for expression in _sums(kpi)]
    if segment == "all":
        found = levels.lazy().select(pl.lit("all").alias("level"), *sums)
    else:
        found = levels.lazy().group_by(col(segment).alias("level")).agg(sums).sort("level")
    yield from found.collect(engine="streaming").iter_rows(named=True)


def _sums(kpi: Kpi) -> Iterator[pl.Expr]:
    """In 128 bits, where squares fit too: exact, in whatever order they are made. `most`: to tell where they do not."""
    x, y = (col(f"{kpi.name}.{part}").cast(pl.Int128) for part in "xy")
    parts = {"x": x.sum()}
    if isinstance(kpi.measure, Share | Ratio):
        parts |= {"y": y.sum()}
    if isinstance(kpi.measure, Ratio):
        parts |= {
            "n": ((x.fill_null(0) != 0) | (y != 0)).sum(),
            "xx": (x * x).sum(),
            "xy": (x * y).sum(),
            "yy": (y * y).sum(),
            "most": pl.max_horizontal(x.abs(), y.abs()).max(),
        }
    yield from (expression.alias(f"{kpi.name}:{part}") for part, expression in parts.items())


def _additive_row(
    kpi: Kpi, sums: Mapping[str, Any], segment: str, scale: tuple[Fraction, Fraction], context: Context
) -> Row:
    def part(name: str) -> int:
        return int(sums[f"{kpi.name}:{name}"] or 0)

    level = sums["level"]
    match kpi.measure:
        case Share():
            return share_row(kpi, segment, level, part("x"), part("y"), context)
        case Ratio():
            times = {"one": 1, "days": context.days, "hundred": 100}[kpi.measure.times]
            sums_of = Sums(*(part(name) for name in ("n", "x", "y", "xx", "xy", "yy")))
            found = ratio(sums_of, times * scale[0] / scale[1])
            if sums_of.n * part("most") ** 2 >= SQUARES_END:
                found = replace(found, low=None, high=None)
            parts = (float(part("x") * scale[0]), float(part("y") * scale[1]))
            return row(kpi, segment, level, parts, found, context)
        case Total(per="day"):
            total = part("x") * scale[0]
            return row(
                kpi, segment, level, (float(total), float(context.days)), Estimate(float(total / context.days)), context
            )
        case _:
            total = part("x") * scale[0]
            return row(kpi, segment, level, (float(total), None), Estimate(float(total)), context)


def _mean_of_months_rows(kpi: Kpi, units: pl.DataFrame, segment: str, context: Context) -> Iterator[Row]:
    """One row per level; the whole is there even where no month has anybody."""
    level = pl.lit("all") if segment == "all" else col(segment)
    sums = {part: col(f"{kpi.name}.{part}").cast(pl.Int128) for part in "xy"}
    rows = units.select("customer_id", "month", level.alias("level"), **sums)
    found = months.means(rows, context.months)
    if not found and segment == "all":
        found = {"all": months.NOBODY}
    for name, mean in found.items():
        yield row(kpi, segment, name, (mean.numerator, mean.denominator), mean.estimate, context)


def _quantile_rows(
    kpi: Kpi,
    quantile: Quantile,
    units: pl.DataFrame,
    segment: str,
    scale: tuple[Fraction, Fraction],
    context: Context,
) -> Iterator[Row]:
    """One row per level: the quantile and, by the clustered count of values below it, its interval."""
    level = pl.lit("all") if segment == "all" else col(segment)
    rows = units.select("customer_id", level.alias("level"), x=f"{kpi.name}.x")
    values = rows.drop_nulls("x")
    for empty in ({"all"} if segment == "all" else set(rows["level"])) - set(values["level"]):
        yield row(kpi, segment, empty, (None, 0.0), Estimate(None), context)
    cut = values.group_by("level").agg(
        col("x").quantile(quantile.q, "linear").alias("value"), col("x").sort().alias("sorted")
    )
    clusters = (
        values.join(cut.select("level", "value"), on="level")
        .group_by("level", "customer_id")
        .agg(n=pl.len().cast(pl.Int64), below=(col("x") <= col("value")).sum().cast(pl.Int64))
        .group_by("level")
        .agg(
            clusters=pl.len(),
            nn=(col("n") * col("n")).sum(),
            bn=(col("below") * col("n")).sum(),
            bb=(col("below") * col("below")).sum(),
        )
    )
    found_by_level = cut.join(clusters, on="level").sort("level")
    # The sorted values stay in Polars: as Python's they would take a second and 40 MB a million.
    for found, ordered in zip(
        found_by_level.drop("sorted").iter_rows(named=True), found_by_level["sorted"], strict=True
    ):
        n, q = len(ordered), quantile.q
        variance = found["bb"] - 2 * q * found["bn"] + q * q * found["nn"]
        low, high = quantile_ranks(n, q, variance, found["clusters"])
        value, least, most = (float(Fraction(x) * scale[0]) for x in (found["value"], ordered[low], ordered[high]))
        estimate = Estimate(value, n=found["clusters"])
        if is_enclosed(found["clusters"], q):
            estimate = replace(estimate, low=least, high=most)
        yield row(kpi, segment, found["level"], (None, float(n)), estimate, context)
