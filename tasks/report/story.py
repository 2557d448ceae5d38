"""What is said in sentences: what moved most, how the base stands, what is not shown. Made from the figures alone."""

from collections.abc import Sequence

from tasks.kpis.record import Fact, Kpi
from tasks.report.comparisons import Change, Figure, biggest_moves
from tasks.report.figures import History
from tasks.report.formats import Formats


def sentences(history: History, formats: Formats) -> tuple[str, ...]:
    return (moves(history, formats), base(history, formats))


def moves(history: History, formats: Formats) -> str:
    """What improved and what worsened most against the previous period, relative to its size then."""
    previous = history.period.shift(-1)
    if history.is_first:
        return formats.t["first_period"]
    if not history.has(previous):
        return formats.say("no_previous", name=formats.period(previous))
    compared = formats.phrase("with", previous)
    found = biggest_moves(history.headline)
    said = {
        key: value
        for tone in ("better", "worse")
        if tone in found
        for key, value in _told(tone, found[tone], formats).items()
    }
    match ("better" in found, "worse" in found):
        case (True, True):
            return formats.say("moves", compared=compared, **said)
        case (True, False):
            return formats.say("moves_better", compared=compared, **said)
        case (False, True):
            return formats.say("moves_worse", compared=compared, **said)
        case _:
            return formats.say("moves_none", since=formats.phrase("since", previous))


def _told(tone: str, figure: Figure, formats: Formats) -> dict[str, str]:
    """The label in quotation marks: no article has to agree with it."""
    label = formats.say("quoted", text=formats.text(figure.kpi.label))
    return {tone: label, f"{tone}_change": _amount(figure, figure.previous, formats) if figure.previous else ""}


def _amount(figure: Figure, change: Change, formats: Formats) -> str:
    """Old → new and the relative change by which figures are ranked, in per cent for all."""
    old, new = formats.apart(change.old, figure.value, figure.unit)
    if change.relative is None and not change.in_points:
        return formats.say("from_to", old=old, new=new)
    if change.relative is None:
        return formats.say("from_to_by", old=old, new=new, change=formats.points(change.amount))
    return formats.say("from_to_by", old=old, new=new, change=formats.relative(change.relative))


def base(history: History, formats: Formats) -> str:
    """How many customers were active, and what part of those there at the start was lost."""
    during = formats.phrase("in", history.period)
    during = during[:1].upper() + during[1:]
    active, lost = history.figures.get("mau"), history.figures.get("churn_rate")
    if active is None or active.value is None:
        return formats.say("no_figures", during=during) + "."
    return _active(active, during, formats) + _lost(lost, formats) + "."


def _active(active: Figure, during: str, formats: Formats) -> str:
    number = active.value or 0.0
    count = {0: "none", 1: "one"}.get(int(number), "many")
    said = formats.say(f"active_{count}", during=during, number=formats.number(number))
    change = active.previous
    if change is None or count != "many":
        return said
    direction = "same" if abs(change.amount) < 0.0005 else "more" if change.amount > 0 else "fewer"
    return said + formats.say(
        f"active_{direction}",
        change=formats.percent(abs(change.amount)),
        than=formats.phrase("than", change.since),
        during=formats.phrase("in", change.since),
    )


def _lost(lost: Figure | None, formats: Formats) -> str:
    if lost is None or lost.value is None or lost.status == "history_starts":
        return ""
    said = formats.say("lost", rate=formats.percent(lost.value))
    if lost.previous is None:
        return said
    during = formats.phrase("in", lost.previous.since)
    return said + formats.say("lost_before", rate=formats.percent(lost.previous.old), during=during)


def not_shown(facts: Sequence[Fact], kpis: Sequence[Kpi], formats: Formats) -> str:
    """Which figures are left out, and for want of what."""
    names = formats.t["listed"].join(formats.text(kpi.label) for kpi in kpis)
    return formats.say("not_shown", reason=_reason(facts, formats), names=names)


def _reason(facts: Sequence[Fact], formats: Formats) -> str:
    if not facts:
        return formats.t["no_input"]
    if "activation" in facts:
        return formats.t["no_activation"]
    *first, last = (formats.known("lacks", fact) for fact in facts)
    said = formats.say("lacks_last", first=formats.t["listed"].join(first), last=last) if first else last
    return formats.say("no_source", facts=said)
