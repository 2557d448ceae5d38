"""The charts of the report by section, those there is something to draw for."""

from collections.abc import Iterator

from altair.utils.schemapi import debug_mode

from tasks.kpis.record import Section
from tasks.report import trends
from tasks.report.adoption import features
from tasks.report.bridges import bridges
from tasks.report.cohorts import retention_grids, revenue_grid
from tasks.report.drawing import Chart
from tasks.report.report import Report
from tasks.report.waterfalls import waterfall

MOST_ADDED = 3
"""Trends a section gains at most because their figures have targets or benchmarks."""


def section_charts(section: Section, report: Report) -> list[Chart]:
    """The section's own charts, then trends of its figures with a target or a benchmark that are not among them."""
    with debug_mode(False):  # Altair's check of every part against its schema takes longer than all the rest
        return list(_charts(section, report))


def _charts(section: Section, report: Report) -> Iterator[Chart]:
    own = [chart for chart in _own(section, report) if chart is not None]
    drawn = {chart.name for chart in own} | _SHARED
    wanted = [
        figure.kpi.name
        for figure in report.history.section(section)
        if figure.kpi.name not in drawn and figure.kpi.name in _judged(report)
    ]
    yield from own
    yield from (chart for name in wanted[:MOST_ADDED] if (chart := trends.line(name, report)) is not None)


_SHARED = frozenset({"signups", "new_customers", "mau", "wau", "dau"})
"""Drawn together with others in one chart."""


def _judged(report: Report) -> set[str]:
    return set(report.presentation.targets) | set(report.presentation.benchmarks)


def _own(section: Section, report: Report) -> Iterator[Chart | None]:
    match section:
        case "acquisition":
            yield trends.acquisition(report)
            yield trends.line("customer_acquisition_cost", report)
        case "activation":
            yield trends.line("activation_rate", report)
        case "engagement":
            yield trends.active(report)
            yield features(report.history.snapshot.features, report.formats)
        case "retention":
            yield trends.line("churn_rate", report)
            yield from _bridges(section, report)
            yield from retention_grids(report.history, report.formats)
        case "revenue":
            yield from _revenue(report)
        case "satisfaction":
            yield trends.line("nps", report)
            yield trends.line("csat", report)


def _revenue(report: Report) -> Iterator[Chart | None]:
    recurring = trends.bars("mrr", report)
    yield recurring
    yield from _bridges("revenue", report)
    yield trends.bars("revenue", report)
    if recurring is None:
        yield trends.bars("orders", report)
    yield revenue_grid(report.history, report.formats)


def _bridges(section: Section, report: Report) -> Iterator[Chart]:
    yield from (waterfall(one, report.formats) for one in bridges(report.history) if one.section == section)
