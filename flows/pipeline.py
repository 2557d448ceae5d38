"""The order of the work, shared by the flows: read → reduce → fold → measure → publish → render.

Everything is asked for by digest, so what is done already costs a look. Periods that are measured may be fewer than
those that are folded: the chain of customers starts where the data begin.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from prefect.futures import PrefectFuture, as_completed, wait
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from config.errors import DamagedError, PeriodsError
from config.models import Config
from flows import plan
from flows.plan import Chain, Events
from flows.progress import stages
from tasks import accounting, drift, intake, publication, steps
from tasks.clock import Period
from tasks.dependencies import Sharded
from tasks.kpis import parts
from tasks.publication import Published
from tasks.steps import EARLIER_PERIODS
from tasks.storage import Storage
from tasks.store import Built
from tasks.tables import activity, customers
from tasks.tables.inputs import Choices
from tasks.tables.shards import shards

READING, CUSTOMERS, FIGURES, PUBLISHING = "Reading files", "Following customers", "Computing figures", "Publishing"
STAGES = (READING, CUSTOMERS, FIGURES, PUBLISHING)
"""In their order. One with nothing to do is left out."""
Failed = Mapping[str, Exception]
"""Why, by period."""


def runner() -> TaskRunner[PrefectFuture[Any]]:
    """Threads: Polars brings its own parallelism, and most of the work happens inside it."""
    # The cast: Prefect's own runner is narrower than the type its own decorator asks for.
    return cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=4))


def read_sources(config: Config) -> Events:
    """Ingests what is new; refuses files with too many bad rows before anything is built on them."""
    plan.refuse_bad_activation(config)
    plan.refuse_unknown_kpis(config)
    storage = Storage(config.store_uri)
    storage.require_usable()
    looked = intake.look(storage, config)
    futures = [steps.ingest_file.submit(storage.uri, one.mapping, file) for one in looked for file in one.new]
    read = _collected(READING, futures)
    events = plan.events_of(storage, looked, read)
    accounting.refuse_lacking_columns(config, [*events.originals, *events.copies])
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
    """Reduces every month from where the data begin to the end of `last`, and folds them in order, shard by shard.

    The chain ends before the first month that fails, and says why: the months before can be published.
    """
    months = plan.months_of(first, last)
    doing, people = activity.Choices.of(config), customers.Choices.of(config)
    stages.begin(CUSTOMERS, 2 * len(months))
    forced = {month: force and month in last.months() for month in months}
    reducing = {month: _reduce(config, events, month, doing, force=forced[month]) for month in months}
    chain, before = Chain(first, {}, {}), tuple[Built | None, ...]([None] * config.run.shards)
    for month in months:
        try:
            active = _advanced(CUSTOMERS, reducing[month])
            after = _advanced(CUSTOMERS, _fold(config, month, before, active, people, force=forced[month]))
        except DamagedError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the months before are none the worse for it
            wait([future for futures in reducing.values() for future in futures])
            return replace(chain, broken_by=error)
        chain = Chain(first, {**chain.activity, month: active}, {**chain.customers, month: after})
        before = after
    return chain


def _reduce(
    config: Config, events: Events, month: Period, doing: activity.Choices, *, force: bool
) -> list[PrefectFuture[Built]]:
    name = str(month)
    return [
        steps.reduce_month.submit(config.store_uri, name, shard, events.parts(name), doing, force=force)
        for shard in shards(config.run.shards)
    ]


def _fold(
    config: Config,
    month: Period,
    before: Sequence[Built | None],
    active: Sharded,
    people: customers.Choices,
    *,
    force: bool,
) -> list[PrefectFuture[Built]]:
    return [
        steps.fold_month.submit(config.store_uri, month, shard, earlier, own, people, force=force)
        for shard, earlier, own in zip(shards(config.run.shards), before, active, strict=True)
    ]


def _advanced(stage: str, futures: Sequence[PrefectFuture[Built]]) -> Sharded:
    """What was built, once all of it is; one step further in the stage."""
    built = tuple(future.result() for future in futures)
    stages.advance(stage)
    return built


def publish(
    config: Config, events: Events, chain: Chain, periods: Sequence[Period], *, force: bool = False
) -> tuple[list[Published], Failed]:
    """Measures the periods side by side, then publishes them in order. One that fails does not stop the others.

    The period before each is measured too: the snapshot says why shares moved since. Nearly always it is done already.
    """
    for silent in plan.periods_without_events(events, periods):
        last = plan.last_month_before(events, silent)
        stages.note(f"No source has an event in {silent}; the last is of {last}. Are files missing?")
    measured = _measured(config, events, chain, periods, force=force)
    stages.begin(PUBLISHING, len(periods))
    published: list[Published] = []
    failed: dict[str, Exception] = {}
    for period in periods:
        try:
            published.append(_publish(config, events, chain, period, measured, force=force))
        except DamagedError as error:
            error.published = published
            raise
        except Exception as error:  # noqa: BLE001  the others are none the worse for it
            failed[str(period)] = error
        stages.advance(PUBLISHING)
    return published, failed


def refuse_failed(published: Sequence[Published], failed: Failed) -> None:
    """Raises the error of a single period, or PeriodsError for some of several."""
    if len(failed) == 1 and not published:
        raise next(iter(failed.values()))
    if failed:
        raise PeriodsError(published, failed)


def _publish(
    config: Config,
    events: Events,
    chain: Chain,
    period: Period,
    measured: Mapping[Period, Callable[[], list[Built]]],
    *,
    force: bool,
) -> Published:
    own = measured[period]()
    before = measured[period.shift(-1)]() if period.shift(-1) in measured else []
    edges = plan.edges_of(period, chain)
    context = plan.context_of(config, events, chain, edges)
    assembled = steps.assemble_snapshot.submit(config.store_uri, period, own, before, context, force=force).result()
    steps.check_identities.submit(config.store_uri, period, assembled).result()
    manifest = plan.manifest_of(config, events, chain, edges)
    if not publication.is_current(Storage(config.store_uri), str(period), publication.built_digest([*own, assembled])):
        _tell_drift(config, period, manifest["drift"]["findings"])
    reporting = steps.Reporting.of(config)
    published: Published = steps.publish_period.submit(
        config.store_uri, period, own, assembled, manifest, reporting
    ).result()
    return published


def _tell_drift(config: Config, period: Period, found: Sequence[drift.Finding]) -> None:
    """Notes what changed suddenly in the data of a period that is about to be published.

    Raises:
        InputError: it changed more than the config allows.
    """
    drift.refuse(str(period), found, config.drift)
    if found:
        more = f" And {len(found) - 1} more: see Data quality in its report." if len(found) > 1 else ""
        stages.note(f"{period}, {drift.told(found[0])}{more}")


def _measured(
    config: Config, events: Events, chain: Chain, periods: Sequence[Period], *, force: bool
) -> dict[Period, Callable[[], list[Built]]]:
    """The parts measured of each period to publish and of the one before it; to be called for, and failing then."""
    wanted = plan.measured_before(periods, chain.first)
    reached = [period for period in wanted if set(period.months()) <= chain.customers.keys()]
    futures = {period: _measure(config, events, chain, period, force=force and period in periods) for period in reached}
    everything = [future for own in futures.values() for future in own]
    stages.begin(FIGURES, len(everything))
    for _ in as_completed(everything):
        stages.advance(FIGURES)
    return {period: partial(_results, chain, futures.get(period)) for period in wanted}


def _results(chain: Chain, futures: Sequence[PrefectFuture[Built]] | None) -> list[Built]:
    if futures is None:
        raise chain.broken_by or AssertionError("a chain that nothing broke reaches every period")
    return [future.result() for future in futures]


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
        steps.render_latest.submit(config.store_uri, period, steps.Reporting.of(config))
        for period in shown
        if str(period) in published
    ]
    for future in futures:
        future.result()


def _measure(config: Config, events: Events, chain: Chain, period: Period, *, force: bool) -> list[PrefectFuture[Any]]:
    tables, people = Choices.of(config), customers.Choices.of(config)
    edges = plan.edges_of(period, chain)
    context = plan.context_of(config, events, chain, edges)
    return [
        steps.measure_table.submit(config.store_uri, name, edges, tables, people, context, force=force)
        for name in parts.NAMES
    ]
