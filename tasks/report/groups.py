"""Segments as written: a small table for each headline share and dimension."""

from dataclasses import dataclass

from tasks.kpis.record import Kpi, Section
from tasks.report.figures import History
from tasks.report.formats import NOTHING, Formats, clean
from tasks.report.segments import SMALLEST_GROUP, Level, Segment, segments


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


def groups(section: Section, history: History, formats: Formats) -> tuple[Group, ...]:
    return tuple(_group(segment, formats) for segment in segments(section, history))


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
