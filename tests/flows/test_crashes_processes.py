"""Real processes on one store: two at once, and some that are killed. Without their reports, as not all are drawn."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flows import server
from tests.conftest import ROOT
from tests.flows.company import Company
from tests.flows.crashing import PERIODS, run, timeless

COMMAND = "from flows.cli import main; main()"
KILLED = """
import os, signal, sys
from tests.flows import crashing
left = iter(range(int(sys.argv.pop(1))))
def see(key):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
with crashing.watched(crashing.Path(sys.argv.pop(1)), see):
    crashing.main()
"""
SERVED = """
import os, signal
from prefect.settings import PREFECT_API_URL
from flows import server
with server.available():
    print(PREFECT_API_URL.value(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def start(folder: Path, code: str, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "COLUMNS": "10000", "PREFECT_HOME": str(folder / "prefect"), "PYTHONPATH": str(ROOT)}
    environment.pop("PREFECT_API_URL", None)
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def figures(store: Path) -> dict[str, Any]:
    return {name: content for name, content in timeless(store).items() if "/report." not in name}


def test_two_commands_at_once_of_overlapping_periods_end_with_the_same_bytes(two_sources: Company) -> None:
    expected = figures(run(two_sources, "other"))
    file = str(two_sources.configured())
    stretches = (PERIODS, (PERIODS[1], PERIODS[1]))
    # Prefect's database is there already: two servers that make it at once are in each other's way (exit 1).
    made = start(two_sources.folder, COMMAND, "backfill", *PERIODS, "--config", str(two_sources.configured("first")))
    said = [made.communicate()]
    assert made.returncode == 0, said
    both = [start(two_sources.folder, COMMAND, "backfill", *periods, "--config", file) for periods in stretches]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "Traceback" not in str(said)
    assert figures(two_sources.store) == expected


@pytest.mark.parametrize("writes", [3, 55, 125])
def test_killed_process_leaves_what_a_rerun_completes(two_sources: Company, writes: int) -> None:
    expected = figures(run(two_sources, "other"))
    words = (str(writes), str(two_sources.store), "backfill", *PERIODS, "--config", str(two_sources.configured()))
    process = start(two_sources.folder, KILLED, *words)
    said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said
    assert figures(two_sources.store) != expected
    assert figures(run(two_sources)) == expected


def test_server_of_a_killed_run_ends(tmp_path: Path) -> None:
    process = start(tmp_path, SERVED)
    address = process.communicate()[0].strip().removesuffix("/api")
    assert address.startswith("http://127.0.0.1:")
    deadline = time.monotonic() + 30
    while server.is_up(address) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not server.is_up(address)
