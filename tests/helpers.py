"""Events written as a table a reader can check by hand, and the pure chain from them to figures.

Here: rows → canonical events → activity → customers → measured tables → figures, month by month, in memory. Not here:
reading files, the store and Prefect, which have tests of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from config.models import Config
from schemas.events import event_schema
from tasks.clock import Grain, Period
from tasks.kpis import BY_NAME, assembly, parts
from tasks.kpis.derived import derived as derive
from tasks.kpis.facts import provided_facts
from tasks.kpis.measure import Context
from tasks.kpis.record import Derived
from tasks.tables import activity, customers, duplicates
from tasks.tables.inputs import Choices, Inputs

PARIS = "Europe/Paris"
Row = dict[str, Any]
Tables = Mapping[str, pl.DataFrame]
Numbers = tuple[float | None, float | None, float | None]
"""Numerator, denominator, value."""


class Figure(NamedTuple):
    """One row of `kpis`, without its key."""

    numerator: float | None
    denominator: float | None
    value: float | None
    low: float | None
    high: float | None
    status: str


def event(
    customer: str | None,
    kind: str,
    at: str,
    *,
    amount: float | str | None = None,
    quantity: float | str | None = None,
    score: float | str | None = None,
    received_at: str | None = None,
    anonymous: str | None = None,
    **others: str | None,
) -> Row:
    """One event. `at` on the clock of the business zone, unless it carries an offset; `others`: columns, dimensions."""
    return {
        "customer_id": customer,
        "anonymous_id": anonymous,
        "kind": kind,
        "at": at,
        "amount": None if amount is None else Decimal(str(amount)),
        "quantity": None if quantity is None else Decimal(str(quantity)),
        "score": None if score is None else Decimal(str(score)),
        "received_at": None if received_at is None else instant(received_at),
        **others,
    }


def instant(text: str, zone: str = PARIS) -> datetime:
    """`2025-01-05 10:00` on the clock of the zone, or with its own offset → UTC."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


COLUMNS = {"kind": "kind", "customer_id": "customer_id", "occurred_at": "occurred_at", "amount": "amount"}


def settings(
    *,
    zone: str = PARIS,
    history_complete: bool = True,
    dimensions: Sequence[str] = (),
    max_levels: int = 50,
    activation: Mapping[str, Any] | None = None,
    active_kinds: Sequence[str] | None = None,
    inactive_after: str = "1mo",
    basis: str = "activity",
    lookback: str = "90d",
    **others: Mapping[str, Any],
) -> Config:
    """A config with the defaults of DESIGN §3, except that the data are taken to begin with the first customer."""
    kinds = {} if active_kinds is None else {"kinds": tuple(active_kinds)}
    return Config.model_validate(
        {
            "base": ".",
            "store": {"uri": "store"},
            "periods": {"timezone": zone, "history_complete": history_complete},
            "sources": [{"name": "app", "uri": "events.parquet", "columns": COLUMNS}],
            "segments": {"dimensions": tuple(dimensions), "max_levels": max_levels},
            "activation": activation,
            "activity": {"inactive_after": inactive_after, **kinds},
            "churn": {"basis": basis},
            "identity": {"lookback": lookback},
            **others,
        }
    )


DEFAULTS = settings()


def canonical(rows: Iterable[Row], config: Config = DEFAULTS) -> pl.DataFrame:
    """Rows of `event` as accepted events, `day` included."""
    zone = config.periods.timezone
    schema = event_schema(config.segments.dimensions)
    complete = []
    for row in rows:
        occurred_at = instant(row["at"], zone)
        known = {**row, "occurred_at": occurred_at, "day": occurred_at.astimezone(ZoneInfo(zone)).day}
        unknown = set(known) - set(schema) - {"at"}
        if unknown:
            raise ValueError(f"no such column or dimension: {', '.join(sorted(unknown))}")
        complete.append({name: known.get(name) for name in schema})
    return pl.DataFrame(complete, schema=schema, orient="row")


