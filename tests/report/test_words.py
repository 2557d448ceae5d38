"""Texts, number formats and comparisons: small facts one can check by eye."""

import math
import re
import string
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from schemas.events import KINDS, rules
from schemas.snapshots import STATUSES
from tasks import report
from tasks.clock import Period
from tasks.kpis import BY_NAME, CATALOGUE
from tasks.report.drawing import contrast, legible_on, nice_ticks, shade
from tasks.report.figures import Figure, History, biggest_moves, change
from tasks.report.formats import Formats, clean, shorten
from tasks.report.markdown import escape
from tasks.report.texts import TEXTS, typeset
from tasks.report.trends import spread
from tests.report.companies import company

EN, FR = Formats("en"), Formats("fr")
NARROW, WIDE = "\u202f", "\xa0"


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_gaps(name: str) -> None:
    english, french = (
        {gap for _, gap, _, _ in string.Formatter().parse(text) if gap} for text in (TEXTS[name].en, TEXTS[name].fr)
    )
    assert TEXTS[name].en
    assert TEXTS[name].fr
    if name != "active_same":
        assert english == french


def test_every_text_is_used() -> None:
    folder = Path(report.__file__).parent
    code = "".join(
        path.read_text() for path in [*folder.glob("*.py"), *folder.glob("templates/*")] if path.name != "texts.py"
    )
    families = (
        "section_",
        "status_",
        "explain_",
        "lacks_",
        "rule_",
        "kind_",
        "in_",
        "than_",
        "with_",
        "pattern_",
        "active_",
        "chart_cohorts_note_",
        "no_",
        "moves",
        "cause_",
    )
    unused = [name for name in TEXTS if not name.startswith(families) and not re.search(rf"\b{name}\b", code)]
    assert unused == []


def test_everything_that_can_happen_has_words() -> None:
    statuses = {f"status_{status}" for status in STATUSES} - {"status_ok", "status_missing_input"}
    needs = {f"lacks_{fact}" for kpi in CATALOGUE for fact in kpi.needs} - {"lacks_activation"}
    broken = {
        f"rule_{rule.name}"
        for rule in rules(("occurred_at", "received_at", "amount", "quantity", "score"), "EUR", (1, 5))
    }
    sections = {f"section_{kpi.section}" for kpi in CATALOGUE}
    active = {
        f"kind_{kind}" for kind in ("visit", "signup", "use", "purchase", "return", "subscribe", "change", "cancel")
    }
    assert statuses | needs | broken | sections | active <= set(TEXTS)
    assert {name.removeprefix("kind_") for name in TEXTS if name.startswith("kind_")} <= set(KINDS)


@pytest.mark.parametrize(
    ("value", "unit", "english", "french"),
    [
        (0.1234, "share", "12.3%", f"12,3{NARROW}%"),
        (1.2, "ratio", "120.0%", f"120,0{NARROW}%"),
        (12345.0, "customers", "12,345", f"12{NARROW}345"),
        (54.44, "customers", "54.4", "54,4"),
        (3.0, "days", "3.0 days", f"3,0{WIDE}jours"),
        (1234567.89, "EUR", "€1,234,568", f"1{NARROW}234{NARROW}568{WIDE}€"),
        (84.5, "EUR", "€84.50", f"84,50{WIDE}€"),
        (-84.5, "EUR", "−€84.50", f"−84,50{WIDE}€"),
        (840.0, "JPY", "JP¥840", f"840{WIDE}JPY"),
        (0.0, "EUR", "€0", f"0{WIDE}€"),
        (None, "EUR", "–", "–"),
    ],
)
def test_values_are_written_as_the_reader_writes_them(
    value: float | None, unit: str, english: str, french: str
) -> None:
    assert EN.value(value, unit) == english
    assert FR.value(value, unit) == french


def test_tiles_are_short_from_a_million_on() -> None:
    assert EN.headline(1234567.0, "EUR") == "€1.23M"
    assert FR.headline(1234567.0, "EUR") == f"1,23{WIDE}M{WIDE}€"
    assert EN.headline(999_999.0, "visitors") == "999,999"
    assert FR.headline(2_500_000.0, "visitors") == f"2,5{WIDE}M"


def test_changes_and_intervals() -> None:
    assert EN.points(0.0123) == "+1.2 pt"
    assert FR.points(-0.0123) == "−1,2 pt"
    assert EN.points(-0.0001) == "0.0 pt"
    assert FR.relative(0.0425) == f"+4,3{NARROW}%"
    assert EN.relative(12.5) == "+1,250%"
    assert EN.interval(0.298, 0.326, "share") == "29.8–32.6%"
    assert FR.interval(3.0, 3.44, "days") == f"3,0–3,4{WIDE}jours"
    assert EN.interval(None, None, "share") == "–"


