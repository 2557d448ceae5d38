"""The charts, as Vega-Lite specifications with their captions. Turning them into SVG is in `svg`.

All labels are written beforehand in the reader's language, all positions are numbers: names from outside reach a
specification as data only. Sizes are pixels at which the page shows them one to one.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tasks.clock import Period
from tasks.kpis.record import Section
from tasks.report.figures import TREND, Figure, History
from tasks.report.formats import Formats, in_percent, is_money, shorten

# Okabe and Ito's colours, told apart by all kinds of colour vision
BLUE, VERMILION, GREEN, PALE_BLUE = "#0072B2", "#D55E00", "#009E73", "#A9CFE6"
INK, QUIET, GRID, NEUTRAL = "#1f2933", "#5c6873", "#e4e8ec", "#eef1f4"
SERIES = (BLUE, VERMILION, GREEN)
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

PLOT_WIDTH, PLOT_HEIGHT = 250, 120
CELL_WIDTH, CELL_HEIGHT = 46, 26
ROW_HEIGHT = 33
MOST_FEATURES = 8

CONFIG: Mapping[str, Any] = {
    "aria": False,
    "background": "transparent",
    "view": {"stroke": None},
    "font": FONT,
    "axis": {
        "domain": False,
        "ticks": False,
        "labelColor": QUIET,
        "labelFontSize": 11,
        "labelPadding": 6,
        "labelLimit": 400,
        "labelOverlap": False,
        "gridColor": GRID,
        "title": None,
    },
    "text": {"fontSize": 11, "fill": INK, "limit": 0},
}


@dataclass(frozen=True)
class Chart:
    """One figure of the page. `legend`: names of the series in the order of their colours, empty for a single one."""

    name: str
    title: str
    note: str
    legend: tuple[str, ...]
    description: str
    wide: bool
    spec: Mapping[str, Any]


def section_charts(section: Section, history: History, formats: Formats) -> list[Chart]:
    """The charts of a section for which there is something to draw; at most eight over all sections."""
    made = {
        "acquisition": lambda: [_acquisition(history, formats)],
        "activation": lambda: [_rate("activation_rate", history, formats)],
        "engagement": lambda: [_active(history, formats), _features(history.snapshot.features, formats)],
        "retention": lambda: [_rate("churn_rate", history, formats), _cohorts(history, formats)],
        "revenue": lambda: [_bars("revenue", history, formats), _bars("orders", history, formats)],
    }
    return [chart for chart in made[section]() if chart is not None]


# trends


def _acquisition(history: History, formats: Formats) -> Chart | None:
    labels = {name: _label(history, formats, name) for name in ("signups", "new_customers")}
    drawn = [name for name in labels if _has_trend(history, name)]
    title = formats.t["chart_acquisition"] if len(drawn) == 2 else "".join(labels[name] for name in drawn)
    return _lines("acquisition", title, {name: labels[name] for name in drawn}, history, formats)


def _active(history: History, formats: Formats) -> Chart | None:
    labels = {"mau": "chart_whole", "wau": "chart_weekly", "dau": "chart_daily"}
    drawn = {name: formats.t[text] for name, text in labels.items() if _has_trend(history, name)}
    return _lines("active", formats.t["chart_active"], drawn, history, formats)


def _rate(name: str, history: History, formats: Formats) -> Chart | None:
    drawn = {name: _label(history, formats, name)} if _has_trend(history, name) else {}
    return _lines(name, "".join(drawn.values()), drawn, history, formats, band=True)


def _lines(
    name: str, title: str, drawn: Mapping[str, str], history: History, formats: Formats, band: bool = False
) -> Chart | None:
    if not drawn:
        return None
    trends = {kpi: history.trend(kpi) for kpi in drawn}
    colours = dict(zip(drawn, SERIES, strict=False))
    points = [
        {"x": place, "y": figure.value, "low": figure.low, "high": figure.high, "colour": colours[kpi], "kpi": kpi}
        for kpi, trend in trends.items()
        for place, figure in enumerate(trend)
        if figure is not None
    ]
    unit = next(figure.unit for trend in trends.values() for figure in trend if figure is not None)
    bounds = [point[column] for point in points for column in ("y", "low", "high") if point[column] is not None]
    ticks = nice_ticks(min(bounds), max(bounds), unit)
    axes = _axes(history, formats, unit, ticks, [0, len(history.trend_periods) - 1])
    layers = [_band(points, axes)] if band and any(point["low"] is not None for point in points) else []
    layers += [_line(_broken(points, kpi, trends[kpi]), colours[kpi], axes) for kpi in drawn]
    last = [point for point in points if point["x"] == len(history.trend_periods) - 1]
    layers += [_ends(last, unit, ticks, formats, axes)] if last else []
    right = 14 + max((_text_width(formats.headline(point["y"], unit)) for point in last), default=0)
    spec = _finish(alt.layer(*layers), ticks, unit, formats, right)
    note = formats.t["chart_band"] if layers and band else ""
    legend = tuple(drawn.values()) if len(drawn) > 1 else ()
    return Chart(name, title, note, legend, _describe(title, trends, history, formats), False, spec)


def _bars(name: str, history: History, formats: Formats) -> Chart | None:
    if not _has_trend(history, name):
        return None
    trend = history.trend(name)
    now = len(trend) - 1
    points = [
        {"x": place, "y": figure.value, "colour": BLUE if place == now else PALE_BLUE, "kpi": name}
        for place, figure in enumerate(trend)
        if figure is not None
    ]
    unit = next(figure.unit for figure in trend if figure is not None)
    ticks = nice_ticks(min(0, *(point["y"] for point in points)), max(point["y"] for point in points), unit)
    axes = _axes(history, formats, unit, ticks, [-0.6, now + 0.6])
    size = min(30, round(PLOT_WIDTH / (now + 1.2) * 0.68))
    layers = [_chart(points).mark_bar(size=size).encode(x=axes["x"], y=axes["y"], color=_colour())]
    last = [point | {"text": formats.headline(point["y"], unit)} for point in points if point["x"] == now]
    layers += [_chart(last).mark_text(dy=-8, fontWeight=600, align="right", dx=size // 2).encode(x=axes["x"], y=axes["y"], text="text:N")]
    title = _label(history, formats, name)
    spec = _finish(alt.layer(*layers), ticks, unit, formats, 12)
    return Chart(name, title, "", (), _describe(title, {name: trend}, history, formats), False, spec)


def _has_trend(history: History, name: str) -> bool:
    """Two points make a line; nothing but zeros makes none."""
    values = [figure.value for figure in history.trend(name) if figure is not None]
    return len(values) >= 2 and any(values)


def _label(history: History, formats: Formats, name: str) -> str:
    figure = history.figures.get(name)
    return formats.text(figure.kpi.label) if figure else ""


def _chart(points: Sequence[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(point) for point in points]))


def _colour() -> alt.Color:
    return alt.Color("colour:N", scale=None, legend=None)


def _line(points: Sequence[Mapping[str, Any]], colour: str, axes: Mapping[str, Any]) -> alt.Chart:
    line = _chart(points).mark_line(
        color=colour,
        strokeWidth=2.25,
        strokeCap="round",
        strokeJoin="round",
        interpolate="linear",
        point=alt.OverlayMarkDef(size=12, color=colour, opacity=1),
    )
    return line.encode(x=axes["x"], y=axes["y"])


def _broken(points: Sequence[Mapping[str, Any]], kpi: str, trend: Sequence[Figure | None]) -> list[Mapping[str, Any]]:
    """The points of one line, with a null where a period is missing: the line breaks there."""
    own = {point["x"]: point for point in points if point["kpi"] == kpi}
    return [own.get(place, {"x": place, "y": None}) for place in range(len(trend))]


def _band(points: Sequence[Mapping[str, Any]], axes: Mapping[str, Any]) -> alt.Chart:
    own = {point["x"]: point for point in points}
    filled = [own.get(place, {"x": place, "low": None, "high": None}) for place in range(max(own) + 1)]
    area = _chart(filled).mark_area(color=BLUE, opacity=0.16, line=False)
    return area.encode(x=axes["x"], y=axes["low"], y2="high:Q")


def _ends(
    last: Sequence[Mapping[str, Any]], unit: str, ticks: Sequence[float], formats: Formats, axes: Mapping[str, Any]
) -> alt.Chart:
    """The last values, written beside the ends of the lines and moved apart where they would overlap."""
    apart = 13 / PLOT_HEIGHT * (ticks[-1] - ticks[0])
    placed: list[dict[str, Any]] = []
    for point in sorted(last, key=lambda point: point["y"]):
        floor = placed[-1]["y"] + apart if placed else -math.inf
        placed.append(dict(point) | {"y": max(point["y"], floor), "text": formats.headline(point["y"], unit)})
    text = _chart(placed).mark_text(align="left", dx=8, fontWeight=600, clip=False)
    return text.encode(x=axes["x"], y=axes["y"], text="text:N", color=_colour())


def _axes(
    history: History, formats: Formats, unit: str, ticks: Sequence[float], domain: Sequence[float]
) -> dict[str, Any]:
    """Positions 0, 1, … for the periods. Every third is labelled, counted back from the one reported."""
    periods = history.trend_periods
    step = 3 if len(periods) > 5 else 1
    places = sorted(range(len(periods) - 1, -1, -step))
    labels = [tick_lines(periods[place], formats) for place in places]
    x_axis = alt.Axis(values=places, labelExpr=_lookup(places, labels), grid=False, labelFlush=False, tickCount=len(places))
    step_size = ticks[1] - ticks[0]
    y_axis = alt.Axis(values=list(ticks), labelExpr=_lookup(ticks, [formats.tick(tick, unit, step_size) for tick in ticks]))
    scale = alt.Scale(domain=[ticks[0], ticks[-1]], nice=False, zero=False)
    return {
        "x": alt.X("x:Q", scale=alt.Scale(domain=list(domain), nice=False, zero=False), axis=x_axis),
        "y": alt.Y("y:Q", scale=scale, axis=y_axis),
        "low": alt.Y("low:Q", scale=scale, axis=y_axis),
    }


def tick_lines(period: Period, formats: Formats) -> list[str]:
    """`Jan` over `2025`; a year alone is one line."""
    return formats.short(period).rsplit("\xa0", 1)


def _lookup(values: Sequence[float], labels: Sequence[Any]) -> str:
    """A Vega expression from tick to label. The labels are ours; JSON literals are Vega literals."""
    return f"{json.dumps(list(labels))}[indexof({json.dumps(list(values))}, datum.value)]"


def nice_ticks(lowest: float, highest: float, unit: str, wanted: int = 4) -> list[float]:
    """Round steps that enclose the values; from zero unless all values lie in the upper half. Counts: whole steps."""
    low = 0.0 if lowest >= 0 and lowest < 0.5 * highest else lowest
    span = (highest - low) or abs(highest) or 1.0
    exponent = math.floor(math.log10(span / wanted))
    sizes = (factor * 10.0 ** (exponent + shift) for shift in (0, 1) for factor in (1, 2, 2.5, 5))
    step = next(size for size in sizes if size >= span / wanted * 0.999)
    if not in_percent(unit) and unit != "days" and not is_money(unit):
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(highest / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def _describe(title: str, trends: Mapping[str, Sequence[Figure | None]], history: History, formats: Formats) -> str:
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


# cohorts


def _cohorts(history: History, formats: Formats) -> Chart | None:
    """Retained share by cohort and age. Age 0 is grey: it says who was active when they signed up, not who stayed."""
    last = sorted(history.snapshot.cohorts["cohort"].unique().to_list())[-TREND:]
    cohorts = history.snapshot.cohorts.filter(pl.col("cohort").is_in(last) & (pl.col("age") < TREND)).sort("cohort", "age")
    later = cohorts.filter((pl.col("age") > 0) & pl.col("retained").is_not_null())
    if later.is_empty():
        return None
    top = float(later["retained"].max() or 0)  # type: ignore[arg-type]
    cells = list(_cells(cohorts, last, top, formats))
    ages = int(cohorts["age"].max() or 0) + 1  # type: ignore[arg-type]
    names = [_cohort_name(cohorts, name, history, formats) for name in last]
    axes = {
        "x": alt.X("x:O", scale=alt.Scale(domain=list(range(ages)), paddingInner=0.03), axis=alt.Axis(orient="top", labelAngle=0)),
        "y": alt.Y(
            "y:O",
            scale=alt.Scale(domain=list(range(len(last))), paddingInner=0.06),
            axis=alt.Axis(labels=False),
        ),
    }
    rectangles = _chart(cells).mark_rect(cornerRadius=2).encode(x=axes["x"], y=axes["y"], color=alt.Color("fill:N", scale=None))
    numbers = _chart(cells).mark_text().encode(x=axes["x"], y=axes["y"], text="text:N", color=alt.Color("ink:N", scale=None))
    labels = [{"y": place, "text": name} for place, name in enumerate(names)]
    rows = _chart(labels).mark_text(align="right", color=QUIET, x=-8).encode(y=axes["y"], text="text:N")
    drawing = alt.layer(rectangles, numbers, rows).properties(width=ages * CELL_WIDTH, height=len(last) * CELL_HEIGHT)
    left = 14 + max(_text_width(name) for name in names)
    title = formats.t["chart_cohorts"]
    note = formats.t[f"chart_cohorts_note_{history.grain}"]
    description = formats.say("chart_alt_now", title=title, values=formats.listing(names))
    return Chart("cohorts", title, note, (), description, True, _spec(drawing, left, 4, 22, 2))


def _cohort_name(cohorts: pl.DataFrame, name: str, history: History, formats: Formats) -> str:
    size = cohorts.filter(pl.col("cohort") == name)["size"].max()
    period = formats.short(Period.parse(name, history.grain))
    return f"{period} ({formats.number(float(size or 0))})"  # type: ignore[arg-type]


def _cells(cohorts: pl.DataFrame, names: Sequence[str], top: float, formats: Formats) -> Iterator[dict[str, Any]]:
    for cohort, age, retained in cohorts.select("cohort", "age", "retained").iter_rows():
        if retained is not None:
            fill = NEUTRAL if age == 0 else shade(retained / top if top else 0.0)
            ink = QUIET if age == 0 else legible_on(fill)
            text = formats.cell(retained)
            yield {"x": age, "y": names.index(cohort), "text": text, "fill": fill, "ink": ink}


def shade(part: float) -> str:
    """From almost white to dark blue, evenly."""
    light, dark = (234, 243, 250), (0, 76, 128)
    mixed = (round(low + (high - low) * min(max(part, 0.0), 1.0)) for low, high in zip(light, dark, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def legible_on(fill: str) -> str:
    """The ink with the better contrast."""
    return max((INK, "#ffffff"), key=lambda ink: contrast(ink, fill))


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# features


def _features(features: pl.DataFrame, formats: Formats) -> Chart | None:
    """A bar a feature, its name above it, the most used first."""
    used = features.filter(pl.col("adoption").is_not_null()).sort("adoption", "item", descending=[True, False])
    rows = [row | {"y": place} for place, row in enumerate(used.head(MOST_FEATURES).iter_rows(named=True))]
    if not rows:
        return None
    bars = [
        {
            "y": row["y"],
            "value": row["adoption"],
            "low": row["low"],
            "high": row["high"],
            "zero": 0,
            "name": shorten(row["item"], 38),
            "text": formats.percent(row["adoption"]),
        }
        for row in rows
    ]
    width = PLOT_WIDTH + 70
    reach = max(max(bar["high"] or 0, bar["value"]) for bar in bars) or 1
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-0.62, len(bars) - 0.62], reverse=True, nice=False, zero=False), axis=None)
    x = alt.Scale(domain=[0, reach], nice=False)
    chart = _chart(bars)
    across = alt.X("value:Q", scale=x, axis=None)
    layers = [
        chart.mark_bar(size=8, orient="horizontal", color=BLUE, cornerRadiusEnd=2).encode(x=across, y=y),
        chart.mark_rule(orient="horizontal", color=INK, strokeWidth=1.5).encode(x=alt.X("low:Q", scale=x, axis=None), x2="high:Q", y=y),
        chart.mark_text(align="left", baseline="middle", dy=-14, x=0).encode(y=y, text="name:N"),
        chart.mark_text(align="right", baseline="middle", dy=-14, x=width, fontWeight=600).encode(y=y, text="text:N"),
    ]
    drawing = alt.layer(*layers).properties(width=width, height=len(bars) * ROW_HEIGHT)
    note = "chart_features_top" if used.height > len(rows) else "chart_features_note"
    title = formats.t["chart_features"]
    values = formats.listing([f"{bar['name']} {bar['text']}" for bar in bars])
    description = formats.say("chart_alt_now", title=title, values=values)
    said = formats.say(note, number=formats.number(len(rows)))
    return Chart("features", title, said, (), description, False, _spec(drawing, 2, 6, 2, 2))


# finishing


def _text_width(text: str) -> int:
    """Pixels, generously: the page's font is not known here."""
    return math.ceil(len(text) * 6.6)


def _finish(drawing: alt.LayerChart, ticks: Sequence[float], unit: str, formats: Formats, right: int) -> dict[str, Any]:
    labels: Iterable[str] = (formats.tick(tick, unit, ticks[1] - ticks[0]) for tick in ticks)
    left = 10 + max(_text_width(label) for label in labels)
    width = PLOT_WIDTH + 78 - left - right
    return _spec(drawing.properties(width=width, height=PLOT_HEIGHT), left, right, 14, 36)


def _spec(drawing: alt.LayerChart, left: int, right: int, top: int, bottom: int) -> dict[str, Any]:
    """Fixed paddings instead of measured text: the same picture on a machine with other fonts."""
    spec: dict[str, Any] = drawing.to_dict(validate=False)
    padding = {"left": left, "right": right, "top": top, "bottom": bottom}
    return {**spec, "config": dict(CONFIG), "autosize": {"type": "none"}, "padding": padding}
