"""Texts, number formats and comparisons: small facts one can check by eye."""

import math
import re
import string
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from schemas.events import KINDS, rules
from schemas.snapshots import STATUSES, TABLES
from tasks import arrivals, report
from tasks.clock import Period
from tasks.dependencies import STEPS
from tasks.kpis import BY_NAME, CATALOGUE, stats
from tasks.kpis.record import Fact
from tasks.report.comparisons import Figure, biggest_moves, change
from tasks.report.drawing import contrast, legible_on, nice_ticks, shade
from tasks.report.figures import History
from tasks.report.formats import Formats, clean, shorten
from tasks.report.markdown import cell, escape
from tasks.report.marks import spread
from tasks.report.presentation import Presentation
from tasks.report.report import Report
from tasks.report.significance import Estimate, estimates_differ
from tasks.report.story import moves, not_shown
from tasks.report.texts import TEXTS, typeset
from tasks.report.trends import active
from tasks.report.view import view
from tests.report.companies import company, quarters, saas, shop, years

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
    code = "".join(path.read_text() for path in [*folder.glob("*.py"), *folder.glob("templates/*")])
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
        "chart_whole_",
        "no_",
        "moves",
        "cause_",
        "causes_",
        "computes_",
        "drift_",
        "content_",
        "kinds_",
        "since_",
        "for_",
        "level_",
        "combined_",
        "verdict_",
        "explain_",
        "healthy_",
        "alert_side_",
        "per_",
        "mark_",
        "step_",
        "churn_",
        "chart_cohorts",
        "chart_customers_bridge",
        "chart_mrr_bridge",
        "sheet_",
        "column_",
        "label_",
        "movement_",
    )
    unused = [name for name in TEXTS if not name.startswith(families) and not re.search(rf"\b{name}\b", code)]
    assert unused == []


def test_everything_that_can_happen_has_words() -> None:
    statuses = {f"status_{status}" for status in STATUSES} - {"status_ok", "status_missing_input"}
    needs = {f"lacks_{fact}" for kpi in CATALOGUE for fact in kpi.needs} - {"lacks_activation", "lacks_customer"}
    broken = {
        f"rule_{rule.name}"
        for rule in rules(("occurred_at", "received_at", "amount", "quantity", "score"), "EUR", (1, 5))
    }
    sections = {f"section_{kpi.section}" for kpi in CATALOGUE}
    kinds = {f"{prefix}_{kind}" for kind in KINDS for prefix in ("kind", "kinds")}
    revised = {f"computes_{step}" for step in STEPS} | {f"content_{table}" for table in TABLES}
    revised |= {f"cause_{cause}" for cause in arrivals.CAUSES}
    assert statuses | needs | broken | sections | kinds | revised <= set(TEXTS)
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
        (840.0, "JPY", "¥840", f"840{WIDE}¥"),
        (479.14, "GBP", "£479.14", f"479,14{WIDE}£"),
        (479.14, "USD", "$479.14", f"479,14{WIDE}$"),
        (479.14, "CHF", "CHF479.14", f"479,14{WIDE}CHF"),
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
    assert FR.headline(1234567.0, "GBP") == f"1,23{WIDE}M{WIDE}£"
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


def test_no_interval_reaches_below_zero() -> None:
    assert EN.interval(-0.012, 0.05, "ratio") == "0.0–5.0%"
    assert EN.interval(-3.0, 12.25, "days") == "0.0–12.3 days"
    assert EN.interval(-3.0, 12.25, "EUR") == "€0–€12.25"


