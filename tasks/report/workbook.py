"""The published tables as the sheets of one workbook, and a first sheet that says what they are. How a file is made of
them is `excel`'s business.

The workbook is one, whatever the languages: its numbers have none, and formulas, pivot tables and queries that refer to
its cells go on working. Words stand beside each other, a column or a line per language.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from babel.numbers import get_currency_precision

from schemas.snapshots import STATUSES, Snapshot
from tasks.kpis import BY_NAME
from tasks.report.figures import History
from tasks.report.formats import Formats, capital, clean, in_percent, is_money
from tasks.report.quality import PLACES, rule_in_words, warnings
from tasks.report.revisions import revised
from tasks.report.segments import SMALLEST_GROUP
from tasks.report.view import facts


@dataclass(frozen=True)
class Number:
    """`pattern`: how Excel shows it; the value is in the cell in full."""

    value: float
    pattern: str


Cell = str | Number | None


@dataclass(frozen=True)
class Column:
    """`headings`: in words, one a language; `name`: the same in all languages, as in the Parquet file."""

    name: str
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """One table; null cells stay empty."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Line:
    """Of the first sheet: the same in every language. `key`: the name it is about, empty where it is about none."""

    texts: tuple[str, ...]
    key: str = ""
    style: Literal["title", "heading", "text"] = "text"


def sheets(snapshot: Snapshot, languages: Sequence[Formats]) -> tuple[Sheet, ...]:
    currency = str(snapshot.manifest.get("currency", ""))
    return tuple(_sheet(name, table, currency, languages) for name, table in _tables(snapshot).items())


def cover(snapshot: Snapshot, languages: Sequence[Formats]) -> tuple[Line, ...]:
    """Which period and revision this is, why it was revised, what the sheets, columns and statuses are."""
    told = [list(_told(History([snapshot]), formats)) for formats in languages]
    return tuple(
        Line(tuple(line.texts[0] for line in alike), alike[0].key, alike[0].style) for alike in zip(*told, strict=True)
    )


def _told(history: History, formats: Formats) -> Iterator[Line]:
    t, few = formats.t, formats.number(SMALLEST_GROUP)
    yield Line((t["report"],), style="title")
    yield Line((capital(formats.period(history.period)),), style="heading")
    for name, value in facts(history, formats):
        yield Line((formats.say("workbook_fact", name=name, value=value),))
    for warning in warnings(history.manifest, history.period, formats):
        yield Line((formats.say("workbook_fact", name=t["warning"], value=warning),))
    if (changed := revised(history, formats)) is not None:
        yield Line((changed.title,), style="heading")
        remark = () if changed.figures else (changed.remark,)
        yield from (Line((capital(text),)) for text in (*changed.because, *remark))
    yield Line((t["workbook_sheets"],), style="heading")
    yield from (Line((t[f"sheet_{name}"],), name) for name in _tables(history.snapshot))
    yield from (Line((text,)) for text in (t["workbook_columns"], formats.say("workbook_small", number=few)))
    yield Line((t["status"],), style="heading")
    yield from (Line((capital(t[f"explain_{status}"]),), status) for status in STATUSES if status != "ok")
    yield Line((t["workbook_empty"],))


def _tables(snapshot: Snapshot) -> dict[str, pl.DataFrame]:
    """By name of the sheet: the published tables as they are, then what the manifest says, in the same form."""
    return {
        "kpis": snapshot.kpis.sort(pl.col("segment") != "all", _place(), maintain_order=True),
        "movements": snapshot.movements,
        "cohorts": snapshot.cohorts,
        "contributions": snapshot.contributions,
        "churn_definitions": snapshot.churn_definitions,
        "features": snapshot.features,
        "changes": _changes(snapshot),
        "quality": _quality(snapshot.manifest),
        "rejected": _rejected(snapshot.manifest),
    }


def _place() -> pl.Expr:
    """In the order of the catalogue, unknown ones last."""
    places = {name: place for place, name in enumerate(BY_NAME)}
    return pl.col("kpi").replace_strict(places, default=len(places), return_dtype=pl.Int64)


def _changes(snapshot: Snapshot) -> pl.DataFrame:
    """One row per figure that the revision changed, the whole first: as `manifest.json` lists them."""
    columns = {**dict.fromkeys(("kpi", "segment", "level"), pl.String()), "old": pl.Float64(), "new": pl.Float64()}
    changed = snapshot.manifest.get("changed") or {}
    figures = pl.DataFrame(list(changed.get("figures") or ()), schema=columns, orient="row")
    units = snapshot.kpis.select("kpi", "unit").unique()
    return figures.join(units, on="kpi", how="left", maintain_order="left")


