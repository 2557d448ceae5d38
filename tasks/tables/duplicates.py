"""Duplicates: copies of one event, told by its id within a source and month. Counting them and keeping one."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Deduplicated:
    """The events with one copy each, and how many rows of each kind were left out."""

    events: pl.LazyFrame
    kinds: Mapping[str, int]

    @property
    def duplicates(self) -> int:
        return sum(self.kinds.values())


def deduplicated(events: pl.LazyFrame) -> Deduplicated:
    """Keeps, of the rows of one source and month with one `event_id`, the one with the least `received_at`, then the
    least other columns; null is the greatest. Rows without `event_id` are all kept.

    Hashes are compared first, and are only used here: ids are few where hashes meet, and judged exactly there.
    """
    hashed = pl.col("event_id").hash()
    known = pl.col("event_id").is_not_null()
    repeated = (
        events.filter(known).group_by(hashed.alias("hash")).len().filter(pl.col("len") > 1).select("hash")
    ).collect(engine="streaming")["hash"]
    if repeated.is_empty():
        return Deduplicated(events, {})
    suspect = (known & hashed.is_in(repeated.sort().implode())).fill_null(False)
    copies = events.filter(suspect).collect(engine="streaming")
    order = ["received_at", *(name for name in copies.columns if name not in {"event_id", "received_at"})]
    kept = copies.sort("event_id", *order, nulls_last=True).unique("event_id", keep="first", maintain_order=True)
    return Deduplicated(pl.concat([events.filter(~suspect), kept.lazy()]), _left_out(copies, kept))


def _left_out(copies: pl.DataFrame, kept: pl.DataFrame) -> dict[str, int]:
    """Copies of one event may differ in kind, so it is counted by what stays, not by id."""
    before, after = (dict(rows["kind"].cast(pl.String).value_counts().iter_rows()) for rows in (copies, kept))
    left = {kind: number - after.get(kind, 0) for kind, number in before.items()}
    return {kind: number for kind, number in sorted(left.items()) if number}
