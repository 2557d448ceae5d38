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


def revised(history: History, formats: Formats) -> Revised | None:
    """What a revision changed; null for a first one."""
    changed = history.manifest.get("changed")
    if not changed:
        return None
    figures = list(changed.get("figures") or ())
    remark = "" if figures else formats.t["revised_none"]
    if len(figures) > MOST_CHANGED:
        remark = capital(formats.say("more_items", number=formats.number(len(figures) - MOST_CHANGED)))
    return Revised(
        title=formats.say("revised", number=formats.number(changed.get("from_revision"))),
        because=tuple(formats.cause(reason) for reason in changed.get("because") or ()),
        figures=tuple(changed_figure(figure, history, formats) for figure in _wholes_first(figures)[:MOST_CHANGED]),
        remark=remark,
    )


def _wholes_first(figures: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(figures, key=lambda figure: figure.get("segment", "all") != "all")


def changed_figure(figure: Mapping[str, Any], history: History, formats: Formats) -> Changed:
    """`figure`: one of the manifest's changed figures."""
    kpi = BY_NAME.get(figure["kpi"])
    label = formats.text(kpi.label) if kpi else clean(figure["kpi"])
    if figure.get("segment", "all") != "all":
        level = formats.known("level", str(figure.get("level")))
        label = f"{label} ({clean(figure['segment'])}, {level})"
    unit = kpi.unit if kpi else ""
    unit = history.manifest.get("currency", "") if unit == "currency" else unit
    return Changed(label, *formats.apart(figure.get("old"), figure.get("new"), unit))
