"""What each step depends on, and so its digest. Asked by the tasks that build and by whoever only wants to know.

Contents of the tables a step reads, the part of the config it obeys, and the version of its code; nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.clock import Period
from tasks.kpis import FEATURE_ADOPTION, Kpi, assembly, of_table
from tasks.kpis import measure as measuring
from tasks.kpis.measure import Context
from tasks.sources.mapping import STEP as INGEST_STEP
from tasks.sources.mapping import Mapping
from tasks.store import Built, Request, Table, activity_folder, customers_folder, ingested_folder, measures_folder
from tasks.tables import activity, customers
from tasks.tables.inputs import Choices
from tasks.tables.shards import Shard

STEPS = {
    "ingest": INGEST_STEP,
    "reduce": activity.STEP,
    "fold": customers.STEP,
    "measure": measuring.STEP,
    "assemble": assembly.STEP,
}


@dataclass(frozen=True)
class Part:
    """One source's events of one month: the parts its files were ingested to."""

    source: str
    has_event_ids: bool
    tables: tuple[Table, ...]


Sharded = tuple[Built, ...]
"""What was built of each shard, in order."""


@dataclass(frozen=True)
class Edges:
    """What a period is measured from: its months' activity, and the customers before (empty: nobody) and after it."""

    period: Period
    months: tuple[Sharded, ...]
    at_start: Sharded
    at_end: Sharded


def ingest_request(mapping: Mapping, content: str) -> Request:
    depends_on = {"step": "ingest", "version": INGEST_STEP, "content": content, "mapping": mapping.depends_on()}
    return Request(ingested_folder(mapping.source.name), depends_on)


def reduce_request(month: str, shard: Shard, parts: Sequence[Part], choices: activity.Choices) -> Request:
    depends_on = {
        "step": "reduce",
        "version": activity.STEP,
        "shard": vars(shard),
        "config": choices.depends_on(),
        "events": [[part.source, part.has_event_ids, [table.content for table in part.tables]] for part in parts],
    }
    return Request(activity_folder(month, shard.number), depends_on)


def fold_request(
    month: Period, shard: Shard, before: Built | None, doing: Built, choices: customers.Choices
) -> Request:
    depends_on = {
        "step": "fold",
        "version": customers.STEP,
        "shard": vars(shard),
        "config": choices.depends_on(),
        "period": str(month),
        "before": before.contents() if before else None,
        "activity": doing.contents("activity", "subscription_events", "milestones", "links"),
    }
    return Request(customers_folder(str(month), shard.number), depends_on)


def measure_request(name: str, edges: Edges, tables: Choices, context: Context) -> Request:
    depends_on = {
        "step": f"measure {name}",
        "version": measuring.STEP,
        "definitions": _definitions(of_table(name) if name != "features" else [FEATURE_ADOPTION]),
        "config": vars(tables),
        "context": context.depends_on(),
        "activity": [_contents(month) for month in edges.months],
        "at_start": _contents(edges.at_start),
        "at_end": _contents(edges.at_end),
    }
    return Request(measures_folder(str(edges.period)), depends_on)


def assemble_request(period: Period, parts: Sequence[Built], before: Sequence[Built], context: Context) -> Request:
    """`parts`: what was measured of the period; `before`: of the one before it, empty where there is none."""
    depends_on = {
        "step": "assemble",
        "version": assembly.STEP,
        "definitions": _definitions(of_table("derived")),
        "context": context.depends_on(),
        "parts": _contents(parts),
        "before": _contents(before),
    }
    return Request(measures_folder(str(period)), depends_on)


def _contents(built: Sequence[Built]) -> list[dict[str, str]]:
    return [one.contents() for one in built]


def _definitions(kpis: Sequence[Kpi]) -> dict[str, int]:
    return {kpi.name: kpi.version for kpi in kpis}
