"""Sudden changes in what a source delivers, against the periods before: rows, empty values, columns, event names. Pure.

A period is compared with those before it in time, whenever they were published. What is found goes into the manifest
and the report, never into data files; beyond the bounds of the config the period is not published.

rows       accepted events of a source, or of one kind in it, copies counted once. Usual is the median of the periods
           before; a rise must also exceed the last of them, and a year ago excuses what is seasonal.
nulls      the share of one kind's events without a value in one column, against the median share before; to be told, it
           must also differ from the last share: a trend is not sudden
columns    those of the files most of whose rows are of that time: late rows bring no columns to earlier months
names      event names that `kinds` does not map, and that hardly occurred before
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from math import inf, sqrt
from statistics import median
from typing import Any

from config.errors import InputError
from config.models import Drift
from tasks.intake import FileEvents
from tasks.sources.mapping import OUTCOMES

MOST_BEFORE = 6
"""Periods before that are compared with."""
LEAST_TO_STOP = 3
"""Periods before without which nothing is stopped: what is usual is not known yet."""
LEAST_TO_FALL_SILENT = 5
"""Events that are usual, below which none at all may be chance (less often than once in a hundred from here on)."""
SILENT_PART = 3
"""Where more than one in so many of the periods before is without events, no number of events is usual."""
HARDLY = 20
"""An event name that came less than once where it now comes so often counts as new."""
STRAY_PART = 10
"""A file's columns are not those of a month that has less than a tenth of the rows of its fullest month."""
CHANCE = 3.0
"""÷ √rows: six standard errors of a share of one half, as the events of one person are alike."""
MOST_NAMES = 50

Finding = dict[str, Any]
"""`what`: rows, nulls, new_columns, vanished_columns or new_names; `source`; `kind` (null: the source as a whole);
`now` and `usual` of rows and nulls, with the `column` of nulls; `names` (of new_names with their rows); `beyond`:
whether a bound is exceeded that stops publication."""
Once = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Events of a month and source without copies, `kinds` null where not known: see `tasks.arrivals`."""


@dataclass(frozen=True)
class Seen:
    """One source in one period. `once`: accepted events by kind; `kinds`: the same with copies, of which `nulls` counts
    the empty values by kind and column. Null: not noted of every file.
    """

    once: Mapping[str, int]
    kinds: Mapping[str, int]
    nulls: Mapping[tuple[str, str], int] | None
    columns: frozenset[str] | None
    names: Mapping[str, int] | None

    @property
    def total(self) -> int:
        return sum(self.once.values())


NOTHING = Seen({}, {}, {}, frozenset(), {})
Months = Mapping[str, Mapping[str, Seen]]
"""By month, then source."""


def by_month(files: Iterable[FileEvents]) -> Months:
    """What the files show. `once` still counts copies; see `without_copies`."""
    found: dict[str, dict[str, Seen]] = {}
    for one in files:
        rows = {month: sum(one.count(outcome, [month]) for outcome in OUTCOMES) for month in one.dated_months}
        for month, number in rows.items():
            sources = found.setdefault(month, {})
            is_stray = number * STRAY_PART < max(rows.values())
            sources[one.source] = together([sources.get(one.source, NOTHING), _of_file(one, month, is_stray=is_stray)])
    return found


def _of_file(one: FileEvents, month: str, *, is_stray: bool) -> Seen:
    facts = one.built.facts
    kinds, columns = facts["kinds"].get(month, {}), facts.get("columns")
    nulls = facts.get("nulls")
    return Seen(
        once=kinds,
        kinds=kinds,
        nulls=None if nulls is None else _flat(nulls.get(month, {})),
        columns=frozenset() if is_stray else None if columns is None else frozenset(columns),
        names=facts["names"].get(month, {}) if "names" in facts else None,
    )


def _flat(nulls: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    return {(kind, column): number for kind, own in nulls.items() for column, number in own.items()}


def without_copies(months: Months, once: Once) -> Months:
    return {
        month: {source: _once(seen, once.get(month, {}).get(source)) for source, seen in sources.items()}
        for month, sources in months.items()
    }


def _once(seen: Seen, tally: Mapping[str, Any] | None) -> Seen:
    return replace(seen, once=tally["kinds"]) if tally and tally["kinds"] is not None else seen


def together(parts: Sequence[Seen]) -> Seen:
    """Several months or files as one."""
    if len(parts) == 1:
        return parts[0]
    nulls, columns, names = ([getattr(part, name) for part in parts] for name in ("nulls", "columns", "names"))
    return Seen(
        once=_added(part.once for part in parts),
        kinds=_added(part.kinds for part in parts),
        nulls=None if None in nulls else _added(nulls),
        columns=None if None in columns else frozenset().union(*columns),
        names=None if None in names else _added(names),
    )


def _added(counts: Iterable[Mapping[Any, int]]) -> dict[Any, int]:
    total: Counter[Any] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def findings(source: str, history: Sequence[Seen], per_year: int, bounds: Drift) -> list[Finding]:
    """What differs in the last of a source's periods; `history`: all from where the data begin, `per_year` a year."""
    *before, now = history
    recent = list(dropwhile(lambda seen: not seen.kinds, before))[-MOST_BEFORE:]
    rows = _rows([seen.total for seen in history], per_year, bounds, is_whole=True)
    found = [{"what": "rows", "kind": None, **rows}] if rows else list(_by_kind(history, per_year, bounds))
    found += _nulls(recent, now, bounds)
    found += _columns(recent, now, bounds)
    found += _names(recent, now, bounds)
    return [{"source": source, **one} for one in found]


