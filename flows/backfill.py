"""Many periods: the first day's history, and restating what late data changed."""

from prefect import flow

from config.models import Config
from flows import artifacts, outcome, outlook, pipeline, runs
from flows.outlook import Only
from flows.plan import first_period, refuse_before_data
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
    if plan:
        return outcome.concluded(config, lambda chosen: _look_ahead(chosen, first, last, only), _looked)
    return outcome.concluded(config, lambda chosen: _publish(chosen, first, last, only))


def _look_ahead(config: Config, first: str, last: str, only: Only) -> list[Published]:
    found = outlook.look_ahead(config, first, last, only)
    outlook.show(found)
    artifacts.show_plan(config, found)
    return []


def _looked(_: object) -> str:
    return "Looked ahead; nothing was built or published."


def _publish(config: Config, first: str, last: str, only: Only) -> list[Published]:
    wanted = outlook.periods(config, first, last)
    asked = outlook.selected(config, wanted, only)
    if not asked:
        return []
    events = pipeline.read_sources(config)
    start = first_period(events, config)
    refuse_before_data(wanted[0], start)
    chain = pipeline.follow_customers(config, events, start, wanted[-1])
    published, failed = pipeline.publish(config, events, chain, asked)
    pipeline.render(config, wanted)
    pipeline.refuse_failed(published, failed)
    return published
