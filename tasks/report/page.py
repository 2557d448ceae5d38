"""View and charts → one self-contained HTML page. Autoescape is on; no script, nothing fetched."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tasks.report.charts import section_charts
from tasks.report.drawing import Chart
from tasks.report.report import Report
from tasks.report.svg import to_svg
from tasks.report.view import Part, View

_PAGES = Environment(
    loader=PackageLoader("tasks.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Picture:
    """A chart with its drawing."""

    chart: Chart
    svg: Markup


@dataclass(frozen=True)
class Drawn:
    """A section's pictures by where they stand."""

    side: list[Picture]
    beneath: list[Picture]
    wide: list[Picture]
    half: list[Picture]


def page(view: View, report: Report) -> bytes:
    drawn = {part.name: _drawn(part, report) for part in view.parts}
    style = Markup(_PAGES.get_template("style.css").render())  # noqa: S704 -- our own file, nothing filled in
    values: Mapping[str, object] = {"view": view, "t": view.t, "drawn": drawn, "style": style}
    return _PAGES.get_template("report.html.j2").render(values).encode() + b"\n"


def _drawn(part: Part, report: Report) -> Drawn:
    """Beside a table that is much shorter than they are, small pictures would leave a hole: they go beneath it."""
    found = [
        Picture(chart, to_svg(chart.spec, chart.name, chart.description)) for chart in section_charts(part.name, report)
    ]
    side, wide, half = ([one for one in found if one.chart.place == place] for place in ("side", "wide", "half"))
    table = ROW * (2 + len(part.rows)) + WIDE * len(wide)
    fits = SMALL * len(side) <= table + SMALL * 0.8
    return Drawn(side if fits else [], [] if fits else side, wide, half)


ROW, SMALL, WIDE = 38, 215, 380
"""About how high things are, in pixels."""
