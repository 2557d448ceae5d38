"""Where a published figure comes from, and who is behind it. Reads the store, builds nothing; no Prefect."""

from pathlib import Path

from config.errors import PeriodError, UserError, did_you_mean
from config.models import Config
from flows import plan
from schemas.snapshots import Snapshot
from tasks import intake, listing, publication
from tasks.clock import Period
from tasks.kpis import BY_NAME, Kpi
from tasks.listing import Asked, Listed
from tasks.report import Presentation
from tasks.report.explained import Explained, explained
from tasks.storage import Storage

WHOLE = ("all", "all")


def explain(config: Config, name: str, period: str, segment: str | None = None) -> Explained:
    """One figure of the newest revision of a period. `segment`: `country=FR`; empty for the whole.

    Raises:
        UserError: there is no such KPI, period, segment or level.
    """
    kpi, place, asked = _kpi(name), _place(segment), Period.parse(period, config.periods.grain)
    storage = Storage(config.store_uri)
    before = publication.read_snapshot(storage, str(asked.shift(-1)))
    own = published(storage, asked)
    presentation = Presentation(config.benchmarks, config.targets, config.notes)
    return explained([*([before] if before else []), own], kpi, place, presentation)


def list_customers(config: Config, name: str, period: str, segment: str | None, file: Path) -> Listed:
    """Writes the customers behind a figure to a file of this machine, from what the store still has.

    Raises:
        UserError: nobody can be listed; the tables are gone; or they do not add up to what is published.
    """
    kpi, place, asked = _kpi(name), _place(segment), Period.parse(period, config.periods.grain)
    listing.refuse_unlisted(kpi, place[0], config.segments.dimensions, file)
    storage = Storage(config.store_uri)
    own = published(storage, asked)
    listing.refuse_missing(own, kpi)
    events = plan.events_of(storage, intake.look(storage, config), [])
    chain = plan.done_chain(storage, config, events, plan.first_period(events, config), asked)
    if not set(asked.months()) <= chain.customers.keys():
        raise UserError(
            f"The customers of {asked} are not in the store as files, config and code now have them. Run `lifecycle "
            f"run {asked}` first."
        )
    edges = plan.edges_of(asked, chain)
    context = plan.context_of(config, events, chain, edges)
    return listing.list_customers(storage, Asked(kpi, *place, own, file), edges, config, context)


def published(storage: Storage, period: Period) -> Snapshot:
    """The newest revision of a period.

    Raises:
        PeriodError: there is none.
    """
    found = publication.read_snapshot(storage, str(period))
    if found is None:
        raise not_published(storage, period)
    return found


def not_published(storage: Storage, period: Period) -> PeriodError:
    others = publication.published_periods(storage)
    there = f"Published: {others[0]} to {others[-1]}. " if others else ""
    return PeriodError(f"{period} is not published. {there}`lifecycle run {period}` does it.")


def _kpi(name: str) -> Kpi:
    if name not in BY_NAME:
        raise UserError(f"There is no KPI {name!r}. {did_you_mean(name, BY_NAME)}")
    return BY_NAME[name]


def _place(segment: str | None) -> tuple[str, str]:
    if segment is None:
        return WHOLE
    name, equals, level = (part.strip() for part in segment.partition("="))
    if not name or not equals or not level:
        raise UserError(f"{segment!r} names no segment. Expected a dimension and a level, such as 'country=FR'.")
    return name, level
