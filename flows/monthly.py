"""One period: the scheduled run, and the rerun by hand."""

from datetime import UTC, datetime

from prefect import flow

import config as configuration
from flows import pipeline, plan, runs
from flows.progress import stages
from tasks.clock import Period, last_complete
from tasks.publication import Published


@flow(
    name="monthly",
    flow_run_name=runs.monthly_name,
    task_runner=pipeline.runner(),
    validate_parameters=True,
    persist_result=False,
)
def monthly(period: str | None = None, config: str = "config/lifecycle.toml", force: bool = False) -> Published:
    """Publish one period.

    Args:
        period: The period, such as 2025-01. Empty: the last complete one before the scheduled start.
        config: The config file.
        force: Build the period's tables again even if the store has them.
    """
    chosen = configuration.load(config)
    grain, zone = chosen.periods.grain, chosen.periods.timezone
    last = runs.due(chosen)
    wanted = Period.parse(period, grain) if period else last
    plan.refuse_future(wanted, max(last, last_complete(datetime.now(UTC), zone, grain)))

    def work() -> Published:
        events = pipeline.read_sources(chosen)
        first = plan.first_period(events, chosen)
        plan.refuse_before_data(wanted, first)
        chain = pipeline.follow_customers(chosen, events, first, wanted, force=force)
        [published] = pipeline.publish(chosen, events, chain, [wanted], force=force)
        pipeline.render(chosen, [wanted])
        pipeline.tell_stale(chosen, events, chain, wanted)
        return published

    with stages.shown():
        return pipeline.mending(work)
