"""Figures made of other figures, level by level: quotients of sums of their values."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from schemas.snapshots import Status
from tasks.kpis import BY_NAME
from tasks.kpis.measure import Context, Row, frame, missing_row, row
from tasks.kpis.record import Derived, Kpi, Total
from tasks.kpis.stats import Estimate, quotient

Found = Mapping[tuple[str, str, str], Mapping[str, Any]]
NOTHING: Mapping[str, Any] = {"value": None, "low": None, "high": None, "denominator": None, "status": "ok"}
"""Of a figure without a row at a level, because nobody is there."""
ZERO: Mapping[str, Any] = {**NOTHING, "value": 0.0}
CARRIED: tuple[Status, ...] = ("history_starts", "small_sample")
"""What is said of a part is said of the whole."""


def derived(measured: pl.DataFrame, kpis: Sequence[Kpi], context: Context) -> pl.DataFrame:
    """Rows of `kpis.parquet` for the derived KPIs, from those of all the others in the same period."""
    found = {(one["kpi"], one["segment"], one["level"]): one for one in measured.iter_rows(named=True)}
    rows = [_rows(kpi, kpi.measure, found, context) for kpi in kpis if isinstance(kpi.measure, Derived)]
    return frame(one for own in rows for one in own)


def _rows(kpi: Kpi, measure: Derived, found: Found, context: Context) -> list[Row]:
    if not set(kpi.needs) <= context.provided:
        return [missing_row(kpi, context)]
    levels = sorted({(segment, level) for name, segment, level in found if name in measure.parts})
    return [_row(kpi, measure, found, key, context) for key in levels]


def _row(kpi: Kpi, measure: Derived, found: Found, key: tuple[str, str], context: Context) -> Row:
    above, below = (_parts(names, key, found) for names in (measure.numerator, measure.denominator))
    factor = context.gross_margin if measure.factor == "gross_margin" else 1.0
    numerator, denominator = _sum(above, factor), _sum(below, 1.0)
    small = measure.smallest_base > 0 and (below[-1]["denominator"] or 0) < measure.smallest_base
    value = numerator / denominator if numerator is not None and denominator and not small else None
    low, high = (None, None) if value is None else _interval(above, below, factor)
    made = row(kpi, *key, (numerator, denominator), Estimate(value, low, high), context)
    told = {one["status"] for one in (*above, *below)} | ({"small_sample"} if small else set())
    carried = [status for status in CARRIED if status in told] if value is not None or small else []
    return made | {"status": carried[0] if carried else made["status"]}


def _parts(names: Sequence[str], key: tuple[str, str], found: Found) -> list[Mapping[str, Any]]:
    """A total without a row at a level adds nothing to the others; where none has a row, nothing is known."""
    told = [found.get((name, *key)) for name in names]
    if not any(told):
        return [NOTHING] * len(names)
    absent = [ZERO if isinstance(BY_NAME[name].measure, Total) else NOTHING for name in names]
    return [one or missing for one, missing in zip(told, absent, strict=True)]


def _sum(parts: Sequence[Mapping[str, Any]], factor: float) -> float | None:
    values = [one["value"] for one in parts]
    return None if None in values else factor * sum(values)


def _interval(
    above: Sequence[Mapping[str, Any]], below: Sequence[Mapping[str, Any]], factor: float
) -> tuple[float | None, float | None]:
    """Of a quotient of two estimates; sums of totals are counts, and have none."""
    if len(above) > 1 or len(below) > 1:
        return None, None
    low, high = quotient(*(Estimate(one["value"], one["low"], one["high"]) for one in (above[0], below[0])))
    return (None if low is None else factor * low), (None if high is None else factor * high)
