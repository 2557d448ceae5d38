"""What a run works on, and whether it is done already: by digest, without Prefect and without building anything."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

from config.errors import ConfigError, InputError, PeriodError, did_you_mean
from config.models import Config
from tasks import accounting, arrivals, drift, intake, publication
from tasks.clock import MONTHS, Period
from tasks.dependencies import (
    STEPS,
    Edges,
    Part,
    Sharded,
    assemble_request,
    fold_request,
    measure_request,
    reduce_request,
)
from tasks.intake import FileEvents, Intake
from tasks.kpis import BY_NAME, CATALOGUE, parts
from tasks.kpis.facts import provided_facts
from tasks.kpis.measure import Context
from tasks.kpis.verdicts import KEPT
from tasks.sources.expressions import check_event_filter
from tasks.sources.ingest import UNDATED
from tasks.storage import Storage, side_by_side
from tasks.store import Built, activity_folder, customers_folder, look_up, record_key
from tasks.tables import activity, customers
from tasks.tables.inputs import Choices
from tasks.tables.rule import conditions
from tasks.tables.shards import shards


@dataclass(frozen=True)
class Events:
    """Everything that was read: files with content of their own, and copies of them."""

    originals: list[FileEvents]
    copies: list[FileEvents]
    has_event_ids: Mapping[str, bool]

    @property
    def months(self) -> list[str]:
        return sorted({month for one in self.originals for month in one.months})

    @cached_property
    def tallies(self) -> arrivals.Tallies:
        return arrivals.accepted(self.originals)

    @cached_property
    def seen(self) -> drift.Months:
        return drift.by_month(self.originals)

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
    """Activity and customers, by shard, of every month from where the data begin; `broken_by`: why it ends early."""

    first: Period
    activity: Mapping[Period, Sharded]
    customers: Mapping[Period, Sharded]
    broken_by: Exception | None = None


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


def refuse_bad_activation(config: Config) -> None:
    """Raises ConfigError for a condition whose `where` is no yes-or-no expression over one event's columns."""
    for number, condition in enumerate(conditions(config.activation), start=1):
        if condition.where is not None:
            key = f"activation, condition {number} ({condition.kind})"
            check_event_filter(condition.where, config.segments.dimensions, key)


def refuse_unknown_kpis(config: Config) -> None:
    """Raises ConfigError for names that stand for nothing: a benchmark or target of a figure that is not in the
    catalogue, or would be misread; a dimension that no source maps.
    """
    _refuse_unmapped_dimensions(config)
    for table, names in (("benchmarks", config.benchmarks), ("targets", config.targets)):
        for name in names:
            if name not in BY_NAME:
                raise ConfigError(f"{table}.{name}: there is no KPI {name!r}. {did_you_mean(name, BY_NAME)}")
    _refuse_shares_in_per_cent(config)
    for name in sorted(KEPT & set(config.benchmarks)):
        if config.benchmarks[name].basis not in {"any", config.periods.grain}:
            raise _kept_is_not_converted(name, config)


def _refuse_unmapped_dimensions(config: Config) -> None:
    mapped = {column for source in config.sources for column in source.columns}
    for name in config.segments.dimensions:
        if name not in mapped:
            raise ConfigError(
                f"segments.dimensions: dimension {name!r} is mapped by no source, so all customers' would be unknown. "
                f'Add columns.{name} = "…" to the sources whose files hold it, or take it off the list.'
            )


def _refuse_shares_in_per_cent(config: Config) -> None:
    values: list[tuple[str, str, float | None]] = []
    values += [(f"targets.{name}", name, value) for name, value in config.targets.items()]
    values += [(f"benchmarks.{name}.healthy", name, one.healthy) for name, one in config.benchmarks.items()]
    values += [(f"benchmarks.{name}.alert", name, one.alert) for name, one in config.benchmarks.items()]
    for key, name, value in values:
        if BY_NAME[name].unit == "share" and value is not None and not 0 <= value <= 1:
            raise ConfigError(f"{key} = {value:g} is not between 0 and 1: {name} is a share, and 5 % is written 0.05.")


def _kept_is_not_converted(name: str, config: Config) -> ConfigError:
    basis, grain = config.benchmarks[name].basis, config.periods.grain
    return ConfigError(
        f"benchmarks.{name}: thresholds for what is kept are not converted from a {basis} to a {grain}. Give those "
        f'of a {grain} with basis = "{grain}", or state them for what is lost, such as churn_rate.'
    )


def refuse_unknown_source(config: Config, name: str | None) -> None:
    """Raises ConfigError for a name that no source has; null is none in particular."""
    names = [source.name for source in config.sources]
    if name is not None and name not in names:
        raise ConfigError(f"There is no source {name!r}. {did_you_mean(name, names)}")


def refuse_before_data(period: Period, first: Period) -> None:
    if period < first:
        raise PeriodError(f"{period} lies before the data: the first period with events is {first}. Start there.")


