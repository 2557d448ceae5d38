"""What is measured of a period, table by table: figures, and tables that are published as they are. One task each."""

from collections.abc import Callable, Mapping

import polars as pl

from tasks.kpis import FEATURE_ADOPTION, of_table, tables
from tasks.kpis.measure import Context, measure
from tasks.tables import base, cohorts
from tasks.tables import measured as measurable
from tasks.tables.inputs import Choices, Inputs
from tasks.tables.levels import kept_levels, with_levels

Part = dict[str, pl.DataFrame]

TABLES: Mapping[str, Callable[[Inputs, Choices], pl.LazyFrame]] = {
    "customers": measurable.customers,
    "customers_at_start": measurable.customers_at_start,
    "gaps": measurable.gaps,
    "months": measurable.months,
    "receivables": measurable.receivables,
    "spend": measurable.spend,
    "surveys": measurable.surveys,
    "visitors": measurable.visitors,
}
"""What KPIs are measured on."""


def measured(name: str, inputs: Inputs, choices: Choices, context: Context) -> Part:
    """The tables of one part, by name; those called `kpis_…` are rows of `kpis.parquet`."""
    if name in OTHERS:
        return OTHERS[name](inputs, choices, context)
    return {f"kpis_{name}": measure(measured_on(name, inputs, choices), of_table(name), context)}


def measured_on(name: str, inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    """The table that the KPIs of this name are measured on, its dimensions as the levels that are published."""
    return _levelled(TABLES[name](inputs, choices), inputs, choices)


def _levelled(table: pl.LazyFrame, inputs: Inputs, choices: Choices) -> pl.LazyFrame:
    return with_levels(table, choices.dimensions, kept_levels(inputs, choices))


def _features(inputs: Inputs, choices: Choices, context: Context) -> Part:
    counts, active = pl.collect_all([measurable.features(inputs, choices), measurable.active_customers(inputs)])
    return {
        "features": tables.features(counts, active.item(), inputs.period),
        "kpis_features": tables.feature_rows(counts, active.item(), [FEATURE_ADOPTION], context),
    }


def _cohorts(inputs: Inputs, choices: Choices, _: Context) -> Part:
    returned = cohorts.returned(inputs.at_end["customers"], inputs.period.grain, choices.zone)
    rows, found = pl.collect_all([inputs.at_end["cohorts"], returned])
    return {"cohorts": tables.cohorts(rows, found, inputs.period)}


def _movements(inputs: Inputs, choices: Choices, context: Context) -> Part:
    levelled = _levelled(base.movements(inputs, choices), inputs, choices)
    has_mrr = choices.churn_basis == base.SUBSCRIPTION
    return {"movements": tables.movements(levelled, context, has_mrr=has_mrr)}


def _churn_definitions(inputs: Inputs, choices: Choices, context: Context) -> Part:
    counts = base.churn_counts(inputs, choices).collect().row(0, named=True)
    found = tables.churn_definitions(counts, inputs.period)
    return {"churn_definitions": found if "recurring" in context.provided else found.clear()}


OTHERS: Mapping[str, Callable[[Inputs, Choices, Context], Part]] = {
    "features": _features,
    "cohorts": _cohorts,
    "movements": _movements,
    "churn_definitions": _churn_definitions,
}
"""What is published as it is; features bring figures too."""
NAMES = (*TABLES, *OTHERS)