def by_month(events: pl.DataFrame, zone: str) -> dict[str, pl.DataFrame]:
    """Events split by the local month they occurred in."""
    month = pl.col("occurred_at").dt.convert_time_zone(zone).dt.strftime("%Y-%m")
    parts = events.with_columns(month.alias("month")).partition_by("month", as_dict=True, include_key=False)
    return {str(key[0]): part for key, part in parts.items()}


@dataclass(frozen=True)
class Chain:
    """Every month's activity tables and the customers at its end, and who was known before the first month."""

    config: Config
    first: Period
    activity: Mapping[str, Tables]
    ends: Mapping[str, Tables]
    kinds: Mapping[str, frozenset[str]]

    def customers(self, month: str) -> Tables:
        """The tables at the end of a month; empty ones before the first."""
        if month in self.ends:
            return self.ends[month]
        return collected(customers.nobody(customers.Choices.of(self.config)))


def collected(tables: Mapping[str, pl.LazyFrame]) -> dict[str, pl.DataFrame]:
    return dict(zip(tables, pl.collect_all(list(tables.values())), strict=True))


def lazy(tables: Tables) -> dict[str, pl.LazyFrame]:
    return {name: table.lazy() for name, table in tables.items()}


def chain(
    events: pl.DataFrame, config: Config = DEFAULTS, *, first: str | None = None, last: str | None = None
) -> Chain:
    """reduce and fold of every month from the first event (or `first`, if earlier) to `last` (or the last event)."""
    months = by_month(events, config.periods.timezone)
    start = Period.parse(min([*months, *filter(None, (first, last))]))
    doing: dict[str, Tables] = {}
    ends: dict[str, Tables] = {}
    kinds: dict[str, frozenset[str]] = {}
    now: Tables = collected(customers.nobody(customers.Choices.of(config)))
    for month in start.until(Period.parse(last or max(months))):
        name = str(month)
        found = months.get(name, events.clear())
        single = duplicates.deduplicated(found.lazy()).events
        doing[name] = collected(activity.reduce_events(single, activity.Choices.of(config)))
        now = collected(customers.fold(lazy(now), lazy(doing[name]), month, customers.Choices.of(config)))
        ends[name] = now
        kinds[name] = frozenset(found["kind"].cast(pl.String))
    return Chain(config, start, doing, ends, kinds)


def period_of(name: str) -> Period:
    grain: Grain = "quarter" if "Q" in name else "month" if "-" in name else "year"
    return Period.parse(name, grain)


def inputs_of(world: Chain, period: Period) -> Inputs:
    """What a period is measured from; see `tasks.steps`."""
    months = [str(month) for month in period.months()]
    before = str(period.months()[0].shift(-1))
    return Inputs(
        period,
        [lazy(world.activity[month]) for month in months],
        lazy(world.customers(before)),
        lazy(world.customers(months[-1])),
    )


def context_of(world: Chain, period: Period) -> Context:
    last = str(period.months()[-1])
    kinds = {kind for month, found in world.kinds.items() if month <= last for kind in found}
    lacks = {"period": period.months()[0] <= world.first, "year": period.months()[-1].shift(-11) < world.first}
    complete = world.config.periods.history_complete
    return Context(
        period=str(period),
        days=period.days,
        months=len(period.months()),
        currency=world.config.report.currency,
        dimensions=world.config.segments.dimensions,
        provided=provided_facts(kinds, world.config),
        gross_margin=world.config.clv.gross_margin,
        lacks_past=frozenset(name for name, holds in lacks.items() if holds and not complete),
    )


def measured_table(world: Chain, name: str, period: str) -> pl.DataFrame:
    """One of the tables figures are measured on, before its dimensions become levels."""
    return parts.TABLES[name](inputs_of(world, period_of(period)), Choices.of(world.config)).collect()


def measured_parts(world: Chain, period: str, *names: str) -> Tables:
    """What is measured of a period, all parts or those named; see `tasks.kpis.parts`."""
    when = period_of(period)
    inputs, context, choices = inputs_of(world, when), context_of(world, when), Choices.of(world.config)
    found = [parts.measured(name, inputs, choices, context) for name in names or parts.NAMES]
    return {name: table for part in found for name, table in part.items()}


