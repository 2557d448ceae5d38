"""Bridges as waterfalls: a bar a step, lying, so that names of any length stand beside them."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from tasks.report.bridges import Bridge, Step
from tasks.report.drawing import (
    BLUE,
    INK,
    LABELS,
    QUIET,
    SIDE_WIDTH,
    STEEL,
    VERMILION,
    Chart,
    Drawing,
    Points,
    finished,
    layer_of,
    lookup,
    nice_ticks,
    text_width,
)
from tasks.report.formats import Formats

STEP_HEIGHT = 27
BAR = 0.32
"""Half the height of a bar, in steps."""
DWARFED = 0.3
"""The axis starts above zero where the movements reach over less than this part of it."""


def waterfall(bridge: Bridge, formats: Formats) -> Chart:
    lowest = _lowest(bridge)
    title, label = formats.t[f"chart_{bridge.name}"], _labels(bridge, formats)
    texts = _amounts(bridge, formats)
    ticks = _ticks(bridge, lowest)
    points = [_point(place, step, ticks[0]) for place, step in enumerate(bridge.steps)]
    rows = [point | {"name": label[place], "text": texts[place]} for place, point in enumerate(points)]
    left = 12 + max(text_width(name) for name in label)
    right = 12 + max(text_width(text) for text in texts)
    width = SIDE_WIDTH - left - right
    spec = finished(_drawing(rows, ticks, bridge.unit, formats, width), left, right, 4, 24)
    note = formats.t["chart_not_from_zero"] + "." if ticks[0] > 0 else ""
    said = formats.listing([f"{name} {text}" for name, text in zip(label, texts, strict=True)])
    description = formats.say("chart_alt_now", title=title, values=said)
    return Chart(bridge.name, title, note, (), description, place="side", spec=spec)


def _labels(bridge: Bridge, formats: Formats) -> list[str]:
    of = "customers" if bridge.unit == "customers" else "mrr"
    return [formats.t.get(f"step_{step.name}_{of}", "") or formats.t[f"step_{step.name}"] for step in bridge.steps]


def steps_as_written(bridge: Bridge, formats: Formats) -> list[tuple[str, str]]:
    return list(zip(_labels(bridge, formats), _amounts(bridge, formats), strict=True))


def _amounts(bridge: Bridge, formats: Formats) -> list[str]:
    """Movements with their sign; small amounts without cents where the large ones have none."""
    digits = 0 if max(abs(step.amount) for step in bridge.steps) >= 1000 else None
    written = [(step, formats.value(step.amount, bridge.unit, digits)) for step in bridge.steps]
    return [f"+{text}" if step.amount > 0 and not step.is_level else text for step, text in written]


def _lowest(bridge: Bridge) -> float:
    """Where the axis starts: at zero, or a little below the lowest level where that leaves the movements legible."""
    levels = [level for step in bridge.steps for level in ((step.last,) if step.is_level else (step.first, step.last))]
    lowest, highest = min(levels), max(levels)
    reach = highest - lowest
    return 0.0 if lowest <= 0 or reach > DWARFED * highest else max(lowest - 0.6 * (reach or highest * 0.02), 0.0)


def _ticks(bridge: Bridge, lowest: float) -> list[float]:
    highest = max(max(step.first, step.last) for step in bridge.steps)
    if lowest <= 0:
        return nice_ticks(min(0.0, *(min(step.first, step.last) for step in bridge.steps)), highest, bridge.unit, 3)
    return nice_ticks(lowest, highest, bridge.unit, 3, from_zero=False)


def _point(place: int, step: Step, axis_start: float) -> dict[str, Any]:
    """`link`: the level at which the next bar sets on."""
    colour = STEEL if step.is_level else BLUE if step.amount >= 0 else VERMILION
    first = max(min(step.first, step.last), axis_start)
    last = max(step.first, step.last)
    return {
        "top": place - BAR,
        "bottom": place + BAR,
        "next": place + 1 - BAR,
        "y": place,
        "first": first,
        "last": last,
        "link": step.last,
        "fill": colour,
        "ink": INK if step.is_level else LABELS[colour],
    }


def _drawing(rows: Points, ticks: list[float], unit: str, formats: Formats, width: int) -> Drawing:
    places = alt.Scale(domain=[-0.5, len(rows) - 0.5], reverse=True, nice=False, zero=False)
    scale = alt.Scale(domain=[ticks[0], ticks[-1]], nice=False, zero=False)
    labels = lookup(ticks, [formats.tick(tick, unit, ticks[1] - ticks[0]) for tick in ticks])
    axis = alt.Axis(values=ticks, labelExpr=labels, labelFlush=False)
    x: Mapping[str, Any] = {name: alt.X(f"{name}:Q", scale=scale, axis=axis) for name in ("first", "last", "link")}
    y: Mapping[str, Any] = {name: alt.Y(f"{name}:Q", scale=places, axis=None) for name in ("y", "top", "bottom")}
    fill, ink = alt.Color("fill:N", scale=None, legend=None), alt.Color("ink:N", scale=None, legend=None)
    links = layer_of(rows[:-1]).mark_rule(color=QUIET, strokeWidth=1)
    drawing = alt.layer(
        links.encode(x=x["link"], y=y["bottom"], y2="next:Q"),
        layer_of(rows).mark_rect().encode(x=x["first"], x2="last:Q", y=y["top"], y2="bottom:Q", color=fill),
        layer_of(rows).mark_text(align="right", baseline="middle", x=-8).encode(y=y["y"], text="name:N"),
        layer_of(rows)
        .mark_text(align="left", baseline="middle", dx=6, fontWeight=600)
        .encode(x=x["last"], y=y["y"], text="text:N", color=ink),
    )
    return drawing.properties(width=width, height=len(rows) * STEP_HEIGHT)
