"""Stored tables as what is computed with, for the steps and for whoever looks into the store without Prefect."""

from collections.abc import Mapping, Sequence

import polars as pl

from tasks.dependencies import Edges, Sharded
from tasks.storage import Storage
from tasks.store import Built, reading, scan
from tasks.tables import customers, shards
from tasks.tables.inputs import Inputs


def inputs_of(storage: Storage, edges: Edges, people: customers.Choices) -> Inputs:
    """What a period is measured from, lazily."""
    return Inputs(
        edges.period,
        [_together(storage, month) for month in edges.months],
        _together(storage, edges.at_start) if edges.at_start else customers.nobody(people),
        _together(storage, edges.at_end),
    )


def _together(storage: Storage, sharded: Sharded) -> Mapping[str, pl.LazyFrame]:
    return shards.together([scan(storage, built) for built in sharded])


def collected(storage: Storage, built: Sequence[Built]) -> dict[str, pl.DataFrame]:
    """All tables of some steps, in memory."""
    stored = {name: frame for one in built for name, frame in scan(storage, one).items()}
    with reading(storage):
        return dict(zip(stored, pl.collect_all(list(stored.values())), strict=True))
