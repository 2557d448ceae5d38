"""Benchmarks, targets and notes: verdicts, alerts, converted thresholds, and what is drawn of them."""

import json
from dataclasses import replace

import pytest

from config.models import Benchmark, Note
from tasks.kpis import BY_NAME, stats
from tasks.report import Presentation, render
from tasks.report.charts import section_charts
from tasks.report.comparisons import Figure
from tasks.report.events import events
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.judged import badges, judge, thresholds
from tasks.report.report import Report
from tasks.report.view import view
from tests.report.companies import HOSTILE, company

EN, FR = Formats("en"), Formats("fr")
CHURN = Benchmark(healthy=0.05, alert=0.07, better="down", basis="month", source="Contentsquare")
JUDGED = Presentation(benchmarks={"churn_rate": CHURN})


def churn(lost: int, base: int, status: str = "ok") -> Figure:
    found = stats.share(lost, base)
    return Figure(BY_NAME["churn_rate"], "share", found.value, found.low, found.high, lost, base, status)


@pytest.mark.parametrize(
    ("lost", "base", "verdict"),
    [(300, 10_000, "ok"), (600, 10_000, "watch"), (900, 10_000, "alert"), (6, 100, "undecided")],
)
def test_the_verdict_rests_on_the_whole_interval(lost: int, base: int, verdict: str) -> None:
    figure = churn(lost, base)
    assert judge(figure, JUDGED, "month") == verdict
    [badge] = badges(figure, JUDGED, "month", EN)
    assert badge.tone == verdict
    assert "Healthy below 5.0%, alert above 7.0%. Thresholds: Contentsquare." in badge.explained


def test_nothing_is_judged_without_benchmark_or_where_the_data_begin() -> None:
    assert judge(churn(900, 10_000), Presentation(), "month") is None
    assert judge(churn(900, 10_000, "history_starts"), JUDGED, "month") is None
    assert judge(replace(churn(900, 10_000), low=None, high=None), JUDGED, "month") is None


def test_thresholds_are_converted_to_the_length_of_the_report() -> None:
    """1 − 0.95³ = 14.3 %, 1 − 0.93³ = 19.6 %."""
    said = thresholds(churn(900, 10_000), JUDGED, "quarter", EN)
    assert said.startswith("Healthy below 14.3%, alert above 19.6%, converted from thresholds for a month.")
    french = thresholds(churn(900, 10_000), JUDGED, "quarter", FR)
    assert french.startswith("Sain en dessous de 14,3\u202f%, alerte au-dessus de 19,6\u202f%, d’après des seuils pour")


def test_alerts_stand_on_the_first_screen_with_interval_threshold_and_source() -> None:
    snapshots = company(periods=2)
    strict = Presentation(benchmarks={"churn_rate": Benchmark(alert=0.02, better="down", basis="month", source="CFO")})
    [alert] = view(Report(History(snapshots), strict, EN)).alerts.listed
    assert alert.label == "Churn rate"
    assert alert.said.endswith("above the alert threshold of 2.0%. Source: CFO")
    page = render(snapshots, "en", strict)["report.en.html"].decode()
    assert page.index('class="alerts"') < page.index('class="tiles')
    assert page.count('class="badge alert"') == 3  # tile, row, remark
    calm = render(snapshots, "en", Presentation(benchmarks={"churn_rate": Benchmark(healthy=0.5, better="down")}))
    assert "No figure is beyond an alert threshold" in calm["report.en.html"].decode()
    plain = render(snapshots, "en")["report.en.html"].decode()
    assert 'class="alerts"' not in plain
    assert "alert threshold" not in plain


def test_many_alerts_are_cut_to_the_first_five() -> None:
    names = ("activation_rate", "activation_rate_window", "loyal_customer_rate", "repeat_purchase_rate", "csat")
    strict = {name: Benchmark(alert=0.99, better="up") for name in (*names, "feature_adoption_rate", "stickiness")}
    seen = view(Report(History(company(periods=1)), Presentation(benchmarks=strict), FR))
    assert len(seen.alerts.listed) == 5
    assert seen.alerts.more == "et 2 de plus"


def test_targets_and_thresholds_are_drawn_where_they_can_be_seen() -> None:
    aims = Presentation(
        benchmarks={"activation_rate": Benchmark(healthy=0.42, alert=0.001, better="up")},
        targets={"activation_rate": 0.5, "quick_ratio": 2.0},
    )
    report = Report(History(company()), aims, EN)
    [rate] = section_charts("activation", report)
    drawn = json.dumps(rate.spec)
    assert "target 50.0%" in drawn
    assert "healthy 42.0%" in drawn
    assert "alert 0.1%" not in drawn
    assert "quick_ratio" in {chart.name for chart in section_charts("revenue", report)}
    assert "quick_ratio" not in {
        chart.name for chart in section_charts("revenue", replace(report, presentation=JUDGED))
    }


def test_notes_are_numbered_in_the_order_of_time_and_mark_their_periods() -> None:
    notes = (
        Note(period="2025-01", text="New prices"),
        Note(period="2024", text="A year of change"),
        Note(period="2024-Q4", text="Campaign"),
        Note(period="2010-01", text="Long ago"),
        Note(period="2025-02", text="Still to come"),
    )
    months = Report(History(company()), Presentation(notes=notes), EN)
    assert [(event.number, event.place, event.period) for event in events(months)] == [
        (1, 0, "2024"),
        (2, 9, "4th quarter of 2024"),
        (3, 12, "January 2025"),
    ]
    quarters = company(periods=5, last="2025-Q1", grain="quarter")
    shown = events(Report(History(quarters), Presentation(notes=notes), FR))
    assert [event.place for event in shown] == [0, 3, 4, 4]


def test_the_text_of_a_note_is_text() -> None:
    notes = tuple(Note(period="2025-01", text=text) for text in HOSTILE)
    files = render(company(periods=2), "en", Presentation(notes=notes))
    assert "<script>alert" not in files["report.en.html"].decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in files["report.en.html"].decode()
    assert "<" not in files["report.en.md"].decode()


def test_growth_within_a_point_is_called_flat() -> None:
    kpi = BY_NAME["existing_customer_revenue_growth"]
    figures = (Figure(kpi, "growth", value, -0.1, 0.1, 1.0, 100.0, "ok") for value in (0.01, -0.01, 0.011, -0.02))
    said = [[badge.text for badge in badges(figure, Presentation(), "month", EN)] for figure in figures]
    assert said == [["flat"], ["flat"], [], []]
