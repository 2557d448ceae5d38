"""A few files of a source, read, mapped and judged as a run would, down to the first rows of each.

Everything goes through `tasks.sources.ingest`; what it writes lies in a folder of its caller's, and is no store's.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl

from tasks.sources import files
from tasks.sources.expressions import Bound, evaluated
from tasks.sources.files import RawFile
from tasks.sources.formats import open_raw
from tasks.sources.ingest import Ingested, ingest
from tasks.sources.json_text import decoded_beside
from tasks.sources.mapping import OUTCOMES, Mapping, plan
from tasks.sources.opened import Opened, Place
from tasks.sources.sampling import cut
from tasks.sources.timestamps import ZONE_SUFFIX

HEADER_ROWS = 20
"""Rows read of a file of which only the columns are looked at."""
MOST_TIMES = 1_000

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Sample:
    """What the first rows of one file gave. `is_whole`: they are all its rows.

    `columns`: the file's own. `is_without_zone`: its times carry none, so that the source's is theirs.
    """

    file: RawFile
    is_whole: bool
    columns: tuple[str, ...]
    found: Ingested
    is_without_zone: bool

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
    return Sample(file, head.is_whole, tuple(opened.schema), found, _is_without_zone(opened, mapping, file, beside))


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


def _is_without_zone(opened: Opened, mapping: Mapping, file: RawFile, folder: Path) -> bool:
    bound = plan(opened, mapping, Place(mapping.source.name, file.key))
    times = bound.bound["occurred_at"]
    match times.found:
        case pl.Datetime():
            return times.found.time_zone is None
        case pl.String():
            frame = decoded_beside(opened.frame, bound.inner.decoded, folder)
            return _is_text_without_zone(Opened(frame, opened.schema, spread=opened.spread), times, bound.inner.values)
        case _:
            return isinstance(times.found, pl.Date)


def _is_text_without_zone(opened: Opened, times: Bound, inner: Sequence[pl.Expr]) -> bool:
    rows = evaluated(opened.rows().head(MOST_TIMES).with_columns(inner), [times])
    text = rows.select(pl.col(times.value).str.strip_chars()).collect().to_series().drop_nulls()
    told = text.filter(text.str.contains(r"\d[-:]"))
    zoned = (told.str.len_bytes() > len("2025-01-31")) & told.str.contains(ZONE_SUFFIX)
    return not told.is_empty() and not bool(zoned.any())


def ends(found: Sequence[Item]) -> list[Item]:
    """The first, the middle and the last."""
    chosen = sorted({0, len(found) // 2, len(found) - 1}) if found else []
    return [found[number] for number in chosen]


def spread(found: Sequence[Item], most: int) -> list[Item]:
    """At most so many, evenly spread."""
    return list(found) if len(found) <= most else [found[number * len(found) // most] for number in range(most)]