def _by_kind(history: Sequence[Seen], per_year: int, bounds: Drift) -> Iterator[Finding]:
    kinds = sorted({kind for seen in history for kind in seen.once})
    for kind in kinds if len(kinds) > 1 else ():
        rows = _rows([seen.once.get(kind, 0) for seen in history], per_year, bounds, is_whole=False)
        if rows:
            yield {"what": "rows", "kind": kind, **rows}


def _rows(counts: Sequence[int], per_year: int, bounds: Drift, *, is_whole: bool) -> Finding | None:
    """`counts`: events of each period, the last in question. Silence of a whole source is told whatever its size."""
    begun, now = list(dropwhile(lambda number: not number, counts[:-1])), counts[-1]
    recent = begun[-MOST_BEFORE:]
    if not recent or recent.count(0) * SILENT_PART > len(recent):
        return None
    usual = median(recent)
    if max(now, usual) < bounds.min_rows and not (is_whole and now == 0):
        return None
    year_ago = begun[-per_year] if len(begun) >= per_year else None
    lowest, highest = [usual], [usual, recent[-1]]
    if year_ago is not None:
        lowest, highest = [*lowest, year_ago], [*highest, year_ago]
    fall, rise = _ratio(min(lowest), now), _ratio(now, max(highest)) if len(recent) > 1 else 1.0
    change = max(fall, rise)
    if change <= bounds.rows:
        return None
    is_known = len(recent) >= LEAST_TO_STOP and (now > 0 or usual >= LEAST_TO_FALL_SILENT)
    beyond = change > bounds.max_rows and is_known
    return {"now": now, "usual": usual, "beyond": beyond}


def _ratio(more: float, less: float) -> float:
    return more / less if less else inf if more else 1.0


def _nulls(before: Sequence[Seen], now: Seen, bounds: Drift) -> Iterator[Finding]:
    known = [seen for seen in before if seen.nulls is not None]
    for kind, column in sorted({key for seen in (*known, now) for key in seen.nulls or ()}):
        shares = [share for seen in known if (share := _share(seen, kind, column, bounds)) is not None]
        share = _share(now, kind, column, bounds)
        if share is None or not shares:
            continue
        usual = median(shares)
        nearest = min(abs(share - usual), abs(share - shares[-1]))
        beyond = share - usual > bounds.max_nulls and len(shares) >= LEAST_TO_STOP
        if beyond or nearest > max(bounds.nulls, CHANCE / sqrt(now.kinds[kind])):
            yield {"what": "nulls", "kind": kind, "column": column, "now": share, "usual": usual, "beyond": beyond}


