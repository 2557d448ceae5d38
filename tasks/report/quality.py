"""The data quality section: where every row read went, by source, in words."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.clock import Period
from tasks.report.formats import NOTHING, Formats, clean

PLACES = ("accepted", "duplicate", "filtered", "ignored", "quarantined")
MOST_NAMES = 12


@dataclass(frozen=True)
class SourceRow:
    """Counts as written: files, read, then the five places."""

    name: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Detail:
    """What was wrong with the rows of a source: `title`, then names with counts, the most frequent first."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What differs suddenly from the periods before, most serious first; `remark` says so where nothing does."""

    listed: tuple[str, ...]
    remark: str


@dataclass(frozen=True)
class Quality:
    headings: tuple[str, ...]
    rows: tuple[SourceRow, ...]
    total: SourceRow | None
    statement: str
    adds_up: bool
    remarks: tuple[str, ...]
    details: tuple[Detail, ...]
    changes: Changes | None


def quality(manifest: Mapping[str, Any], formats: Formats) -> Quality:
    """The total stands only where there are several sources. No changes: an earlier version published the period."""
    sources = manifest.get("quality") or ()
    wrong = [source["source"] for source in sources if source["read"] != sum(source[place] for place in PLACES)]
    columns = ("files", "read", *PLACES)
    sums = {column: sum(source[column] for source in sources) for column in columns}
    total = _row(formats.t["total"], sums, formats) if len(sources) > 1 else None
    return Quality(
        headings=tuple(formats.t[column] for column in ("source", *columns)),
        rows=tuple(_row(clean(source["source"]), source, formats) for source in sources),
        total=total,
        statement=_statement(sources, wrong, formats),
        adds_up=not wrong,
        remarks=tuple(_remarks(sums, manifest.get("kept_files") or 0, formats)),
        details=tuple(detail for source in sources for detail in _details(source, formats)),
        changes=_changes(manifest["drift"], formats) if "drift" in manifest else None,
    )


def _changes(drift: Mapping[str, Any], formats: Formats) -> Changes:
    found = sorted(drift["findings"], key=lambda one: not one["beyond"])
    if not found:
        return Changes((), formats.t["drift_none"])
    accepted = [formats.t["drift_accepted"]] if found[0]["beyond"] else []
    return Changes(tuple(_change(one, formats) for one in found), " ".join([formats.t["drift_intro"], *accepted]))


def _change(one: Mapping[str, Any], formats: Formats) -> str:
    kind = [formats.known("kinds", one["kind"])] if one["kind"] else []
    where = formats.t["listed"].join([clean(one["source"]), *kind])
    match one["what"]:
        case "rows":
            key = {0: "drift_silent", 1: "drift_row"}.get(one["now"], "drift_rows")
            return formats.say(
                key, where=where, now=formats.number(one["now"]), usual=formats.number(one["usual"], digits=0)
            )
        case "nulls":
            now, usual = formats.apart(one["now"], one["usual"], "share")
            return formats.say("drift_nulls", where=where, column=clean(one["column"]), now=now, usual=usual)
        case "new_names":
            names = _counted(one["names"], formats, clean)
        case _:
            names = _first(one["names"], formats)
    return formats.say(f"drift_{one['what']}", where=where, names=formats.t["listed"].join(names))


def _first(names: Sequence[str], formats: Formats) -> tuple[str, ...]:
    more = len(names) - MOST_NAMES
    rest = (formats.say("more_items", number=formats.number(more)),) if more > 0 else ()
    return (*(clean(name) for name in names[:MOST_NAMES]), *rest)


def warnings(manifest: Mapping[str, Any], period: Period, formats: Formats) -> tuple[str, ...]:
    """What is said near the top: nothing came, from any source or from one; or much else than before did."""
    sources = manifest.get("quality")
    if sources is None:
        return ()
    silent = [source for source in sources if not source["accepted"]]
    if len(silent) == len(sources):
        return (formats.say("warning_silent", period=formats.phrase("for", period)),)
    told = [_silent_source(source, formats) for source in silent]
    if is_sudden(manifest, [source["source"] for source in silent]):
        told.append(formats.t["warning_drift"])
    return tuple(told)


def is_sudden(manifest: Mapping[str, Any], told: Collection[str] = ()) -> bool:
    """Whether there are suddenly more or fewer rows or values; but for those sources of which it is told already."""
    found = manifest["drift"]["findings"] if "drift" in manifest else ()
    return any(one["what"] in {"rows", "nulls"} and one["source"] not in told for one in found)


def _silent_source(source: Mapping[str, Any], formats: Formats) -> str:
    key = "warning_source_rows" if source["read"] else "warning_source"
    return formats.say(key, name=clean(source["source"]), number=formats.number(source["read"]))


def _remarks(sums: Mapping[str, int], kept_files: int, formats: Formats) -> Iterator[str]:
    if sums["filtered"]:
        share = formats.part(sums["filtered"] / sums["read"]) if sums["read"] else NOTHING
        yield formats.say("quality_filtered", number=formats.number(sums["filtered"]), share=share)
    if kept_files:
        key = "quality_kept_file" if kept_files == 1 else "quality_kept_files"
        yield formats.say(key, number=formats.number(kept_files))


def _statement(sources: Sequence[Mapping[str, Any]], wrong: Sequence[str], formats: Formats) -> str:
    if not sources:
        return formats.t["quality_none"]
    if wrong:
        names = formats.listing([clean(name) for name in wrong])
        return f"{formats.t['quality_intro']} {formats.say('quality_differs', names=names)}"
    return f"{formats.t['quality_intro']} {formats.t['quality_adds_up']}"


def _row(name: str, counts: Mapping[str, Any], formats: Formats) -> SourceRow:
    return SourceRow(name, tuple(formats.number(counts[column]) for column in ("files", "read", *PLACES)))


def _details(source: Mapping[str, Any], formats: Formats) -> list[Detail]:
    name = clean(source["source"])
    rules = _counted(source.get("rules") or {}, formats, lambda rule: rule_in_words(rule, formats))
    names = _counted(source.get("unmapped") or {}, formats, clean)
    found = (
        Detail(formats.say("why_quarantined", source=name), rules),
        Detail(formats.say("why_ignored", source=name), names),
    )
    return [detail for detail in found if detail.items]


def rule_in_words(rule: str, formats: Formats) -> str:
    column = rule.removesuffix("_unreadable")
    if f"rule_{rule}" not in formats.t and column != rule:
        return formats.say("rule_unreadable", column=clean(column))
    return formats.known("rule", rule)


def _counted(counts: Mapping[str, int], formats: Formats, write: Callable[[str], str]) -> tuple[str, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    said = [
        formats.say("counted", name=write(name), number=formats.number(count)) for name, count in ordered[:MOST_NAMES]
    ]
    if len(ordered) > MOST_NAMES:
        said.append(formats.say("more_items", number=formats.number(len(ordered) - MOST_NAMES)))
    return tuple(said)
