"""What both HTML and Markdown show, as written strings in one language. Layout is the templates' business."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.kpis import BY_NAME
from tasks.kpis.record import Kpi, Quantile, Ratio, Section, Share
from tasks.report.figures import SECTIONS, SMALLEST_GROUP, Against, Change, Figure, History, Level, Segment, statuses
from tasks.report.formats import NOTHING, Formats, clean, in_percent
from tasks.report.quality import Quality, quality, warnings
from tasks.report.story import not_shown, sentences

ARROWS = {True: "▲", False: "▼"}
MOST_CHANGED = 12


@dataclass(frozen=True)
class Move:
    """A change as written. `tone` and `meaning` (the tone in words) are empty where there is no comparison."""

    text: str
    arrow: str = ""
    tone: str = ""
    meaning: str = ""
    since: str = ""


@dataclass(frozen=True)
class Row:
    """One figure as written: a tile, or a line of a section's table."""

    name: str
    number: int
    label: str
    value: str
    interval: str
    changes: tuple[Move, ...]
    based_on: str
    badge: str
    explained: str


@dataclass(frozen=True)
class GroupRow:
    """`remark` stands in the place of the interval."""

    level: str
    value: str
    interval: str
    remark: str
    customers: str
    withheld: bool


@dataclass(frozen=True)
class Group:
    title: str
    rows: tuple[GroupRow, ...]
    remark: str


