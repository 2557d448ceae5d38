"""Who is behind a figure: the rows of its table, with what each adds to the numerator and to the denominator.

By the very expressions of the record that `measure` sums, so that these rows add up to what is published. Customers'
ids are in here: for the file of whoever asks, never for anything published.
"""

from dataclasses import dataclass
from fractions import Fraction

import polars as pl
from polars import col

from tasks.kpis import months
from tasks.kpis.measure import Context, addends, scales_of
from tasks.kpis.record import Derived, Kpi, MeanOfMonths, Quantile, Ratio, Share, Total

ALL = "all"


@dataclass(frozen=True)
class Sides:
    """`rows`: one per row of the table that counts, sorted; `numerator`, `denominator`: their sums as published."""

    rows: pl.DataFrame
    numerator: float | None
    denominator: float | None


def sides(table: pl.LazyFrame, kpi: Kpi, context: Context, segment: str = ALL, level: str = ALL) -> Sides:
    """The rows behind a figure of one level. `table`: what the KPI is measured on, dimensions as levels, no nulls.

    A share tells who is in the numerator and the denominator, a quantile each value, the others what a row adds to
    both in published units.
    """
    own = table if segment == ALL else table.filter(col(segment) == level)
    month = ["month"] if isinstance(kpi.measure, MeanOfMonths) else []
    key = ["customer_id", *context.dimensions, *month]
    rows = own.select(*key, *(side.cast(pl.Int128) for side in addends([kpi]))).collect(engine="streaming")
    counted, numerator, denominator = _counted(kpi, rows, scales_of(table, [kpi])[kpi.name], context)
    shown = counted.select(*key, *_shown(kpi, scales_of(table, [kpi])[kpi.name]))
    return Sides(shown.sort(shown.columns), numerator, denominator)


def _counted(
    kpi: Kpi, rows: pl.DataFrame, scales: tuple[Fraction, Fraction], context: Context
) -> tuple[pl.DataFrame, float | None, float | None]:
    """The rows that count, and their sums."""
    x, y = f"{kpi.name}.x", f"{kpi.name}.y"
    match kpi.measure:
        case Share():
            counted = rows.filter(col(y) == 1)
            return counted, float(counted[x].sum()), float(counted.height)
        case Quantile():
            counted = rows.drop_nulls(x)
            return counted, None, float(counted.height)
        case Total(per=per):
            counted = rows.filter(col(x) != 0)
            return counted, _sum(counted[x], scales[0]), float(context.days) if per == "day" else None
        case MeanOfMonths():
            counted = rows.filter(_adds(x, y))
            by_month = counted.select("customer_id", "month", pl.lit(ALL).alias("level"), x=x, y=y)
            mean = months.means(by_month, context.months).get(ALL, months.NOBODY)
            return counted, mean.numerator, mean.denominator
        case Ratio():
            counted = rows.filter(_adds(x, y))
            return counted, _sum(counted[x], scales[0]), _sum(counted[y], scales[1])
        case Derived():
            raise ValueError(f"{kpi.name} is made of other figures and has no rows of its own")


def _shown(kpi: Kpi, scales: tuple[Fraction, Fraction]) -> list[pl.Expr]:
    """What is told of each row, in published units."""
    x, y = (_amount(f"{kpi.name}.{part}", scale) for part, scale in zip("xy", scales, strict=True))
    match kpi.measure:
        case Share():
            return [(x == 1).alias("in_numerator"), (y == 1).alias("in_denominator")]
        case Quantile():
            return [x.alias("value")]
        case Total():
            return [x.alias("numerator")]
        case _:
            return [x.alias("numerator"), y.alias("denominator")]


def _adds(x: str, y: str) -> pl.Expr:
    return ((col(x) != 0) | (col(y) != 0)).fill_null(value=False)


def _sum(integers: pl.Series, scale: Fraction) -> float:
    return float(int(integers.sum() or 0) * scale)


def _amount(addend: str, scale: Fraction) -> pl.Expr:
    whole = col(addend).cast(pl.Int64)
    return whole if scale == 1 else whole / scale.denominator
