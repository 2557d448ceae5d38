"""What all charts share: colours, theme, axes' ticks and labels, the finished specification.

All labels are written beforehand in the reader's language, all positions are numbers: names from outside reach a
specification as data only. Sizes are pixels at which the page shows them one to one.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from tasks.report.formats import COUNTS, is_money

Points = Sequence[Mapping[str, Any]]
Drawing = alt.LayerChart | alt.FacetChart

# Okabe and Ito's colours, told apart by all kinds of colour vision
BLUE, VERMILION, GREEN, PALE_BLUE = "#0072B2", "#D55E00", "#009E73", "#A9CFE6"
INK, QUIET, GRID, NEUTRAL, STEEL = "#1f2933", "#5c6873", "#e4e8ec", "#eef1f4", "#7a8794"
SERIES = (BLUE, VERMILION, GREEN)
HEALTHY, ALERT = "#00785A", "#B04400"
LABELS = {BLUE: BLUE, VERMILION: ALERT, GREEN: HEALTHY}
"""The same colours where they are text: dark enough to read."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

PLOT_WIDTH, PLOT_HEIGHT = 250, 120
SIDE_WIDTH = PLOT_WIDTH + 78
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


Place = Literal["side", "wide", "half"]
"""Beside the table, below it, or one of two in a row over the whole width."""


@dataclass(frozen=True)
class Chart:
    """One figure of the page. `legend`: names of the series in the order of their colours, empty for a single one."""

    name: str
    title: str
    note: str
    legend: tuple[str, ...]
    description: str
    place: Place
    spec: Mapping[str, Any]


def layer_of(points: Points) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(point) for point in points]))


def lookup(values: Sequence[float], labels: Sequence[Any]) -> str:
    """A Vega expression from tick to label. The labels are ours; JSON literals are Vega literals."""
    return f"{json.dumps(list(labels))}[indexof({json.dumps(list(values))}, datum.value)]"


def nice_ticks(
    lowest: float, highest: float, unit: str, wanted: int = 4, *, from_zero: bool | None = None
) -> list[float]:
    """Round steps that enclose the values; from zero unless they are no amounts and in the upper half."""
    counts = unit in COUNTS or is_money(unit)
    if from_zero is None:
        from_zero = lowest >= 0 and (counts or lowest < 0.5 * highest)
    low = 0.0 if from_zero else lowest
    span = (highest - low) or abs(highest) or 1.0
    exponent = math.floor(math.log10(span / wanted))
    sizes = (factor * 10.0 ** (exponent + shift) for shift in (0, 1) for factor in (1, 2, 2.5, 5))
    step = next(size for size in sizes if size >= span / wanted * 0.999)
    if unit in COUNTS:
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(highest / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def text_width(text: str) -> int:
    """Pixels, generously: the page's font is not known here."""
    return math.ceil(len(text) * 6.6)


def finished(drawing: Drawing, left: int, right: int, top: int, bottom: int) -> dict[str, Any]:
    """Fixed paddings instead of measured text: the same picture on a machine with other fonts."""
    spec: dict[str, Any] = drawing.to_dict(validate=False)
    padding = {"left": left, "right": right, "top": top, "bottom": bottom}
    return {**spec, "config": dict(CONFIG), "autosize": {"type": "none"}, "padding": padding}


def shade(part: float) -> str:
    """From almost white to dark blue, evenly."""
    light, dark = (234, 243, 250), (0, 76, 128)
    mixed = (round(low + (high - low) * min(max(part, 0.0), 1.0)) for low, high in zip(light, dark, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def legible_on(fill: str) -> str:
    """The ink with the better contrast."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, fill))


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
