"""Shards: a month's events and the customers split by person, so that no step has to hold everybody at once.

Who belongs where is told by the last bytes of the id, by arithmetic of our own: Polars does not promise its hashes from
one version to the next, and shards are stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from polars import col

from tasks.tables.activity import first_links
from tasks.tables.inputs import Tables

LAST_DIGITS = 14
"""Hexadecimal digits of an id that are looked at: as many as fit 64 bits, sign and all."""
PRIME = 65_521


@dataclass(frozen=True)
class Shard:
    """One of `count` parts, numbered from 0."""

    number: int
    count: int


def shards(count: int) -> list[Shard]:
    return [Shard(number, count) for number in range(count)]


def own(events: pl.LazyFrame, shard: Shard) -> pl.LazyFrame:
    """The events of the shard's people: customers, and anonymous ids where an event names none. Costs: in the first."""
    if shard.count == 1:
        return events
    person = pl.coalesce("customer_id", "anonymous_id").str.encode("hex").str.tail(LAST_DIGITS)
    place = person.str.to_integer(base=16, dtype=pl.Int64) % PRIME % shard.count
    return events.filter(place.fill_null(0) == shard.number)


def together(parts: Sequence[Tables]) -> Tables:
    """The tables of all shards as one. A device seen with customers of two shards keeps the first of its links."""
    if len(parts) == 1:
        return parts[0]
    tables = {name: pl.concat([part[name] for part in parts]) for name in parts[0]}
    if "links" in tables:
        tables["links"] = first_links(tables["links"])
    if "cohorts" in tables:
        key = ["grain", "period", "cohort", "age"]
        tables["cohorts"] = tables["cohorts"].group_by(key).agg(col("size", "active", "activated", "revenue").sum())
    return tables