def test_two_values_are_written_with_the_digits_that_tell_them_apart() -> None:
    assert EN.apart(0.81, 0.84, "days") == ("0.81 days", "0.84 days")
    assert EN.apart(0.0561, 0.0552, "share") == ("5.6%", "5.5%")
    assert EN.apart(0.05611, 0.05612, "share") == ("5.611%", "5.612%")
    assert EN.apart(561020.101, 561020.1, "EUR") == ("€561,020.101", "€561,020.100")
    assert EN.apart(2.0, 2.0, "customers") == ("2", "2")
    assert EN.apart(1.0, 1.0 + 1e-9, "customers") == ("1.000000", "1.000000")
    assert EN.apart(12.0, 12.04, "customers") == ("12.00", "12.04")
    assert EN.apart(None, 2.0, "customers") == ("–", "2")
    assert (EN.part(0.00012), EN.part(0.25)) == ("0.01%", "25.0%")


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
    assert typeset("(< 5 %), (> 7 %)", "fr") == f"(<{NARROW}5{NARROW}%), (>{NARROW}7{NARROW}%)"
    assert typeset("the period's end: now", "en") == "the period’s end: now"
    assert typeset("exceed 100 %: more", "en") == "exceed 100%: more"


def test_names_from_outside_stay_on_one_line() -> None:
    assert clean("a\nb\u202ec") == "a�b�c"
    assert shorten("x" * 50, 10) == "x" * 9 + "…"
    assert escape("a|b\n*c* <i> [x](y) https://z") == "a\\|b \\*c\\* &lt;i&gt; \\[x\\](y) https\u2060://z"
    assert escape("www.z me@z") == "www\u2060.z me\u2060@z"
    assert cell("c* [x](y) <i> https://z") == "c* ［x］(y) ＜i＞ https\u2060://z"
    assert cell("- no list") == "\u2060- no list"


DECEMBER = Period.parse("2024-12")


def figure(
    name: str, value: float | None, low: float | None = None, high: float | None = None, status: str = "ok"
) -> Figure:
    kpi = BY_NAME[name]
    return Figure(kpi, kpi.unit, value, low, high, None, None, status)


def share(part: int, whole: int, name: str = "churn_rate") -> Figure:
    estimate, kpi = stats.share(part, whole), BY_NAME[name]
    return Figure(kpi, "share", estimate.value, estimate.low, estimate.high, part, whole, "ok")


def wilson(part: int, whole: int) -> Estimate:
    found = stats.share(part, whole)
    return found.value or 0.0, found.low or 0.0, found.high or 0.0


def tone(now: Figure, then: Figure) -> str:
    found = change(now, then, DECEMBER)
    assert found is not None
    return found.tone


def test_shares_are_compared_by_newcombes_interval_of_the_difference() -> None:
    """Newcombe 1998, table II, method 10: 56/70 − 48/80 lies within 0.0524 to 0.3339, 9/10 − 3/10 within 0.1705 to
    0.8090; 6/7 − 2/7 within 0.0582 to 0.8062; 5/56 − 0/29 within −0.0381 to 0.1926.
    """
    for new, old, differs in (((56, 70), (48, 80), True), ((9, 10), (3, 10), True), ((6, 7), (2, 7), True)):
        assert estimates_differ(wilson(*new), wilson(*old)) is differs
        assert estimates_differ(wilson(*old), wilson(*new)) is differs
    assert not estimates_differ(wilson(5, 56), wilson(0, 29))
    assert tone(share(48, 80), share(56, 70)) == "better"
    assert tone(share(56, 70), share(48, 80)) == "worse"
    assert tone(share(40, 100), share(50, 100)) == "flat"
    assert tone(share(400, 1000), share(500, 1000)) == "better"


def test_an_old_value_outside_the_new_interval_may_still_be_chance() -> None:
    """Its own interval counts too: 5.0 % of 1000 lies outside 3.0–4.8 % of 2000, but is itself 3.8–6.5 %."""
    now, then = share(76, 2000), share(50, 1000)
    assert now.high is not None
    assert then.value is not None
    assert now.high < then.value
    assert tone(now, then) == "flat"


def test_figures_with_intervals_are_compared_by_the_half_widths_that_face_each_other() -> None:
    """√(0.3² + 0.4²) = 0.5 days. The wide upper side of the new value does not matter."""
    now = figure("time_to_activate_median", 2.0, 1.0, 2.3)
    assert tone(now, figure("time_to_activate_median", 2.51, 2.11, 9.0)) == "better"
    assert tone(now, figure("time_to_activate_median", 2.49, 2.09, 9.0)) == "flat"


