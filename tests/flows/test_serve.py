"""`lifecycle serve` as a real process: the schedule, runs that start late or again, a year of them, and its end."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.server import is_up
from tests.flows.serving import Served, company, serving, until

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serves a company whose schedule is due every minute; it has events last month and the month before."""
    folder = tmp_path_factory.mktemp("served")
    first = datetime.now(PARIS).replace(day=1)
    months = [f"{(first - timedelta(days=days)):%Y-%m}" for days in (40, 10)]
    file = company(folder, months, schedule={"cron": "* * * * *"})
    with serving(folder, file) as served:
        yield served


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
    run = served.run("monthly", period="2025-13")
    state = served.ended(run)
    assert state["type"] == "FAILED"
    assert state["message"] == "'2025-13' is not a month. Expected the form '2025-01'."

    def logged() -> list[str]:
        logs = served.ask("logs/filter", logs={"flow_run_id": {"any_": [run]}})
        return [one["message"] for one in logs]

    assert until(lambda: any("Finished in state Failed" in one for one in logged()), 30)
    assert not any("Traceback" in one for one in logged())


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
