"""What a revision changed, and why, as written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.kpis import BY_NAME
from tasks.report.causes import causes
from tasks.report.figures import History
from tasks.report.formats import Formats, capital, clean

MOST_CHANGED = 12


@dataclass(frozen=True)
class Changed:
    """One figure of a revision: label, before, now."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Revised:
    """`figures`: those that changed most; `count`: how many did, empty where none; `remark`: what is not listed."""

    title: str
    because: tuple[str, ...]
    count: str
    figures: tuple[Changed, ...]
    remark: str


def revised(history: History, formats: Formats, *, all_wholes: bool = False) -> Revised | None:
    """What a revision changed; null for a first one. `all_wholes`: every figure of the whole company, and not just
    the first few figures.
    """
    changed = history.manifest.get("changed")
    if not changed:
        return None
    figures = list(changed.get("figures") or ())
    most = max(sum(_is_whole(figure) for figure in figures), MOST_CHANGED) if all_wholes else MOST_CHANGED
    remark = "" if figures else _only_tables(changed.get("tables") or (), formats)
    if len(figures) > most:
        remark = capital(formats.say("more_items", number=formats.number(len(figures) - most)))
    return Revised(
        title=formats.say("revised", number=formats.number(changed.get("from_revision"))),
        because=causes(changed.get("because") or (), formats),
        count=_count(figures, formats) if figures else "",
        figures=tuple(changed_figure(figure, history, formats) for figure in _most_changed_first(figures)[:most]),
        remark=remark,
    )


def _only_tables(names: Sequence[str], formats: Formats) -> str:
    """What is said where no figure changed. Manifests of earlier versions do not name the tables."""
    if not names:
        return formats.t["revised_none"]
    return formats.say(
        "revised_tables", names=formats.t["listed"].join(formats.known("content", name) for name in names)
    )


def _count(figures: Sequence[Mapping[str, Any]], formats: Formats) -> str:
    wholes = sum(_is_whole(figure) for figure in figures)
    return formats.say("revised_count", number=formats.number(len(figures)), wholes=formats.number(wholes))


def _most_changed_first(figures: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Wholes before segments, then by the change relative to the greater value; no figure counts as 0."""
    return sorted(figures, key=lambda figure: (not _is_whole(figure), -_size(figure.get("old"), figure.get("new"))))


def _size(old: float | None, new: float | None) -> float:
    before, now = old or 0.0, new or 0.0
    return abs(now - before) / (max(abs(before), abs(now)) or 1.0)


def _is_whole(figure: Mapping[str, Any]) -> bool:
    return bool(figure.get("segment", "all") == "all")


def changed_figure(figure: Mapping[str, Any], history: History, formats: Formats) -> Changed:
    """`figure`: one of the manifest's changed figures."""
    kpi = BY_NAME.get(figure["kpi"])
    label = formats.text(kpi.label) if kpi else clean(figure["kpi"])
    if not _is_whole(figure):
        level = formats.known("level", str(figure.get("level")))
        label = f"{label} ({clean(figure['segment'])}, {level})"
    unit = kpi.unit if kpi else ""
    unit = history.manifest.get("currency", "") if unit == "currency" else unit
    return Changed(label, *formats.apart(figure.get("old"), figure.get("new"), unit))
