"""How a run is called in Prefect's pages, which period it is for, and what it is tagged with."""

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
