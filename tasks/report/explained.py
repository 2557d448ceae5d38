"""Where one figure comes from, in words for a terminal: what it means, what it is made of, how sure, why it moved.

From published snapshots alone, like the report, whose words it uses; what the command line adds is in English.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from polars import col

from config.errors import UserError, did_you_mean
from schemas.snapshots import Snapshot
from tasks.kpis.record import Derived, Kpi
from tasks.report import catalogue, rules
from tasks.report.comparisons import Figure, change
from tasks.report.explanations import Table, split
from tasks.report.figures import History
from tasks.report.formats import NOTHING, Formats, clean
from tasks.report.judged import judge, thresholds
from tasks.report.moved import DIGITS, rounded_to_sum
from tasks.report.presentation import Presentation
from tasks.report.report import Report

ALL = "all"
MOST_FILES = 8
"""Files of one source that are named."""


@dataclass(frozen=True)
class Explained:
    """One figure: `facts` are lines by their label; `tables` split its change, a dimension each."""

    title: str
    formula: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def explained(snapshots: Sequence[Snapshot], kpi: Kpi, place: tuple[str, str], presentation: Presentation) -> Explained:
    """The figure of the last snapshot at a place, (segment, level); the one before it, if there, tells the change.

    Raises:
        UserError: the snapshot has no such figure.
    """
    report = Report(History(snapshots), presentation, Formats("en"))
    figure = compared(snapshots, kpi, place, report.history)
    at = "" if place == (ALL, ALL) else f", {clean(place[0])} = {clean(place[1])}"
    return Explained(
        title=f"{report.formats.text(kpi.label)}, {report.formats.period(report.history.period)}{at}",
        formula=report.formats.text(kpi.formula),
        facts=tuple(_facts(figure, place, report)),
        tables=split(figure, report) if place == (ALL, ALL) else (),
    )


def compared(snapshots: Sequence[Snapshot], kpi: Kpi, place: tuple[str, str], history: History) -> Figure:
    figure = figure_at(snapshots[-1], kpi, place)
    if figure is None:
        raise _unknown_place(snapshots[-1], kpi, place)
    since = history.period.shift(-1)
    then = next((figure_at(one, kpi, place) for one in snapshots[:-1] if one.period == str(since)), None)
    return replace(figure, previous=change(figure, then, since))


def figure_at(snapshot: Snapshot, kpi: Kpi, place: tuple[str, str]) -> Figure | None:
    """A KPI at one level of one segment; null where that snapshot has none."""
    segment, level = place
    found = snapshot.kpis.filter(kpi=kpi.name, segment=segment, level=level)
    row = found.select("unit", "value", "low", "high", "numerator", "denominator", "status")
    return Figure(kpi, **row.row(0, named=True)) if row.height else None


def _unknown_place(snapshot: Snapshot, kpi: Kpi, place: tuple[str, str]) -> UserError:
    segment, level = place
    own = snapshot.kpis.filter(kpi=kpi.name)
    segments = [name for name in own["segment"].unique().to_list() if name != ALL]
    if own.is_empty():
        return UserError(
            f"{snapshot.period}, revision {snapshot.revision}, has no {kpi.name}: the figure is newer. Run the period "
            "again."
        )
    if segment not in segments:
        hint = did_you_mean(segment, segments) or "It is published as a whole only."
        return UserError(f"{kpi.name} is not split by {segment!r} in {snapshot.period}. {hint}")
    levels = own.filter(col("segment") == segment)["level"].to_list()
    return UserError(
        f"{kpi.name} has no {segment} {level!r} in {snapshot.period}. {did_you_mean(level, levels)}".rstrip()
    )


def _facts(figure: Figure, place: tuple[str, str], report: Report) -> Iterator[tuple[str, str]]:
    history, formats = report.history, report.formats
    yield "Value", _value(figure, formats)
    yield from _parts(figure, place, report)
    yield "Status", status_in_words(figure, formats)
    if judged := _judged(figure, report):
        yield "Thresholds", judged
    yield "Since", _since(figure, report)
    if place != (ALL, ALL) and (added := _added(figure, place, report)):
        yield "Its part", added
    entry = catalogue.entries([figure.kpi], report.presentation.benchmarks, "en", history.manifest.get("currency"))[0]
    yield "Population", entry.facts["population"].replace("`", "")
    for line in rules.company(history.manifest, formats):
        yield "Here", line
    yield "Source", f"{entry.facts['source']}; version {_version(figure.kpi, history.manifest)}"
    yield "Revision", _revision(history, formats)
    yield from _files(history.manifest)


def _value(figure: Figure, formats: Formats) -> str:
    interval = formats.interval(figure.low, figure.high, figure.unit)
    value = formats.value(figure.value, figure.unit)
    return value if interval == NOTHING else f"{value} (95% interval {interval})"


def _parts(figure: Figure, place: tuple[str, str], report: Report) -> Iterator[tuple[str, str]]:
    """Both parts; of a figure made of others, those too."""
    for label, part in (("Numerator", figure.numerator), ("Denominator", figure.denominator)):
        if part is not None:
            yield label, exactly(part, report.formats)
    if isinstance(figure.kpi.measure, Derived):
        for name in figure.kpi.measure.parts:
            row = report.history.snapshot.kpis.filter(kpi=name, segment=place[0], level=place[1])
            for unit, value in row.select("unit", "value").iter_rows():
                yield "Made of", f"{name}: {report.formats.value(value, unit)}"


def exactly(part: float, formats: Formats) -> str:
    """A sum as it is published: whole, or to the hundredth."""
    return formats.number(part, 0 if part.is_integer() else 2)


def status_in_words(figure: Figure, formats: Formats) -> str:
    """What the figure is worth."""
    if figure.status == "missing_input":
        facts = formats.listing([formats.known("lacks", fact) for fact in figure.kpi.needs])
        return f"missing input: no source provides all that it needs ({facts})."
    said = formats.t.get(f"status_{figure.status}")
    return f"{said}: {formats.t[f'explain_{figure.status}']}" if said else "ok"


def _judged(figure: Figure, report: Report) -> str:
    verdict = judge(figure, report.presentation, report.grain)
    said = thresholds(figure, report.presentation, report.grain, report.formats)
    if verdict is None:
        return said
    words = report.formats.t
    return f"{words[f'verdict_{verdict}']}: {words[f'explain_verdict_{verdict}']} {said}"


def _since(figure: Figure, report: Report) -> str:
    formats, before = report.formats, report.history.period.shift(-1)
    if not report.history.has(before):
        return formats.say("no_previous", name=formats.period(before))
    if figure.previous is None:
        return f"{formats.period(before)} cannot be compared with it."
    old, new = formats.apart(figure.previous.old, figure.value, figure.unit)
    write = formats.points if figure.previous.in_points else formats.relative
    moved = formats.say("from_to_by", old=old, new=new, change=write(figure.previous.amount))
    return f"{formats.period(before)}: {moved} ({formats.t[figure.previous.tone]})."


def _added(figure: Figure, place: tuple[str, str], report: Report) -> str:
    """What the level adds to the change of the whole; empty where that is not published."""
    rows = report.history.snapshot.contributions.filter(kpi=figure.kpi.name, segment=place[0], level=place[1])
    for rate, mix in rows.select("rate", "mix").drop_nulls().iter_rows():
        parts = rounded_to_sum([rate, mix], rate + mix, DIGITS)
        written = (report.formats.points(part, 2) for part in (sum(parts), *parts))
        return "{} of the whole's change: {} by its own rate, {} by its growing or shrinking.".format(*written)
    return ""


def _version(kpi: Kpi, manifest: Mapping[str, Any]) -> str:
    published = manifest.get("definitions", {}).get(kpi.name)
    if published in {None, kpi.version}:
        return str(kpi.version)
    return f"{published} (the formula above is of version {kpi.version}; run the period again)"


def _revision(history: History, formats: Formats) -> str:
    manifest = history.manifest
    moment = formats.moment(manifest.get("published_at"), manifest.get("timezone", "UTC"))
    return f"{history.snapshot.revision}, published {moment}"


def _files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those with events in the period, by source; earlier ones are behind the customers at its start."""
    named = sorted((one["source"], one["file"]) for one in manifest.get("inputs", ()))
    for source, files in groupby(named, key=lambda pair: pair[0]):
        yield "Files", f"{source}: {shortened([file for _, file in files])}"


def shortened(names: Sequence[str], most: int = MOST_FILES) -> str:
    """The first few, and how many more there are."""
    more = len(names) - most
    shown = [clean(name) for name in (names[:most] if more > 1 else names)]
    return ", ".join(shown) + (f" and {more} more" if more > 1 else "")
