"""Figures over the last thirteen periods: lines with bands, and bars."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import altair as alt

from tasks.clock import Period
from tasks.report.comparisons import Figure
from tasks.report.drawing import (
    BLUE,
    LABELS,
    PALE_BLUE,
    PLOT_HEIGHT,
    PLOT_WIDTH,
    SERIES,
    SIDE_WIDTH,
    Chart,
    Drawing,
    Points,
    finished,
    layer_of,
    lookup,
    nice_ticks,
    text_width,
)
from tasks.report.events import events
from tasks.report.figures import History
from tasks.report.formats import SIGNED, Formats
from tasks.report.marks import HALO, Reference, event_layers, reference_layers, references, spread
from tasks.report.report import Report

HEADROOM = 1.1
"""Above the highest column, for the value written there."""
Trend = Sequence[Figure | None]


def acquisition(report: Report) -> Chart | None:
    labels = {name: _label(report, name) for name in ("signups", "new_customers")}
    drawn = [name for name in labels if has_trend(report, name)]
    title = report.formats.t["chart_acquisition"] if len(drawn) == 2 else "".join(labels[name] for name in drawn)
    return _lines("acquisition", title, {name: labels[name] for name in drawn}, report)


def active(report: Report) -> Chart | None:
    labels = {"mau": f"chart_whole_{report.grain}", "wau": "chart_weekly", "dau": "chart_daily"}
    drawn = {name: report.formats.t[text] for name, text in labels.items() if has_trend(report, name)}
    return _lines("active", report.formats.t["chart_active"], drawn, report)


def line(name: str, report: Report) -> Chart | None:
    """One figure, with its interval where it has one."""
    drawn = {name: _label(report, name)} if has_trend(report, name) else {}
    return _lines(name, "".join(drawn.values()), drawn, report, band=True)


def _lines(name: str, title: str, drawn: Mapping[str, str], report: Report, *, band: bool = False) -> Chart | None:
    """`drawn`: KPI → name of its line in the legend. All share one unit."""
    if not drawn:
        return None
    history, formats = report.history, report.formats
    trends = {kpi: history.trend(kpi) for kpi in drawn}
    colours = dict(zip(drawn, SERIES, strict=False))
    points = [point | {"colour": colours[kpi]} for kpi, trend in trends.items() for point in _points(kpi, trend)]
    unit = _unit(trends)
    now = len(history.trend_periods) - 1
    marked = _references(colours, unit, report)
    ticks = nice_ticks(*_bounds(points, marked), unit)
    axes = _axes(history, formats, unit, ticks, [0, now])
    has_band = band and any(point["low"] is not None for point in points)
    layers = [_band(points, axes)] if has_band else []
    below, above = reference_layers(marked, ticks, axes, 0)
    layers += [*event_layers(events(report), axes), *below]
    layers += [_line(_broken(points, kpi, now + 1), colours[kpi], axes) for kpi in drawn]
    layers += above
    last = [point | {"text": formats.headline(point["y"], unit)} for point in points if point["x"] == now]
    layers += [_ends(last, ticks, axes)] if last else []
    right = 14 + max((text_width(point["text"]) for point in last), default=0)
    spec = _finish(alt.layer(*layers), ticks, unit, formats, right)
    note = _note(has_band=has_band, from_zero=ticks[0] <= 0, formats=formats)
    legend = tuple(drawn.values()) if len(drawn) > 1 else ()
    return Chart(name, title, note, legend, _describe(title, trends, history, formats), place="side", spec=spec)


def bars(name: str, report: Report) -> Chart | None:
    """A column a period, the one reported in a stronger colour."""
    if not has_trend(report, name):
        return None
    history, formats = report.history, report.formats
    trends = {name: history.trend(name)}
    now = len(history.trend_periods) - 1
    unit = _unit(trends)
    points = [point | {"colour": BLUE if point["x"] == now else PALE_BLUE} for point in _points(name, trends[name])]
    marked = _references({name: BLUE}, unit, report)
    lowest, highest = _bounds(points, marked)
    ticks = nice_ticks(lowest, highest * HEADROOM, unit)
    axes = _axes(history, formats, unit, ticks, [-0.6, now + 0.6])
    size = min(30, round(PLOT_WIDTH / (now + 1.2) * 0.68))
    columns = layer_of(points).mark_bar(size=size, orient="vertical")
    last = [point | {"text": formats.headline(point["y"], unit)} for point in points if point["x"] == now]
    label = {"x": axes["x"], "y": axes["y"], "text": "text:N"}
    halo, text = (
        layer_of(last).mark_text(dy=-8, fontWeight=600, align="right", dx=size // 2, **outline).encode(**label)
        for outline in (HALO, {})
    )
    below, above = reference_layers(marked, ticks, axes, -0.6)
    layers = [
        columns.encode(x=axes["x"], y=axes["y"], color=_colour()),
        *event_layers(events(report), axes),
        *below,
        *above,
        *([halo, text] if last else []),
    ]
    title = _label(report, name)
    spec = _finish(alt.layer(*layers), ticks, unit, formats, 12)
    return Chart(name, title, "", (), _describe(title, trends, history, formats), place="side", spec=spec)


def _references(colours: Mapping[str, str], unit: str, report: Report) -> list[Reference]:
    """Of several lines, each reference has the colour of its own."""
    found = [(kpi, one) for kpi in colours for one in references(kpi, unit, report)]
    several = len(colours) > 1
    return [replace(one, colour=LABELS[colours[kpi]]) if several else one for kpi, one in found]


def _points(kpi: str, trend: Trend) -> list[dict[str, Any]]:
    return [
        {"x": place, "y": figure.value, "low": _low(figure), "high": figure.high, "kpi": kpi}
        for place, figure in enumerate(trend)
        if figure is not None
    ]


def _low(figure: Figure) -> float | None:
    """An interval may reach below zero only where the figure itself can."""
    return figure.low if figure.low is None or figure.unit in SIGNED else max(figure.low, 0.0)


def _note(*, has_band: bool, from_zero: bool, formats: Formats) -> str:
    shown = {"chart_band": has_band, "chart_not_from_zero": not from_zero}
    notes = [formats.t[name] for name, is_shown in shown.items() if is_shown]
    return formats.say("chart_notes", first=notes[0], second=notes[1]) if len(notes) > 1 else "".join(notes)


def _unit(trends: Mapping[str, Trend]) -> str:
    return next(figure.unit for trend in trends.values() for figure in trend if figure is not None)


def _bounds(points: Points, marked: Sequence[Reference]) -> tuple[float, float]:
    values = [point[name] for point in points for name in ("y", "low", "high") if point[name] is not None]
    values += [reference.value for reference in marked if reference.always]
    return min(values), max(values)


def has_trend(report: Report, name: str) -> bool:
    """Two points make a line; nothing but zeros makes none."""
    values = [figure.value for figure in report.history.trend(name) if figure is not None]
    return len(values) >= 2 and any(values)


def _label(report: Report, name: str) -> str:
    figure = report.history.figures.get(name)
    return report.formats.text(figure.kpi.label) if figure else ""


def _colour() -> alt.Color:
    return alt.Color("colour:N", scale=None, legend=None)


def _line(points: Points, colour: str, axes: Mapping[str, Any]) -> Any:
    dots = alt.OverlayMarkDef(size=12, color=colour, opacity=1)
    line = layer_of(points).mark_line(color=colour, strokeWidth=2.25, strokeCap="round", strokeJoin="round", point=dots)
    return line.encode(x=axes["x"], y=axes["y"])


def _broken(points: Points, kpi: str, places: int) -> Points:
    """The points of one line, with a null where a period is missing: the line breaks there."""
    own = {point["x"]: point for point in points if point["kpi"] == kpi}
    return [own.get(place, {"x": place, "y": None}) for place in range(places)]


def _band(points: Points, axes: Mapping[str, Any]) -> Any:
    own = {point["x"]: point for point in points}
    filled = [own.get(place, {"x": place, "low": None, "high": None}) for place in range(max(own) + 1)]
    area = layer_of(filled).mark_area(color=BLUE, opacity=0.16, line=False)
    return area.encode(x=axes["x"], y=axes["low"], y2="high:Q")


def _ends(last: Points, ticks: Sequence[float], axes: Mapping[str, Any]) -> Any:
    """The last values, written beside the ends of the lines."""
    placed = [dict(point) | {"colour": LABELS[point["colour"]]} for point in spread(last, ticks)]
    text = layer_of(placed).mark_text(align="left", dx=8, fontWeight=600)
    return text.encode(x=axes["x"], y=axes["y"], text="text:N", color=_colour())


def _axes(
    history: History, formats: Formats, unit: str, ticks: Sequence[float], domain: Sequence[float]
) -> dict[str, Any]:
    """Positions 0, 1, … for the periods. Of many, every third is labelled, back from the last."""
    periods = history.trend_periods
    step = 3 if len(periods) > 7 else 1
    places = sorted(range(len(periods) - 1, -1, -step))
    labels = [tick_lines(periods[place], formats) for place in places]
    x_axis = alt.Axis(
        values=places, labelExpr=lookup(places, labels), grid=False, labelFlush=False, tickCount=len(places)
    )
    step_size = ticks[1] - ticks[0]
    y_axis = alt.Axis(
        values=list(ticks), labelExpr=lookup(ticks, [formats.tick(tick, unit, step_size) for tick in ticks])
    )
    scale = alt.Scale(domain=[ticks[0], ticks[-1]], nice=False, zero=False)
    return {
        "x": alt.X("x:Q", scale=alt.Scale(domain=list(domain), nice=False, zero=False), axis=x_axis),
        "y": alt.Y("y:Q", scale=scale, axis=y_axis),
        "low": alt.Y("low:Q", scale=scale, axis=y_axis),
    }


def tick_lines(period: Period, formats: Formats) -> list[str]:
    """`Jan` over `2025`; a year alone is one line."""
    return formats.short(period).rsplit("\xa0", 1)


def _describe(title: str, trends: Mapping[str, Trend], history: History, formats: Formats) -> str:
    """What a screen reader says: title, first and last period, last values."""
    periods = history.trend_periods
    ends = [(formats.text(trend[-1].kpi.label), trend[-1]) for trend in trends.values() if trend[-1] is not None]
    values = formats.listing([f"{label} {formats.value(figure.value, figure.unit)}" for label, figure in ends])
    return formats.say(
        "chart_alt",
        title=title,
        first=formats.period(periods[0]),
        last=formats.period(periods[-1]),
        values=values or formats.value(None, ""),
    )


def _finish(drawing: Drawing, ticks: Sequence[float], unit: str, formats: Formats, right: int) -> dict[str, Any]:
    left = 10 + max(text_width(formats.tick(tick, unit, ticks[1] - ticks[0])) for tick in ticks)
    width = SIDE_WIDTH - left - right
    return finished(drawing.properties(width=width, height=PLOT_HEIGHT), left, right, 18, 36)
