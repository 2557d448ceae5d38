"""`lifecycle serve`: Prefect's server with its pages, and a process that executes runs, kept going until Ctrl-C."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from prefect.settings import PREFECT_API_URL
from rich.text import Text

from config.errors import ConfigError, LifecycleError
from config.models import Config
from flows import runtime, server
from flows.deployments import refuse_bad_schedule
from flows.progress import console

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SECONDS_TO_STOP_RUNS = 40
"""Prefect gives a run 30 seconds to end."""
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_WORTH_A_RESTART = 30.0
"""A process that lived for less is not started again: it would end again."""


@dataclass
class Kept:
    """A process that is started again where it ends by itself; `words`: where to read what it says."""

    name: str
    words: str
    start: Callable[[], Popen[bytes]]

    def __post_init__(self) -> None:
        self.process, self.since = self.start(), time.monotonic()

    def look_after(self) -> None:
        """Raises LifecycleError where it ended soon after its start. What it left running would do its work twice."""
        if self.process.poll() is None:
            return
        server.end(self.process)
        if time.monotonic() - self.since < SECONDS_WORTH_A_RESTART:
            raise LifecycleError(f"{self.name} ended soon after its start. Its own words are {self.words}.")
        console.print(f"{self.name} ended and is started again.")
        self.process, self.since = self.start(), time.monotonic()


def serve(config: Config, file: Path, host: str, port: int) -> None:
    """Does not return: a signal ends it, and it stops what it started.

    Raises:
        ConfigError: the schedule is no cron expression, the port is taken, or another one serves.
        LifecycleError: one of the processes does not start.
    """
    refuse_bad_schedule(config)
    with _server(host, port) as (address, kept), _runs(file, address) as runs:
        console.print(Text("Prefect's pages: ").append(address, "bold"))
        console.print(f"monthly runs at {config.schedule.cron!r}, {config.periods.timezone}. Ctrl-C stops everything.")
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            for one in (*kept, runs):
                one.look_after()


@contextmanager
def _server(host: str, port: int) -> Iterator[tuple[str, Sequence[Kept]]]:
    """A server's address, and its process where it is ours; others look after one that Prefect's settings name."""
    if named := PREFECT_API_URL.value():
        server.refuse_silent(named)
        yield named.removesuffix("/api"), []
        return
    with server.serving_alone():
        yield from _own_server(host, port)


def _own_server(host: str, port: int) -> Iterator[tuple[str, Sequence[Kept]]]:
    _refuse_taken(host, port)
    if host not in LOOPBACK:
        console.print(
            f"Whoever reaches {host}:{port} can start runs: Prefect's server asks for no password.", style="yellow"
        )
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    log = server.home() / "lifecycle-serve.log"
    # Relative, so that the pages work under whatever name the machine is reached by.
    environment = runtime.serving_environment({"PREFECT_UI_API_URL": "/api"})
    command = server.server_command(address)
    kept = Kept("Prefect's server", f"at the end of {log}", lambda: server.start(command, environment, log))
    try:
        server.wait(kept.process, _reachable(address), log)
        with server.noted_as_served(_reachable(address)):
            yield _reachable(address), [kept]
    finally:
        server.stop(kept.process)


@contextmanager
def _runs(file: Path, address: str) -> Iterator[Kept]:
    """The process that executes runs."""
    environment = runtime.serving_environment({"PREFECT_API_URL": f"{address}/api"})
    command = [sys.executable, "-m", "flows.watched", "flows.deployments", str(file.resolve())]
    kept = Kept("The process that executes runs", "above", lambda: server.start(command, environment))
    try:
        yield kept
    finally:
        server.stop(kept.process, signal.SIGINT, SECONDS_TO_STOP_RUNS)


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
    except OSError as error:
        raise ConfigError(
            f"Port {port} of {host} cannot be used ({error.strerror}). Name another one with --port."
        ) from None


def _reachable(address: str) -> str:
    """0.0.0.0 is where to listen, not where to ask."""
    return address.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:")
