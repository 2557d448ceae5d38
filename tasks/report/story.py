"""What is said in sentences: what moved most, how the base stands, what is not shown. Made from the figures alone."""

from collections.abc import Mapping, Sequence

from tasks.kpis.record import Fact, Kpi
from tasks.report.comparisons import Change, Figure, biggest_moves, comparable
from tasks.report.figures import History
from tasks.report.formats import Formats

TELLING = frozenset({"churn_rate", "new_customers", "mrr", "revenue", "orders", "visitors", "signups", "nps", "csat"})
"""Figures that say something of the company by themselves."""

_IMPLIED: Mapping[Fact, tuple[Fact, ...]] = {
    "customer": ("conversion", "base_revenue"),
    "base": ("base_revenue",),
    "subscribe": ("base", "base_revenue"),
    "activity": ("base",),
}
"""Fact → those that need no mention where it is lacking."""


def sentences(history: History, formats: Formats) -> tuple[str, ...]:
    return tuple(said for said in (moves(history, formats), base(history, formats)) if said)


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
    """How many customers were active, and what part of those there at the start was lost; where neither is known, the
    first figure that is. Empty where the start of the data distorts all there are.
    """
    during = formats.phrase("in", history.period)
    during = during[:1].upper() + during[1:]
    active, lost = history.figures.get("mau"), history.figures.get("churn_rate")
    if active is not None and active.value is not None:
        return _active(active, during, formats) + _lost(lost, formats) + "."
    if lost is not None and comparable(lost) and (lost.denominator or 0) > 1:
        return _lost_alone(lost, during, history, formats) + "."
    known = [figure for figure in history.figures.values() if figure.value is not None]
    if not known:
        return formats.say("no_figures", during=during) + "."
    fair = [figure for figure in known if comparable(figure)]
    telling = [figure for figure in fair if figure.kpi.name in TELLING] or fair
    return _one(telling[0], during, formats) + "." if telling else ""


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
    return formats.say("lost", rate=formats.percent(lost.value)) + _lost_before(lost, formats)


def _lost_alone(lost: Figure, during: str, history: History, formats: Formats) -> str:
    """In numbers too: nothing else says how many customers there are."""
    name = "lost_subscribers" if history.manifest.get("churn_basis") == "subscription" else "lost_customers"
    said = formats.say(
        name,
        during=during,
        number=formats.number(lost.numerator),
        whole=formats.number(lost.denominator),
        rate=formats.percent(lost.value or 0.0),
    )
    return said + _lost_before(lost, formats)


def _lost_before(lost: Figure, formats: Formats) -> str:
    if lost.previous is None:
        return ""
    during = formats.phrase("in", lost.previous.since)
    return formats.say("lost_before", rate=formats.percent(lost.previous.old), during=during)


def _one(figure: Figure, during: str, formats: Formats) -> str:
    """A figure by its name; how many answered, where it is made of answers."""
    label = formats.say("quoted", text=formats.text(figure.kpi.label))
    said = formats.say("one_figure", during=during, label=label, value=formats.value(figure.value, figure.unit))
    if figure.kpi.section != "satisfaction" or not figure.denominator:
        return said
    return said + formats.say(
        "one_answers", number=formats.say("of_answers", number=formats.number(figure.denominator))
    )


def not_shown(facts: Sequence[Fact], kpis: Sequence[Kpi], formats: Formats) -> str:
    """Which figures are left out, and for want of what."""
    names = formats.t["listed"].join(formats.text(kpi.label) for kpi in kpis)
    return formats.say("not_shown", reason=_reason(facts, formats), names=names)


def _reason(facts: Sequence[Fact], formats: Formats) -> str:
    if not facts:
        return formats.t["no_input"]
    if "activation" in facts:
        return formats.t["no_activation"]
    *first, last = (formats.known("lacks", fact) for fact in _told_once(facts))
    said = formats.say("lacks_last", first=formats.t["listed"].join(first), last=last) if first else last
    return formats.say("no_source", facts=said)


def _told_once(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Without those that follow from others. Customers come from purchases and subscriptions, so both are lacking."""
    implied = {other for fact in facts for other in _IMPLIED.get(fact, ())}
    sales: tuple[Fact, ...] = ("purchase", "subscribe")
    spelled = (one for fact in facts for one in (sales if fact == "customer" else (fact,)) if fact not in implied)
    return tuple(dict.fromkeys(spelled))
