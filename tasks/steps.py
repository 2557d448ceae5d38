"""The Prefect tasks: load → pure function → save, a few lines each. The only module that imports `task`.

Tasks take and return references and small values, never frames, so they can run in a thread here or on another
machine. Only transient I/O is retried; a bad file stays bad.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import polars as pl
from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from config.errors import LifecycleError, UnforeseenError
from config.models import Config
from schemas.events import event_schema
from schemas.snapshots import Snapshot
from tasks import intake, publication, report
from tasks.clock import Period
from tasks.dependencies import (
    Edges,
    Part,
    assemble_request,
    fold_request,
    measure_request,
    reduce_request,
)
from tasks.intake import FileEvents
from tasks.kpis import assembly, identities, parts
from tasks.kpis.measure import Context
from tasks.loading import collected, inputs_of
from tasks.publication import Candidate, Published, read_snapshot
from tasks.sources.files import RawFile
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.storage import Storage
from tasks.store import Built, Made, build, measures_folder, record_key, rows, scan
from tasks.tables import activity, customers, duplicates, shards
from tasks.tables.inputs import Choices
from tasks.tables.shards import Shard

Given = ParamSpec("Given")
Result = TypeVar("Result")
EARLIER_PERIODS = 12
"""Periods before its own that a report shows."""


@dataclass(frozen=True)
class Reporting:
    """How a snapshot is shown. No figure depends on it."""

    languages: tuple[report.Language, ...]
    presentation: report.Presentation

    @classmethod
    def of(cls, config: Config) -> "Reporting":
        presentation = report.Presentation(config.benchmarks, config.targets, config.notes)
        return cls(config.report.languages, presentation)

    def depends_on(self) -> dict[str, Any]:
        shown = self.presentation
        return {
            "languages": list(self.languages),
            "benchmarks": {name: one.model_dump() for name, one in shown.benchmarks.items()},
            "targets": dict(shown.targets),
            "notes": [one.model_dump() for one in shown.notes],
        }


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


def discreet(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """Lets what nobody foresaw out by its name alone: Prefect keeps the text of an error, which may quote rows.

    Raises:
        UnforeseenError: anything but our own errors, and those of files and networks.
    """

    @wraps(work)
    def worked(*given: Given.args, **named: Given.kwargs) -> Result:
        try:
            return work(*given, **named)
        except (LifecycleError, OSError):
            raise
        except Exception as error:
            raise UnforeseenError(type(error).__name__) from error

    return worked


@task(task_run_name="ingest {file.key}", **RETRIED)
@discreet
def ingest_file(store: str, mapping: SourceMapping, file: RawFile) -> FileEvents:
    return intake.read_file(Storage(store), mapping, file)


@task(task_run_name="reduce {period} {shard.number}", **RETRIED)
@discreet
def reduce_month(
    store: str, period: str, shard: Shard, parts: Sequence[Part], choices: activity.Choices, *, force: bool = False
) -> Built:
    storage = Storage(store)
    request = reduce_request(period, shard, parts, choices)
    return build(storage, request, lambda: _reduced(storage, shard, parts, choices), force=force)


def _reduced(storage: Storage, shard: Shard, parts: Sequence[Part], choices: activity.Choices) -> Made:
    """Copies of one event are told apart before people are: they may name different ones."""
    events = [pl.LazyFrame(schema=event_schema(choices.dimensions))]
    found: dict[str, duplicates.Deduplicated] = {}
    for part in parts:
        read = rows(storage, part.tables)
        single = duplicates.deduplicated(read) if part.has_event_ids else duplicates.Deduplicated(read, {})
        events.append(shards.own(single.events, shard))
        found[part.source] = single
    facts = {
        "duplicates": {source: single.duplicates for source, single in found.items()},
        "duplicate_kinds": {source: dict(single.kinds) for source, single in found.items()},
    }
    return Made(activity.reduce_events(pl.concat(events), choices), facts)


@task(task_run_name="fold {period} {shard.number}", **RETRIED)
@discreet
def fold_month(
    store: str,
    period: Period,
    shard: Shard,
    before: Built | None,
    month: Built,
    choices: customers.Choices,
    *,
    force: bool = False,
) -> Built:
    storage = Storage(store)

    def made() -> Made:
        earlier = scan(storage, before) if before else customers.nobody(choices)
        return Made(customers.fold(earlier, scan(storage, month), period, choices), {})

    return build(storage, fold_request(period, shard, before, month, choices), made, force=force)


@task(task_run_name="measure {name} {edges.period}", **RETRIED)
@discreet
def measure_table(
    store: str,
    name: str,
    edges: Edges,
    tables: Choices,
    people: customers.Choices,
    context: Context,
    *,
    force: bool = False,
) -> Built:
    """The figures of all KPIs of one table, as a part of `kpis`; or a table that is published as it is."""
    storage = Storage(store)

    def made() -> Made:
        found = parts.measured(name, inputs_of(storage, edges, people), tables, context)
        return Made({key: table.lazy() for key, table in found.items()}, {})

    return build(storage, measure_request(name, edges, tables, context), made, force=force)


@task(task_run_name="assemble {period}", **RETRIED)
@discreet
def assemble_snapshot(
    store: str,
    period: Period,
    own: Sequence[Built],
    before: Sequence[Built],
    context: Context,
    *,
    force: bool = False,
) -> Built:
    """The tables of a snapshot, from what was measured of its period and, to say why shares moved, the one before."""
    storage = Storage(store)

    def made() -> Made:
        tables = assembly.snapshot(collected(storage, own), collected(storage, before), period, context)
        return Made({name: table.lazy() for name, table in tables.items()}, {})

    return build(storage, assemble_request(period, own, before, context), made, force=force)


@task(task_run_name="check {period}", **RETRIED)
@discreet
def check_identities(store: str, period: Period, assembled: Built) -> None:
    """Raises IdentityError where figures contradict each other: then nothing is published."""
    identities.refuse_breaches(collected(Storage(store), [assembled]), period)


@task(task_run_name="publish {period}", **RETRIED)
@discreet
def publish_period(
    store: str,
    period: Period,
    own: Sequence[Built],
    assembled: Built,
    manifest: Mapping[str, Any],
    reporting: Reporting,
) -> Published:
    """`own`: what was measured; `assembled`: the tables put together of it, which are published."""
    storage = Storage(store)
    name, built = str(period), publication.built_digest([*own, assembled])
    if publication.is_current(storage, name, built) and publication.is_whole(storage, name):
        newest = publication.revisions(storage, name)[-1]
        done = Published(name, newest, is_new=False)
    else:
        measured = [record_key(measures_folder(name), one.digest) for one in (*own, assembled)]
        made_from = {"made_from": sorted([*manifest["made_from"], *measured])}
        candidate = _candidate(storage, period, assembled, built, {**manifest, **made_from})
        earlier = _earlier_snapshots(storage, period)
        done = publication.publish(storage, candidate, lambda snapshot: _rendered([*earlier, snapshot], reporting))
    publication.copy_to_latest(storage, name)
    if done.is_new:
        publication.note_rendered(storage, name, _shown(storage, period, reporting))
    return done


def _candidate(
    storage: Storage, period: Period, assembled: Built, built: str, manifest: Mapping[str, Any]
) -> Candidate:
    tables = collected(storage, [assembled])
    files = {f"{name}.parquet": publication.parquet_bytes(table) for name, table in tables.items()}
    files["summary.json"] = report.summary(tables, str(period), manifest["currency"])
    return Candidate(str(period), built, tables, files, manifest)


def _earlier_snapshots(storage: Storage, period: Period) -> list[Snapshot]:
    found = [read_snapshot(storage, str(period.shift(-number))) for number in range(EARLIER_PERIODS, 0, -1)]
    return [snapshot for snapshot in found if snapshot is not None]


def shown_snapshots(storage: Storage, period: Period) -> list[Snapshot]:
    """What the report of a period shows: the snapshots of the periods before it and its own, those published."""
    own = read_snapshot(storage, str(period))
    return [*_earlier_snapshots(storage, period), *([own] if own else [])]


def _rendered(snapshots: Sequence[Snapshot], reporting: Reporting) -> dict[str, bytes]:
    rendered = [report.render(snapshots, language, reporting.presentation) for language in reporting.languages]
    tables = report.tables(snapshots[-1], reporting.languages)
    return {name: data for files in (*rendered, tables) for name, data in files.items()}


@task(task_run_name="render {period}", **RETRIED)
@discreet
def render_latest(store: str, period: Period, reporting: Reporting) -> bool:
    """Renders the reports in `latest/` again where an earlier snapshot they show, or a threshold, has changed."""
    storage = Storage(store)
    publication.copy_to_latest(storage, str(period))

    def rendered() -> Mapping[str, bytes]:
        return _rendered(shown_snapshots(storage, period), reporting)

    return publication.refresh_reports(storage, str(period), _shown(storage, period, reporting), rendered)


def _shown(storage: Storage, period: Period, reporting: Reporting) -> dict[str, Any]:
    """What a report depends on: the snapshots it shows, how they are presented and the version of the rendering."""
    periods = [str(period.shift(-number)) for number in range(EARLIER_PERIODS, -1, -1)]
    manifests = [publication.manifest(storage, one) for one in periods]
    return {
        "version": report.VERSION,
        **reporting.depends_on(),
        "snapshots": [[one["period"], one["revision"], one["published_at"]] for one in manifests if one],
    }
