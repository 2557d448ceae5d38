"""What people forget when they add a KPI: both languages, a source, columns that exist, a worked example."""

import re
from types import ModuleType
from typing import get_args

import pytest

from schemas.events import KINDS
from tasks.kpis import (
    BY_NAME,
    CATALOGUE,
    Kpi,
    acquisition,
    activation,
    engagement,
    recurring,
    retention,
    revenue,
    satisfaction,
)
from tasks.kpis.facts import provided_facts
from tasks.kpis.record import (
    Derived,
    Fact,
    MeanOfMonths,
    Quantile,
    Ratio,
    Section,
    Share,
    Source,
    TableName,
    Total,
    Unit,
)
from tests.helpers import Example, canonical, chain, event, figures, measured_table, settings
from tests.kpis import (
    test_acquisition,
    test_activation,
    test_departures,
    test_engagement,
    test_recurring,
    test_repurchase,
    test_retention,
    test_revenue,
    test_satisfaction,
)

FAMILIES: dict[ModuleType, tuple[ModuleType, ...]] = {
    acquisition: (test_acquisition,),
    activation: (test_activation,),
    engagement: (test_engagement,),
    retention: (test_retention, test_departures, test_repurchase),
    revenue: (test_revenue,),
    recurring: (test_recurring,),
    satisfaction: (test_satisfaction,),
}
"""Where the KPIs of a module are worked out."""
SECTIONS = {"recurring": "revenue"}
"""Of the modules whose KPIs are shown under another name than their own."""
SOURCES = {"custup", "mentorDay", "churn-FAQ", "Contentsquare", "HTCinside", "lifecycle"}
NAMES = (
    "visitors", "signups", "new_customers", "visitor_to_signup_rate", "signup_to_subscription_rate",
    "conversion_ratio", "marketing_spend", "customer_acquisition_cost",
    "activation_rate", "activation_rate_prospects", "activation_rate_targeted", "activation_rate_window",
    "time_to_activate_mean", "time_to_activate_median", "time_to_activate_p90",
    "dau", "wau", "mau", "stickiness", "feature_adoption_rate",
    "churn_rate", "retention_rate", "intra_period_churn", "reactivation_rate", "reactivated_customers",
    "deactivation_rate", "retention_bucket", "loyal_customer_rate",
    "repeat_purchase_rate", "time_between_purchases_mean", "time_between_purchases_median",
    "orders", "revenue", "net_revenue", "average_order_value", "revenue_per_customer", "product_return_rate",
    "existing_customer_revenue_growth", "customer_lifetime_value", "dso",
    "revenue_churn_amount", "revenue_churn_rate", "mrr", "mrr_at_start", "mrr_new", "mrr_reactivation",
    "mrr_expansion", "mrr_contraction", "mrr_churn", "gross_revenue_retention", "net_revenue_retention", "quick_ratio",
    "nps", "csat",
)  # fmt: skip
AT_START = {
    "churn_rate", "retention_rate", "reactivation_rate", "reactivated_customers", "deactivation_rate",
    "revenue_churn_amount", "revenue_churn_rate", "gross_revenue_retention", "net_revenue_retention",
    "existing_customer_revenue_growth",
    "mrr_at_start", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr_reactivation",
}  # fmt: skip
"""What is about a base at the start counts everybody under the level of then."""
each_kpi = pytest.mark.parametrize("kpi", CATALOGUE, ids=lambda kpi: kpi.name)


def test_the_catalogue_has_these_kpis_in_this_order() -> None:
    assert tuple(kpi.name for kpi in CATALOGUE) == NAMES


def test_names_are_unique_and_found_by_name() -> None:
    assert len(set(NAMES)) == len(CATALOGUE)
    assert {name: kpi.name for name, kpi in BY_NAME.items()} == {name: name for name in NAMES}


def test_every_kpi_has_a_worked_example_in_the_test_of_its_family() -> None:
    families = {module: [kpi.name for kpi in module.KPIS] for module in FAMILIES}
    assert [name for names in families.values() for name in names] == list(NAMES)
    for module, tests in FAMILIES.items():
        assert {example.kpi for test in tests for example in test.EXAMPLES} == set(families[module]), module.__name__


def test_what_rests_on_the_base_of_churn_is_worked_out_on_both() -> None:
    examples: list[Example] = [one for tests in FAMILIES.values() for test in tests for one in test.EXAMPLES]
    bases = {name: {one.config.churn.basis for one in examples if one.kpi == name} for name in NAMES}
    both = {name for name, found in bases.items() if len(found) == 2}
    rests = {kpi.name for kpi in CATALOGUE if "base" in kpi.needs and not isinstance(kpi.measure, Derived)}
    assert both == rests


def test_every_worked_example_has_levels() -> None:
    for tests in FAMILIES.values():
        for example in (one for test in tests for one in test.EXAMPLES):
            assert example.by_plan, example.kpi