def _quality(manifest: Mapping[str, Any]) -> pl.DataFrame:
    """One row per source: where its rows went."""
    columns = {"source": pl.String(), **dict.fromkeys(("files", "read", *PLACES), pl.Int64())}
    sources = manifest.get("quality") or ()
    return pl.DataFrame([{name: one[name] for name in columns} for one in sources], schema=columns)


def _rejected(manifest: Mapping[str, Any]) -> pl.DataFrame:
    """One row per source and rule broken, or event name without a mapping; the other of the two is null."""
    columns = {"source": pl.String(), "rule": pl.String(), "event_name": pl.String(), "rows": pl.Int64()}
    rows: list[tuple[str, str | None, str | None, int]] = []
    for source in manifest.get("quality") or ():
        rows += [(source["source"], rule, None, count) for rule, count in (source.get("rules") or {}).items()]
        rows += [(source["source"], None, name, count) for name, count in (source.get("unmapped") or {}).items()]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _figure(name: str, formats: Formats) -> str:
    return formats.text(BY_NAME[name].label) if name in BY_NAME else clean(name)


LABELS: Mapping[str, Callable[[str, Formats], str]] = {
    "kpi": _figure,
    "movement": lambda name, formats: formats.known("movement", name),
    "definition": lambda name, formats: formats.known("churn", name),
    "rule": rule_in_words,
}
"""Columns of names that stand for something: beside each, a column per language says what, in words."""


def _sheet(name: str, table: pl.DataFrame, currency: str, languages: Sequence[Formats]) -> Sheet:
    columns = tuple(column for name in table.columns for column in _columns(name, languages))
    rows = (tuple(_cells(row, currency, languages)) for row in table.iter_rows(named=True))
    return Sheet(name, columns, tuple(rows))


def _columns(name: str, languages: Sequence[Formats]) -> Iterator[Column]:
    words = (formats.t.get(f"column_{name}") or formats.t[name] for formats in languages)
    yield Column(name, tuple(dict.fromkeys(words)))
    for formats in languages if name in LABELS else ():
        yield Column(f"label_{formats.language}", (formats.t[f"label_{name}"],))


def _cells(row: Mapping[str, Any], currency: str, languages: Sequence[Formats]) -> Iterator[Cell]:
    for name, value in row.items():
        yield _cell(value, _unit(name, row, currency))
        for formats in languages if name in LABELS else ():
            yield None if value is None else LABELS[name](value, formats)


def _cell(value: str | float | None, unit: str) -> Cell:
    if value is None:
        return None
    return clean(value) if isinstance(value, str) else Number(value, _pattern(value, unit))


IN_UNIT_OF_ROW = frozenset({"value", "low", "high", "old", "new"})
UNITS: Mapping[str, str] = {
    **dict.fromkeys(("retained", "retained_since", "adoption"), "share"),
    **dict.fromkeys(("share_before", "share_now", "value_before", "value_now"), "share"),
    **dict.fromkeys(("mix", "rate"), "difference"),
    **dict.fromkeys(("revenue", "mrr"), "currency"),
}
"""Of columns that are no counts. Tables whose values have no unit have shares."""


def _unit(column: str, row: Mapping[str, Any], currency: str) -> str:
    if column in IN_UNIT_OF_ROW:
        return row.get("unit", "share") or ""
    unit = UNITS.get(column, "")
    return currency if unit == "currency" else unit


PATTERNS: Mapping[str, str] = {
    "days": "#,##0.0",
    "points": "#,##0.0",
    "number": "#,##0.00",
    "growth": "+0.00%;-0.00%;0.00%",
    "difference": "+0.00%;-0.00%;0.00%",
}


def _pattern(value: float, unit: str) -> str:
    """Excel's own pattern: it writes points and commas as the reader's country does."""
    if unit in PATTERNS:
        return PATTERNS[unit]
    if in_percent(unit):
        return "0.00%"
    if is_money(unit):
        digits = get_currency_precision(unit)
        return f"#,##0{'.' * bool(digits)}{'0' * digits} [${unit}]"
    return "#,##0" if float(value).is_integer() else "#,##0.00"
