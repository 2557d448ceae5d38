"""The catalogue in words: docs/ is what the records say, in both languages; thresholds are converted."""

from pathlib import Path

import pytest

from config import shipped_benchmarks
from tasks.kpis import CATALOGUE
from tasks.report import catalogue
from tasks.report.catalogue import LABELLED, entries
from tasks.report.texts import Language
from tests.conftest import ROOT

LANGUAGES: tuple[Language, ...] = ("en", "fr")


def page(language: Language) -> Path:
    return ROOT / f"docs/kpis.{language}.md"


@pytest.mark.parametrize("language", LANGUAGES)
def test_docs_are_what_the_records_say(language: Language) -> None:
    """Where this fails: `.venv/bin/lifecycle kpis --markdown --language LANGUAGE > docs/kpis.LANGUAGE.md`."""
    assert page(language).read_text(encoding="utf-8") == catalogue.markdown(CATALOGUE, shipped_benchmarks(), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_every_fact(language: Language) -> None:
    found = entries(CATALOGUE, shipped_benchmarks(), language)
    assert [entry.name for entry in found] == [kpi.name for kpi in CATALOGUE]
    assert all(set(entry.facts) == set(LABELLED) and all(entry.facts.values()) for entry in found)


def test_thresholds_are_told_for_every_length_of_period() -> None:
    facts = {entry.name: entry.facts for entry in entries(CATALOGUE, shipped_benchmarks(), "en")}
    assert "healthy < 5.0% a month, 14.3% a quarter, 46.0% a year" in facts["churn_rate"]["thresholds"]
    assert "alert > 7.0% a month, 19.6% a quarter, 58.1% a year" in facts["churn_rate"]["thresholds"]
    assert facts["stickiness"]["thresholds"].startswith("healthy ≥ 25.0%; Contentsquare")
    assert facts["mau"]["thresholds"] == "none"


def test_the_population_names_the_rows_and_the_columns() -> None:
    facts = {entry.name: entry.facts for entry in entries(CATALOGUE, {}, "en", currency="GBP")}
    assert facts["churn_rate"]["population"] == "customers seen before s; of them: `in_base`"
    assert facts["quick_ratio"]["population"].endswith("`mrr_contraction`, `mrr_churn`")
    assert facts["revenue"]["unit"] == "GBP (more is better)"
