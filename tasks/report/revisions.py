"""What a revision changed, and why, as written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.kpis import BY_NAME
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
    title: str
    because: tuple[str, ...]
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
    wholes = sum(_is_whole(figure) for figure in figures)
    most = max(wholes, MOST_CHANGED) if all_wholes else MOST_CHANGED
    remark = "" if figures else formats.t["revised_none"]
    if len(figures) > most:
        remark = capital(formats.say("more_items", number=formats.number(len(figures) - most)))
    return Revised(
        title=formats.say("revised", number=formats.number(changed.get("from_revision"))),
        because=tuple(formats.cause(reason) for reason in changed.get("because") or ()),
        figures=tuple(changed_figure(figure, history, formats) for figure in _wholes_first(figures)[:most]),
        remark=remark,
    )


def _wholes_first(figures: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(figures, key=lambda figure: not _is_whole(figure))


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
