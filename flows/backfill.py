"""Many periods: the first day's history, and restating what late data changed."""

from prefect import flow

import config as configuration
from flows import outlook, pipeline, runs
from flows.outlook import Only
from flows.plan import first_period, refuse_before_data
from flows.progress import stages
from tasks.publication import Published


@flow(
    name="backfill",
    flow_run_name=runs.backfill_name,
    task_runner=pipeline.runner(),
    persist_result=False,
)
def backfill(
    first: str,
    last: str,
    only: Only = "all",
    config: str = "config/lifecycle.toml",
    plan: bool = False,
) -> list[Published]:
    """Publish every period from first to last that is missing or stale.

    Args:
        first: The first period, such as 2024-01.
        last: The last period, such as 2025-06.
        only: Only periods never published (missing), only published ones whose inputs changed (stale), or both (all).
        config: The config file.
        plan: Only print what would be computed, and why; build and publish nothing.
    """
    chosen = configuration.load(config)
    if plan:
        outlook.show(outlook.look_ahead(chosen, first, last, only))
        return []
    wanted = outlook.periods(chosen, first, last)
    asked = outlook.selected(chosen, wanted, only)

    def work() -> list[Published]:
        events = pipeline.read_sources(chosen)
        start = first_period(events, chosen)
        refuse_before_data(wanted[0], start)
        chain = pipeline.follow_customers(chosen, events, start, wanted[-1])
        published = pipeline.publish(chosen, events, chain, asked)
        pipeline.render(chosen, wanted)
        return published

    with stages.shown():
        return pipeline.mending(work)
