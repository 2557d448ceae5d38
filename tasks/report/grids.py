"""The figures as plain rows of written cells, heading → cell: for places that show a table and nothing else."""

from collections.abc import Iterator

from tasks.report.comparisons import Figure
from tasks.report.figures import SECTIONS
from tasks.report.groups import groups
from tasks.report.judged import judge
from tasks.report.markdown import cell
from tasks.report.report import Report

Row = dict[str, str]
_STATUSES = {"ok": "cell_ok", "missing_input": "cell_missing_input"}
"""Those that stand nowhere else: the report says nothing of the one, and leaves out figures of the other."""


def figures(report: Report) -> list[Row]:
    """The figures of the whole in the order of the catalogue, those without a source last."""
    found = sorted(report.history.figures.values(), key=lambda figure: figure.status == "missing_input")
    return [_figure(figure, report) for figure in found]


def _figure(figure: Figure, report: Report) -> Row:
    formats, t = report.formats, report.formats.t
    verdict = judge(figure, report.presentation, report.grain)
    return {
        t["kpi"]: formats.text(figure.kpi.label),
        t["value"]: formats.value(figure.value, figure.unit),
        t["verdict"]: t[f"verdict_{verdict}"] if verdict else "",
        t["interval"]: formats.interval(figure.low, figure.high, figure.unit),
        t["numerator"]: formats.number(figure.numerator),
        t["denominator"]: formats.number(figure.denominator),
        t["status"]: t[_STATUSES.get(figure.status, f"status_{figure.status}")],
    }


def segments(report: Report) -> list[Row]:
    """The headline shares by level, as the report groups them: few customers are not told apart."""
    return list(_segments(report))


def _segments(report: Report) -> Iterator[Row]:
    t = report.formats.t
    for section in SECTIONS:
        for group in groups(section, report.history, report.formats):
            for row in group.rows:
                yield {
                    t["kpi"]: cell(group.title),
                    t["level"]: cell(row.level),
                    t["value"]: row.value,
                    t["interval"]: row.interval,
                    t["customers"]: row.customers,
                    t["status"]: row.remark or ("" if row.withheld else t["cell_ok"]),
                }
