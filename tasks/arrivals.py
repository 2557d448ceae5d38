"""Which events came or went between two revisions of a period: by month, source and kind. Pure.

Copies of one event count once. What is told is the balance: a file replaced by one with other events of the same
kinds has as many as before.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tasks.clock import Period
from tasks.intake import FileEvents
from tasks.store import digest_of

MOST_MONTHS = 3
"""The newest months that are told one by one; those before them together."""
LATE, BALANCE, AS_MANY, UNKNOWN = "late_events", "events", "events_as_many", "events_unknown"
CAUSES = frozenset({LATE, BALANCE, AS_MANY, UNKNOWN})

Tally = Mapping[str, Any]
"""One source's events of one month. `content`: digest of them; `kinds`: their number by kind, null if not known."""
Tallies = Mapping[str, Mapping[str, Tally]]
"""By month, then source."""


def accepted(files: Iterable[FileEvents]) -> Tallies:
    """What the files hold; copies of one event are counted as often as they came."""
    contents = defaultdict[tuple[str, str], list[str]](list)
    kinds = defaultdict[tuple[str, str], Counter[str]](Counter)
    for one in files:
        for month in one.months:
            contents[month, one.source].append(one.built.tables[f"events:{month}"].content)
            kinds[month, one.source].update(one.built.facts["kinds"][month])
    found: dict[str, dict[str, Tally]] = {}
    for month, source in sorted(contents):
        content = digest_of({"events": sorted(contents[month, source])})
        found.setdefault(month, {})[source] = {"content": content, "kinds": dict(kinds[month, source])}
    return found


def counted_once(month: Mapping[str, Tally], reduced: Mapping[str, Any] | None) -> dict[str, Tally]:
    """One month's tallies without copies. `reduced`: what reducing the month found; null if it is not done."""
    return {source: {**tally, "kinds": _without(tally["kinds"], source, reduced)} for source, tally in month.items()}


def _without(kinds: Mapping[str, int], source: str, reduced: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Null where it is not known of which kinds the copies were: not reduced, or by a version that did not say."""
    if reduced is None:
        return None
    left_out = reduced.get("duplicate_kinds", {}).get(source)
    if left_out is None and reduced["duplicates"].get(source):
        return None
    once = Counter(kinds)
    once.subtract(left_out or {})
    return {kind: number for kind, number in sorted(once.items()) if number}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], *, alone: bool) -> list[dict[str, Any]]:
    """Reasons for a new revision: `cause`, `name` of the source, `first` and `last` month, `kinds` more (or fewer: −).

    Of two manifests; newest month first; empty where one is of a version that did not tell. `alone`: neither config
    nor code changed. Otherwise only what differs in number is told, as the same rows may have been read differently.
    """
    before, after = old.get("events"), new.get("events")
    if before is None or after is None:
        return []
    late = _only_added(old, new) if alone else frozenset()
    sources = sorted({source for tallies in (before, after) for month in tallies.values() for source in month})
    found = [reason for source in sources for reason in _of_source(source, before, after, late)]
    return [reason for reason in found if alone or reason["cause"] == BALANCE]


def _only_added(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Sources and months of the period of which no file is gone or replaced: events that are more there are late ones.
    Of earlier months the manifests do not name the files.
    """
    before, after = ({(one["source"], one["content"]) for one in each["inputs"]} for each in (old, new))
    lost = {source for source, _ in before - after}
    months = [str(month) for month in Period.parse(old["period"], old["grain"]).months()]
    return frozenset((source, month) for source in {source for source, _ in after} - lost for month in months)


def _of_source(source: str, old: Tallies, new: Tallies, late: frozenset[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    before, after = ({month: own[source] for month, own in all_.items() if source in own} for all_ in (old, new))
    months = [month for month in sorted(before | after) if _content(before, month) != _content(after, month)]
    together = [[month] for month in reversed(months[-MOST_MONTHS:])]
    if len(months) > MOST_MONTHS:
        together.append(months[:-MOST_MONTHS])
    for told in together:
        kinds = _balance(*([tallies[month] for month in told if month in tallies] for tallies in (before, after)))
        cause = _cause(kinds, late={(source, month) for month in told} <= late)
        yield {"cause": cause, "name": source, "first": told[0], "last": told[-1], "kinds": kinds or {}}


def _content(tallies: Mapping[str, Tally], month: str) -> str | None:
    return tallies[month]["content"] if month in tallies else None


def _balance(before: Sequence[Tally], after: Sequence[Tally]) -> dict[str, int] | None:
    if any(tally["kinds"] is None for tally in (*before, *after)):
        return None
    total: Counter[str] = Counter()
    for tally in after:
        total.update(tally["kinds"])
    for tally in before:
        total.subtract(tally["kinds"])
    return {kind: number for kind, number in sorted(total.items()) if number}


def _cause(kinds: Mapping[str, int] | None, *, late: bool) -> str:
    if kinds is None:
        return UNKNOWN
    if not kinds:
        return AS_MANY
    return LATE if late and min(kinds.values()) > 0 else BALANCE
