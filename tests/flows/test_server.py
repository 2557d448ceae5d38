"""Which server there is to report to, and the end of what we start."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from prefect.settings import PREFECT_HOME, temporary_settings

from config.errors import ConfigError
from flows.server import end, serving_alone, start
from tests.flows.serving import until


def test_of_two_that_start_at_once_one_serves(tmp_path: Path) -> None:
    with temporary_settings({PREFECT_HOME: tmp_path / "prefect"}):
        with serving_alone(), pytest.raises(ConfigError, match="runs already"), serving_alone():
            pass
        with serving_alone():
            pass


def test_what_a_killed_process_had_started_ends_too(tmp_path: Path) -> None:
    child = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True); input()"
    process = start([sys.executable, "-c", child], os.environ, tmp_path / "said.txt")
    started = int(until(lambda: (tmp_path / "said.txt").read_text().strip(), 10))
    process.kill()
    process.wait()
    assert is_running(started)
    end(process)
    until(lambda: not is_running(started), 10)
    end(process)
    if process.stdin:
        process.stdin.close()


def is_running(process: int) -> bool:
    """A zombie that nobody waits for is not."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
