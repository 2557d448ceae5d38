"""The charts of a page, laid out as one picture for each section: for readers of Markdown who can show images.

They are taken from the page as it was drawn: drawing is most of the cost of a report. A sheet has a white ground,
whatever is behind it, and says what stands around a chart on the page: title, note, legend.
"""

import base64
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tasks.report.drawing import FONT, INK, QUIET, SERIES

WIDTH, MARGIN, GUTTER = 770, 20, 36
"""Pixels: the widest sheet, what is free around it and between two charts."""
LINE, CAPTION = 16, 8
"""Pixels: a line of text, and what is left between the last one and the chart."""
TITLE_SIGN, NOTE_SIGN = 7.0, 5.3
"""About how wide a letter is."""

_SECTION = re.compile(r'<section class="part" id="(\w+)">(.*?)</section>', re.DOTALL)
_FIGURE = re.compile(r'<figure id="chart-.*?</figure>', re.DOTALL)


@dataclass(frozen=True)
class Sheet:
    """`description`: read aloud in place of the picture."""

    description: str
    svg: str

    @property
    def uri(self) -> str:
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"


@dataclass(frozen=True)
class _Item:
    chart: ET.Element
    title: Sequence[str]
    note: Sequence[str]
    legend: Sequence[str]

    @property
    def width(self) -> int:
        return int(self.chart.get("width", "0"))

    @property
    def caption(self) -> int:
        return LINE * (len(self.title) + len(self.note) + bool(self.legend)) + CAPTION

    @property
    def height(self) -> int:
        return self.caption + int(self.chart.get("height", "0"))


def sheets(page: bytes) -> Mapping[str, Sheet]:
    """By section, those that have a chart. `page`: what `page.page` has made."""
    found = {name: _FIGURE.findall(inside) for name, inside in _SECTION.findall(page.decode())}
    return {name: _sheet([_item(figure) for figure in figures]) for name, figures in found.items() if figures}


def _item(figure: str) -> _Item:
    element = ET.fromstring(figure)  # noqa: S314 -- from our own page
    chart, caption = element.find("div/svg"), element.find("figcaption")
    if chart is None or caption is None:
        raise ValueError(f"not a figure of a report's page: {figure[:80]}")
    width = int(chart.get("width", "0"))
    return _Item(
        chart,
        textwrap.wrap(caption.findtext("strong", ""), int(width / TITLE_SIGN)),
        textwrap.wrap(caption.findtext("span[@class='note']", ""), int(width / NOTE_SIGN)),
        [name.text or "" for name in caption.iterfind("span[@class='series']/span")],
    )


def _sheet(items: Sequence[_Item]) -> Sheet:
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": FONT})
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    width, height = 0, MARGIN
    for row in _rows(sorted(items, key=lambda item: 2 * item.width > WIDTH)):
        left = MARGIN
        for item in row:
            root.append(_placed(item, left, height))
            left += item.width + GUTTER
        width = max(width, left - GUTTER + MARGIN)
        height += max(item.height for item in row) + MARGIN
    root.attrib |= {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    described = [item.chart.get("aria-label", "") for item in items]
    return Sheet(" ".join(described), ET.tostring(root, encoding="unicode"))


def _rows(items: Sequence[_Item]) -> list[list[_Item]]:
    """From left to right, as many as fit on the widest sheet."""
    rows: list[list[_Item]] = []
    left = 0
    for item in items:
        if not rows or left + item.width + MARGIN > WIDTH:
            rows.append([])
            left = MARGIN
        rows[-1].append(item)
        left += item.width + GUTTER
    return rows


def _placed(item: _Item, left: int, top: int) -> ET.Element:
    group = ET.Element("g", {"transform": f"translate({left} {top})"})
    lines = [(line, "13", "600", INK) for line in item.title] + [(line, "11", "400", QUIET) for line in item.note]
    for number, (line, size, weight, colour) in enumerate(lines, start=1):
        style = {"y": str(number * LINE - 4), "font-size": size, "font-weight": weight, "fill": colour}
        ET.SubElement(group, "text", style).text = line
    _add_legend(group, item.legend, len(lines) * LINE)
    kept = {name: item.chart.get(name, "") for name in ("width", "height", "viewBox")}
    chart = ET.SubElement(group, "svg", {**kept, "y": str(item.caption)})
    chart.extend(list(item.chart))
    return group


def _add_legend(group: ET.Element, names: Sequence[str], top: int) -> None:
    left = 0
    for name, colour in zip(names, SERIES, strict=False):
        key = {"x": str(left), "y": str(top + 4), "width": "9", "height": "9", "fill": colour}
        ET.SubElement(group, "rect", key)
        style = {"x": str(left + 13), "y": str(top + 12), "font-size": "11", "fill": QUIET}
        ET.SubElement(group, "text", style).text = name
        left += 13 + round(len(name) * NOTE_SIGN) + 14
