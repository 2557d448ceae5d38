"""The two flows as Prefect knows them, `monthly` on its schedule, and the process that executes their runs.

`python -m flows.deployments CONFIG` registers both at the server that PREFECT_API_URL names and works until it is
ended; `lifecycle serve` starts it. People who run Prefect already have prefect.yaml instead.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import AwaitingRetry, Crashed
from prefect.types.entrypoint import EntrypointType

import config as configuration
from config.errors import ConfigError
from config.models import Config
from flows.backfill import backfill
from flows.monthly import monthly

RUNS_AT_ONCE = 2
"""More would wait for each other: Polars uses all cores in each."""
MOST_STARTS = 3
"""Of a run whose process was ended; what ends it may be the run itself."""
TAGS = ["lifecycle"]


def refuse_bad_schedule(config: Config) -> None:
    """Raises ConfigError for a schedule.cron that is no cron expression."""
    cron = config.schedule.cron
    try:
        CronSchedule(cron=cron, timezone=config.periods.timezone)
    except ValueError:
        raise ConfigError(
            f"schedule.cron: {cron!r} is no cron expression. Expected minute, hour, day of the month, month and day of "
            'the week, such as "0 6 1 * *": at 06:00 on the first of every month.'
        ) from None


async def deployments(config: Config, file: Path) -> list[RunnerDeployment]:
    """`monthly` and `backfill` for one config file, named by its full path, which is what their forms propose."""
    common: dict[str, Any] = {"tags": TAGS, "entrypoint_type": EntrypointType.MODULE_PATH}
    parameters = {"config": str(file)}
    # In the business time zone: the first of the month begins there.
    schedule = Cron(config.schedule.cron, timezone=config.periods.timezone)
    return [
        # An empty text and no null: its form has a field to write in then.
        await monthly.ato_deployment("monthly", schedule=schedule, parameters={"period": "", **parameters}, **common),
        await backfill.ato_deployment("backfill", parameters=parameters, **common),
    ]


async def work(config: Config, file: Path) -> None:
    """Registers both flows and executes their runs until it is ended."""
    # The schedule is not paused at the end: what was due meanwhile is run after the next start.
    runner = Runner("lifecycle", limit=RUNS_AT_ONCE, pause_on_shutdown=False)
    known = [await runner.aadd_deployment(one) for one in await deployments(config, file)]
    await _take_up(known)
    await runner.start()


async def _take_up(known: list[UUID]) -> None:
    """Runs that were going on when their process was ended wait for a new one: a rerun goes on where they stopped."""
    interrupted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=known),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])),
    )
    async with get_client() as client:
        for run in await client.read_flow_runs(flow_run_filter=interrupted):
            again = run.run_count < MOST_STARTS
            ended: State[Any] = Crashed(message=f"Its process was ended {run.run_count} times.")
            await client.set_flow_run_state(run.id, AwaitingRetry() if again else ended, force=True)


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where we were started in the background
    file = Path(sys.argv[1]).resolve()
    with suppress(KeyboardInterrupt):
        asyncio.run(work(configuration.load(file), file))


if __name__ == "__main__":
    main()
