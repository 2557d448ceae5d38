"""Where two tables of figures, or two other tables, differ.

Here: the comparisons. Not here: deciding which KPIs both sides should have; filter either side before, if one has more.
"""

from collections.abc import Sequence

import polars as pl

KEY = ("period", "kpi", "segment", "level")
NUMBERS = ("numerator", "denominator", "value")
TOTALS_WITH_DENOMINATOR = ("dau",)
"""The days of the period are no population, so such a row without anybody is as empty as a total of 0."""
DERIVED = ("customer_acquisition_cost", "customer_lifetime_value")
"""Made of other figures: a row without value says nothing that those do not say."""


def differences(ours: pl.DataFrame, oracle: pl.DataFrame, tolerance: float = 1e-9) -> pl.DataFrame:
    """One row per figure that differs, with both sides' numbers and `why`; an empty frame if they agree.

    `tolerance` is absolute below 1 and relative above. Rows of ours with status `missing_input` count as absent. A row
    that only one side has is a difference, unless it says nothing: denominator 0, a total of 0, or no value of a figure
    derived from others.
    """
    both = _only(ours, "ours").join(_only(oracle, "oracle"), on=KEY, how="full", coalesce=True)
    in_ours, in_oracle = pl.col("in_ours").is_not_null(), pl.col("in_oracle").is_not_null()
    differing = pl.concat_str(
        [pl.when(_differs(name, tolerance)).then(pl.lit(name)) for name in NUMBERS], separator=", ", ignore_nulls=True
    )
    why = (
        pl.when(~in_oracle & ~_empty("ours"))
        .then(pl.lit("only in ours"))
        .when(~in_ours & ~_empty("oracle"))
        .then(pl.lit("only in oracle"))
        .when(in_ours & in_oracle)
        .then(differing)
        .otherwise(pl.lit(""))
    )
    return both.with_columns(why=why).filter(pl.col("why") != "").drop("in_ours", "in_oracle").sort(KEY)


def row_differences(
    ours: pl.DataFrame, oracle: pl.DataFrame, key: Sequence[str], numbers: Sequence[str], tolerance: float = 1e-9
) -> pl.DataFrame:
    """The same for tables that are no figures: `key` makes a row, `numbers` are compared; other columns are left out.

    A row that only one side has is a difference, unless all its numbers are 0 or null.
    """
    sides = []
    for name, rows in (("ours", ours), ("oracle", oracle)):
        if rows.select(key).is_duplicated().any():
            raise ValueError(f"{name} has more than one row for {', '.join(key)}.")
        told = pl.any_horizontal(pl.col(numbers).fill_null(0) != 0)
        sides.append(rows.select(*key, *(pl.col(each).alias(f"{each}_{name}") for each in numbers), told.alias(name)))
    both = sides[0].join(sides[1], on=key, how="full", coalesce=True)
    differing = [pl.when(_differs(each, tolerance)).then(pl.lit(each)) for each in numbers]
    why = (
        pl.when(pl.col("oracle").is_null() & pl.col("ours"))
        .then(pl.lit("only in ours"))
        .when(pl.col("ours").is_null() & pl.col("oracle"))
        .then(pl.lit("only in oracle"))
        .when(pl.col("ours").is_not_null() & pl.col("oracle").is_not_null())
        .then(pl.concat_str(differing, separator=", ", ignore_nulls=True))
        .otherwise(pl.lit(""))
    )
    return both.with_columns(why=why).filter(pl.col("why") != "").drop("ours", "oracle").sort(key)


def _only(figures: pl.DataFrame, side: str) -> pl.DataFrame:
    """Keys and numbers, the numbers named after their side; each key once."""
    if "status" in figures.columns:
        figures = figures.filter(pl.col("status") != "missing_input")
    if figures.select(KEY).is_duplicated().any():
        raise ValueError(f"{side} has more than one row for a period, kpi, segment and level.")
    numbers = [pl.col(name).cast(pl.Float64).alias(f"{name}_{side}") for name in NUMBERS]
    return figures.select(*KEY, *numbers, pl.lit(value=True).alias(f"in_{side}"))


def _differs(name: str, tolerance: float) -> pl.Expr:
    ours, oracle = pl.col(f"{name}_ours"), pl.col(f"{name}_oracle")
    size = pl.max_horizontal(ours.abs(), oracle.abs(), pl.lit(1.0))
    close = ((ours - oracle).abs() <= tolerance * size).fill_null(value=False)
    return ~(close | (ours.is_null() & oracle.is_null()))


def _empty(side: str) -> pl.Expr:
    numerator, denominator = pl.col(f"numerator_{side}"), pl.col(f"denominator_{side}")
    is_total = denominator.is_null() | pl.col("kpi").is_in(TOTALS_WITH_DENOMINATOR)
    is_empty = (denominator == 0).fill_null(value=False) | (is_total & (numerator == 0).fill_null(value=True))
    return is_empty | (pl.col("kpi").is_in(DERIVED) & pl.col(f"value_{side}").is_null())
