"""The order of the work, shared by the flows: read → reduce → fold → measure → publish → render.

Everything is asked for by digest, so what is done already costs a look. Periods that are measured may be fewer than
those that are folded: the chain of customers starts where the data begin.
"""

from collections.abc import Sequence
from typing import Any, cast

from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from config.models import Config
from flows import plan
from flows.plan import Chain, Events
from flows.progress import stages
from tasks import accounting, intake, publication, steps
from tasks.clock import Period
from tasks.dependencies import MEASURED, Edges
from tasks.publication import Published
from tasks.steps import EARLIER_PERIODS
from tasks.storage import Storage
from tasks.store import Built
from tasks.tables import activity, customers, measured

READING, CUSTOMERS, FIGURES, PUBLISHING = "Reading files", "Following customers", "Computing figures", "Publishing"


def runner() -> TaskRunner[PrefectFuture[Any]]:
    """Threads: Polars brings its own parallelism, and most of the work happens inside it."""
    # The cast: Prefect's own runner is narrower than the type its own decorator asks for.
    return cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=4))


def read_sources(config: Config) -> Events:
    """Ingests what is new; refuses files with too many bad rows before anything is built on them."""
    plan.refuse_bad_activation(config)
    plan.refuse_unknown_kpis(config)
    storage = Storage(config.store_uri)
    storage.require_folder()
    looked = intake.look(storage, config)
    futures = [steps.ingest_file.submit(storage.uri, one.mapping, file) for one in looked for file in one.new]
    read = _collected(READING, futures)
    events = plan.events_of(storage, looked, read)
    accounting.refuse_too_many_rejected(storage, config, [*events.originals, *events.copies])
    intake.remember(storage, config, looked, read)
    if gone := sum(len(one.gone) for one in looked):
        stages.note(f"Files that have disappeared from the sources: {gone}. Their events are kept (on_missing).")
    return events


def _collected(stage: str, futures: Sequence[PrefectFuture[Any]]) -> list[Any]:
    """The results in the order of submission; the first failure is raised once all have ended."""
    stages.begin(stage, len(futures))
    for _ in as_completed(list(futures)):
        stages.advance(stage)
    return [future.result() for future in futures]


def follow_customers(config: Config, events: Events, first: Period, last: Period, *, force: bool = False) -> Chain:
    """Reduces every month from where the data begin to the end of `last`, and folds them in order."""
    months = plan.months_of(first, last)
    doing = activity.Choices.of(config)
    people = customers.Choices.of(config)
    stages.begin(CUSTOMERS, 2 * len(months))
    forced = {month: force and month in last.months() for month in months}
    reducing = [
        steps.reduce_month.submit(config.store_uri, str(month), events.parts(str(month)), doing, force=forced[month])
        for month in months
    ]
    reduced: dict[Period, Built] = {}
    folded: dict[Period, Built] = {}
    before: Built | None = None
    for month, future in zip(months, reducing, strict=True):
        reduced[month] = future.result()
        stages.advance(CUSTOMERS)
        before = steps.fold_month.submit(
            config.store_uri, month, before, reduced[month], people, force=forced[month]
        ).result()
        folded[month] = before
        stages.advance(CUSTOMERS)
    return Chain(first, reduced, folded)


def publish(
    config: Config, events: Events, chain: Chain, periods: Sequence[Period], *, force: bool = False
) -> list[Published]:
    """Measures the periods side by side, then publishes them in order and renders what shows them."""
    for silent in plan.periods_without_events(events, periods):
        stages.note(f"No source has an event in {silent}; the last is of {events.months[-1]}. Are files missing?")
    edges = [plan.edges_of(period, chain) for period in periods]
    measuring_now = [_measure(config, events, chain, one, force=force) for one in edges]
    stages.begin(FIGURES, sum(len(futures) for futures in measuring_now))
    parts = [[_advanced(future) for future in futures] for futures in measuring_now]
    stages.begin(PUBLISHING, len(periods))
    published = []
    for one, measures in zip(edges, parts, strict=True):
        manifest = plan.manifest_of(config, events, chain, one)
        future = steps.publish_period.submit(config.store_uri, one, measures, manifest, config.report.languages)
        published.append(future.result())
        stages.advance(PUBLISHING)
    return published


def _advanced(future: PrefectFuture[Any]) -> Built:
    built: Built = future.result()
    stages.advance(FIGURES)
    return built


def tell_stale(config: Config, events: Events, chain: Chain, period: Period) -> None:
    """Names the earlier published periods that are no longer what a run would publish."""
    stale = plan.stale_periods(Storage(config.store_uri), config, events, chain, period)
    if stale:
        listed = ", ".join(str(one) for one in stale)
        stages.note(f"Earlier periods are stale: {listed}. `lifecycle backfill --only stale` restates them.")


def render(config: Config, periods: Sequence[Period]) -> None:
    """Renders again, in `latest/`, the reports that show a snapshot which changed: of the periods and those after."""
    published = set(publication.published_periods(Storage(config.store_uri)))
    shown = list(periods[0].until(periods[-1].shift(EARLIER_PERIODS)))
    futures = [
        steps.render_latest.submit(config.store_uri, period, config.report.languages)
        for period in shown
        if str(period) in published
    ]
    for future in futures:
        future.result()


def _measure(config: Config, events: Events, chain: Chain, edges: Edges, *, force: bool) -> list[PrefectFuture[Any]]:
    tables, people = measured.Choices.of(config), customers.Choices.of(config)
    context = plan.context_of(config, events, chain, edges)
    return [
        steps.measure_table.submit(config.store_uri, name, edges, tables, people, context, force=force)
        for name in MEASURED
    ]
