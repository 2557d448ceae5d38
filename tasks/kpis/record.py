"""What one KPI is: a record. What it is computed with: a small closed union of measures.

The records are in the modules of their families, one tuple each; computing them is in `measure` and `stats`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

TableName = Literal[
    "customers", "customers_at_start", "gaps", "months", "receivables", "spend", "surveys", "visitors", "derived"
]
"""What a KPI is measured on; "derived" ones are made of other KPIs' figures."""
Unit = Literal["share", "ratio", "growth", "number", "days", "points", "currency", "customers", "orders", "visitors"]
"""`ratio`: in per cent, can exceed 1; `growth`: a relative change, can be negative; `number`: a plain quotient."""
Section = Literal["acquisition", "activation", "engagement", "retention", "revenue", "satisfaction"]
Fact = Literal[
    "activation",
    "activity",
    "base",
    "base_revenue",
    "conversion",
    "csat",
    "customer",
    "deactivate",
    "invoice",
    "nps",
    "purchase",
    "recurring",
    "return",
    "revenue",
    "sign_up",
    "spend",
    "subscribe",
    "target",
    "use",
    "visit",
]
Source = Literal["custup", "mentorDay", "churn-FAQ", "Contentsquare", "HTCinside", "lifecycle"]
"""The articles the figures come from; "lifecycle" where none of them defines the figure and we do."""


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
    """Σ numerator ÷ Σ denominator over the rows, times a constant: ratios of counts, and means. Delta-method interval.

    `times`: 1, the days of the period, or 100.
    """

    numerator: pl.Expr
    denominator: pl.Expr
    times: Literal["one", "days", "hundred"] = "one"


@dataclass(frozen=True, eq=False)
class MeanOfMonths:
    """The mean, over the months of the period in which Σ denominator > 0, of Σ numerator ÷ Σ denominator of the month.

    The table has a row per customer and month. Of a single month it is the ratio itself, and published with its sums;
    of several, the numerator is the sum of the months' values and the denominator their number. Delta-method interval,
    the rows of one customer taken together.
    """

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


@dataclass(frozen=True, eq=False)
class Derived:
    """The sum of some KPIs' values ÷ the sum of others', level by level. No table of its own.

    `factor` multiplies the numerator. Null where the last of the `denominator` rests on fewer than `smallest_base`.
    """

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    factor: Literal["one", "gross_margin"] = "one"
    smallest_base: int = 0

    @property
    def parts(self) -> tuple[str, ...]:
        return (*self.numerator, *self.denominator)


Measure = Share | Ratio | MeanOfMonths | Total | Quantile | Derived


@dataclass(frozen=True, kw_only=True, eq=False)
class Kpi:
    """One figure of the catalogue.

    `needs`: the facts some source must provide, otherwise the status is `missing_input`. `needs_past`: distorted where
    the data begin (status `history_starts`), in the first period or in all of the first year. A changed definition
    bumps `version`.
    """

    name: str
    table: TableName
    measure: Measure
    unit: Unit
    better: Literal["up", "down", "neither"]
    section: Section
    label: Text
    formula: Text
    source: tuple[Source, ...]
    needs: tuple[Fact, ...]
    needs_past: Literal["no", "period", "year"] = "no"
    tags: tuple[str, ...] = ()
    version: int = 1

    def expressions(self) -> Iterator[pl.Expr]:
        yield from (value for value in vars(self.measure).values() if isinstance(value, pl.Expr))

    def columns(self) -> set[str]:
        """The columns of `table` it reads."""
        return {name for expression in self.expressions() for name in expression.meta.root_names()}
