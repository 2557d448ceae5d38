"""The summary in words of companies without activity."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import polars as pl
import pytest

from schemas.snapshots import Snapshot
from tasks.kpis import BY_NAME
from tasks.kpis.record import Fact
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.story import base, sentences
from tests.report.companies import SURVEYS, company

EN, FR = Formats("en"), Formats("fr")
FACTS = cast("frozenset[Fact]", frozenset(fact for kpi in BY_NAME.values() for fact in kpi.needs))
LEDGER: frozenset[Fact] = frozenset({"subscribe", "recurring", "customer", "base", "base_revenue"})


def only(*facts: Fact, periods: int = 13, known: int = 25) -> Sequence[Snapshot]:
    return company(
        missing=FACTS - frozenset(facts),
        churn_basis="subscription",
        cohorts=False,
        items={},
        periods=periods,
        known=known,
    )


def test_of_subscriptions_without_activity_the_lost_are_told_in_numbers() -> None:
    history = History(only(*LEDGER))
    assert history.figures["mau"].value is None
    assert re.fullmatch(
        r"In January 2025, the company lost \d+ of the [\d,]+ subscribers at the start, or \d\.\d% "
        r"\(\d\.\d% in December 2024\)\.",
        base(history, EN),
    )
    assert re.fullmatch(
        r"En janvier 2025, l’entreprise a perdu \d+ des [\d\s]+ abonnés du début, soit \d,\d\s% "
        r"\(\d,\d\s% en décembre 2024\)\.",
        base(history, FR),
    )


def test_where_the_data_begin_another_figure_is_told() -> None:
    history = History(only(*LEDGER, periods=1, known=1))
    assert history.figures["churn_rate"].value is None or history.figures["churn_rate"].status == "history_starts"
    assert base(history, EN).startswith("In January 2025, “Monthly recurring revenue (MRR)” was €")


def test_of_surveys_alone_the_answers_are_told() -> None:
    history = History(only(*SURVEYS))
    assert re.fullmatch(
        r"In January 2025, “Net promoter score \(NPS\)” was [\d.]+ \(\d+ answers\)\.", base(history, EN)
    )
    assert re.fullmatch(
        r"En janvier 2025, l’indicateur «\u202f.*NPS.*\u202f» était de [\d,]+ \(\d+ réponses\)\.", base(history, FR)
    )


@pytest.mark.parametrize(("formats", "said"), [(EN, "no figure could be measured."), (FR, "aucun chiffre n’a pu")])
def test_no_figure_is_said_only_where_there_is_none(formats: Formats, said: str) -> None:
    assert said in base(History(only()), formats)


def test_nothing_is_said_of_figures_that_the_start_of_the_data_distorts() -> None:
    [first] = only(*LEDGER, periods=1, known=1)
    distorted = first.kpis.with_columns(
        pl.when(pl.col("value").is_null()).then("status").otherwise(pl.lit("history_starts")).alias("status")
    )
    history = History([replace(first, kpis=distorted)])
    assert base(history, EN) == ""
    assert len(sentences(history, EN)) == 1
