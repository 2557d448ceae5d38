"""What both HTML and Markdown show, as written strings in one language. Layout is the templates' business."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.kpis.record import Section
from tasks.report.bridges import LEFT_TO_BRIDGE, Bridge, bridges
from tasks.report.churn import ChurnTable, churn_table
from tasks.report.comparisons import Against, Figure
from tasks.report.events import Event, events
from tasks.report.explanations import Moved, why_moved
from tasks.report.figures import SECTIONS, History, statuses
from tasks.report.formats import NOTHING, Formats, capital, clean
from tasks.report.groups import Group, groups
from tasks.report.judged import Alerts, Badge, alerts, is_flat, judge, thresholds
from tasks.report.quality import Quality, quality, warnings
from tasks.report.report import Report
from tasks.report.revisions import Revised, revised
from tasks.report.rows import Row, Writer
from tasks.report.rules import company
from tasks.report.story import not_shown, sentences
from tasks.report.waterfalls import steps_as_written


@dataclass(frozen=True)
class Steps:
    """A bridge in words and numbers: name of the step, its amount."""

    title: str
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Part:
    """A section: its figures, what is not shown and why, its bridges, its segments."""

    name: Section
    title: str
    rows: tuple[Row, ...]
    not_shown: tuple[str, ...]
    bridges: tuple[Steps, ...]
    churn: ChurnTable | None
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Definition:
    """`anchor`: where the figure stands on the page."""

    number: int
    anchor: str
    label: str
    formula: str
    thresholds: str
    source: str


@dataclass(frozen=True)
class View:
    language: str
    t: Mapping[str, str]
    title: str
    facts: tuple[tuple[str, str], ...]
    revised: Revised | None
    warnings: tuple[str, ...]
    sentences: tuple[str, ...]
    alerts: Alerts
    tiles: tuple[Row, ...]
    versus: tuple[str, ...]
    value_heading: str
    events: tuple[Event, ...]
    moved: tuple[Moved, ...]
    moved_intro: str
    parts: tuple[Part, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...]
    quality: Quality
    notes: tuple[Badge, ...]
    company: tuple[str, ...]
    definitions: tuple[Definition, ...]
    made_by: str


def view(report: Report) -> View:
    """Everything the report says about the last snapshot."""
    history, formats, period = report.history, report.formats, report.history.period
    shown = [figure for section in SECTIONS for figure in history.section(section)]
    numbers = {figure.kpi.name: number for number, figure in enumerate(shown, start=1)}
    against = _against(shown, history)
    writer = Writer(history, report.presentation, formats, against, numbers)
    parts = [_part(section, writer, report) for section in SECTIONS]
    return View(
        language=formats.language,
        t=formats.t,
        title=capital(formats.period(period)),
        facts=facts(history, formats),
        revised=revised(history, formats),
        warnings=warnings(history.manifest, period, formats),
        sentences=sentences(history, formats),
        alerts=alerts(history.figures, report.presentation, history.grain, numbers, formats),
        tiles=tuple(writer.row(figure, tile=True) for figure in history.headline),
        versus=tuple(formats.say("versus", name=formats.short(history.compared_with[name])) for name in against),
        value_heading=capital(formats.short(period)),
        events=events(report),
        moved=why_moved(report),
        moved_intro=formats.say("moved_intro", since=formats.phrase("since", period.shift(-1))),
        parts=tuple(part for part in parts if part.rows),
        left_out=tuple((part.title, part.not_shown) for part in parts if not part.rows and part.not_shown),
        quality=quality(history.manifest, formats),
        notes=tuple(_remarks(shown, report)),
        company=company(history.manifest, formats),
        definitions=tuple(_definitions(shown, numbers, report)),
        made_by=_made_by(history, formats),
    )


def _against(figures: Sequence[Figure], history: History) -> tuple[Against, ...]:
    """The earlier periods with which some figure can be compared."""
    return tuple(name for name in history.compared_with if any(getattr(figure, name) for figure in figures))


def facts(history: History, formats: Formats) -> tuple[tuple[str, str], ...]:
    t, manifest = formats.t, history.manifest
    zone = manifest.get("timezone", "UTC")
    return (
        (t["published"], formats.moment(manifest.get("published_at"), zone)),
        (t["revision"], formats.number(history.snapshot.revision)),
        (t["timezone"], clean(zone)),
        (t["currency"], clean(manifest.get("currency", NOTHING))),
    )


def _part(section: Section, writer: Writer, report: Report) -> Part:
    history, formats = report.history, report.formats
    own = [bridge for bridge in bridges(history) if bridge.section == section]
    bridged = _left_to(own)
    return Part(
        name=section,
        title=formats.t[f"section_{section}"],
        rows=tuple(writer.row(figure) for figure in history.section(section) if figure.kpi.name not in bridged),
        not_shown=tuple(not_shown(facts, kpis, formats) for facts, kpis in history.missing(section)),
        bridges=tuple(Steps(formats.t[f"chart_{one.name}"], tuple(steps_as_written(one, formats))) for one in own),
        churn=churn_table(report) if section == "retention" else None,
        groups=groups(section, history, formats),
    )


def _left_to(found: Sequence[Bridge]) -> frozenset[str]:
    return LEFT_TO_BRIDGE if any(bridge.name == "mrr_bridge" for bridge in found) else frozenset()


def _remarks(shown: Sequence[Figure], report: Report) -> Iterator[Badge]:
    """What the words beside the figures mean, of those that occur."""
    t = report.formats.t
    for status in statuses(shown):
        yield Badge(t[f"status_{status}"], t[f"explain_{status}"])
    if any(is_flat(figure) for figure in shown):
        yield Badge(t["growth_flat"], t["explain_growth_flat"])
    found = {judge(figure, report.presentation, report.grain) for figure in shown}
    for verdict in ("ok", "watch", "alert", "undecided"):
        if verdict in found:
            yield Badge(t[f"verdict_{verdict}"], t[f"explain_verdict_{verdict}"], verdict)


def _definitions(shown: Sequence[Figure], numbers: Mapping[str, int], report: Report) -> Iterator[Definition]:
    formats, bridged = report.formats, _left_to(bridges(report.history))
    for figure in shown:
        kpi = figure.kpi
        source = formats.say("sources", names=formats.t["listed"].join(kpi.source), number=formats.number(kpi.version))
        yield Definition(
            number=numbers[kpi.name],
            anchor="chart-mrr_bridge" if kpi.name in bridged else f"kpi-{kpi.name}",
            label=formats.text(kpi.label),
            formula=formats.text(kpi.formula),
            thresholds=thresholds(figure, report.presentation, report.grain, formats),
            source=source,
        )


def _made_by(history: History, formats: Formats) -> str:
    version, digest = history.manifest.get("lifecycle_version", NOTHING), history.manifest.get("digest", NOTHING)
    return formats.say("made_by", version=clean(version), digest=clean(digest)[:12])
