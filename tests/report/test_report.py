"""The whole report, for every company and language: complete, inert, self-contained, the same every time."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, cast, get_args
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from schemas import snapshots as published
from schemas.snapshots import Snapshot
from tasks.report import Presentation, render, summary
from tasks.report.adoption import features
from tasks.report.charts import section_charts
from tasks.report.figures import SECTIONS, History
from tasks.report.formats import Formats, clean
from tasks.report.report import Report
from tasks.report.texts import Language
from tests.report.companies import COMPANIES, DRIFT, HOSTILE, ITEMS, PRESENTATION, company, saas

LANGUAGES = cast("tuple[Language, ...]", get_args(Language))
BASICS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "header",
    "section",
    "aside",
    "footer",
    "div",
    "span",
}
PROSE = {"p", "h1", "h2", "h3", "a", "sup", "strong", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary"}
TABLES = {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption"}
DRAWING = {"svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clippath"}
ATTRIBUTES = {"href", "style", "src", "srcset", "action", "formaction", "xlink:href", "background"}


class Seen(HTMLParser):
    """Everything a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def reports() -> Mapping[tuple[str, Language], Mapping[str, str]]:
    return {
        (name, language): {file: content.decode() for file, content in render(make(), language, PRESENTATION).items()}
        for name, make in COMPANIES.items()
        for language in LANGUAGES
    }


def parsed(reports: Mapping[tuple[str, Language], Mapping[str, str]], name: str, language: Language) -> Seen:
    seen = Seen()
    seen.feed(reports[name, language][f"report.{language}.html"])
    return seen


every = pytest.mark.parametrize(("name", "language"), [(name, lang) for name in COMPANIES for lang in LANGUAGES])
Reports = Mapping[tuple[str, Language], Mapping[str, str]]


@every
def test_files_are_named_by_language(reports: Reports, name: str, language: Language) -> None:
    assert set(reports[name, language]) == {f"report.{language}.html", f"report.{language}.md"}


@every
def test_only_inert_elements_and_attributes(reports: Reports, name: str, language: Language) -> None:
    seen = parsed(reports, name, language)
    assert set(seen.tags) <= BASICS | PROSE | TABLES | DRAWING
    assert not [name for _, name, _ in seen.attributes if name.startswith("on")]
    used = {name for _, name, _ in seen.attributes} & ATTRIBUTES
    assert used <= {"href", "style"}
    assert all(re.fullmatch(r"max-width:\d+px", style) for style in seen.values("style"))


@every
def test_nothing_is_fetched(reports: Reports, name: str, language: Language) -> None:
    page = reports[name, language][f"report.{language}.html"]
    seen = parsed(reports, name, language)
    assert all(link.startswith("#") for link in seen.values("href"))
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    if name != "hostile":
        assert "http:" not in page
        assert "https:" not in page


@every
def test_ids_are_unique_and_links_lead_somewhere(reports: Reports, name: str, language: Language) -> None:
    seen = parsed(reports, name, language)
    ids = seen.values("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in seen.values("href")} <= set(ids)
    assert {value[5:-1] for value in seen.values("clip-path")} <= set(ids)


@every
def test_every_chart_has_a_description_and_the_page_is_light(reports: Reports, name: str, language: Language) -> None:
    seen = parsed(reports, name, language)
    assert seen.values("role").count("img") == seen.tags["svg"] <= 20
    assert len(reports[name, language][f"report.{language}.html"].encode()) < 600_000
    labels = [value for tag, key, value in seen.attributes if tag == "svg" and key == "aria-label"]
    assert len(labels) == seen.tags["svg"]
    assert all(labels)


@every
def test_no_placeholder_is_left(reports: Reports, name: str, language: Language) -> None:
    if name != "hostile":
        for content in reports[name, language].values():
            body = content.split("</style>")[-1]
            assert not re.search(r"[{}]|None|NaN|nan\b|undefined", body)


@every
def test_markdown_tables_are_whole(reports: Reports, name: str, language: Language) -> None:
    lines = reports[name, language][f"report.{language}.md"].splitlines()
    for before, line, after in zip(lines, lines[1:], [*lines[2:], ""], strict=False):
        if re.fullmatch(r"\|(-+:?\|)+", line):
            assert before.startswith("|"), f"no heading above {line}"
            assert after.startswith("|"), f"no row below {line}"
        if line.startswith("|") and before.startswith("|"):
            assert cells(line) == cells(before)


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line))