@dataclass(frozen=True)
class Part:
    """A section: its figures, what is not shown and why, its segments."""

    name: Section
    title: str
    rows: tuple[Row, ...]
    not_shown: tuple[str, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Definition:
    number: int
    name: str
    label: str
    formula: str
    source: str


@dataclass(frozen=True)
class Changed:
    """One figure of a revision: label, before, now."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Revised:
    title: str
    because: tuple[str, ...]
    figures: tuple[Changed, ...]
    remark: str


@dataclass(frozen=True)
class View:
    language: str
    t: Mapping[str, str]
    title: str
    facts: tuple[tuple[str, str], ...]
    revised: Revised | None
    warnings: tuple[str, ...]
    sentences: tuple[str, ...]
    tiles: tuple[Row, ...]
    versus: tuple[str, ...]
    value_heading: str
    parts: tuple[Part, ...]
    quality: Quality
    notes: tuple[tuple[str, str], ...]
    company: tuple[str, ...]
    definitions: tuple[Definition, ...]
    made_by: str


def view(history: History, formats: Formats) -> View:
    """Everything the report says about the last snapshot."""
    t, period = formats.t, history.period
    numbers = _numbers(history)
    shown = [figure for section in SECTIONS for figure in history.section(section)]
    against = _against(shown, history)
    return View(
        language=formats.language,
        t=t,
        title=_capital(formats.period(period)),
        facts=_facts(history, formats),
        revised=_revised(history, formats),
        warnings=warnings(history.manifest, period, formats),
        sentences=sentences(history, formats),
        tiles=tuple(_row(figure, against, numbers, formats, tile=True) for figure in history.headline),
        versus=tuple(formats.say("versus", name=formats.short(history.compared_with[name])) for name in against),
        value_heading=_capital(formats.short(period)),
        parts=tuple(_part(section, history, against, numbers, formats) for section in SECTIONS),
        quality=quality(history.manifest, formats),
        notes=tuple((t[f"status_{status}"], t[f"explain_{status}"]) for status in statuses(shown)),
        company=_company(history.manifest, formats),
        definitions=tuple(_definition(figure.kpi, numbers, formats) for figure in shown),
        made_by=_made_by(history.manifest, formats),
    )


def _against(figures: Sequence[Figure], history: History) -> tuple[Against, ...]:
    """The earlier periods with which some figure can be compared."""
    return tuple(name for name in history.compared_with if any(getattr(figure, name) for figure in figures))


def _numbers(history: History) -> dict[str, int]:
    """Footnote numbers, in the order the figures appear in the tables."""
    names = [figure.kpi.name for section in SECTIONS for figure in history.section(section)]
    return {name: number for number, name in enumerate(names, start=1)}


def _facts(history: History, formats: Formats) -> tuple[tuple[str, str], ...]:
    t, manifest = formats.t, history.manifest
    zone = manifest.get("timezone", "UTC")
    return (
        (t["published"], formats.moment(manifest.get("published_at"), zone)),
        (t["revision"], formats.number(history.snapshot.revision)),
        (t["timezone"], clean(zone)),
        (t["currency"], clean(manifest.get("currency", NOTHING))),
    )


def _row(
    figure: Figure, against: Sequence[Against], numbers: Mapping[str, int], formats: Formats, *, tile: bool = False
) -> Row:
    write = formats.headline if tile else formats.value
    status = figure.status
    return Row(
        name=figure.kpi.name,
        number=numbers[figure.kpi.name],
        label=formats.text(figure.kpi.label),
        value=write(figure.value, figure.unit),
        interval=formats.interval(figure.low, figure.high, figure.unit),
        changes=tuple(_move(getattr(figure, name), formats) for name in against),
        based_on=_based_on(figure, formats),
        badge=formats.t.get(f"status_{status}", ""),
        explained=formats.t.get(f"explain_{status}", ""),
    )


def _move(change: Change | None, formats: Formats) -> Move:
    if change is None:
        return Move(NOTHING)
    write = formats.points if change.in_points else formats.relative
    text = write(change.amount)
    since = formats.say("versus", name=formats.short(change.since))
    if not any(sign in "123456789" for sign in text):
        return Move(text, "=", "flat", formats.t["unchanged"], since)
    return Move(text, ARROWS[change.amount > 0], change.tone, formats.t.get(change.tone, ""), since)


def _based_on(figure: Figure, formats: Formats) -> str:
    """`part of whole` for shares and ratios, the count behind means and medians, nothing for totals."""
    if figure.denominator is None:
        return NOTHING
    whole = formats.number(figure.denominator)
    match figure.kpi.measure:
        case Share() | Ratio() if in_percent(figure.unit) and figure.numerator is not None:
            return formats.say("part_of", part=formats.number(figure.numerator), whole=whole)
        case Ratio() | Quantile():
            return whole
        case _:
            return NOTHING


def _part(
    section: Section, history: History, against: Sequence[Against], numbers: Mapping[str, int], formats: Formats
) -> Part:
    return Part(
        name=section,
        title=formats.t[f"section_{section}"],
        rows=tuple(_row(figure, against, numbers, formats) for figure in history.section(section)),
        not_shown=tuple(not_shown(facts, kpis, formats) for facts, kpis in history.missing(section)),
        groups=tuple(_group(segment, formats) for segment in history.segments(section)),
    )


def _group(segment: Segment, formats: Formats) -> Group:
    title = formats.say("by_dimension", label=formats.text(segment.kpi.label), dimension=clean(segment.dimension))
    remark = ""
    if segment.left_out:
        key = "more_level" if segment.left_out == 1 else "more_levels"
        remark = formats.say(key, number=formats.number(segment.left_out))
    return Group(title, tuple(_group_row(level, segment.kpi, formats) for level in segment.levels), remark)


def _group_row(level: Level, kpi: Kpi, formats: Formats) -> GroupRow:
    name = formats.known("level", level.name)
    if level.withheld:
        few = formats.say("fewer_than", number=formats.number(SMALLEST_GROUP))
        return GroupRow(name, formats.t["withheld"], NOTHING, "", few, withheld=True)
    value, interval = formats.value(level.value, kpi.unit), formats.interval(level.low, level.high, kpi.unit)
    remark = formats.t["status_small_sample"] if level.small else ""
    return GroupRow(name, value, interval, remark, formats.number(level.customers), withheld=False)


def _revised(history: History, formats: Formats) -> Revised | None:
    """What a revision changed; null for a first one."""
    changed = history.manifest.get("changed")
    if not changed:
        return None
    figures = list(changed.get("figures") or ())
    remark = "" if figures else formats.t["revised_none"]
    if len(figures) > MOST_CHANGED:
        remark = _capital(formats.say("more_items", number=formats.number(len(figures) - MOST_CHANGED)))
    return Revised(
        title=formats.say("revised", number=formats.number(changed.get("from_revision"))),
        because=tuple(formats.cause(reason) for reason in changed.get("because") or ()),
        figures=tuple(_changed(figure, history, formats) for figure in _wholes_first(figures)[:MOST_CHANGED]),
        remark=remark,
    )


def _wholes_first(figures: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(figures, key=lambda figure: figure.get("segment", "all") != "all")


def _changed(figure: Mapping[str, Any], history: History, formats: Formats) -> Changed:
    kpi = BY_NAME.get(figure["kpi"])
    label = formats.text(kpi.label) if kpi else clean(figure["kpi"])
    if figure.get("segment", "all") != "all":
        level = formats.known("level", str(figure.get("level")))
        label = f"{label} ({clean(figure['segment'])}, {level})"
    unit = kpi.unit if kpi else ""
    unit = history.manifest.get("currency", "") if unit == "currency" else unit
    return Changed(label, *formats.apart(figure.get("old"), figure.get("new"), unit))


def _company(manifest: Mapping[str, Any], formats: Formats) -> tuple[str, ...]:
    """The choices of the config that decide what the figures mean."""
    lines = []
    if kinds := manifest.get("activity_kinds"):
        names = formats.choice([formats.known("kind", kind) for kind in kinds])
        lines.append(formats.say("rule_activity", names=names))
    if inactive := manifest.get("inactive_after"):
        lines.append(formats.say("rule_inactive", duration=formats.duration(inactive)))
    if within := manifest.get("activation_within"):
        lines += _activation(manifest, formats.duration(within), formats)
    if basis := manifest.get("churn_basis"):
        lines.append(formats.known("rule_churn", basis))
    return tuple(lines)


def _activation(manifest: Mapping[str, Any], within: str, formats: Formats) -> Iterator[str]:
    """In general terms where the manifest is an older one and does not hold the rule."""
    if rule := manifest.get("activation_rule"):
        combined = formats.t[f"combined_{manifest.get('activation_combination', 'any')}"]
        conditions = combined.join(_condition(condition, formats) for condition in rule)
        yield formats.say("rule_activated", duration=within, conditions=conditions)
    else:
        yield formats.say("rule_activation", duration=within)
    if manifest.get("activation_since") == "first_event":
        yield formats.t["rule_first_event"]


def _condition(condition: Mapping[str, Any], formats: Formats) -> str:
    """`2 × purchase`, `use on 3 different days where item = 'report'`."""
    said = formats.known("kind", condition["kind"])
    count, days, where = condition.get("count") or 1, condition.get("distinct_days") or 1, condition.get("where")
    if count > 1:
        said = formats.say("condition_times", number=formats.number(count), kind=said)
    if days > 1:
        said = formats.say("condition_days", condition=said, number=formats.number(days))
    return formats.say("condition_where", condition=said, where=clean(where)) if where else said


def _definition(kpi: Kpi, numbers: Mapping[str, int], formats: Formats) -> Definition:
    source = formats.say("sources", names=formats.t["listed"].join(kpi.source), number=formats.number(kpi.version))
    return Definition(numbers[kpi.name], kpi.name, formats.text(kpi.label), formats.text(kpi.formula), source)


def _made_by(manifest: Mapping[str, Any], formats: Formats) -> str:
    version, digest = manifest.get("lifecycle_version", NOTHING), manifest.get("digest", NOTHING)
    return formats.say("made_by", version=clean(version), digest=clean(digest)[:12])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