def test_the_section_of_a_record_is_its_module() -> None:
    for module in FAMILIES:
        name = module.__name__.rpartition(".")[2]
        assert {kpi.section for kpi in module.KPIS} == {SECTIONS.get(name, name)}
    assert set(get_args(Section)) == {kpi.section for kpi in CATALOGUE}


def test_what_is_about_a_base_at_the_start_has_the_level_of_then() -> None:
    assert {kpi.name for kpi in CATALOGUE if kpi.table == "customers_at_start"} == AT_START


@each_kpi
def test_both_languages_are_there_and_differ(kpi: Kpi) -> None:
    for text in (kpi.label, kpi.formula):
        assert text.en.strip() == text.en != ""
        assert text.fr.strip() == text.fr != ""
        assert text.en != text.fr
    assert kpi.formula.en.endswith(".")
    assert kpi.formula.fr.endswith(".")


def test_no_two_kpis_have_the_same_label() -> None:
    for labels in ([kpi.label.en for kpi in CATALOGUE], [kpi.label.fr for kpi in CATALOGUE]):
        assert len(set(labels)) == len(labels)


@each_kpi
def test_the_source_is_one_of_the_five_documents_or_we(kpi: Kpi) -> None:
    assert kpi.source
    assert set(kpi.source) <= SOURCES
    assert len(set(kpi.source)) == len(kpi.source)
    assert "lifecycle" not in kpi.source or len(kpi.source) == 1, "ours is what none of them defines"


def test_each_document_is_the_source_of_something() -> None:
    assert {source for kpi in CATALOGUE for source in kpi.source} == SOURCES == set(get_args(Source))


@each_kpi
def test_the_words_of_a_record_are_known(kpi: Kpi) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", kpi.name)
    assert kpi.unit in get_args(Unit)
    assert kpi.section in get_args(Section)
    assert kpi.better in {"up", "down", "neither"}
    assert kpi.needs
    assert set(kpi.needs) <= set(get_args(Fact))
    assert kpi.table in get_args(TableName)
    assert kpi.needs_past in {"no", "period", "year"}
    assert set(kpi.tags) <= {"headline"}
    assert kpi.version >= 1


@each_kpi
def test_the_unit_fits_the_measure(kpi: Kpi) -> None:
    match kpi.measure:
        case Share() | MeanOfMonths():
            assert kpi.unit == "share"
        case Quantile():
            assert kpi.unit == "days"
        case Ratio(times="hundred"):
            assert kpi.unit == "points"
        case Ratio(times="days"):
            assert kpi.unit == "days"
        case Ratio():
            assert kpi.unit in {"ratio", "growth", "days", "currency"}
        case Total():
            assert kpi.unit in {"visitors", "customers", "orders", "currency"}
        case Derived():
            assert kpi.unit in {"number", "currency"}


@each_kpi
def test_every_column_a_kpi_reads_is_in_its_table(kpi: Kpi) -> None:
    if kpi.table == "derived":
        assert not kpi.columns()
        return
    world = chain(canonical([event("ada", "visit", "2025-02-10 10:00")], settings()), settings())
    assert kpi.columns()
    assert kpi.columns() <= set(measured_table(world, kpi.table, "2025-02").columns)


@each_kpi
def test_what_is_derived_has_no_table_and_is_made_of_measured_figures(kpi: Kpi) -> None:
    assert isinstance(kpi.measure, Derived) == (kpi.table == "derived")
    if isinstance(kpi.measure, Derived):
        assert kpi.measure.numerator
        assert kpi.measure.denominator
        parts = [BY_NAME[name] for name in kpi.measure.parts]
        assert "derived" not in {part.table for part in parts}
        assert {need for part in parts for need in part.needs} == set(kpi.needs)
        assert "period" in {part.needs_past for part in parts}
        assert kpi.needs_past == "period"


@each_kpi
@pytest.mark.parametrize("basis", ["activity", "subscription"])
def test_every_need_is_a_fact_that_some_events_provide(kpi: Kpi, basis: str) -> None:
    config = settings(activation={"within": "14d", "any": [{"kind": "use"}]}, basis=basis)
    assert set(kpi.needs) <= provided_facts(KINDS, config)
    assert not set(kpi.needs) <= provided_facts((), config)


def test_every_fact_is_needed_and_every_table_measured() -> None:
    assert {need for kpi in CATALOGUE for need in kpi.needs} == set(get_args(Fact))
    assert {kpi.table for kpi in CATALOGUE} == set(get_args(TableName))


def test_a_catalogue_of_figures_has_a_row_for_every_kpi_in_every_month() -> None:
    config = settings(dimensions=["plan"])
    world = chain(canonical([event("ada", "feedback", "2025-01-10 10:00")], config), config, last="2025-02")
    for month in ("2025-01", "2025-02"):
        kpis = figures(world, month)
        assert sorted(kpis.filter(segment="all")["kpi"]) == sorted(NAMES)
        assert set(kpis["status"]) == {"missing_input"}
        assert set(kpis["period"]) == {month}
