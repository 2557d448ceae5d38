"""A few files of a source, read, mapped and judged as a run would, down to the first rows of each.

Everything goes through `tasks.sources.ingest`; what it writes lies in a folder of its caller's, and is no store's.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import polars as pl

from config.models import Source
from tasks.sources import files
from tasks.sources.expressions import evaluated
from tasks.sources.files import RawFile
from tasks.sources.formats import open_raw
from tasks.sources.ingest import Ingested, ingest
from tasks.sources.json_text import decoded_beside
from tasks.sources.mapping import ACCEPTED, OUTCOMES, QUARANTINED, Mapping, Plan, judged, plan
from tasks.sources.opened import Place
from tasks.sources.sampling import cut
from tasks.sources.timestamps import ZONE_SUFFIX

HEADER_ROWS = 20
"""Rows read of a file of which only the columns are looked at."""
MOST_TIMES = 1_000

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Sample:
    """What the first rows of one file gave. `is_whole`: they are all its rows.

    `columns`: the file's own, that hold one value a row. `is_without_zone`: its times carry none, so that the source's
    is theirs. `currencies`: rows by currency, whichever the report's is.
    """

    file: RawFile
    is_whole: bool
    columns: tuple[str, ...]
    found: Ingested
    is_without_zone: bool
    currencies: dict[str, int]

    def events(self) -> pl.DataFrame:
        parts = [pl.read_parquet(part.file, hive_partitioning=False) for part in self.found.parts]
        return pl.concat(parts) if parts else pl.DataFrame()

    def quarantined(self) -> pl.DataFrame:
        """As `schemas.events.QUARANTINED`, the first rows of the file first."""
        parts = [pl.read_parquet(part.file, hive_partitioning=False) for part in self.found.quarantined]
        return pl.concat(parts).sort("row") if parts else pl.DataFrame()

    def totals(self) -> dict[str, int]:
        """Rows by what became of them."""
        return {name: sum(self.found.counts[name].values()) for name in OUTCOMES}

    def total(self, counted: str) -> Counter[str]:
        """`rules` or `kinds` over all months."""
        sums: Counter[str] = Counter()
        for counts in self.found.counts[counted].values():
            sums.update(counts)
        return sums

    @property
    def read(self) -> int:
        return int(self.found.counts["read"])


def sample(file: RawFile, mapping: Mapping, rows: int, staging: Path) -> Sample:
    """The first `rows` rows of a file.

    Raises:
        UserError: the file cannot be read, or the mapping does not fit it.
    """
    folder = Path(tempfile.mkdtemp(dir=staging))
    raw = files.local(mapping.source, file, folder)
    head = cut(raw, file.key, mapping.source, rows, folder)
    found = ingest(head.path, file.key, mapping, folder)
    beside = Path(tempfile.mkdtemp(dir=folder))
    opened = open_raw(head.path, file.key, mapping.source, beside)
    bound = plan(opened, mapping, Place(mapping.source.name, file.key))
    every = replace(opened, frame=decoded_beside(opened.frame, bound.inner.decoded, beside)).rows()
    columns = tuple(name for name in opened.schema if _holds_one_value(name, opened.schema, mapping.source))
    return Sample(file, head.is_whole, columns, found, _is_without_zone(every, bound), _currencies(every, bound))


def _holds_one_value(name: str, schema: pl.Schema, source: Source) -> bool:
    return not schema[name].is_nested() and name not in source.json_columns


def lacking(file: RawFile, mapping: Mapping, staging: Path) -> dict[str, str]:
    """What the mapping reads and a file has not, each with a sentence; looks at the columns alone.

    Raises:
        UserError: as `sample`.
    """
    folder = Path(tempfile.mkdtemp(dir=staging))
    raw = files.local(mapping.source, file, folder)
    head = cut(raw, file.key, mapping.source, HEADER_ROWS, folder)
    opened = open_raw(head.path, file.key, mapping.source, folder)
    return plan(opened, mapping, Place(mapping.source.name, file.key)).inner.lacking


def _is_without_zone(rows: pl.LazyFrame, bound: Plan) -> bool:
    times = bound.bound["occurred_at"]
    match times.found:
        case pl.Datetime():
            return times.found.time_zone is None
        case pl.String():
            values = evaluated(rows.head(MOST_TIMES).with_columns(bound.inner.values), [times])
            return _is_text_without_zone(values.select(pl.col(times.value).str.strip_chars()).collect().to_series())
        case _:
            return isinstance(times.found, pl.Date)


def _is_text_without_zone(texts: pl.Series) -> bool:
    told = texts.drop_nulls()
    told = told.filter(told.str.contains(r"\d[-:]"))
    zoned = (told.str.len_bytes() > len("2025-01-31")) & told.str.contains(ZONE_SUFFIX)
    return not told.is_empty() and not bool(zoned.any())


def _currencies(rows: pl.LazyFrame, bound: Plan) -> dict[str, int]:
    if "currency" not in bound.bound:
        return {}
    kept = judged(rows, bound).filter(pl.col("outcome").is_in([ACCEPTED, QUARANTINED]), pl.col("amount").is_not_null())
    counted = kept.group_by("currency").len().drop_nulls().sort(["len", "currency"], descending=[True, False])
    return dict(counted.collect().iter_rows())


def ends(found: Sequence[Item]) -> list[Item]:
    """The first, the middle and the last."""
    return spread(found, 3)


def spread(found: Sequence[Item], most: int) -> list[Item]:
    """At most so many, evenly spread, the first and the last among them."""
    if len(found) <= most:
        return list(found)
    return [found[number * (len(found) - 1) // (most - 1)] for number in range(most)]
