"""How a run is called on Prefect's pages, which period it is for, its tags, and what came of it in words."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import httpx
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

import config as configuration
from config.errors import LifecycleError
from config.models import Config
from tasks.clock import Period, last_complete
from tasks.publication import Published


def due(config: Config) -> Period:
    """The last period that was over when the run was scheduled to start."""
    scheduled = flow_run.scheduled_start_time or datetime.now(UTC)
    return last_complete(scheduled, config.periods.timezone, config.periods.grain)


def monthly_name() -> str:
    """`monthly 2025-01`. A config that cannot be read is for the run to tell."""
    asked = flow_run.parameters
    try:
        return f"monthly {(asked.get('period') or '').strip() or due(configuration.load(asked['config']))}"
    except LifecycleError:
        return "monthly"


def backfill_name() -> str:
    """`backfill 2024-01 to 2025-06`, or `plan 2024-01 to 2025-06`."""
    asked = flow_run.parameters
    return f"{'plan' if asked.get('plan') else 'backfill'} {asked['first']} to {asked['last']}"


def tag(*tags: str) -> None:
    """Adds tags to the run, so that it is found by them; nothing else depends on it."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    with suppress(httpx.HTTPError), get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, tags={*context.flow_run.tags, *tags})


def said(published: Sequence[Published]) -> str:
    """What became of the periods, in a line."""
    new = [one for one in published if one.is_new]
    if len(published) == 1:
        [one] = published
        return said_of(one) if new else f"{one.period}: up to date, revision {one.revision}"
    if not new:
        return f"All {len(published)} periods are up to date." if published else "No period to work on."
    return f"{len(new)} of {len(published)} periods have a new revision: {', '.join(one.period for one in new)}."


def said_of(one: Published) -> str:
    return f"{one.period}: published revision {one.revision}" + (f", {changed_by(one)}" if one.revision > 1 else "")


def changed_by(one: Published) -> str:
    """What a revision changed, in a few words."""
    few = {0: "no figure changed, only tables beside them", 1: "1 figure changed"}
    return few.get(one.changed, f"{one.changed:,} figures changed")
