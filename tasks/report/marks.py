"""What is drawn over the trends beside the figures: aims, thresholds, and when something happened."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import altair as alt

from tasks.report.drawing import ALERT, HEALTHY, INK, PLOT_HEIGHT, QUIET, Points, layer_of
from tasks.report.events import Event
from tasks.report.judged import limits
from tasks.report.report import Report

HALO: Mapping[str, Any] = {"stroke": "#ffffff", "strokeWidth": 3}
"""A second text beneath the first, so that lines behind it do not disturb."""
COLOURS = {"target": INK, "healthy": HEALTHY, "alert": ALERT}


@dataclass(frozen=True)
class Reference:
    """A level across the plot. `always`: the axis makes room for it."""

    value: float
    label: str
    colour: str
    always: bool


def references(kpi: str, unit: str, report: Report) -> list[Reference]:
    """The target and the thresholds of a figure, converted to the report's length of period."""
    benchmark, target = report.presentation.benchmarks.get(kpi), report.presentation.targets.get(kpi)
    values = {} if target is None else {"target": target}
    values |= limits(benchmark, report.grain) if benchmark else {}
    formats = report.formats
    return [
        Reference(
            value,
            formats.say(f"mark_{name}", value=formats.headline(value, unit)),
            COLOURS[name],
            always=name == "target",
        )
        for name, value in values.items()
    ]


def reference_layers(
    found: Sequence[Reference], ticks: Sequence[float], axes: Mapping[str, Any], first: float
) -> tuple[list[Any], list[Any]]:
    """Those in view, to go below and above the figures: a thin line each, dashed for an aim; its label at the left."""
    seen = [reference for reference in found if ticks[0] <= reference.value <= ticks[-1]]
    if not seen:
        return [], []
    rules = [
        layer_of([{"y": one.value}])
        .mark_rule(
            color=one.colour, strokeWidth=1.2 if one.always else 0.9, strokeDash=[5, 3] if one.always else [1, 0]
        )
        .encode(y=axes["y"])
        for one in seen
    ]
    above = 7 / PLOT_HEIGHT * (ticks[-1] - ticks[0])
    labels = [{"x": first, "y": one.value + above, "text": one.label, "colour": one.colour} for one in seen]
    placed = layer_of(spread(labels, [ticks[0], ticks[-1] + 2 * above]))
    colour = alt.Color("colour:N", scale=None, legend=None)
    halo = placed.mark_text(align="left", dx=2, fontSize=10, **HALO)
    text = placed.mark_text(align="left", dx=2, fontSize=10)
    at = {"x": axes["x"], "y": axes["y"], "text": "text:N"}
    return rules, [halo.encode(**at), text.encode(**at, color=colour)]


def event_layers(found: Sequence[Event], axes: Mapping[str, Any]) -> list[Any]:
    """A dotted line at each period in which something happened, with the numbers of the notes above it."""
    if not found:
        return []
    points = [
        {"x": place, "text": ", ".join(str(event.number) for event in group)}
        for place, group in groupby(sorted(found, key=lambda event: event.place), key=lambda event: event.place)
    ]
    rules = layer_of(points).mark_rule(color=QUIET, strokeWidth=1, strokeDash=[2, 3])
    numbers = layer_of(points).mark_text(fontSize=10, fontWeight=600, color=INK, y=-8)
    return [
        rules.encode(x=axes["x"], y=alt.value(-2), y2=alt.value(PLOT_HEIGHT)),
        numbers.encode(x=axes["x"], text="text:N"),
    ]


def spread(last: Points, ticks: Sequence[float]) -> Points:
    """Labels moved apart where they would overlap, and down where they would leave the plot."""
    apart = 13 / PLOT_HEIGHT * (ticks[-1] - ticks[0])
    placed: list[dict[str, Any]] = []
    for point in sorted(last, key=lambda point: point["y"]):
        floor = placed[-1]["y"] + apart if placed else -math.inf
        placed.append(dict(point) | {"y": max(point["y"], floor)})
    above = max(placed[-1]["y"] - ticks[-1], 0)
    return [point | {"y": point["y"] - above} for point in placed]
