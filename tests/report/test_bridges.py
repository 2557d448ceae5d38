"""Waterfalls, cohort grids and churn by other definitions."""

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from tasks.report import Presentation
from tasks.report.bridges import Bridge, bridges
from tasks.report.churn import churn_table
from tasks.report.cohorts import retention_grids, revenue_grid
from tasks.report.drawing import Chart
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.report import Report
from tasks.report.view import view
from tasks.report.waterfalls import steps_as_written, waterfall
from tests.report.companies import company, saas, shop

EN, FR = Formats("en"), Formats("fr")


def test_both_bridges_close() -> None:
    customers, mrr = bridges(History(saas()))
    assert [step.name for step in customers.steps] == ["start", "new", "reactivated", "lost", "end"]
    for bridge in (customers, mrr):
        start, *moves, end = bridge.steps
        assert start.amount + sum(step.amount for step in moves) == pytest.approx(end.amount, abs=0.005)
        assert moves[-1].last == pytest.approx(end.last, abs=0.005)


def test_movements_are_signed_in_words_and_levels_are_not() -> None:
    customers, mrr = bridges(History(saas()))
    said = dict(steps_as_written(customers, EN))
    assert said["New"].startswith("+")
    assert said["Lost"].startswith("−")
    assert said["Start"].isascii()
    assert [name for name, _ in steps_as_written(mrr, FR)] == [
        *("Début", "Nouveau", "Reconquis", "Expansion", "Contraction", "Perdu", "Fin")
    ]


def smallest(bridge: Bridge) -> float:
    spec: dict[str, Any] = dict(waterfall(bridge, EN).spec)
    return float(
        min(layer["encoding"]["x"]["scale"]["domain"][0] for layer in spec["layer"] if "x" in layer["encoding"])
    )


def test_an_axis_above_zero_is_stated() -> None:
    """Movements of hundreds beside ten thousand customers; of a company just begun they are the whole."""
    large, small = bridges(History(company()))[0], bridges(History(company(periods=2, known=2)))[0]
    assert smallest(large) > 0
    assert waterfall(large, EN).note == "The axis does not start at 0."
    assert smallest(small) == 0
    assert waterfall(small, EN).note == ""


def test_no_bridge_where_the_data_begin_or_nothing_is_known() -> None:
    assert bridges(History(company(periods=1, known=1))) == ()
    assert [bridge.name for bridge in bridges(History(shop()))] == ["customers_bridge"]


def test_the_parts_of_the_mrr_bridge_have_no_lines_of_their_own() -> None:
    seen = view(Report(History(saas()), Presentation(), EN))
    revenue = next(part for part in seen.parts if part.name == "revenue")
    assert "mrr" in {row.name for row in revenue.rows}
    assert not {"mrr_new", "mrr_churn", "mrr_at_start"} & {row.name for row in revenue.rows}
    anchors = {definition.label: definition.anchor for definition in seen.definitions}
    assert anchors["New MRR"] == "chart-mrr_bridge"
    assert anchors["Quick ratio"] == "kpi-quick_ratio"


def test_the_newest_age_of_unbounded_retention_is_outlined() -> None:
    bounded, unbounded = retention_grids(History(company()), EN)
    assert bounded is not None
    assert unbounded is not None
    assert "Dashed" in unbounded.note
    assert "Dashed" not in bounded.note
    assert json.dumps(unbounded.spec).count('"dashed": true') == 2 * 13  # a cell and its text in each of 13 rows
    assert '"dashed": true' not in json.dumps(bounded.spec)


def values(chart: Chart) -> list[dict[str, Any]]:
    return [value for data in chart.spec["datasets"].values() for value in data]


def test_at_most_thirteen_cohorts_and_ages() -> None:
    grid = revenue_grid(History(company(known=40)), EN)
    assert grid is not None
    cells = [value for value in values(grid) if "x" in value]
    assert {cell["x"] for cell in cells} == set(range(13))
    assert {cell["y"] for cell in cells} == set(range(13))


def test_a_cohort_of_few_is_withheld() -> None:
    last = company(periods=1)[0]
    few = last.cohorts.with_columns(pl.when(pl.col("cohort") == "2024-12").then(4.0).otherwise("size").alias("size"))
    [bounded, _] = retention_grids(History([replace(last, cohorts=few)]), EN)
    assert bounded is not None
    assert {cell["text"] for cell in values(bounded) if cell["y"] == 11} == {"", "Dec\xa02024 (< 5)"}


def test_no_revenue_no_grid_of_it() -> None:
    last = company(periods=1)[0]
    free = replace(last, cohorts=last.cohorts.with_columns(pl.lit(0.0).alias("revenue")))
    assert revenue_grid(History([free]), EN) is None


def test_churn_by_other_definitions_says_what_differs() -> None:
    table = churn_table(Report(History(company()), Presentation(), EN))
    assert table is not None
    assert [row.name for row in table.rows] == [
        *("lifecycle", "ChartMogul", "Recurly", "ProfitWell", "Baremetrics", "Stripe")
    ]
    assert len({row.value for row in table.rows[:3]}) == 1
    assert "judged on activity" in table.note
    assert all(row.difference for row in table.rows)
    judged_by_subscriptions = churn_table(Report(History(saas()), Presentation(), EN))
    assert judged_by_subscriptions is not None
    assert judged_by_subscriptions.note == ""
    assert churn_table(Report(History(shop()), Presentation(), EN)) is None