def refuse_future(period: Period, last_complete: Period) -> None:
    if period > last_complete:
        raise PeriodError(
            f"{period} is not over yet: the last complete period is {last_complete}. A figure is published only for a "
            "period that has ended."
        )


def edges_of(period: Period, chain: Chain) -> Edges:
    months = period.months()
    return Edges(
        period,
        tuple(chain.activity[month] for month in months),
        chain.customers.get(months[0].shift(-1), ()),
        chain.customers[months[-1]],
    )


def context_of(config: Config, events: Events, chain: Chain, edges: Edges) -> Context:
    return Context(
        period=str(edges.period),
        days=edges.period.days,
        months=len(edges.months),
        currency=config.report.currency,
        dimensions=config.segments.dimensions,
        provided=provided_facts(events.kinds_before(str(edges.period.months()[-1])), config),
        gross_margin=config.clv.gross_margin,
        lacks_past=_lacks_past(config, chain.first, edges.period),
    )


def _lacks_past(config: Config, first: Period, period: Period) -> frozenset[str]:
    """How much of the past the data do not have: the period before, the year before the end."""
    if config.periods.history_complete:
        return frozenset()
    lacking = {"period": period == first, "year": first.first > period.months()[-1].shift(-11).first}
    return frozenset(name for name, holds in lacking.items() if holds)


def measured_before(periods: Sequence[Period], first: Period) -> list[Period]:
    """The periods to measure for publishing some: they and the ones before them, from where the data begin."""
    return sorted({one for period in periods for one in (period.shift(-1), period) if one >= first})


def manifest_of(config: Config, events: Events, chain: Chain, edges: Edges) -> dict[str, Any]:
    """What a snapshot says of itself beside its figures."""
    period_months = {str(month) for month in edges.period.months()}
    by_month = [chain.activity[month][0].facts["duplicates"] for month in edges.period.months()]
    duplicates = {name: sum(counts.get(name, 0) for counts in by_month) for name in events.has_event_ids}
    figures = sources_of_figures(config, events, chain, edges.period)
    return {
        "grain": config.periods.grain,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lifecycle_version": version("lifecycle"),
        "timezone": config.periods.timezone,
        "currency": config.report.currency,
        "dimensions": list(config.segments.dimensions),
        **activation_of(config),
        "kept_files": sum(not one.is_present and bool(set(one.months) & period_months) for one in events.originals),
        "activity_kinds": list(config.activity.kinds),
        "inactive_after": config.activity.inactive_after,
        "churn_basis": config.churn.basis,
        **figures,
        "made_from": made_from(edges),
        "drift": drift_of(config, events, chain.first, edges.period, figures["events"]),
        "quality": accounting.quality(
            events.originals,
            events.copies,
            duplicates,
            _accounted_months(events, chain, edges),
            sorted(events.has_event_ids),
        ),
    }


def drift_of(config: Config, events: Events, first: Period, period: Period, once: drift.Once) -> dict[str, Any]:
    """What differs suddenly from the periods before it, back to the first, and whether the user has accepted it."""
    months = drift.without_copies(events.seen, once)
    per_year = 12 // MONTHS[period.grain]
    found: list[drift.Finding] = []
    for source in sorted(events.has_event_ids):
        history = [
            drift.together([months.get(str(month), {}).get(source, drift.NOTHING) for month in one.months()])
            for one in first.until(period)
        ]
        found += drift.findings(source, history, per_year, config.drift)
    return {"findings": found, "accepted": str(period) in config.drift.accept}


def made_from(edges: Edges) -> list[str]:
    """The records of the stored tables that a period is measured from: what `prune` keeps for its revision."""
    folded = (edges.period.months()[0].shift(-1), edges.at_start), (edges.period.months()[-1], edges.at_end)
    places = [(activity_folder, *one) for one in zip(edges.period.months(), edges.months, strict=True)]
    return sorted(
        record_key(folder(str(month), number), one.digest)
        for folder, month, sharded in (*places, *((customers_folder, *one) for one in folded))
        for number, one in enumerate(sharded)
    )


def activation_of(config: Config) -> dict[str, Any]:
    """The activation rule as the report tells it. A filter that reads customers' ids is not repeated there."""
    rule = config.activation
    if rule is None:
        return {"activation_within": None}
    told = [condition.model_dump() for condition in conditions(rule)]
    for condition in told:
        if condition["where"] and re.search(r"customer_id|anonymous_id", condition["where"]):
            condition["where"] = None
    return {
        "activation_within": rule.within,
        "activation_since": rule.since,
        "activation_combination": next(name for name in ("any", "all", "sequence") if getattr(rule, name)),
        "activation_rule": told,
    }


def _accounted_months(events: Events, chain: Chain, edges: Edges) -> list[str]:
    """The months whose rows a period accounts for: its own; the first period also for rows before it, or undated."""
    months = [str(month) for month in edges.period.months()]
    if edges.period != chain.first:
        return months
    told = {month for one in events.originals for month in one.dated_months}
    return sorted(month for month in told if month < months[0]) + months + [UNDATED]


