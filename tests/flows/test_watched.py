"""Processes we start end when we do, however we ended."""

import signal
import subprocess
import sys
import time

WATCHED = [sys.executable, "-m", "flows.watched"]
STARTER = f"""
import subprocess, sys, time
child = subprocess.Popen({[*WATCHED, "http.server", "0", "--bind", "127.0.0.1"]}, stdin=subprocess.PIPE, stderr=1)
time.sleep(600)
"""


def test_watched_module_ends_when_its_starter_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-u", "-c", STARTER], stdout=subprocess.PIPE, start_new_session=True)
    assert starter.stdout
    assert starter.stdout.readline().startswith(b"Serving HTTP")
    starter.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    starter.communicate()  # until nobody holds the other end of stdout any more
    assert time.monotonic() - begun < 8


def test_watched_module_gets_its_words_and_gives_its_exit_code() -> None:
    command = [*WATCHED, "json.tool", "--nonsense"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr
        assert b"unrecognized arguments: --nonsense" in process.stderr.read()
        assert process.wait() == 2