def _share(seen: Seen, kind: str, column: str, bounds: Drift) -> float | None:
    """Null where it is not known, or there are too few events."""
    rows = seen.kinds.get(kind, 0)
    if seen.nulls is None or rows < max(bounds.min_rows, 1):
        return None
    return seen.nulls.get((kind, column), 0) / rows


def _columns(before: Sequence[Seen], now: Seen, bounds: Drift) -> Iterator[Finding]:
    """New: in none of the periods before. Vanished: in each of the last three. Nested ones by their path."""
    known = [seen.columns for seen in before if seen.columns]
    if not known or not now.columns:
        return
    new = now.columns - frozenset().union(*known)
    vanished = frozenset.intersection(*known[-LEAST_TO_STOP:]) - now.columns
    for what, names in (("new_columns", new), ("vanished_columns", vanished)):
        if names:
            yield {"what": what, "kind": None, "names": sorted(names)[:MOST_NAMES], "beyond": what in bounds.stop_on}


def _names(before: Sequence[Seen], now: Seen, bounds: Drift) -> Iterator[Finding]:
    known = [seen.names for seen in before if seen.names is not None]
    if not known or len(known) < len(before) or not now.names:
        return
    most = {name: max(names.get(name, 0) for names in known) for name in now.names}
    new = [(name, number) for name, number in now.names.items() if most[name] * HARDLY < number]
    ordered = sorted(new, key=lambda item: (-item[1], item[0]))[:MOST_NAMES]
    if ordered:
        yield {"what": "new_names", "kind": None, "names": dict(ordered), "beyond": "new_names" in bounds.stop_on}


def refuse(period: str, found: Sequence[Finding], bounds: Drift) -> None:
    """Raises InputError where a bound is exceeded, unless the period is accepted as it is."""
    stopping = [one for one in found if one["beyond"]]
    if not stopping or period in bounds.accept:
        return
    sources = ", ".join(repr(name) for name in dict.fromkeys(one["source"] for one in stopping))
    raise InputError(
        f"{period} is not published: what {sources} delivered differs too much from the periods before.\n"
        + "\n".join(f"    - {told(one)} Bound: {_bound(one, bounds)}." for one in stopping)
        + "\n    Mend the files or the mapping and run again. If the period is right as it is, say so with "
        f'drift.accept = ["{period}"]; if such changes are usual, raise the bound.'
    )


def told(one: Finding) -> str:
    """A finding as a sentence."""
    where = f"source {one['source']!r}" + (f", {one['kind']}" if one["kind"] else "")
    match one["what"]:
        case "rows":
            now = {0: "no event", 1: "1 event"}.get(one["now"], f"{one['now']:,} events")
            return f"{where}: {now}; the periods before had {one['usual']:,.0f} (median)."
        case "nulls":
            return (
                f"{where}: {one['column']} is empty in {one['now']:.1%} of the events; before, in {one['usual']:.1%}."
            )
        case "new_columns" | "vanished_columns":
            have = "have new columns" if one["what"] == "new_columns" else "lack columns that they had"
            return f"{where}: the files {have}: {', '.join(one['names'])}."
        case _:
            names = ", ".join(f"{name} ({number:,})" for name, number in one["names"].items())
            return f"{where}: event names without a mapping that hardly came before: {names}."


def _bound(one: Finding, bounds: Drift) -> str:
    match one["what"]:
        case "rows":
            return f"drift.max_rows = {bounds.max_rows:g} (times more, or fewer)"
        case "nulls":
            return f"drift.max_nulls = {bounds.max_nulls:g} (more of all)"
        case _:
            return f"drift.stop_on holds {one['what']!r}"
