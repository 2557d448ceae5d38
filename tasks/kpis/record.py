"""What one KPI is: a record. What it is computed with: a small closed union of measures.

The records are in the modules of their families, one tuple each; computing them is in `measure` and `stats`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from tasks.clock import Grain

TableName = Literal["customers", "customers_at_start", "gaps", "visitors"]
Unit = Literal["share", "ratio", "days", "currency", "customers", "orders", "visitors"]
Section = Literal["acquisition", "activation", "engagement", "retention", "revenue"]
Fact = Literal[
    "activation", "activity", "base", "customer", "purchase", "return", "sign_up", "subscribe", "use", "visit"
]


@dataclass(frozen=True, kw_only=True)
class Text:
    """The same sentence in every language of the report."""

    en: str
    fr: str


# eq=False below: comparing two expressions builds a third, so a generated __eq__ would raise.


@dataclass(frozen=True, eq=False)
class Share:
    """Part of the rows with `among` for which `of` holds too; stays within [0, 1] by construction. Wilson interval."""

    of: pl.Expr
    among: pl.Expr


@dataclass(frozen=True, eq=False)
class Ratio:
    """Σ numerator ÷ Σ denominator over the rows: ratios of counts, and means. Delta-method interval."""

    numerator: pl.Expr
    denominator: pl.Expr


@dataclass(frozen=True, eq=False)
class Total:
    """Σ of; `per="day"` divides by the days of the period. No interval: it is a count, not an estimate."""

    of: pl.Expr
    per: Literal["period", "day"] = "period"


@dataclass(frozen=True, eq=False)
class Quantile:
    """The q-quantile of the non-null values, linearly interpolated. Interval by order statistics, rows of one
    customer counted as one cluster. Not additive: computed anew for every level.
    """

    of: pl.Expr
    q: float = 0.5


Measure = Share | Ratio | Total | Quantile


@dataclass(frozen=True, kw_only=True, eq=False)
class Kpi:
    """One figure of the catalogue.

    `grains`: the lengths of period it is published for. `needs`: the facts some source must provide, otherwise the
    status is `missing_input`. `needs_past`: distorted where the data begin (status `history_starts`). A changed
    definition bumps `version`.
    """

    name: str
    table: TableName
    measure: Measure
    unit: Unit
    better: Literal["up", "down", "neither"]
    section: Section
    label: Text
    formula: Text
    source: tuple[str, ...]
    needs: tuple[Fact, ...]
    needs_past: bool = False
    grains: tuple[Grain, ...] = ("month", "quarter", "year")
    tags: tuple[str, ...] = ()
    version: int = 1

    def expressions(self) -> Iterator[pl.Expr]:
        yield from (value for value in vars(self.measure).values() if isinstance(value, pl.Expr))

    def columns(self) -> set[str]:
        """The columns of `table` it reads."""
        return {name for expression in self.expressions() for name in expression.meta.root_names()}