def test_the_same_snapshots_give_the_same_bytes() -> None:
    assert render(COMPANIES["saas"](), "fr") == render(COMPANIES["saas"](), "fr")


def test_a_full_company_has_every_section_and_eight_tiles(reports: Reports) -> None:
    page = reports["saas", "en"]["report.en.html"]
    assert page.count('<span class="figure">') == 8
    assert all(f'<section class="part" id="{section}">' in page for section in SECTIONS)
    assert set(re.findall(r'id="chart-(\w+)"', page)) >= {
        *("acquisition", "activation_rate", "active", "features", "churn_rate", "customers_bridge", "cohorts"),
        *("cohorts_since", "mrr", "mrr_bridge", "revenue", "cohorts_revenue", "nps", "csat"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_are_text(reports: Reports, language: Language) -> None:
    seen = parsed(reports, "hostile", language)
    text = "".join(seen.text)
    assert "<script>alert(1)</script>" in text
    assert '"><img src=x onerror=alert(1)>' in text
    assert "{{ 7*7 }}" in text
    assert not re.search("[\u202e\x00]", text)
    assert seen.tags["script"] == seen.tags["img"] == seen.tags["b"] == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_are_text_in_markdown(reports: Reports, language: Language) -> None:
    written = reports["hostile", language][f"report.{language}.md"]
    assert "<" not in written
    assert not re.search(r"(?<!\\)[`\[]", written)
    assert not re.search(r"https?://|www\.|\w@", written)
    assert written.count("**bold**") == 0


def test_svg_is_well_formed(reports: Reports) -> None:
    for svg in re.findall(r"<svg.*?</svg>", reports["hostile", "en"]["report.en.html"], re.DOTALL):
        assert ET.fromstring(svg).tag == "svg"  # noqa: S314 -- our own output


def test_hostile_names_are_all_shown(reports: Reports) -> None:
    assert all(clean(name)[:9] in "".join(parsed(reports, "hostile", "en").text) for name in HOSTILE)


def test_a_shop_without_sign_ups_has_no_activation(reports: Reports) -> None:
    page = reports["shop", "en"]["report.en.html"]
    assert 'id="activation"' not in page
    assert "Not shown, because no source provides visits, sign-ups, subscriptions or marketing costs: Visitors" in page
    french = reports["shop", "fr"]["report.fr.html"]
    assert "ne fournit de visites, d’inscriptions, d’abonnements ni de coûts marketing\u202f: Visiteurs" in french


def test_the_first_period_compares_with_nothing(reports: Reports) -> None:
    page = reports["newborn", "en"]["report.en.html"]
    assert "This is the first published period" in page
    assert "vs Dec" not in page
    assert "▲" not in page
    assert "history starts" in page


def test_a_silent_period_renders(reports: Reports) -> None:
    page = reports["silent", "en"]["report.en.html"]
    assert "no customer was active." in page
    assert "nobody to measure" in page
    assert "No file was read for this period." in page


def test_small_groups_are_withheld(reports: Reports) -> None:
    page = reports["saas", "en"]["report.en.html"]
    row = re.search(r"<tr><th scope=\"row\">Malta</th>(.*?)</tr>", page.split('class="groups"')[1])
    assert row is not None
    assert "withheld" in row[1]
    assert "&lt; 5" in row[1]
    assert "%" not in row[1]


def test_a_revision_says_what_changed_and_why(reports: Reports) -> None:
    page = reports["saas", "fr"]["report.fr.html"]
    assert "Ce rapport remplace la révision 1" in page
    assert "fichier ajouté\u202f: app/app-2025-01-late.parquet" in page
    assert "12\u202f011" in page
    assert "12\u202f123" in page


@pytest.mark.parametrize(
    ("last", "grain", "english", "french"),
    [
        ("2025-Q1", "quarter", "1st quarter of 2025", "1er trimestre 2025"),
        ("2024", "year", "2024", "2024"),
    ],
)
def test_quarters_and_years(last: str, grain: str, english: str, french: str) -> None:
    snapshots = company(periods=6, last=last, grain=grain)  # type: ignore[arg-type]
    assert f"<h1>{english}</h1>" in render(snapshots, "en")["report.en.html"].decode()
    assert f"<h1>{french}</h1>" in render(snapshots, "fr")["report.fr.html"].decode()


def test_a_gap_in_the_history_is_said_and_drawn() -> None:
    snapshots = company()
    page = render([*snapshots[:7], *snapshots[8:11], snapshots[12]], "en")["report.en.html"].decode()
    assert "Nothing is published for December 2024" in page
    assert "vs Jan" in page


def pages(snapshots: Sequence[Snapshot], language: Language) -> tuple[str, str]:
    """The text of the page, and the Markdown without its escapes."""
    files, seen = render(snapshots, language), Seen()
    seen.feed(files[f"report.{language}.html"].decode())
    written = files[f"report.{language}.md"].decode().replace("\\", "")
    return " ".join("".join(seen.text).split(" ")), written


def test_a_year_is_compared_once_and_with_published_periods_only() -> None:
    years = company(periods=3, last="2024", grain="year")
    page, written = pages(years, "en")
    assert "vs 2023" in written
    headings = [line for line in written.splitlines() if line.startswith("| Figure")]
    assert headings
    assert all(line.count("vs ") == 1 for line in headings)
    tile = page.split("Headline figures")[-1].split("Acquisition")[0]
    assert tile.count("vs 2023") == len(History(years).headline)


@pytest.mark.parametrize(
    ("kept", "versus"), [((0, 12), {"vs Jan\xa02024"}), ((11, 12), {"vs Dec\xa02024"}), ((12,), set())]
)
def test_comparisons_with_unpublished_periods_are_dropped(kept: Sequence[int], versus: set[str]) -> None:
    snapshots = company()
    page, written = pages([snapshots[place] for place in kept], "en")
    assert set(re.findall(r"vs \w+\s\d+", page)) == versus
    assert set(re.findall(r"vs \w+\s\d+", written)) == versus
    assert ("Coloured when" in page) == bool(versus)
    assert "no comparison yet" not in page


def test_the_legend_says_what_colour_means() -> None:
    english, french = pages(company(), "en")[0], pages(company(), "fr")[0]
    assert "Coloured when the change is larger than chance explains (95%): improvement, deterioration." in english
    assert "Total amounts and samples under 30 are not tested" in english
    assert "En couleur quand l’écart dépasse ce que le hasard explique" in french


def test_total_amounts_have_no_colour() -> None:
    page = render(company(), "en")["report.en.html"].decode()
    row = page.split('<tr id="kpi-revenue">')[1].split("</tr>")[0]
    assert 'class="move neutral"' in row
    assert not re.search('class="move (better|worse|flat)"', row)


def test_segments_have_intervals_and_mark_small_samples() -> None:
    levels = {"plan": {"unknown": 0.6, "other": 0.388, "team": 0.012}}
    snapshots = company(levels=levels, dimensions=["plan"])
    english = render(snapshots, "en")["report.en.html"].decode()
    french = render(snapshots, "fr")["report.fr.html"].decode()
    groups = english.split('class="groups"')[1]
    large, small = (re.search(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', groups) for name in ("unknown", "team"))
    assert large is not None
    assert small is not None
    assert re.search(r">\d+\.\d–\d+\.\d%<", large[1])
    assert "small sample" in small[1]
    assert "–" not in small[1]
    assert '<th scope="row">inconnu</th>' in french
    assert '<th scope="row">autres</th>' in french


def test_a_foreign_currency_keeps_its_own_symbol() -> None:
    snapshots = [
        replace(one, kpis=one.kpis.with_columns(pl.col("unit").replace({"EUR": "GBP"})))
        for one in company(periods=2, currency="GBP")
    ]
    page, written = pages(snapshots, "fr")
    assert "\xa0£" in page
    assert "\xa0£" in written
    assert "£GB" not in page + written


RULE: Mapping[str, Any] = {
    "activation_within": "90d",
    "activation_rule": [
        {"kind": "purchase", "where": None, "count": 2, "distinct_days": 1},
        {"kind": "use", "where": "item = 'report'", "count": 3, "distinct_days": 2},
    ],
}


@pytest.mark.parametrize(
    ("combination", "english", "french"), [("any", "or", "ou"), ("all", "and", "et"), ("sequence", "then", "puis")]
)
def test_the_activation_rule_is_said_in_words(combination: str, english: str, french: str) -> None:
    snapshots = company(periods=1, activation_combination=combination, activation_since="signup", **RULE)
    said, written = pages(snapshots, "en")
    for text in (said, written):
        assert (
            "A customer is activated who, within 90 days of sign-up, reaches: "
            f"2 × purchase, {english} 3 × use on 2 different days where item = 'report'."
        ) in text
        assert "first event" not in text.split("Active means")[1].split("Churn is judged")[0]
    assert (
        "Est activé tout client qui, dans un délai de 90\xa0jours après l’inscription, atteint\u202f: "
        f"2 × achat, {french} 3 × utilisation sur 2 jours différents où item = 'report'."
    ) in pages(snapshots, "fr")[0]


def test_sign_up_may_mean_the_first_event() -> None:
    snapshots = company(periods=1, activation_combination="any", activation_since="first_event", **RULE)
    assert "Sign-up means the customer’s first event." in pages(snapshots, "en")[0]
    assert "L’inscription est ici le premier événement du client." in pages(snapshots, "fr")[0]


def test_an_older_manifest_tells_the_window_alone() -> None:
    said = pages(company(periods=1), "en")[0]
    assert "Activation counts within 14 days of sign-up." in said
    assert "Active means at least one of: visit, sign-up, use or purchase." in said


def delivered(**accepted: int) -> list[dict[str, Any]]:
    row = company(periods=1)[0].manifest["quality"][1] | {"filtered": 0}
    return [row | {"source": name, "read": count, "accepted": count} for name, count in accepted.items()]


def test_a_period_in_which_nothing_came_is_warned_of() -> None:
    snapshots = company(periods=2, quality=delivered(app=0, billing=0))
    for text in pages(snapshots, "en"):
        assert (
            "No source delivered an event for January 2025: these figures say that nothing happened, or that files "
            "are missing." in text
        )
    for text in pages(snapshots, "fr"):
        assert "Aucune source n’a livré d’événement pour janvier 2025" in text
    assert 'class="warning"' in render(snapshots, "en")["report.en.html"].decode()


def test_a_source_that_delivered_nothing_is_warned_of() -> None:
    snapshots = company(periods=2, quality=delivered(app=5, billing=0))
    for text in pages(snapshots, "en"):
        assert "Source billing delivered nothing for this period." in text
        assert "Source app" not in text
    assert "La source billing n’a rien livré pour cette période." in pages(snapshots, "fr")[0]
    refused = [delivered(app=5)[0], delivered(crm=7)[0] | {"accepted": 0, "quarantined": 7}]
    said = pages(company(periods=2, quality=refused), "en")[0]
    assert "Source crm delivered 7 rows for this period, but none was accepted." in said


def test_no_warning_where_all_sources_delivered() -> None:
    assert 'class="warning"' not in render(company(periods=2), "en")["report.en.html"].decode()


def test_sudden_changes_are_told_most_serious_first() -> None:
    for text in pages(saas(drift=DRIFT), "en"):
        told = [
            "orders, purchases: no event, usually 4,811",
            "app: 4,180,004 events, usually 1,120,300",
            "app, uses: item is empty in 45.1% of the events, usually in 2.1%",
            "app: new columns: context.app.build, os",
            "app: columns no longer there: referrer",
            "app: new event names without a mapping: Order Done (5,210), Tour (3)",
        ]
        places = [text.find(one) for one in told]
        assert places == sorted(places)
        assert places[0] > 0
        assert "The changes that would have stopped publication were accepted" in text
        assert "What the sources delivered has changed suddenly" in text
    french = pages(saas(drift=DRIFT), "fr")[0]
    assert "orders, achats : aucun événement, d’ordinaire 4 811" in french.replace("\u202f", " ")
    nothing = pages(saas(drift={"accepted": False, "findings": []}), "en")[0]
    assert "differs suddenly from the periods before" in nothing
    assert "uddenly" not in pages(saas(), "en")[0]  # published by an earlier version


def test_filtered_rows_and_kept_files_are_explained() -> None:
    for text in pages(company(periods=2, kept_files=3), "en"):
        assert "Filtered rows (138, 0.01% of the rows read) were left out by the source’s own filter (where)" in text
        assert "3 files have disappeared from the sources; their events are kept." in text
    french = pages(company(periods=2, kept_files=1), "fr")[0]
    assert "Un fichier a disparu des sources" in french
    silent = pages(company(periods=2, quality=delivered(app=5)), "en")[0]
    assert "were left out" not in silent
    assert "disappeared" not in silent


def test_figures_revised_by_little_are_told_apart() -> None:
    figure = {"kpi": "time_to_activate_median", "segment": "all", "level": "all", "old": 0.81, "new": 0.84}
    changed = {"from_revision": 1, "because": [], "figures": [figure]}
    assert "0.81 days | 0.84 days" in pages(company(periods=2, revision=2, changed=changed), "en")[1]


def test_features_are_drawn_against_an_axis_that_all_fits_on() -> None:
    """The longest bar ends before the axis does: at 100 %, or at a round tick where all are far below."""
    for items, domain in ((ITEMS, "[0, 1.0]"), ({"api": 0.21, "sso": 0.02}, "[0, 0.3]")):
        chart = features(History(company(periods=1, items=items)).snapshot.features, Formats("en"))
        assert chart is not None
        assert f'"domain": {domain}' in json.dumps(chart.spec)


def test_an_axis_that_does_not_start_at_zero_is_marked() -> None:
    report = Report(History(company()), Presentation(), Formats("en"))
    [rate] = section_charts("activation", report)
    first, _ = section_charts("acquisition", report)
    assert rate.note == "Shaded: 95% interval. The axis does not start at 0."
    assert first.note == ""


def test_french_is_natural(reports: Reports) -> None:
    texts = "".join(reports[name, "fr"]["report.fr.html"] for name in COMPANIES)
    for said in ("vivants", "personne à mesurer", "finit à un seul endroit", "Le compte ci-dessous"):
        assert said not in texts
    assert "comptée une fois et une seule" in texts
    assert "aucun client concerné" in texts
    assert "<h2>Chiffre d’affaires</h2>" in texts
    assert "100 %" not in reports["saas", "en"]["report.en.html"]


def test_counts_that_do_not_add_up_are_said() -> None:
    quality = [dict(company(periods=1)[0].manifest["quality"][0], read=7)]
    assert "do not add up: app." in render(company(periods=2, quality=quality), "en")["report.en.html"].decode()


def test_summary_is_canonical() -> None:
    snapshot: Snapshot = COMPANIES["saas"]()[-1]
    tables = {name: getattr(snapshot, name) for name in published.TABLES}
    written = summary({name: table.reverse() for name, table in tables.items()}, snapshot.period, "EUR")
    assert written == summary(tables, snapshot.period, "EUR")
    content = json.loads(written)
    assert set(content) == {"period", "currency", "kpis", "cohorts", "features", "movements", "churn_definitions"}
    assert set(content["movements"]["start"]) == {"customers", "mrr"}
    assert set(content["churn_definitions"]["stripe"]) == {"value", "low", "high", "numerator", "denominator"}
    assert set(content["kpis"]["mau"]) == {"value", "low", "high", "numerator", "denominator", "status", "unit"}
    assert content["kpis"]["churn_rate"]["denominator"] == 10971
    assert b"10971.0" not in written
    assert content["cohorts"][0]["retained"][0] > 0.9
