"""The order of the work, shared by the flows: read → reduce → fold → measure → publish → render.

Everything is asked for by digest, so what is done already costs a look. Periods that are measured may be fewer than
those that are folded: the chain of customers starts where the data begin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from prefect.futures import PrefectFuture, as_completed

from config.errors import InputError, PeriodError
from config.models import Config
from flows.progress import stages
from tasks import intake, steps
from tasks.clock import Period
from tasks.dependencies import STEPS, Edges, Part
from tasks.intake import FileEvents
from tasks.kpis import CATALOGUE
from tasks.kpis.facts import provided_facts
from tasks.kpis.measure import Context
from tasks.publication import Published
from tasks.storage import Storage
from tasks.store import Built
from tasks.tables import activity, customers, measured

READING, CUSTOMERS, FIGURES, PUBLISHING = "Reading files", "Following customers", "Computing figures", "Publishing"


@dataclass(frozen=True)
class Events:
    """Everything that was read: files with content of their own, and copies of them."""

    originals: list[FileEvents]
    copies: list[FileEvents]
    has_event_ids: Mapping[str, bool]

    @property
    def months(self) -> list[str]:
        return sorted({month for one in self.originals for month in one.months})

    def parts(self, month: str) -> list[Part]:
        """The month's event parts by source, in an order that file names do not decide."""
        parts = []
        for source in sorted(self.has_event_ids):
            tables = [one.events(month) for one in self.originals if one.source == source]
            present = sorted((table for table in tables if table), key=lambda table: table.content)
            if present:
                parts.append(Part(source, self.has_event_ids[source], tuple(present)))
        return parts

    def kinds_before(self, last_month: str) -> set[str]:
        """Kinds of the accepted events up to and with a month."""
        counts = [(month, kinds) for one in self.originals for month, kinds in one.built.facts["kinds"].items()]
        return {kind for month, kinds in counts if month <= last_month for kind in kinds}


@dataclass(frozen=True)
class Chain:
    """Activity and customers of every month from where the data begin."""

    first: Period
    activity: Mapping[Period, Built]
    customers: Mapping[Period, Built]


def read_sources(config: Config) -> Events:
    """Ingests what is new; refuses files with too many bad rows before anything is built on them."""
    storage = Storage(config.store_uri)
    looked = intake.look(storage, config)
    futures = [
        steps.ingest_file.submit(storage.uri, one.mapping, file) for one in looked for file in one.new
    ]
    read = [file for one in looked for file in one.known] + _collected(READING, futures)
    intake.refuse_too_many_rejected(read, config.validation.max_rejected)
    originals, copies = intake.distinct(read)
    return Events(originals, copies, {one.mapping.source.name: "event_id" in one.mapping.source.columns for one in looked})


def _collected(stage: str, futures: Sequence[PrefectFuture[Any]]) -> list[Any]:
    """The results in the order of submission; the first failure is raised once all have ended."""
    stages.begin(stage, len(futures))
    for _ in as_completed(list(futures)):
        stages.advance(stage)
    return [future.result() for future in futures]


def first_period(events: Events, config: Config) -> Period:
    """The first period with events.

    Raises:
        InputError: no row of any source was accepted.
    """
    if not events.months:
        names = ", ".join(source.name for source in config.sources)
        raise InputError(
            f"No source ({names}) has a single usable event, so there is nothing to publish. "
            "Check the mapping: which rows were filtered, ignored or quarantined is in <store>/ingested."
        )
    month = Period.parse(events.months[0])
    return Period.containing(month.first, config.periods.grain)


def refuse_before_data(period: Period, first: Period) -> None:
    if period < first:
        raise PeriodError(f"{period} lies before the data: the first period with events is {first}. Start there.")


def refuse_future(period: Period, last_complete: Period) -> None:
    if period > last_complete:
        raise PeriodError(
            f"{period} is not over yet: the last complete period is {last_complete}. A figure is published only for a "
            "period that has ended."
        )


def follow_customers(config: Config, events: Events, first: Period, last: Period, *, force: bool = False) -> Chain:
    """Reduces every month from where the data begin to the end of `last`, and folds them in order."""
    months = list(first.months()[0].until(last.months()[-1]))
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


def publish(config: Config, events: Events, chain: Chain, periods: Sequence[Period]) -> list[Published]:
    """Measures the periods side by side, then publishes them in order and renders what shows them."""
    edges = [edges_of(period, chain) for period in periods]
    measuring_now = [_measure(config, events, chain, one) for one in edges]
    stages.begin(FIGURES, sum(len(futures) for futures in measuring_now))
    parts = [[_advanced(future) for future in futures] for futures in measuring_now]
    stages.begin(PUBLISHING, len(periods))
    published = []
    for one, measures in zip(edges, parts, strict=True):
        manifest = manifest_of(config, events, chain, one)
        future = steps.publish_period.submit(config.store_uri, one, measures, manifest, config.report.languages)
        published.append(future.result())
        stages.advance(PUBLISHING)
    return published


def _advanced(future: PrefectFuture[Any]) -> Built:
    built: Built = future.result()
    stages.advance(FIGURES)
    return built


def render(config: Config, periods: Iterable[Period]) -> None:
    """Renders again, in `latest/`, the reports that show a snapshot which changed."""
    futures = [steps.render_latest.submit(config.store_uri, period, config.report.languages) for period in periods]
    for future in futures:
        future.result()


def edges_of(period: Period, chain: Chain) -> Edges:
    months = period.months()
    return Edges(
        period,
        tuple(chain.activity[month] for month in months),
        chain.customers.get(months[0].shift(-1)),
        chain.customers[months[-1]],
    )


def _measure(config: Config, events: Events, chain: Chain, edges: Edges) -> list[PrefectFuture[Any]]:
    tables, people, context = measured.Choices.of(config), customers.Choices.of(config), context_of(config, events, chain, edges)
    return [
        steps.measure_table.submit(config.store_uri, name, edges, tables, people, context) for name in steps.MEASURED
    ]


def context_of(config: Config, events: Events, chain: Chain, edges: Edges) -> Context:
    return Context(
        period=str(edges.period),
        days=edges.period.days,
        currency=config.report.currency,
        dimensions=config.segments.dimensions,
        provided=provided_facts(events.kinds_before(str(edges.period.months()[-1])), config),
        history_starts=edges.period == chain.first and not config.periods.history_complete,
    )


def manifest_of(config: Config, events: Events, chain: Chain, edges: Edges) -> dict[str, Any]:
    """What a snapshot says of itself beside its figures."""
    months = [str(month) for month in edges.period.months()]
    duplicate_counts = [chain.activity[month].facts["duplicates"] for month in edges.period.months()]
    duplicates = {name: sum(counts.get(name, 0) for counts in duplicate_counts) for name in events.has_event_ids}
    files = [one for one in [*events.originals, *events.copies] if set(one.months) & set(months)]
    return {
        "grain": config.periods.grain,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lifecycle_version": version("lifecycle"),
        "timezone": config.periods.timezone,
        "currency": config.report.currency,
        "dimensions": list(config.segments.dimensions),
        "activation_within": config.activation.within if config.activation else None,
        "activity_kinds": list(config.activity.kinds),
        "inactive_after": config.activity.inactive_after,
        "churn_basis": config.churn.basis,
        "config": config.flat(),
        "steps": STEPS,
        "definitions": {kpi.name: kpi.version for kpi in CATALOGUE},
        "inputs": [{"source": one.source, "file": one.file, "content": one.content} for one in files],
        "quality": intake.quality(events.originals, events.copies, duplicates, months, sorted(events.has_event_ids)),
    }
