"""What people forget when they add a KPI: both languages, a source, columns that exist, a worked example."""

import re
from typing import get_args

import pytest

from schemas.events import KINDS
from tasks.kpis import BY_NAME, CATALOGUE, Kpi
from tasks.kpis.facts import provided_facts
from tasks.kpis.record import Fact, Quantile, Ratio, Section, Share, Unit
from tests.helpers import canonical, chain, event, figures, measured_table, settings
from tests.kpis import test_acquisition, test_activation, test_engagement, test_retention, test_revenue

FAMILIES = (test_acquisition, test_activation, test_engagement, test_retention, test_revenue)
SOURCES = {"custup", "mentorDay", "churn-FAQ", "Contentsquare", "HTCinside"}
NAMES = (
    "visitors", "signups", "new_customers", "visitor_to_signup_rate", "signup_to_subscription_rate",
    "activation_rate", "activation_rate_window",
    "time_to_activate_mean", "time_to_activate_median", "time_to_activate_p90",
    "dau", "wau", "mau", "stickiness", "feature_adoption_rate",
    "churn_rate", "retention_rate", "reactivated_customers",
    "repeat_purchase_rate", "time_between_purchases_mean", "time_between_purchases_median",
    "orders", "revenue", "net_revenue", "average_order_value", "product_return_rate",
)  # fmt: skip
each_kpi = pytest.mark.parametrize("kpi", CATALOGUE, ids=lambda kpi: kpi.name)


def test_the_catalogue_has_these_kpis_in_this_order() -> None:
    assert tuple(kpi.name for kpi in CATALOGUE) == NAMES


def test_names_are_unique_and_found_by_name() -> None:
    assert len(set(NAMES)) == len(CATALOGUE)
    assert {name: kpi.name for name, kpi in BY_NAME.items()} == {name: name for name in NAMES}


def test_every_kpi_has_a_worked_example_in_the_test_of_its_family() -> None:
    worked = {example.kpi: module.__name__ for module in FAMILIES for example in module.EXAMPLES}
    assert set(worked) == set(NAMES)
    family = {name: f"tests.kpis.test_{section}" for name, section in ((kpi.name, kpi.section) for kpi in CATALOGUE)}
    assert worked == family


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
def test_the_source_is_one_of_the_five_documents(kpi: Kpi) -> None:
    assert kpi.source
    assert set(kpi.source) <= SOURCES
    assert len(set(kpi.source)) == len(kpi.source)


def test_each_document_is_the_source_of_something() -> None:
    assert {source for kpi in CATALOGUE for source in kpi.source} == SOURCES


@each_kpi
def test_the_words_of_a_record_are_known(kpi: Kpi) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", kpi.name)
    assert kpi.unit in get_args(Unit)
    assert kpi.section in get_args(Section)
    assert kpi.better in {"up", "down", "neither"}
    assert kpi.needs
    assert set(kpi.needs) <= set(get_args(Fact))
    assert set(kpi.tags) <= {"headline"}
    assert kpi.version >= 1


@each_kpi
def test_the_unit_fits_the_measure(kpi: Kpi) -> None:
    match kpi.measure:
        case Share():
            assert kpi.unit == "share"
        case Quantile():
            assert kpi.unit == "days"
        case Ratio():
            assert kpi.unit in {"share", "ratio", "days", "currency"}
        case _:
            assert kpi.unit in {"visitors", "customers", "orders", "currency"}


@each_kpi
def test_every_column_a_kpi_reads_is_in_its_table(kpi: Kpi) -> None:
    world = chain(canonical([event("ada", "visit", "2025-02-10 10:00")], settings()), settings())
    assert kpi.columns()
    assert kpi.columns() <= set(measured_table(world, kpi.table, "2025-02").columns)


@each_kpi
def test_every_need_is_a_fact_that_some_events_provide(kpi: Kpi) -> None:
    config = settings(activation={"within": "14d", "any": [{"kind": "use"}]})
    assert set(kpi.needs) <= provided_facts(KINDS, config)
    assert not set(kpi.needs) <= provided_facts((), config)


def test_a_catalogue_of_figures_has_a_row_for_every_kpi_in_every_month() -> None:
    config = settings(dimensions=["plan"])
    world = chain(canonical([event("ada", "spend", "2025-01-10 10:00")], config), config, last="2025-02")
    for month in ("2025-01", "2025-02"):
        kpis = figures(world, month)
        assert sorted(kpis.filter(segment="all")["kpi"]) == sorted(NAMES)
        assert set(kpis["status"]) == {"missing_input"}
        assert set(kpis["period"]) == {month}
