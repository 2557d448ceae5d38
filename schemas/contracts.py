"""pandera contracts: what is stored is checked by the same rules that raw rows are quarantined by.

A breach is a bug of ours, never of the user: what breaks a rule was quarantined before.
"""

from collections.abc import Iterable

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrors

from schemas.events import broken_rules, event_schema, rules


def accepted_events(dimensions: Iterable[str], currency: str, csat_scale: tuple[int, int]) -> pa.DataFrameSchema:
    """An events part: these columns in this order, and no row that breaks a rule."""
    checked = rules((), currency, csat_scale)

    def keep_the_rules(data: PolarsData) -> pl.LazyFrame:
        # One truth value for the part: a column of them would be held for every row.
        good = (broken_rules(checked) == 0) & pl.col("day").is_between(1, 31)
        return data.lazyframe.select(good.all())

    return pa.DataFrameSchema(
        {name: pa.Column(kind, nullable=True) for name, kind in event_schema(dimensions).items()},
        checks=[pa.Check(keep_the_rules, name="keep_the_rules")],
        strict=True,
        ordered=True,
        name="accepted events",
    )


def violation(frame: pl.LazyFrame, contract: pa.DataFrameSchema) -> str | None:
    """What a table breaks of its contract, values included; None where it keeps it."""
    with config_context(validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        try:
            contract.validate(frame)
        except (SchemaError, SchemaErrors) as error:
            return str(error)
    return None
