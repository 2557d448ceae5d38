"""Cohorts as grids: bounded and unbounded retention, cumulative revenue per customer; thirteen by thirteen at most."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import polars as pl

from tasks.clock import Period
from tasks.report.drawing import (
    INK,
    NEUTRAL,
    QUIET,
    Chart,
    Drawing,
    Place,
    Points,
    finished,
    layer_of,
    legible_on,
    shade,
    text_width,
)
from tasks.report.figures import TREND, History
from tasks.report.formats import NOTHING, Formats
from tasks.report.segments import SMALLEST_GROUP

GridName = Literal["cohorts", "cohorts_since", "cohorts_revenue"]


@dataclass(frozen=True)
class Grid:
    """`column`: the value of a cell. `first_age`: from which age on it says something of staying."""

    name: GridName
    column: str
    first_age: int
    place: Place
    cell: tuple[int, int]
    marks_immature: bool


BOUNDED = Grid("cohorts", "retained", 1, "half", (32, 23), marks_immature=False)
UNBOUNDED = Grid("cohorts_since", "retained_since", 1, "half", (32, 23), marks_immature=True)
REVENUE = Grid("cohorts_revenue", "revenue_per_customer", 0, "wide", (46, 24), marks_immature=False)


def retention_grids(history: History, formats: Formats) -> list[Chart | None]:
    return [_chart(grid, history, formats, formats.cell) for grid in (BOUNDED, UNBOUNDED)]


def revenue_grid(history: History, formats: Formats) -> Chart | None:
    return _chart(REVENUE, history, formats, formats.short_number)


def _chart(grid: Grid, history: History, formats: Formats, write: Callable[[float], str]) -> Chart | None:
    """Age 0 of retention is grey: it says who was active when they signed up, not who stayed."""
    cohorts = _shown(history)
    told = cohorts.filter((pl.col("age") >= grid.first_age) & (pl.col(grid.column) > 0) & ~pl.col("withheld"))
    if told.is_empty() or cohorts["age"].max() == 0:
        return None
    names = cohorts["cohort"].unique(maintain_order=True).to_list()
    labels = [_label(cohorts, name, history, formats) for name in names]
    top = float(told[grid.column].max())  # type: ignore[arg-type]
    cells = list(_cells(grid, cohorts, names, top, write))
    drawing = _drawing(grid, cells, labels, ages=1 + max(cohorts["age"].to_list()))
    title = formats.say(f"chart_{grid.name}", currency=history.manifest.get("currency", NOTHING))
    note = formats.t[f"chart_cohorts_note_{history.grain}"]
    if any(cell["dashed"] for cell in cells):
        note = f"{note} {formats.t['chart_cohorts_immature']}"
    description = formats.say("chart_alt_now", title=title, values=formats.listing(labels))
    spec = finished(drawing, 14 + max(text_width(label) for label in labels), 4, 22, 2)
    return Chart(grid.name, title, note, (), description, place=grid.place, spec=spec)


def _shown(history: History) -> pl.DataFrame:
    """The last cohorts and first ages, with what is withheld because the cohort is too small."""
    known = history.snapshot.cohorts.filter(pl.col("age") < TREND).sort("cohort", "age")
    last = known["cohort"].unique().sort().to_list()[-TREND:]
    return known.filter(pl.col("cohort").is_in(last)).with_columns(
        (pl.col("revenue") / pl.col("size")).alias("revenue_per_customer"),
        (pl.col("size") < SMALLEST_GROUP).alias("withheld"),
        (pl.col("status") == "immature").alias("immature"),
    )


def _label(cohorts: pl.DataFrame, name: str, history: History, formats: Formats) -> str:
    size = cohorts.filter(pl.col("cohort") == name)["size"][0]
    period = formats.short(Period.parse(name, history.grain))
    few = formats.say("fewer_than", number=formats.number(SMALLEST_GROUP))
    return f"{period} ({few if size < SMALLEST_GROUP else formats.number(size)})"


def _cells(
    grid: Grid, cohorts: pl.DataFrame, names: Sequence[str], top: float, write: Callable[[float], str]
) -> Iterator[dict[str, Any]]:
    columns = ("cohort", "age", grid.column, "withheld", "immature")
    for cohort, age, value, withheld, immature in cohorts.select(columns).iter_rows():
        if value is None:
            continue
        dashed = grid.marks_immature and immature and not withheld
        pale = withheld or age < grid.first_age
        fill = "#ffffff" if dashed else NEUTRAL if pale else shade(value / top)
        yield {
            "x": age,
            "y": names.index(cohort),
            "text": "" if withheld else write(value),
            "fill": fill,
            "ink": QUIET if pale or dashed else legible_on(fill),
            "dashed": dashed,
        }


def _drawing(grid: Grid, cells: Points, names: Sequence[str], ages: int) -> Drawing:
    columns = alt.Scale(domain=list(range(ages)), paddingInner=0.04)
    lines = alt.Scale(domain=list(range(len(names))), paddingInner=0.07)
    x = alt.X("x:O", scale=columns, axis=alt.Axis(orient="top", labelAngle=0))
    y = alt.Y("y:O", scale=lines, axis=alt.Axis(labels=False))
    labels = layer_of([{"y": place, "text": name} for place, name in enumerate(names)])
    fill, ink = alt.Color("fill:N", scale=None), alt.Color("ink:N", scale=None)
    solid, dashed = ([cell for cell in cells if cell["dashed"] is wanted] for wanted in (False, True))
    outlined = layer_of(dashed).mark_rect(cornerRadius=2, stroke=QUIET, strokeWidth=1, strokeDash=[3, 2])
    drawing = alt.layer(
        *([layer_of(solid).mark_rect(cornerRadius=2).encode(x=x, y=y, color=fill)] if solid else []),
        *([outlined.encode(x=x, y=y, fill=alt.Fill("fill:N", scale=None))] if dashed else []),
        layer_of(cells).mark_text().encode(x=x, y=y, text="text:N", color=ink),
        labels.mark_text(align="right", color=INK, x=-8).encode(y=y, text="text:N"),
    )
    width, height = grid.cell
    return drawing.properties(width=ages * width, height=len(names) * height)