def sources_of_figures(config: Config, events: Events, chain: Chain, period: Period) -> dict[str, Any]:
    """What a period's figures come from, as far as a reader can follow it: compared to tell why they changed."""
    months = {str(month) for month in period.months()}
    files = [one for one in [*events.originals, *events.copies] if months & set(one.months)]
    return {
        "config": config.flat(),
        "steps": STEPS,
        "definitions": {kpi.name: kpi.version for kpi in CATALOGUE},
        "inputs": [{"source": one.source, "file": one.file, "content": one.content} for one in files],
        "events": _events_until(events, chain, max(months)),
    }


def _events_until(events: Events, chain: Chain, last_month: str) -> dict[str, dict[str, arrivals.Tally]]:
    """How many events of which kind the figures rest on, of all months up to one: the past is behind them too."""
    reduced = {str(month): sharded[0].facts for month, sharded in chain.activity.items()}
    return {
        month: arrivals.counted_once(own, reduced.get(month))
        for month, own in events.tallies.items()
        if month <= last_month
    }


def events_of(storage: Storage, looked: Sequence[Intake], read: Sequence[FileEvents]) -> Events:
    """All files of the sources: those known before, those read now, and those that are gone but kept."""
    known = [file for one in looked for file in one.known]
    originals, copies = intake.distinct([*known, *read, *intake.kept(storage, looked)])
    return Events(originals, copies, {one.mapping.source.name: one.has_event_ids for one in looked})


def months_of(first: Period, last: Period) -> list[Period]:
    """The months of the chain that ends with `last`: from where the data begin."""
    return list(first.months()[0].until(last.months()[-1]))


def periods_without_events(events: Events, periods: Sequence[Period]) -> list[Period]:
    """Those in which no source has an event."""
    present = set(events.months)
    return [period for period in periods if not present & {str(month) for month in period.months()}]


def last_month_before(events: Events, period: Period) -> str:
    """The last month with events before a period that comes after the first of them."""
    return max(month for month in events.months if month < str(period.months()[0]))


def stale_periods(storage: Storage, config: Config, events: Events, chain: Chain, before: Period) -> list[Period]:
    """The published periods before one that are not what a run would publish now."""
    published = set(publication.published_periods(storage))
    earlier = [period for period in chain.first.until(before.shift(-1)) if str(period) in published]
    return [period for period in earlier if not is_done(storage, config, events, chain, period)]


def done_chain(storage: Storage, config: Config, events: Events, first: Period, last: Period) -> Chain:
    """As much of the chain as is built for the present inputs; it ends before the first month that is not."""
    doing, people = activity.Choices.of(config), customers.Choices.of(config)
    chain = Chain(first, {}, {})
    before: Sequence[Built | None] = [None] * config.run.shards
    for month in months_of(first, last):
        name, own = str(month), shards(config.run.shards)
        active = _all(look_up(storage, reduce_request(name, shard, events.parts(name), doing)) for shard in own)
        after = active and _all(
            look_up(storage, fold_request(month, shard, before[shard.number], active[shard.number], people))
            for shard in own
        )
        if not active or not after:
            break
        chain = Chain(first, {**chain.activity, month: active}, {**chain.customers, month: after})
        before = after
    return chain


def _all(found: Iterable[Built | None]) -> Sharded:
    """Empty where one is missing."""
    built = list(found)
    present = tuple(one for one in built if one)
    return present if len(present) == len(built) else ()


def is_done(storage: Storage, config: Config, events: Events, chain: Chain, period: Period) -> bool:
    """Whether the newest revision of a period is what the present inputs, config and code give."""
    built = snapshot_parts(storage, config, events, chain, period)
    return bool(built) and publication.is_current(storage, str(period), publication.built_digest(built))


def snapshot_parts(storage: Storage, config: Config, events: Events, chain: Chain, period: Period) -> list[Built]:
    """What was measured of a period, and the tables put together of it; empty where not all is there."""
    found = [measured_parts(storage, config, events, chain, one) for one in measured_before([period], chain.first)]
    measured = [built for built in found if built is not None]
    if len(measured) < len(found):
        return []
    *before, own = measured
    context = context_of(config, events, chain, edges_of(period, chain))
    assembled = look_up(storage, assemble_request(period, own, before[0] if before else [], context))
    return [*own, assembled] if assembled else []


def measured_parts(
    storage: Storage, config: Config, events: Events, chain: Chain, period: Period
) -> list[Built] | None:
    """What was measured of a period; None where that is not all there for the present inputs."""
    if not set(period.months()) <= chain.customers.keys():
        return None
    edges = edges_of(period, chain)
    context = context_of(config, events, chain, edges)
    requests = [measure_request(name, edges, Choices.of(config), context) for name in parts.NAMES]
    found = side_by_side(partial(look_up, storage), requests)
    present = [built for built in found if built]
    return present if len(present) == len(found) else None