def test_counts_are_compared_as_poisson_counts() -> None:
    """1.96 · √190 = 27.02."""
    assert tone(figure("mau", 81.0), figure("mau", 109.0)) == "worse"
    assert tone(figure("mau", 82.0), figure("mau", 108.0)) == "flat"
    assert tone(figure("visitors", 0.0), figure("visitors", 4.0)) == "worse"


def test_total_amounts_are_not_tested() -> None:
    assert tone(figure("revenue", 9e6), figure("revenue", 1e3)) == "neutral"
    order_value = figure("average_order_value", 20.0, 19.0, 21.0)
    assert tone(order_value, figure("average_order_value", 10.0, 9.0, 11.0)) == "better"
    assert tone(order_value, figure("average_order_value", 10.0)) == "neutral"


def test_small_samples_are_never_coloured() -> None:
    assert tone(share(0, 29), share(900, 1000)) == "neutral"
    assert tone(share(900, 1000), share(0, 29)) == "neutral"
    assert tone(share(0, 30), share(900, 1000)) == "better"
    assert tone(figure("mau", 900.0), figure("mau", 9.0, status="small_sample")) == "neutral"


def test_changes_of_shares_are_in_points_others_relative() -> None:
    lower = change(share(40, 1000), share(50, 1000), DECEMBER)
    fewer = change(figure("mau", 90.0), figure("mau", 100.0), DECEMBER)
    loss = change(figure("net_revenue", -50.0), figure("net_revenue", -100.0), DECEMBER)
    assert lower is not None
    assert fewer is not None
    assert loss is not None
    assert math.isclose(lower.amount, -0.01)
    assert math.isclose(lower.relative or 0, -0.2)
    assert math.isclose(fewer.amount, -0.1)
    assert math.isclose(loss.amount, 0.5)


def test_nothing_fair_to_compare_with_is_no_change() -> None:
    since, now = Period.parse("2024-12"), figure("mau", 90.0)
    assert change(now, None, since) is None
    assert change(now, figure("mau", 0.0), since) is None
    assert change(now, figure("mau", 80.0, status="history_starts"), since) is None
    assert change(figure("mau", None), figure("mau", 80.0), since) is None


def against(now: Figure, then: Figure) -> Figure:
    return replace(now, previous=change(now, then, DECEMBER))


def test_the_biggest_moves_are_relative_and_larger_than_chance() -> None:
    figures = [
        against(figure("mau", 12_000.0), figure("mau", 10_000.0)),
        against(figure("visitors", 11_000.0), figure("visitors", 10_000.0)),
        against(figure("new_customers", 3.0), figure("new_customers", 2.0)),
        against(figure("revenue", 900.0), figure("revenue", 100.0)),
        against(share(800, 10_000), share(500, 10_000)),
        against(share(1, 20, "activation_rate"), share(900, 1000, "activation_rate")),
    ]
    assert {tone: item.kpi.name for tone, item in biggest_moves(figures).items()} == {
        "better": "mau",
        "worse": "churn_rate",
    }
    assert biggest_moves(figures[2:4]) == {}


def test_from_nothing_to_something_is_the_biggest_move() -> None:
    figures = [
        against(figure("mau", 50.0), figure("mau", 0.0)),
        against(figure("visitors", 900.0), figure("visitors", 1.0)),
        against(share(90, 100, "activation_rate"), share(0, 100, "activation_rate")),
    ]
    assert figures[0].previous is None
    assert biggest_moves(figures)["better"].kpi.name == "activation_rate"


def test_the_story_prints_what_it_ranks_by() -> None:
    history = History(company(size=20.0))
    [better] = [item for tone, item in biggest_moves(history.headline).items() if tone == "better"]
    assert better.previous is not None
    said = moves(history, EN)
    assert EN.relative(better.previous.relative or 0.0) in said
    assert " → ".join(EN.apart(better.previous.old, better.value, better.unit)) in said


