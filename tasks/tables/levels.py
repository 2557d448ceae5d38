"""Levels of the dimensions: which keep their name, and what becomes of the others and of nothing."""

from collections.abc import Mapping, Sequence

import polars as pl
from polars import col

from tasks.tables.inputs import Choices, Inputs, anonymous


def kept_levels(inputs: Inputs, choices: Choices) -> dict[str, list[str]]:
    """Per dimension with too many levels, the ones that keep their name in every table of the period.

    Those of most customers first, then those of most anonymous visitors, then by name, costs' own included.
    """
    tables = (inputs.at_end["customers"], anonymous(inputs, choices.dimensions), inputs.rows("spend"))
    counts = pl.collect_all([_ranked(*tables, name=name) for name in choices.dimensions])
    return {
        name: found["level"].head(choices.max_levels).to_list()
        for name, found in zip(choices.dimensions, counts, strict=True)
        if found.height > choices.max_levels
    }


def _ranked(customers: pl.LazyFrame, strangers: pl.LazyFrame, costs: pl.LazyFrame, name: str) -> pl.LazyFrame:
    level = col(name).fill_null("unknown").alias("level")
    rows = pl.concat(
        table.select(level, is_customer=pl.lit(table is customers), is_stranger=pl.lit(table is strangers))
        for table in (customers, strangers, costs)
    )
    ranked = rows.group_by("level").agg(col("is_customer", "is_stranger").sum())
    return ranked.sort(["is_customer", "is_stranger", "level"], descending=[True, True, False])


def with_levels(table: pl.LazyFrame, dimensions: Sequence[str], kept: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
    """Dimensions as levels: null is "unknown", what is not kept is "other"."""

    def level(name: str) -> pl.Expr:
        told = col(name).fill_null("unknown")
        return pl.when(told.is_in(list(kept[name]))).then(told).otherwise(pl.lit("other")) if name in kept else told

    return table.with_columns(level(name).alias(name) for name in dimensions)
