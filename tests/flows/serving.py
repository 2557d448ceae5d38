"""A real `lifecycle serve` as a process of its own, on a free port, with a Prefect of its own in a folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from flows.server import free_port
from tests.conftest import ROOT
from tests.flows.company import Row, plain_config, toml, write_events

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def until(found: Callable[[], Any], seconds: float) -> Any:
    """What is found, once there is something."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
    return result


@dataclass(frozen=True)
class Served:
    """A running `lifecycle serve`."""

    folder: Path
    address: str
    process: subprocess.Popen[bytes]

    def ask(self, path: str, **content: Any) -> Any:
        """Asks again where the server is busy, as Prefect's client does."""

        def answered() -> httpx.Response | None:
            answer = httpx.post(f"{self.address}/api/{path}", json=content, timeout=30)
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        answer: httpx.Response = until(answered, 30)
        return answer.raise_for_status().json()

    def runs(self, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("flow_runs/filter", **filters)
        return found

    def run(self, deployment: str, **parameters: Any) -> str:
        """A run as the form on the page would make it; its id."""
        return self.run_at(None, deployment, **parameters)

    def run_at(self, scheduled: datetime | None, deployment: str, **parameters: Any) -> str:
        """A run that the scheduler would have made for some time."""
        [known] = self.ask("deployments/filter", deployments={"name": {"any_": [deployment]}})
        details = {"scheduled_time": scheduled.isoformat()} if scheduled else {}
        state = {"type": "SCHEDULED", "state_details": details}
        made = self.ask(f"deployments/{known['id']}/create_flow_run", parameters=parameters, state=state)
        return str(made["id"])

    def ended(self, run: str, seconds: float = 90) -> dict[str, Any]:
        """The state a run ends in."""

        def state() -> dict[str, Any] | None:
            [found] = self.runs(flow_runs={"id": {"any_": [run]}})
            return found["state"] if found["state_type"] in ENDED else None

        found: dict[str, Any] = until(state, seconds)
        return found


def company(folder: Path, months: list[str], **config: Any) -> str:
    """A config file of a tiny company with events in some months; its path."""
    rows: list[Row] = []
    for month in months:
        rows.append((f"{month}-a", f"ann-{month}", "joined", f"{month}-05 10:00:00", None, "FR"))
        rows.append((f"{month}-b", f"ann-{months[0]}", "bought", f"{month}-06 10:00:00", "20.00", "FR"))
    write_events(folder / "raw/events.csv", rows)
    file = folder / "lifecycle.toml"
    file.write_text(toml({**plain_config(), **config}), encoding="utf-8")
    return str(file)


@contextmanager
def serving(folder: Path, file: str) -> Iterator[Served]:
    """Serves the company of a config file until left; ready when both deployments are there."""
    port = free_port()
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "serve", "--config", file, "--port", str(port)],
            cwd=ROOT,
            env={**serving_environment(), "PREFECT_HOME": str(folder / "prefect")},
            stderr=said,
        )
    try:
        until(lambda: b"Ctrl-C" in (folder / "said.txt").read_bytes() or process.poll() is not None, 120)
        served = Served(folder, f"http://127.0.0.1:{port}", process)
        until(lambda: len(served.ask("deployments/filter")) == 2, 60)
        yield served
    finally:
        process.send_signal(signal.SIGINT)  # it stops what it started; nothing where it has ended
        process.wait(60)


def serving_environment() -> dict[str, str]:
    """As a user's is: without what the tests of this process set for Prefect."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
