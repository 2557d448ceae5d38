"""What Prefect's pages show of a report: Markdown with its charts as images, its figures as rows, its changes."""

import base64
import re
from xml.etree import ElementTree as ET

import pytest

from tasks.report import Extracts, Language, extracts, render
from tasks.report.svg import ATTRIBUTES, ELEMENTS
from tests.report import companies

IMAGE = re.compile(r"!\[[^\n]*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)\n\n")
SVG = "{http://www.w3.org/2000/svg}"


def extracted(name: str, language: Language = "en") -> tuple[Extracts, str]:
    """What is shown, and the Markdown without charts that lies in latest/."""
    snapshots = getattr(companies, name)()
    files = render(snapshots, language, companies.PRESENTATION)
    found = extracts(snapshots, language, files[f"report.{language}.html"], companies.PRESENTATION)
    return found, files[f"report.{language}.md"].decode()


@pytest.fixture(scope="module")
def saas() -> tuple[Extracts, str]:
    return extracted("saas")


def test_report_is_the_markdown_with_a_picture_of_every_section(saas: tuple[Extracts, str]) -> None:
    found, plain = saas
    assert IMAGE.sub("", found.report) == plain
    assert len(IMAGE.findall(found.report)) == 6
    assert len(found.report) < 500_000


def test_pictures_are_inert_and_stand_alone(saas: tuple[Extracts, str]) -> None:
    for encoded in IMAGE.findall(saas[0].report):
        root = ET.fromstring(base64.b64decode(encoded))  # noqa: S314 -- made by us
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ELEMENTS
        assert {name for element in root.iter() for name in element.attrib} <= ATTRIBUTES | {"font-family"}
        ground = root[0]
        assert (ground.get("width"), ground.get("height"), ground.get("fill")) == ("100%", "100%", "#ffffff")
        assert all(int(one) > 100 for one in (root.get("width", ""), root.get("height", "")))


def test_sheets_hold_every_chart_with_its_title_note_and_legend(saas: tuple[Extracts, str]) -> None:
    drawn = b"".join(base64.b64decode(encoded) for encoded in IMAGE.findall(saas[0].report)).decode()
    for text in ("Sign-ups and new customers", "Churn rate", "Shaded: 95% interval", "Month (MAU)", "MRR, from start"):
        assert text in drawn


def test_no_name_from_outside_is_markup() -> None:
    found, _ = extracted("hostile")
    assert "<" not in found.report
    assert len(re.findall(r"(?<!\\)\]\(", found.report)) == len(IMAGE.findall(found.report))
    cells = [text for row in (*found.figures, *found.segments) for text in row.values()]
    assert any("＜img" in text for text in cells)
    assert not [text for text in cells if re.search(r"[\[\]>]|<\S|https?://|www\.", text)]


def test_figures_are_rows_of_written_cells(saas: tuple[Extracts, str]) -> None:
    by_label = {row["Figure"]: row for row in saas[0].figures}
    churn = by_label["Churn rate"]
    assert list(churn) == ["Figure", "Value", "Verdict", "95% interval", "Numerator", "Denominator", "Status"]
    assert re.fullmatch(r"\d\.\d%", churn["Value"])
    assert (churn["Status"], churn["Verdict"]) == ("ok", "alert")


def test_figures_without_a_source_come_last() -> None:
    statuses = [row["Statut"] for row in extracted("shop", "fr")[0].figures]
    assert "sans source" in statuses
    assert statuses == sorted(statuses, key=lambda status: status == "sans source")


def test_few_customers_are_not_told_apart_in_segments() -> None:
    withheld = [row for row in extracted("newborn")[0].segments if row["Value"] == "withheld"]
    assert withheld
    assert {row["Customers"] for row in withheld} == {"< 5"}


def test_changes_are_those_of_the_revision_and_none_of_a_first(saas: tuple[Extracts, str]) -> None:
    changes = saas[0].changes
    assert "replaces revision 1" in changes
    assert "file added: app/app-2025-01-late.parquet" in changes
    assert "| Active customers (MAU) | 12,011 | 12,123 |" in changes
    assert extracted("newborn")[0].changes == ""


def test_changes_name_every_figure_of_the_whole() -> None:
    figures = [
        {"kpi": f"figure_{number}", "segment": "all", "level": "all", "old": 1.0, "new": 2.0} for number in range(20)
    ]
    part = {"kpi": "mau", "segment": "country", "level": "FR", "old": 1.0, "new": 2.0}
    snapshots = companies.saas(changed={"from_revision": 1, "because": [], "figures": [part, *figures]})
    page = render(snapshots, "en")["report.en.html"]
    changes = extracts(snapshots, "en", page).changes
    assert changes.count("| figure\\_") == 20
    assert "And 1 more" in changes
