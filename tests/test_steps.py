"""The Prefect side of the tasks: what is tried again, what runs are called, and words that must not drift apart."""

import errno
from typing import get_args

import pytest
from prefect import Task
from prefect.client.schemas.objects import State
from prefect.states import Failed

from config.errors import ConfigError, InputError, StoreError
from config.words import Kind
from schemas.events import KINDS
from tasks import steps


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (OSError(errno.EIO, "I/O error"), True),
        (TimeoutError("the disk did not answer"), True),
        (ConnectionResetError(), True),
        (FileNotFoundError("orders.csv"), False),
        (PermissionError("orders.csv"), False),
        (InputError("orders.csv has 7 cells in row 3"), False),
        (ConfigError("unknown key"), False),
        (StoreError("damaged"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_transient_failures_are_tried_again(failure: Exception, again: bool) -> None:
    state: State[object] = Failed(data=failure)
    assert steps.is_transient(steps.ingest_file, None, state) is again  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (steps.ingest_file, "ingest {file.key}"),
        (steps.reduce_month, "reduce {period} {shard.number}"),
        (steps.fold_month, "fold {period} {shard.number}"),
        (steps.measure_table, "measure {name} {edges.period}"),
        (steps.assemble_snapshot, "assemble {period}"),
        (steps.check_identities, "check {period}"),
        (steps.publish_period, "publish {period}"),
        (steps.render_latest, "render {period}"),
    ],
)
def test_tasks_are_named_after_what_they_work_on_and_retried(task: Task[..., object], name: str) -> None:
    assert task.task_run_name == name
    assert task.retries == 3
    assert task.retry_condition_fn is steps.is_transient
    assert not task.persist_result


def test_kinds_of_config_and_schema_are_the_same() -> None:
    assert get_args(Kind) == KINDS
