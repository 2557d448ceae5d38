"""One period: the scheduled run, and the rerun by hand."""

from datetime import UTC, datetime

from prefect import flow

from config.models import Config
from flows import outcome, pipeline, plan, runs
from tasks.clock import Period, last_complete
from tasks.publication import Published


@flow(
    name="monthly",
    flow_run_name=runs.monthly_name,
    task_runner=pipeline.runner(),
    validate_parameters=True,
    persist_result=False,
)
def monthly(period: str | None = None, config: str = "config/lifecycle.toml", force: bool = False) -> list[Published]:
    """Publish one period.

    Args:
        period: The period, such as 2025-01. Empty: the last complete one before the scheduled start.
        config: The config file.
        force: Build the period's tables again even if the store has them.
    """
    return outcome.concluded(config, lambda chosen: _publish(chosen, _wanted(chosen, period), force=force))


def _wanted(config: Config, period: str | None) -> Period:
    """The period asked for, or the last complete one before the scheduled start: the same however late a run starts."""
    grain, zone = config.periods.grain, config.periods.timezone
    last = runs.due(config)
    wanted = Period.parse(period, grain) if period and period.strip() else last
    plan.refuse_future(wanted, max(last, last_complete(datetime.now(UTC), zone, grain)))
    return wanted


def _publish(config: Config, wanted: Period, *, force: bool) -> list[Published]:
    runs.tag(str(wanted))
    events = pipeline.read_sources(config)
    first = plan.first_period(events, config)
    plan.refuse_before_data(wanted, first)
    chain = pipeline.follow_customers(config, events, first, wanted, force=force)
    published, failed = pipeline.publish(config, events, chain, [wanted], force=force)
    pipeline.refuse_failed(published, failed)
    pipeline.render(config, [wanted])
    pipeline.tell_stale(config, events, chain, wanted)
    return published
