"""The Prefect tasks: load → pure function → save, a few lines each. The only module that imports `task`.

Tasks take and return references and small values, never frames, so they can run in a thread here or on another
machine. Only transient I/O is retried; a bad file stays bad.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from schemas.events import event_schema
from schemas.snapshots import Snapshot
from tasks import intake, publication, report
from tasks.clock import Period
from tasks.dependencies import Edges, Part, fold_request, measure_request, reduce_request
from tasks.intake import FileEvents
from tasks.kpis import FEATURE_ADOPTION, identities, of_table
from tasks.kpis import measure as measuring
from tasks.kpis import tables as published_tables
from tasks.kpis.measure import Context
from tasks.publication import Candidate, Published, read_snapshot
from tasks.sources.files import RawFile
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.storage import Storage
from tasks.store import Built, Made, build, scan
from tasks.tables import activity, customers, duplicates, measured

EARLIER_PERIODS = 12
"""Periods before its own that a report shows."""


def is_transient(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: the network or the disk, never the content."""
    failure = state.result(raise_on_failure=False)
    lasting = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)
    return isinstance(failure, OSError) and not isinstance(failure, lasting)


RETRIED: Mapping[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": [1, 5, 20],
    "retry_condition_fn": is_transient,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


@task(task_run_name="ingest {file.key}", **RETRIED)
def ingest_file(store: str, mapping: SourceMapping, file: RawFile) -> FileEvents:
    return intake.read_file(Storage(store), mapping, file)


@task(task_run_name="reduce {period}", **RETRIED)
def reduce_month(
    store: str, period: str, parts: Sequence[Part], choices: activity.Choices, *, force: bool = False
) -> Built:
    storage = Storage(store)
    request = reduce_request(period, parts, choices)
    return build(storage, request, lambda: _reduced(storage, parts, choices), force=force)


def _reduced(storage: Storage, parts: Sequence[Part], choices: activity.Choices) -> Made:
    events = [pl.LazyFrame(schema=event_schema(choices.dimensions))]
    found: dict[str, int] = {}
    for part in parts:
        rows = storage.scan([table.key for table in part.tables])
        single = duplicates.deduplicated(rows) if part.has_event_ids else duplicates.Deduplicated(rows, 0)
        events.append(single.events)
        found[part.source] = single.duplicates
    return Made(activity.reduce_events(pl.concat(events), choices), {"duplicates": found})


@task(task_run_name="fold {period}", **RETRIED)
def fold_month(
    store: str, period: Period, before: Built | None, month: Built, choices: customers.Choices, *, force: bool = False
) -> Built:
    storage = Storage(store)

    def made() -> Made:
        earlier = scan(storage, before) if before else customers.nobody(choices)
        return Made(customers.fold(earlier, scan(storage, month), period, choices), {})

    return build(storage, fold_request(period, before, month, choices), made, force=force)


@task(task_run_name="measure {name} {edges.period}", **RETRIED)
def measure_table(
    store: str,
    name: str,
    edges: Edges,
    tables: measured.Choices,
    people: customers.Choices,
    context: Context,
    *,
    force: bool = False,
) -> Built:
    """The figures of all KPIs of one table, as a part of `kpis`; features and cohorts bring their own tables too."""
    storage = Storage(store)

    def made() -> Made:
        inputs = _inputs(storage, edges, people)
        return Made({key: table.lazy() for key, table in _measured(name, inputs, tables, context).items()}, {})

    return build(storage, measure_request(name, edges, tables, context), made, force=force)


def _inputs(storage: Storage, edges: Edges, people: customers.Choices) -> measured.Inputs:
    return measured.Inputs(
        edges.period,
        [scan(storage, month) for month in edges.months],
        scan(storage, edges.at_start) if edges.at_start else customers.nobody(people),
        scan(storage, edges.at_end),
    )


def _measured(
    name: str, inputs: measured.Inputs, choices: measured.Choices, context: Context
) -> dict[str, pl.DataFrame]:
    if name == "cohorts":
        return {"cohorts": published_tables.cohorts(inputs.at_end["cohorts"].collect(), inputs.period)}
    if name == "features":
        counts, active = pl.collect_all([measured.features(inputs, choices), measured.active_customers(inputs)])
        adoption = [FEATURE_ADOPTION]
        return {
            "features": published_tables.features(counts, active.item(), inputs.period),
            "kpis_features": published_tables.feature_rows(counts, active.item(), adoption, context),
        }
    table = {
        "customers": measured.customers,
        "customers_at_start": measured.customers_at_start,
        "gaps": measured.gaps,
        "visitors": measured.visitors,
    }[name](inputs, choices)
    levelled = measured.with_levels(table, choices.dimensions, measured.kept_levels(inputs, choices))
    kpis = of_table(name, inputs.period.grain)
    return {f"kpis_{name}": measuring.measure(levelled, kpis, context)}


@task(task_run_name="publish {edges.period}", **RETRIED)
def publish_period(
    store: str, edges: Edges, parts: Sequence[Built], manifest: Mapping[str, Any], languages: Sequence[report.Language]
) -> Published:
    storage = Storage(store)
    period = str(edges.period)
    built = publication.built_digest(parts)
    if publication.is_current(storage, period, built):
        newest = publication.revisions(storage, period)[-1]
        done = Published(period, newest, is_new=False)
    else:
        candidate = _candidate(storage, edges.period, parts, built, manifest)
        earlier = _earlier_snapshots(storage, edges.period)
        done = publication.publish(storage, candidate, lambda snapshot: _rendered([*earlier, snapshot], languages))
    publication.copy_to_latest(storage, period)
    if done.is_new:
        publication.note_rendered(storage, period, _shown(storage, edges.period, languages))
    return done


def _candidate(
    storage: Storage, period: Period, parts: Sequence[Built], built: str, manifest: Mapping[str, Any]
) -> Candidate:
    stored = {name: frame for part in parts for name, frame in scan(storage, part).items()}
    frames = dict(zip(stored, pl.collect_all(list(stored.values())), strict=True))
    kpis = pl.concat([frame for name, frame in frames.items() if name.startswith("kpis_")])
    identities.refuse_breaches(kpis, period.days)
    tables = {
        "kpis": kpis.sort("kpi", "segment", "level"),
        "cohorts": frames["cohorts"],
        "features": frames["features"],
    }
    files = {f"{name}.parquet": publication.parquet_bytes(table) for name, table in tables.items()}
    files["summary.json"] = report.summary(
        tables["kpis"], tables["cohorts"], tables["features"], str(period), manifest["currency"]
    )
    return Candidate(str(period), built, tables, files, manifest)


def _earlier_snapshots(storage: Storage, period: Period) -> list[Snapshot]:
    found = [read_snapshot(storage, str(period.shift(-number))) for number in range(EARLIER_PERIODS, 0, -1)]
    return [snapshot for snapshot in found if snapshot is not None]


def _rendered(snapshots: Sequence[Snapshot], languages: Sequence[report.Language]) -> dict[str, bytes]:
    return {name: data for language in languages for name, data in report.render(snapshots, language).items()}


@task(task_run_name="render {period}", **RETRIED)
def render_latest(store: str, period: Period, languages: Sequence[report.Language]) -> bool:
    """Renders the reports in `latest/` again where an earlier snapshot they show has changed."""
    storage = Storage(store)
    publication.copy_to_latest(storage, str(period))

    def rendered() -> Mapping[str, bytes]:
        snapshot = read_snapshot(storage, str(period))
        return _rendered([*_earlier_snapshots(storage, period), *([snapshot] if snapshot else [])], languages)

    return publication.refresh_reports(storage, str(period), _shown(storage, period, languages), rendered)


def _shown(storage: Storage, period: Period, languages: Sequence[report.Language]) -> dict[str, Any]:
    """What a report depends on: the snapshots it shows, its languages and the version of the rendering."""
    periods = [str(period.shift(-number)) for number in range(EARLIER_PERIODS, -1, -1)]
    manifests = [publication.manifest(storage, one) for one in periods]
    return {
        "version": report.VERSION,
        "languages": list(languages),
        "snapshots": [[one["period"], one["revision"], one["published_at"]] for one in manifests if one],
    }
