"""The Prefect server a run reports to: the one the user has, or one of our own for as long as the run lasts.

Our own is a process started before Prefect's server code is needed, so it starts while the flows are imported, in a
third of the time that Prefect takes to start one itself; and what it prints, at its end above all, goes to a file.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from config.errors import LifecycleError

SECONDS_TO_START = 120
SECONDS_TO_STOP = 10


@contextmanager
def available() -> Iterator[None]:
    """A server to report to; started and stopped here unless Prefect's settings name one."""
    if named := PREFECT_API_URL.value():
        _refuse_silent(named)
        yield
        return
    address = f"http://127.0.0.1:{_free_port()}"
    log = get_current_settings().home / "lifecycle-server.log"
    server = _start(address, log)
    try:
        from flows import backfill, monthly  # noqa: F401  the time of their import is the time the server needs

        _wait(server, address, log)
        with temporary_settings({PREFECT_API_URL: f"{address}/api"}):
            yield
    finally:
        _stop(server)


def _refuse_silent(address: str) -> None:
    """Raises LifecycleError where nobody answers at the address Prefect's settings name."""
    try:
        httpx.get(f"{address}/health", timeout=10)
    except httpx.TransportError as error:
        raise LifecycleError(
            f"No Prefect server answers at {address} ({error}), which Prefect's setting PREFECT_API_URL names. "
            "Start it, or unset the variable: then a run starts a server of its own."
        ) from None


def _start(address: str, log: Path) -> subprocess.Popen[bytes]:
    host, _, port = address.removeprefix("http://").partition(":")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", host, "--port", port, "--no-ui"]
    with log.open("ab") as output:
        # A session of its own: Ctrl-C is for the run, which then stops the server.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(os.environ),
            start_new_session=True,
        )


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < deadline and server.poll() is None:
            try:
                if client.get(f"{address}/api/health").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise LifecycleError(f"Prefect's server did not start. Its own words are at the end of {log}.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