def test_the_story_says_so_when_nothing_moved() -> None:
    one, other = company(periods=2)
    same = replace(other, kpis=one.kpis.with_columns(period=pl.lit(other.period)))
    assert moves(History([one, same]), EN) == (
        "No headline figure moved by more than chance explains since December 2024."
    )
    assert moves(History([one, same]), FR) == (
        "Aucun indicateur clé n’a varié plus que le hasard ne l’explique depuis décembre 2024."
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


@pytest.mark.parametrize(
    ("lowest", "highest", "unit"),
    [
        *((0.0333, 0.0333, "share"), (0.03331, 0.03334, "share"), (0.97, 0.9702, "share"), (0.0002, 0.0006, "share")),
        *((1.5, 1.5000001, "number"), (2.9, 3.1, "days"), (31, 31.02, "points"), (-0.01, 0.004, "growth")),
        *((0, 1, "customers"), (0, 12_000, "customers"), (0, 58, "EUR"), (0, 9e6, "EUR"), (1e6, 1.03e6, "EUR")),
    ],
)
def test_no_two_ticks_are_labelled_alike(lowest: float, highest: float, unit: str) -> None:
    ticks = nice_ticks(lowest, highest, unit)
    for formats in (EN, FR):
        labels = [formats.tick(tick, unit, ticks[1] - ticks[0]) for tick in ticks]
        assert len(set(labels)) == len(labels)
        assert max(map(len, labels)) <= 8


def test_ticks_of_large_amounts_above_zero_are_told_apart() -> None:
    ticks = nice_ticks(1_000_000, 1_030_000, "EUR", 3, from_zero=False)
    labels = [EN.tick(tick, "EUR", ticks[1] - ticks[0]) for tick in ticks]
    assert labels == ["1M", "1.01M", "1.02M", "1.03M"]


def test_numbers_in_the_cohort_grid_are_legible_on_every_fill() -> None:
    assert all(contrast(legible_on(shade(step / 100)), shade(step / 100)) >= 4.5 for step in range(101))


def test_labels_at_the_ends_of_lines_do_not_overlap() -> None:
    placed = [point["y"] for point in spread([{"y": 99.0}, {"y": 100.0}, {"y": 98.5}], [0.0, 100.0])]
    assert all(later - earlier > 10 for earlier, later in pairwise(placed))
    assert max(placed) <= 100.0001


def test_unknown_kpis_of_an_older_catalogue_are_left_out() -> None:
    snapshots = company(periods=1)
    renamed = snapshots[0].kpis.with_columns(pl.col("kpi").replace({"mau": "gone"}))
    history = History([replace(snapshots[0], kpis=renamed)])
    assert "gone" not in history.figures
    assert "mau" not in history.figures


def test_units_that_can_be_negative_are_written_and_bounded_as_such() -> None:
    assert EN.value(0.042, "growth") == "+4.2%"
    assert EN.value(-0.042, "growth") == "−4.2%"
    assert FR.value(-12.34, "points") == "−12,3"
    assert EN.value(1.384, "number") == "1.38"
    assert EN.interval(-0.021, 0.034, "growth") == "−2.1 to +3.4%"
    assert FR.interval(-0.021, -0.004, "growth") == f"−2,1 à −0,4{NARROW}%"
    assert EN.interval(-112.0, 45.25, "points") == "−100.0 to 45.3"


def test_points_of_nps_and_of_growth_are_differences() -> None:
    nps = change(figure("nps", 35.5, 30.0, 41.0), figure("nps", -4.0, -9.0, 1.0), DECEMBER)
    growth = change(
        figure("existing_customer_revenue_growth", -0.02), figure("existing_customer_revenue_growth", 0.01), DECEMBER
    )
    ratio = change(figure("quick_ratio", 1.5), figure("quick_ratio", 2.0), DECEMBER)
    assert nps is not None
    assert growth is not None
    assert ratio is not None
    assert (EN.points(nps.amount), nps.relative, nps.tone) == ("+39.5 pt", None, "better")
    assert (EN.points(growth.amount), growth.relative, growth.tone) == ("−3.0 pt", None, "neutral")
    assert (EN.relative(ratio.amount), ratio.in_points) == ("−25.0%", False)


def test_a_mean_of_three_months_is_no_small_sample() -> None:
    now, then = (
        Figure(BY_NAME["stickiness"], "share", value, value - 0.01, value + 0.01, 3 * value, 3.0, "ok")
        for value in (0.3, 0.2)
    )
    assert tone(now, then) == "better"


def test_recurring_revenue_is_a_headline_of_who_is_judged_by_subscriptions() -> None:
    tiles = [[item.kpi.name for item in History(made).headline] for made in (company(), saas())]
    assert [len(names) for names in tiles] == [8, 8]
    assert "revenue" in tiles[0]
    assert "mrr" in tiles[1]


def test_what_a_figure_is_based_on_says_its_unit() -> None:
    seen = view(Report(History(company(periods=1)), Presentation(), EN))
    based = {row.name: row.based_on for part in seen.parts for row in part.rows}
    assert re.fullmatch(r"€[\d,]+ ÷ €[\d,]+", based["net_revenue_retention"])
    assert re.fullmatch(r"€[\d,]+ ÷ \d+", based["customer_acquisition_cost"])
    assert re.fullmatch(r"€[\d.]+ ÷ \d\.\d%", based["customer_lifetime_value"])
    assert based["nps"] == "486 answers"
    assert based["dau"] == based["orders"] == "–"
    assert re.fullmatch(r"[\d,]+ of 305,970", based["stickiness"])
    quarter = view(Report(History(company(periods=1, last="2025-Q1", grain="quarter")), Presentation(), FR))
    [stickiness] = [row for part in quarter.parts for row in part.rows if row.name == "stickiness"]
    assert stickiness.based_on == "3 mois"


@pytest.mark.parametrize(
    ("fact", "english", "french"),
    [
        ("target", "no source provides campaign messages: Activation rate of targeted", "de messages de campagne"),
        ("deactivate", "no source provides closed accounts: Deactivation rate", "de fermetures de compte"),
        ("invoice", "no source provides invoices: Days sales outstanding", "de factures"),
        ("spend", "no source provides marketing costs: Marketing spend, Customer acq", "de coûts marketing"),
        ("visit", "no source provides visits: Visitors, Visitor to sign-up conversion, Conversion", "de visites"),
    ],
)
def test_one_line_says_what_is_missing(fact: str, english: str, french: str) -> None:
    history = History(company(periods=1, missing=frozenset({fact})))
    for formats, said in ((EN, english), (FR, french)):
        seen = view(Report(history, Presentation(), formats))
        [line] = [line for part in seen.parts for line in part.not_shown]
        assert said in line


def test_what_is_lacking_is_said_once() -> None:
    facts: tuple[Fact, ...] = ("visit", "customer", "subscribe", "conversion", "spend")
    assert not_shown(facts, [BY_NAME["mrr"]], EN) == (
        "Not shown, because no source provides visits, purchases, subscriptions or marketing costs: "
        "Monthly recurring revenue (MRR)."
    )


def test_the_largest_line_of_active_customers_is_named_after_the_period() -> None:
    for made, name in ((company(), "Month (MAU)"), (quarters(), "Whole quarter"), (years(), "Whole year")):
        chart = active(Report(History(made), Presentation(), EN))
        assert chart is not None
        assert chart.legend[0] == name


def test_without_surveys_satisfaction_is_one_line() -> None:
    seen = view(Report(History(shop()), Presentation(), EN))
    assert "satisfaction" not in {part.name for part in seen.parts}
    lines = dict(seen.left_out)
    [line] = lines["Satisfaction"]
    assert line == (
        "Not shown, because no source provides answers on recommendation (NPS) or answers on satisfaction (CSAT): "
        "Net promoter score (NPS), Customer satisfaction (CSAT)."
    )
