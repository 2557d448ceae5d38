"""The Prefect server a run reports to: the one the user has, `lifecycle serve`'s, or one for as long as the run lasts.

Our own are processes started before Prefect's server code is needed, so a server starts while the flows are imported,
in a third of the time that Prefect takes to start one itself; and what it prints, at its end above all, goes to a file.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

import httpx
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from config.errors import ConfigError, LifecycleError

SECONDS_TO_START = 120
SECONDS_TO_STOP = 10
_TEMPORARY: set[str] = set()
"""Addresses of servers that were started for one run."""


def home() -> Path:
    """Where Prefect keeps its database, and we what the servers print."""
    return get_current_settings().home


@contextmanager
def available() -> Iterator[None]:
    """A server to report to; started and stopped here unless Prefect's settings name one or one is being served."""
    if named := PREFECT_API_URL.value():
        refuse_silent(named)
        yield
    elif served := served_address():
        with temporary_settings({PREFECT_API_URL: f"{served}/api"}):
            yield
    else:
        with _own():
            yield


def refuse_silent(address: str) -> None:
    """Raises LifecycleError where nobody answers at the address Prefect's settings name."""
    try:
        httpx.get(f"{address}/health", timeout=10)
    except httpx.TransportError as error:
        raise LifecycleError(
            f"No Prefect server answers at {address} ({error}), which Prefect's setting PREFECT_API_URL names. "
            "Start it, or unset the variable: then a run starts a server of its own."
        ) from None


def served_address() -> str | None:
    """Where `lifecycle serve` runs on this machine; None where it does not."""
    try:
        address = str(json.loads(_served_note().read_bytes())["address"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return address if is_up(address) else None


@contextmanager
def serving_alone() -> Iterator[None]:
    """Raises ConfigError where another `lifecycle serve` with this home runs, or is about to."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "lifecycle-serve.lock").open("w") as lock:  # the system frees it, however we end
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = served_address()
            where = f", at {address}" if address else ""
            raise ConfigError(f"`lifecycle serve` runs already{where}. Stop it first: it serves one config.") from None
        yield


@contextmanager
def noted_as_served(address: str) -> Iterator[None]:
    """Tells other commands on this machine to report there, for as long as it lasts."""
    _served_note().write_text(json.dumps({"address": address}), encoding="utf-8")
    try:
        yield
    finally:
        _served_note().unlink(missing_ok=True)


def _served_note() -> Path:
    return home() / "lifecycle-serve.json"


@contextmanager
def _own() -> Iterator[None]:
    address = f"http://127.0.0.1:{free_port()}"
    log = home() / "lifecycle-server.log"
    begin = partial(start, server_command(address, "--no-ui"), os.environ, log)
    server = begin()
    try:
        from flows import backfill, monthly  # noqa: F401  the time of their import is the time the server needs

        if not answers(server, address) and server.poll() is not None:
            server = begin()  # two first commands that make Prefect's database at once are in each other's way
        wait(server, address, log)
        _TEMPORARY.add(f"{address}/api")
        with temporary_settings({PREFECT_API_URL: f"{address}/api"}):
            yield
    finally:
        stop(server)


def has_pages() -> bool:
    """Whether somebody can look at what is reported: not where the server is there for one run only."""
    return PREFECT_API_URL.value() not in _TEMPORARY


def server_command(address: str, *options: str) -> list[str]:
    host, _, port = address.removeprefix("http://").rpartition(":")
    where = ["--host", host.strip("[]"), "--port", port]
    return [sys.executable, "-m", "flows.watched", "prefect", "server", "start", *where, *options]


def start(command: Sequence[str], environment: Mapping[str, str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """A process of ours, in a session of its own: Ctrl-C is for us, and we stop it then.

    It reads the end of its stdin when we end, however that comes about: see `flows.watched`.
    What it prints goes to a file, or where ours goes.
    """
    if log is None:
        return _started(command, environment, None)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return _started(command, environment, output)


def _started(
    command: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=dict(environment),
        start_new_session=True,
    )


def wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Returns once a server answers.

    Raises:
        LifecycleError: it ended, or took too long.
    """
    if not answers(server, address):
        raise LifecycleError(f"Prefect's server did not start. Its own words are at the end of {log}.")


def answers(server: subprocess.Popen[bytes], address: str) -> bool:
    """Whether a server that is starting does so in the end."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        if is_up(address):
            return True
        time.sleep(0.05)
    return False


def is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/health", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def stop(process: subprocess.Popen[bytes], by: int = signal.SIGTERM, seconds: float = SECONDS_TO_STOP) -> None:
    """Asks a process to end by a signal; kills it where it does not."""
    process.send_signal(by)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        end(process)
    if process.stdin:
        process.stdin.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills a process of ours with whatever it started, also where it has ended itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