def snapshot(world: Chain, period: str) -> Tables:
    """All published tables of a period."""
    when = period_of(period)
    earlier = when.shift(-1)
    before = measured_parts(world, str(earlier)) if earlier.months()[0] >= world.first else {}
    return assembly.snapshot(measured_parts(world, period), before, when, context_of(world, when))


def figures(world: Chain, period: str, *names: str) -> pl.DataFrame:
    """`kpis` of a period: all figures, or those named."""
    wanted = names or tuple(BY_NAME)
    needed = {*wanted, *(part for name in wanted for part in _made_of(name))}
    own = {str(BY_NAME[name].table) for name in needed} - {"derived"}
    own |= {"features"} if "feature_adoption_rate" in wanted else set()
    measured = assembly.together(measured_parts(world, period, *sorted(own)))
    derived = [BY_NAME[name] for name in wanted if BY_NAME[name].table == "derived"]
    made = derive(measured, derived, context_of(world, period_of(period)))
    return pl.concat([measured, made]).filter(pl.col("kpi").is_in(wanted)).sort("kpi", "segment", "level")


def _made_of(name: str) -> tuple[str, ...]:
    measure = BY_NAME[name].measure
    return measure.parts if isinstance(measure, Derived) else ()


def kpis_of(rows: Iterable[Row], period: str, *names: str, config: Config = DEFAULTS) -> pl.DataFrame:
    """From events to the figures of a period (all, or those named)."""
    months = [str(month) for month in period_of(period).months()]
    return figures(chain(canonical(rows, config), config, first=months[0], last=months[-1]), period, *names)


def figure(kpis: pl.DataFrame, name: str, segment: str = "all", level: str = "all") -> Figure:
    found = kpis.filter(kpi=name, segment=segment, level=level)
    assert found.height == 1, f"{found.height} rows of {name} for {segment} = {level}"
    return Figure(*found.select(Figure._fields).row(0))


def numbers(kpis: pl.DataFrame, name: str, segment: str = "all", level: str = "all") -> Numbers:
    found = figure(kpis, name, segment, level)
    return found.numerator, found.denominator, found.value


def levels(kpis: pl.DataFrame, name: str, segment: str) -> dict[str, tuple[float | None, float | None]]:
    """Numerator and denominator of every level of a segment."""
    rows = kpis.filter(kpi=name, segment=segment).select("level", "numerator", "denominator").iter_rows()
    return {level: (numerator, denominator) for level, numerator, denominator in rows}


def value(kpis: pl.DataFrame, name: str, segment: str = "all", level: str = "all") -> float | None:
    return figure(kpis, name, segment, level).value


def crowd(size: int, kind: str, at: str, prefix: str = "c", **others: Any) -> list[Row]:
    """The same event of that many customers."""
    return [event(f"{prefix}{number:04d}", kind, at, **others) for number in range(size)]


def days(first: str, last: str) -> list[str]:
    """Local days from the first up to and with the last."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [date.fromordinal(day).isoformat() for day in range(start.toordinal(), end.toordinal() + 1)]


@dataclass(frozen=True)
class Example:
    """A KPI worked out by hand: its events, and numerator, denominator, value of the whole and of each plan."""

    kpi: str
    events: Sequence[Row]
    whole: Numbers
    by_plan: Mapping[str, Numbers]
    config: Config
    period: str = "2025-02"

    def check(self) -> None:
        kpis = kpis_of(self.events, self.period, self.kpi, config=self.config)
        assert numbers(kpis, self.kpi) == pytest.approx(self.whole)
        found = {level: numbers(kpis, self.kpi, "plan", level) for level in levels(kpis, self.kpi, "plan")}
        somebody = {level: told for level, told in found.items() if told[0] or told[1]}
        assert somebody == {level: pytest.approx(told) for level, told in self.by_plan.items()}
