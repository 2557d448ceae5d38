"""View and charts → one self-contained HTML page. Autoescape is on; no script, nothing fetched."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tasks.kpis.record import Section
from tasks.report.charts import section_charts
from tasks.report.drawing import Chart
from tasks.report.report import Report
from tasks.report.svg import to_svg
from tasks.report.view import View

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


def page(view: View, report: Report) -> bytes:
    pictures = {part.name: _pictures(part.name, report) for part in view.parts}
    style = Markup(_PAGES.get_template("style.css").render())  # noqa: S704 -- our own file, nothing filled in
    values: Mapping[str, object] = {"view": view, "t": view.t, "pictures": pictures, "style": style}
    return _PAGES.get_template("report.html.j2").render(values).encode() + b"\n"


def _pictures(section: Section, report: Report) -> list[Picture]:
    return [
        Picture(chart, to_svg(chart.spec, chart.name, chart.description)) for chart in section_charts(section, report)
    ]
