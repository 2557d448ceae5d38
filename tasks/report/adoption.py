"""Features as bars: what part of the active customers used each, with its interval."""

import altair as alt
import polars as pl

from tasks.report.drawing import (
    BLUE,
    INK,
    MOST_FEATURES,
    PLOT_WIDTH,
    ROW_HEIGHT,
    Chart,
    Drawing,
    Points,
    finished,
    layer_of,
    lookup,
    nice_ticks,
)
from tasks.report.formats import Formats, shorten

FAR_BELOW = 0.4
"""Adoption up to which the axis of the features is shorter than 100 %."""


def features(features: pl.DataFrame, formats: Formats) -> Chart | None:
    """A bar a feature, its name above it, the most used first."""
    used = features.filter(pl.col("adoption").is_not_null()).sort("adoption", "item", descending=[True, False])
    bars = [
        row | {"y": place, "name": shorten(row["item"], 38), "text": formats.percent(row["adoption"])}
        for place, row in enumerate(used.head(MOST_FEATURES).iter_rows(named=True))
    ]
    if not bars:
        return None
    title = formats.t["chart_features"]
    note = "chart_features_top" if used.height > len(bars) else "chart_features_note"
    said = formats.say(note, number=formats.number(len(bars)))
    values = formats.listing([f"{bar['name']} {bar['text']}" for bar in bars])
    description = formats.say("chart_alt_now", title=title, values=values)
    spec = finished(_adoption(bars, formats), 2, 6, 2, 22)
    return Chart("features", title, said, (), description, place="side", spec=spec)


def _adoption(bars: Points, formats: Formats) -> Drawing:
    """The axis ends at 100 %, or at a round tick where all are far below: the longest bar never looks like all."""
    width = PLOT_WIDTH + 70
    shown = [{name: bar[name] for name in ("y", "name", "text", "adoption", "low", "high")} for bar in bars]
    reach = max(bar["high"] or bar["adoption"] for bar in bars) or 1.0
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0] if reach > FAR_BELOW else nice_ticks(0.0, reach, "share")
    places = alt.Scale(domain=[-0.7, len(bars) - 0.7], reverse=True, nice=False, zero=False, padding=0)
    y = alt.Y("y:Q", scale=places, axis=None)
    labels = lookup(ticks, [formats.tick(tick, "share", ticks[1]) for tick in ticks])
    axis = alt.Axis(values=ticks, labelExpr=labels, labelFlush=True)
    scale = alt.Scale(domain=[0, ticks[-1]], nice=False)
    x, low = (alt.X(f"{name}:Q", scale=scale, axis=axis) for name in ("adoption", "low"))
    chart = layer_of(shown)
    drawing = alt.layer(
        chart.mark_bar(size=8, orient="horizontal", color=BLUE, cornerRadiusEnd=2).encode(x=x, y=y),
        chart.mark_rule(orient="horizontal", color=INK, strokeWidth=1.5).encode(x=low, x2="high:Q", y=y),
        chart.mark_text(align="left", baseline="middle", dy=-14, x=0).encode(y=y, text="name:N"),
        chart.mark_text(align="right", baseline="middle", dy=-14, x=width, fontWeight=600).encode(y=y, text="text:N"),
    )
    return drawing.properties(width=width, height=len(bars) * ROW_HEIGHT)
