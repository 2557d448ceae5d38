"""Many periods: the first day's history, and restating what late data changed."""

from datetime import UTC, datetime
from typing import Literal

from prefect import flow
from prefect.runtime import flow_run

import config as configuration
from config.errors import PeriodError
from config.models import Config
from flows import pipeline, plan
from flows.progress import stages
from tasks import publication
from tasks.clock import Period, last_complete
from tasks.publication import Published
from tasks.storage import Storage

Only = Literal["missing", "stale", "all"]


def _run_name() -> str:
    return f"backfill-{flow_run.parameters['first']}-to-{flow_run.parameters['last']}"


@flow(
    name="backfill",
    flow_run_name=_run_name,
    task_runner=pipeline.runner(),
    persist_result=False,
)
def backfill(first: str, last: str, only: Only = "all", config: str = "config/lifecycle.toml") -> list[Published]:
    """Publish every period from first to last that is missing or stale.

    Args:
        first: The first period, such as 2024-01.
        last: The last period, such as 2025-06.
        only: Only periods never published (missing), only published ones whose inputs changed (stale), or both (all).
        config: The config file.
    """
    chosen = configuration.load(config)
    wanted = periods(chosen, first, last)
    with stages.shown():
        events = pipeline.read_sources(chosen)
        start = plan.first_period(events, chosen)
        plan.refuse_before_data(wanted[0], start)
        chain = pipeline.follow_customers(chosen, events, start, wanted[-1])
        published = pipeline.publish(chosen, events, chain, selected(chosen, wanted, only))
        pipeline.render(chosen, wanted)
    return published


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
