"""What a backfill would do, period by period, and why: `backfill --plan`. Reads only, builds nothing; no Prefect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from config.errors import PeriodError
from config.models import Config
from flows import plan
from flows.plan import Chain, Events
from flows.progress import output
from tasks import arrivals, intake, publication
from tasks.clock import Period, last_complete
from tasks.intake import Intake
from tasks.publication import Reason
from tasks.report.causes import causes
from tasks.report.explained import shortened
from tasks.report.formats import Formats
from tasks.storage import Storage

Only = Literal["missing", "stale", "all"]
State = Literal["missing", "stale", "may change", "up to date"]
MOST_NAMED = 3
MOST_LISTED = 20
UNSURE = {"earlier", *arrivals.CAUSES}
"""Causes that cannot be told while there are files to read."""


@dataclass(frozen=True)
class Outlook:
    """One period. `files`: those known to have events in it; `rows`: these events. `may change`: files are to be read
    first, and nothing else is known against the newest revision.
    """

    period: str
    state: State
    because: tuple[Reason, ...]
    files: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Unread:
    """A file that is to be read; which periods it has events of is not known before. `size`: bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class Plan:
    """`followed`, `months`: how many months of customers are in the store, of how many that are needed."""

    periods: tuple[Outlook, ...]
    unread: tuple[Unread, ...]
    followed: int
    months: int


def periods(config: Config, first: str, last: str) -> list[Period]:
    """The periods from first to last.

    Raises:
        PeriodError: misspelt, the wrong way round, or not over yet.
    """
    grain = config.periods.grain
    start, end = Period.parse(first, grain), Period.parse(last, grain)
    if start > end:
        raise PeriodError(f"The first period, {start}, comes after the last, {end}. Give the earlier one first.")
    plan.refuse_future(end, last_complete(datetime.now(UTC), config.periods.timezone, grain))
    return list(start.until(end))


def selected(config: Config, wanted: list[Period], only: Only) -> list[Period]:
    """The periods to look at; whether one of them is stale is for the digests to say."""
    if only == "all":
        return wanted
    published = set(publication.published_periods(Storage(config.store_uri)))
    return [period for period in wanted if (str(period) in published) == (only == "stale")]


def look_ahead(config: Config, first: str, last: str, only: Only) -> Plan:
    """What `backfill first last` would do now.

    Raises:
        PeriodError: misspelt, the wrong way round, not over yet, or before the data.
    """
    wanted = periods(config, first, last)
    storage = Storage(config.store_uri)
    looked = intake.look(storage, config)
    unread = to_read(looked)
    events = plan.events_of(storage, looked, [])
    if not unread:
        plan.refuse_before_data(wanted[0], plan.first_period(events, config))
    chain = followed(storage, config, events, wanted)
    looked_at = selected(config, wanted, only)
    outlooks = tuple(_outlook(storage, config, events, chain, period, unread) for period in looked_at)
    months = plan.months_of(chain.first, wanted[-1]) if chain.first <= wanted[-1] else []
    return Plan(outlooks, unread, len(chain.customers), len(months))


def to_read(looked: Sequence[Intake]) -> tuple[Unread, ...]:
    """The files of the sources that are new, or changed."""
    return tuple(Unread(f"{one.mapping.source.name}/{file.key}", file.size) for one in looked for file in one.new)


def followed(storage: Storage, config: Config, events: Events, wanted: Sequence[Period]) -> Chain:
    """What is there of the customers. Files to be read may begin earlier than what is known."""
    if not events.months:
        return Chain(wanted[0], {}, {})
    start = plan.first_period(events, config)
    return plan.done_chain(storage, config, events, start, wanted[-1]) if start <= wanted[-1] else Chain(start, {}, {})


def _outlook(
    storage: Storage, config: Config, events: Events, chain: Chain, period: Period, unread: Sequence[Unread]
) -> Outlook:
    months = [str(month) for month in period.months()]
    tables = {
        f"{one.source}/{one.file}": [table.rows for month in months if (table := one.events(month))]
        for one in events.originals
    }
    files = tuple(sorted(name for name, rows in tables.items() if rows))
    state, because = _state(storage, config, events, chain, period, unread)
    return Outlook(str(period), state, tuple(because), files, sum(sum(rows) for rows in tables.values()))


def _state(
    storage: Storage, config: Config, events: Events, chain: Chain, period: Period, unread: Sequence[Unread]
) -> tuple[State, list[Reason]]:
    manifest = publication.manifest(storage, str(period))
    return standing(storage, config, events, chain, manifest, unread) if manifest else ("missing", [])


def standing(
    storage: Storage,
    config: Config,
    events: Events,
    chain: Chain,
    manifest: Mapping[str, Any],
    unread: Sequence[Unread],
) -> tuple[State, list[Reason]]:
    """Whether a published period is what a run would publish, and what speaks against it. `manifest`: its newest."""
    period = Period.parse(manifest["period"], config.periods.grain)
    if period >= chain.first and plan.is_done(storage, config, events, chain, period):
        found: list[Reason] = []
    else:
        found = publication.reasons(manifest, plan.sources_of_figures(config, events, chain, period))
    if not unread:
        return ("stale" if found else "up to date"), found
    # A file that is to be read again is not gone, and what it does to earlier periods is not known yet.
    names = {one.name for one in unread}
    known = [one for one in found if one["cause"] not in UNSURE and one["name"] not in names]
    return ("stale" if known else "may change"), [*known, {"cause": "unread", "name": str(len(unread))}]


def show(found: Plan) -> None:
    """As a table, then what is to be read and built for it."""
    columns = (
        Column("Period", no_wrap=True),
        Column("State", no_wrap=True),
        Column("Why", overflow="fold"),
        Column("Files", overflow="fold"),
        Column("Rows", justify="right"),
    )
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows(found):
        table.add_row(*(Text(cell) for cell in row.values()))
    if found.periods:
        output.print(table)
        output.print()
    if found.unread:
        total = decimal(sum(one.size for one in found.unread))
        output.print(f"To be read first, {total}; what is in them is not known yet:")
        for file in found.unread[:MOST_LISTED]:
            output.print(Text(f"  {file.name} ({decimal(file.size)})"), soft_wrap=True)
        if len(found.unread) > MOST_LISTED:
            output.print(f"  and {len(found.unread) - MOST_LISTED} more")
    output.print(f"Months of customers that are there already: {found.followed} of {found.months}.")
    output.print(conclusion(found))


def rows(found: Plan) -> list[dict[str, str]]:
    """A row per period, heading → cell."""
    return [
        {
            "Period": one.period,
            "State": one.state,
            "Why": _why(one),
            "Files": _files(one),
            "Rows": f"{one.rows:,}" if one.files or not found.unread else "–",
        }
        for one in found.periods
    ]


def conclusion(found: Plan) -> str:
    """How much would be computed."""
    due = sum(one.state in {"missing", "stale"} for one in found.periods)
    open_ = sum(one.state == "may change" for one in found.periods)
    unsure = f", {open_} depend on the files to be read" if open_ else ""
    return f"Periods that would be computed: {due} of {len(found.periods)}{unsure}. Nothing was built or published."


def _why(one: Outlook) -> str:
    return "never published" if one.state == "missing" else "; ".join(causes(one.because, Formats("en")))


def _files(one: Outlook) -> str:
    """By name where they are to be computed with."""
    if one.state == "up to date" or not one.files:
        return f"{len(one.files)} files" if one.files else "–"
    return shortened(one.files, MOST_NAMED)
