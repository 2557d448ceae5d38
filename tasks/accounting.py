"""What became of the rows of the files: too many bad ones are refused, and all of them are accounted for by period."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from config.errors import InputError, LifecycleError
from config.models import Config, Source
from schemas.events import UNREAD, rules
from tasks.intake import FileEvents
from tasks.sources.expressions import columns_read
from tasks.sources.ingest import refuse_lacking
from tasks.sources.mapping import OUTCOMES
from tasks.storage import Storage
from tasks.store import rows

MOST_FILES = 10
MOST_LETTERS = 40
SHOWN = ("kind", "occurred_at", "amount", "quantity", "score", "currency")
"""Columns whose first broken value is shown: what they hold tells nothing of who it is."""


def refuse_lacking_columns(config: Config, read: Iterable[FileEvents]) -> None:
    """Raises InputError for a column, or a key in one, that a mapping reads and no file of its source has."""
    lacking: dict[str, dict[str, dict[str, str]]] = {}
    for one in read:
        lacking.setdefault(one.source, {})[one.file] = one.built.facts.get("lacking", {})
    for source in config.sources:
        if source.name in lacking:
            refuse_lacking(source, lacking[source.name])


def refuse_too_many_rejected(storage: Storage, config: Config, read: Iterable[FileEvents]) -> None:
    """Raises InputError for files whose share of quarantined rows is above the limit."""
    limit = config.validation.max_rejected
    refused = [one for one in read if one.built.facts["read"] and _rejected(one) / one.built.facts["read"] > limit]
    if refused:
        more = [f"... and {len(refused) - MOST_FILES} more files"] if len(refused) > MOST_FILES else []
        told = [line for one in refused[:MOST_FILES] for line in _told(storage, config, one)]
        raise InputError(
            "Too many rows were quarantined; nothing was published.\n"
            + "\n".join([*told, *more])
            + "\nMend the file or the mapping, or raise validation.max_rejected. "
            f"The rows are kept, with their original values, below {storage.uri}/quarantine."
        )


def _rejected(one: FileEvents) -> int:
    return sum(one.built.facts["quarantined"].values())


def _told(storage: Storage, config: Config, one: FileEvents) -> list[str]:
    """The file and its share of bad rows, then a line per rule: how many rows, what was expected, where to look."""
    bad, read = _rejected(one), one.built.facts["read"]
    share = f"{bad:,} of {read:,} rows ({bad / read:.2%}, allowed {config.validation.max_rejected:.2%})"
    counts = _added(counts for counts in one.built.facts["rules"].values())
    most = sorted(counts.items(), key=lambda rule: (-rule[1], rule[0]))
    first, expected = first_rows(storage, one), expectations(config)
    [source] = [source for source in config.sources if source.name == one.source]
    return [
        f"  - source {one.source!r}, file {one.file}: {share}",
        *(
            f"      {name}: {rows:,}, first in row {row:,}{cell}; expected {expected[name]}"
            for name, rows in most
            for row, cell in [(first[name][0], value_found(source, name, first[name][1]))]
        ),
    ]


def first_rows(storage: Storage, one: FileEvents, period: str = "") -> dict[str, tuple[int, dict[str, Any]]]:
    """Per rule, the first data row (from 1) of the file (in a period) that broke it, and what that row holds."""
    named = f"quarantine:{period}"
    kept = rows(storage, [table for name, table in one.built.tables.items() if name.startswith(named)])
    broken = kept.select("row", "rules").explode("rules").group_by("rules").agg(pl.col("row").min())
    first = dict(broken.collect().iter_rows())
    originals = kept.filter(pl.col("row").is_in(list(first.values()))).select("row", "original").collect()
    cells = {row: json.loads(original) for row, original in originals.iter_rows()}
    return {rule: (row, cells[row]) for rule, row in first.items()}


def value_found(source: Source, rule: str, original: Mapping[str, Any]) -> str:
    """The cell that broke a rule about one column. Never one that tells who the customer is."""
    column = re.sub(r"_(missing|unreadable|negative|outside_scale|other)$", "", rule)
    told = "name" if column == "kind" and column not in source.columns else column
    if column not in SHOWN or told not in source.columns:
        return ""
    reads = columns_read(source.columns[told], original)
    secret = {
        name for key in ("customer_id", "anonymous_id") for name in columns_read(source.columns.get(key, ""), original)
    }
    if len(reads) != 1 or reads & {*secret, *source.json_columns}:
        return ""
    [value] = [original[name] for name in reads]
    if value is None:
        return " (empty)"
    text = str(value)
    return "" if isinstance(value, dict | list) else f" ({text[:MOST_LETTERS]!r}{'…' * (len(text) > MOST_LETTERS)})"


def expectations(config: Config) -> dict[str, str]:
    """What each rule expects, by its name."""
    columns = [*(column for source in config.sources for column in source.columns), "where"]
    known = rules(dict.fromkeys(columns), config.report.currency, config.surveys.csat_scale)
    return {**{rule.name: rule.expected for rule in known}, **UNREAD}


def quality(
    originals: Iterable[FileEvents],
    copies: Iterable[FileEvents],
    duplicates: Mapping[str, int],
    months: list[str],
    sources: Iterable[str],
) -> list[dict[str, Any]]:
    """Row accounting of a period, per source: read = accepted + duplicate + filtered + ignored + quarantined."""
    read, again = list(originals), list(copies)
    return [_source_quality(name, read, again, duplicates.get(name, 0), months) for name in sources]


def _source_quality(
    name: str, originals: list[FileEvents], copies: list[FileEvents], duplicates: int, months: list[str]
) -> dict[str, Any]:
    own = [one for one in originals if one.source == name and _touches(one, months)]
    again = [one for one in copies if one.source == name and _touches(one, months)]
    rows = {outcome: sum(one.count(outcome, months) for one in own) for outcome in OUTCOMES}
    copied = sum(one.count(outcome, months) for one in again for outcome in OUTCOMES)
    counts = {**rows, "accepted": rows["accepted"] - duplicates, "duplicate": duplicates + copied}
    read = sum(rows.values()) + copied
    if read != sum(counts.values()) or min(counts.values()) < 0:
        raise LifecycleError(f"source {name!r}, {months}: the row accounting does not add up: {read} read, {counts}.")
    return {
        "source": name,
        "files": len(own) + len(again),
        "read": read,
        **counts,
        "rules": _added(one.built.facts["rules"].get(month, {}) for one in own for month in months),
        "unmapped": _added(one.built.facts["unmapped"] for one in own if _main_month(one) in months),
    }


def _touches(one: FileEvents, months: list[str]) -> bool:
    return any(one.count(outcome, months) for outcome in OUTCOMES)


def _main_month(one: FileEvents) -> str:
    """The month of most of a file's rows: where its unmapped event names are told."""
    counts: dict[str, int] = one.built.facts["accepted"] or one.built.facts["ignored"] or {"": 0}
    return min(counts, key=lambda month: (-counts[month], month))


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, number in one.items():
            total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))
