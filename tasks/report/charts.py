"""The charts of the report by section: trends, the cohort grid and the bars of the features. At most eight in all."""

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import polars as pl

from tasks.clock import Period
from tasks.kpis.record import Section
from tasks.report import trends
from tasks.report.drawing import (
    BLUE,
    CELL_HEIGHT,
    CELL_WIDTH,
    INK,
    MOST_FEATURES,
    NEUTRAL,
    PLOT_WIDTH,
    QUIET,
    ROW_HEIGHT,
    Chart,
    Drawing,
    Points,
    finished,
    layer_of,
    legible_on,
    lookup,
    nice_ticks,
    shade,
    text_width,
)
from tasks.report.figures import TREND, History
from tasks.report.formats import Formats, shorten

FAR_BELOW = 0.4
"""Adoption up to which the axis of the features is shorter than 100 %."""


def section_charts(section: Section, history: History, formats: Formats) -> list[Chart]:
    """The charts of a section for which there is something to draw; at most eight over all sections."""
    made = {
        "acquisition": lambda: [trends.acquisition(history, formats)],
        "activation": lambda: [trends.rate("activation_rate", history, formats)],
        "engagement": lambda: [trends.active(history, formats), _features(history.snapshot.features, formats)],
        "retention": lambda: [trends.rate("churn_rate", history, formats), _cohorts(history, formats)],
        "revenue": lambda: [trends.bars("revenue", history, formats), trends.bars("orders", history, formats)],
    }
    return [chart for chart in made[section]() if chart is not None]


def _cohorts(history: History, formats: Formats) -> Chart | None:
    """Retained share by cohort and age. Age 0 is grey: it says who was active when they signed up, not who stayed."""
    known = history.snapshot.cohorts.filter(pl.col("age") < TREND).sort("cohort", "age")
    last = known["cohort"].unique().sort().to_list()[-TREND:]
    cohorts = known.filter(pl.col("cohort").is_in(last))
    shares = cohorts.filter((pl.col("age") > 0) & pl.col("retained").is_not_null())["retained"].to_list()
    if not shares:
        return None
    names = [_cohort_name(cohorts, name, history, formats) for name in last]
    cells = list(_cells(cohorts, last, max(shares), formats))
    drawing = _grid(cells, names, ages=1 + max(cohorts["age"].to_list()))
    title, note = formats.t["chart_cohorts"], formats.t[f"chart_cohorts_note_{history.grain}"]
    description = formats.say("chart_alt_now", title=title, values=formats.listing(names))
    spec = finished(drawing, 14 + max(text_width(name) for name in names), 4, 22, 2)
    return Chart("cohorts", title, note, (), description, wide=True, spec=spec)


def _grid(cells: Points, names: Sequence[str], ages: int) -> Drawing:
    columns = alt.Scale(domain=list(range(ages)), paddingInner=0.03)
    lines = alt.Scale(domain=list(range(len(names))), paddingInner=0.06)
    x = alt.X("x:O", scale=columns, axis=alt.Axis(orient="top", labelAngle=0))
    y = alt.Y("y:O", scale=lines, axis=alt.Axis(labels=False))
    labels = layer_of([{"y": place, "text": name} for place, name in enumerate(names)])
    drawing = alt.layer(
        layer_of(cells).mark_rect(cornerRadius=2).encode(x=x, y=y, color=alt.Color("fill:N", scale=None)),
        layer_of(cells).mark_text().encode(x=x, y=y, text="text:N", color=alt.Color("ink:N", scale=None)),
        labels.mark_text(align="right", color=QUIET, x=-8).encode(y=y, text="text:N"),
    )
    return drawing.properties(width=ages * CELL_WIDTH, height=len(names) * CELL_HEIGHT)


def _cohort_name(cohorts: pl.DataFrame, name: str, history: History, formats: Formats) -> str:
    size = cohorts.filter(pl.col("cohort") == name)["size"][0]
    period = formats.short(Period.parse(name, history.grain))
    return f"{period} ({formats.number(size)})"


def _cells(cohorts: pl.DataFrame, names: Sequence[str], top: float, formats: Formats) -> Iterator[dict[str, Any]]:
    for cohort, age, retained in cohorts.select("cohort", "age", "retained").iter_rows():
        if retained is not None:
            fill = NEUTRAL if age == 0 else shade(retained / top if top else 0.0)
            ink = QUIET if age == 0 else legible_on(fill)
            text = formats.cell(retained)
            yield {"x": age, "y": names.index(cohort), "text": text, "fill": fill, "ink": ink}


def _features(features: pl.DataFrame, formats: Formats) -> Chart | None:
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
    return Chart("features", title, said, (), description, wide=False, spec=spec)


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