def test_periods_dates_and_durations() -> None:
    month, quarter = Period.parse("2025-02"), Period.parse("2025-Q1", "quarter")
    assert (EN.period(month), FR.period(month)) == ("February 2025", "février 2025")
    assert (EN.short(quarter), FR.short(quarter)) == (f"Q1{WIDE}2025", f"T1{WIDE}2025")
    assert FR.phrase("than", quarter) == "qu’au 1er trimestre 2025"
    assert FR.moment("2025-02-01T05:00:12+00:00", "Europe/Paris") == f"1er février 2025 à 6{WIDE}h{WIDE}00"
    assert EN.moment("2025-01-31T23:30:00+00:00", "Europe/Paris") == "1 February 2025, 00:30"
    assert (EN.duration("1mo"), FR.duration("14d"), EN.duration("1q")) == ("1 month", f"14{WIDE}jours", "3 months")


def test_french_typography() -> None:
    assert typeset("« Oui » : 5 % ; non !", "fr") == f"«{NARROW}Oui{NARROW}»{NARROW}: 5{NARROW}%{NARROW}; non{NARROW}!"
    assert typeset("the period's end: now", "en") == "the period’s end: now"


def test_names_from_outside_stay_on_one_line() -> None:
    assert clean("a\nb\u202ec") == "a�b�c"
    assert shorten("x" * 50, 10) == "x" * 9 + "…"
    assert escape("a|b\n*c* <i> [x](y) https://z") == r"a\|b \*c\* &lt;i&gt; \[x\](y) https&#58;//z"


def figure(
    name: str, value: float | None, low: float | None = None, high: float | None = None, status: str = "ok"
) -> Figure:
    kpi = BY_NAME[name]
    return Figure(kpi, kpi.unit, value, low, high, None, None, status)


def test_a_change_is_judged_by_direction_and_interval() -> None:
    since = Period.parse("2024-12")
    lower = change(figure("churn_rate", 0.04, 0.035, 0.045), figure("churn_rate", 0.05), since)
    noise = change(figure("churn_rate", 0.04, 0.03, 0.06), figure("churn_rate", 0.05), since)
    fewer = change(figure("mau", 90.0), figure("mau", 100.0), since)
    assert lower is not None
    assert noise is not None
    assert fewer is not None
    assert (lower.tone, noise.tone, fewer.tone) == ("better", "flat", "worse")
    assert math.isclose(lower.amount, -0.01)
    assert math.isclose(fewer.amount, -0.1)


def test_nothing_fair_to_compare_with_is_no_change() -> None:
    since, now = Period.parse("2024-12"), figure("mau", 90.0)
    assert change(now, None, since) is None
    assert change(now, figure("mau", 0.0), since) is None
    assert change(now, figure("mau", 80.0, status="history_starts"), since) is None
    assert change(figure("mau", None), figure("mau", 80.0), since) is None


def test_the_story_names_the_biggest_moves() -> None:
    history = History(company())
    moves = biggest_moves(history.headline)
    assert {tone for tone in moves if tone in {"better", "worse"}} == {"better", "worse"}
    for tone, moved in moves.items():
        others = [item for item in history.headline if item.previous and item.previous.tone == tone]
        assert all(
            abs(item.previous.relative or 0) <= abs(moved.previous.relative or 0)
            for item in others
            if item.previous and moved.previous
        )


def test_every_section_keeps_its_first_headline_figures() -> None:
    headline = History(company()).headline
    assert len(headline) == 8
    assert {item.kpi.section for item in headline} == {kpi.section for kpi in CATALOGUE}


@pytest.mark.parametrize(
    ("lowest", "highest", "unit"),
    [(0, 0, "orders"), (1, 2, "orders"), (0.04, 0.06, "share"), (-5, 900, "EUR"), (7, 7, "days"), (3e6, 9e6, "EUR")],
)
def test_ticks_enclose_the_values(lowest: float, highest: float, unit: str) -> None:
    ticks = nice_ticks(lowest, highest, unit)
    assert ticks[0] <= lowest
    assert ticks[-1] >= highest
    assert 2 <= len(ticks) <= 7
    assert ticks == sorted(set(ticks))


def test_numbers_in_the_cohort_grid_are_legible_on_every_fill() -> None:
    assert all(contrast(legible_on(shade(step / 100)), shade(step / 100)) >= 4.5 for step in range(101))


def test_labels_at_the_ends_of_lines_do_not_overlap() -> None:
    placed = [point["y"] for point in spread([{"y": 99.0}, {"y": 100.0}, {"y": 98.5}], [0.0, 100.0])]
    assert all(later - earlier > 10 for earlier, later in pairwise(placed))
    assert max(placed) <= 100.0001


def test_unknown_kpis_of_an_older_catalogue_are_left_out() -> None:
    snapshots = company(periods=1)
    renamed = snapshots[0].kpis.with_columns(pl.col("kpi").replace({"mau": "gone"}))
    history = History(
        [type(snapshots[0])("2025-01", 1, snapshots[0].manifest, renamed, snapshots[0].cohorts, snapshots[0].features)]
    )
    assert "gone" not in history.figures
    assert "mau" not in history.figures
