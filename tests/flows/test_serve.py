"""`lifecycle serve` as a real process: the schedule, runs that start late or again, a year of them, and its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from flows.server import free_port, is_up
from tests.conftest import ROOT
from tests.flows.company import Row, plain_config, toml, write_events

PARIS = ZoneInfo("Europe/Paris")
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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serves a company whose schedule is due every minute; it has events last month and the month before."""
    folder = tmp_path_factory.mktemp("served")
    first = datetime.now(PARIS).replace(day=1)
    months = [f"{(first - timedelta(days=days)):%Y-%m}" for days in (40, 10)]
    file = company(folder, months, schedule={"cron": "* * * * *"})
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
        process.kill()
        process.wait()


def serving_environment() -> dict[str, str]:
    """As a user's is: without what the tests of this process set for Prefect."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def manifest(folder: Path, period: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"store/latest/period={period}/manifest.json").read_bytes())
    return found


def test_a_year_of_scheduled_runs_publishes_twelve_periods(served: Served, tmp_path: Path) -> None:
    """All of them start late, by a year and more; one is done again, later still."""
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    file = company(tmp_path, months)
    firsts = [datetime(2025 + month // 12, month % 12 + 1, 1, 6, tzinfo=PARIS) for month in range(1, 13)]
    runs = [served.run_at(first, "monthly", config=file) for first in firsts]
    states = [served.ended(run, 180) for run in runs]
    assert [state["message"] for state in states] == [f"{month}: published revision 1" for month in months]
    assert {path.name for path in tmp_path.glob("store/snapshots/*")} == {f"period={month}" for month in months}
    assert {path.name for path in tmp_path.glob("store/snapshots/*/revision=*")} == {"revision=0001"}
    served.ask(f"flow_runs/{runs[4]}/set_state", state={"type": "SCHEDULED", "name": "AwaitingRetry"}, force=True)
    until(lambda: served.ended(runs[4])["message"] == "2025-05: up to date, revision 1", 60)


def test_scheduled_runs_are_made_and_done(served: Served) -> None:
    """By the clock: the schedule is due every minute, for the last complete month."""

    def done() -> list[dict[str, Any]]:
        return [run for run in served.runs() if run["auto_scheduled"] and run["state_type"] == "COMPLETED"]

    first = until(done, 120)[0]
    due = datetime.fromisoformat(first["expected_start_time"])
    assert (due.second, due.microsecond) == (0, 0)
    last = f"{due.astimezone(PARIS).replace(day=1) - timedelta(days=1):%Y-%m}"
    assert manifest(served.folder, last)["revision"] == 1
    assert datetime.fromisoformat(manifest(served.folder, last)["published_at"]) >= due
    waiting = [run for run in served.runs() if run["state_type"] == "SCHEDULED" and run["auto_scheduled"]]
    assert len(waiting) > 1


def test_failed_run_says_why_in_a_line(served: Served) -> None:
    state = served.ended(served.run("monthly", period="2025-13"))
    assert state["type"] == "FAILED"
    assert state["message"] == "'2025-13' is not a month. Expected the form '2025-01'."


def test_end_of_serve_ends_what_it_started_and_nothing_else(served: Served) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        served.process.send_signal(signal.SIGINT)
        served.process.wait(60)
        assert served.process.returncode == 130
        assert b"Traceback" not in (served.folder / "said.txt").read_bytes()
        assert not is_up(served.address)
        processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert str(served.folder) not in processes
        assert not (served.folder / "prefect/lifecycle-serve.json").exists()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
