"""Duplicates: copies of one event, told by its id within a source and month. Counting them and keeping one."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Deduplicated:
    """The events with one copy each, and how many rows were left out."""

    events: pl.LazyFrame
    duplicates: int


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
        return Deduplicated(events, 0)
    suspect = (known & hashed.is_in(repeated.sort().implode())).fill_null(False)
    copies = events.filter(suspect).collect(engine="streaming")
    order = ["received_at", *(name for name in copies.columns if name not in {"event_id", "received_at"})]
    kept = copies.sort("event_id", *order, nulls_last=True).unique("event_id", keep="first", maintain_order=True)
    return Deduplicated(pl.concat([events.filter(~suspect), kept.lazy()]), copies.height - kept.height)
