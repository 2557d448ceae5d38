"""Why a revision was made, or a period is stale, in words. What the reasons are is `tasks.publication`'s business."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from tasks.clock import Period
from tasks.kpis import BY_NAME
from tasks.report.formats import Formats, clean

MOST_NAMED = 8
Reason = Mapping[str, Any]


def causes(reasons: Sequence[Reason], formats: Formats) -> tuple[str, ...]:
    """A line for what is alike: several files that were added stand together, the first of them by name."""
    found: list[str] = []
    for cause, alike in groupby(reasons, key=lambda reason: str(reason["cause"])):
        together = list(alike)
        if "kinds" in together[0]:
            found += [_events(reason, formats) for reason in together]
        else:
            found.append(_named(cause, [str(reason["name"]) for reason in together], formats))
    return tuple(found)


def _named(cause: str, names: Sequence[str], formats: Formats) -> str:
    write = _WRITTEN.get(cause, _as_it_is)
    shown = [write(name, formats) for name in (names if len(names) <= MOST_NAMED + 1 else names[:MOST_NAMED])]
    if len(shown) == 1:
        return formats.say(f"cause_{cause}", name=shown[0])
    if len(shown) < len(names):
        shown.append(formats.say("more_items", number=formats.number(len(names) - len(shown))))
    return formats.say(f"causes_{cause}", names=formats.t["listed"].join(shown), number=formats.number(len(names)))


def _as_it_is(name: str, _: Formats) -> str:
    return clean(name)


def _definition(name: str, formats: Formats) -> str:
    return formats.text(BY_NAME[name].label) if name in BY_NAME else clean(name)


def _step(name: str, formats: Formats) -> str:
    return formats.known("computes", name)


_WRITTEN: Mapping[str, Callable[[str, Formats], str]] = {"definition": _definition, "step": _step}


def _events(reason: Reason, formats: Formats) -> str:
    """12 late events (orders, March 2025): 10 purchases, 2 sign-ups."""
    cause, kinds = reason["cause"], sorted(reason["kinds"].items(), key=lambda item: (-abs(item[1]), item[0]))
    total = sum(number for _, number in kinds)
    late = cause == "late_events"
    key = "cause_late_event" if late and total == 1 else f"cause_{cause}"
    write = _counted if late else _more_or_fewer
    told = formats.t["listed"].join(write(kind, number, formats) for kind, number in kinds)
    return formats.say(key, where=_where(reason, formats), number=formats.number(total), kinds=told)


def _where(reason: Reason, formats: Formats) -> str:
    months = dict.fromkeys(formats.period(Period.parse(reason[edge])) for edge in ("first", "last"))
    return formats.t["listed"].join([clean(reason["name"]), " – ".join(months)])


def _counted(kind: str, number: int, formats: Formats) -> str:
    name = formats.known("kind" if number == 1 else "kinds", kind)
    return formats.say("number_of", number=formats.number(number), name=name)


def _more_or_fewer(kind: str, number: int, formats: Formats) -> str:
    return formats.say("more_of" if number > 0 else "fewer_of", counted=_counted(kind, abs(number), formats))
