"""Two runs at once, a full disk, a clock that jumps."""

import errno
import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

import obstore
import polars as pl
import pytest
from obstore.store import LocalStore

from config.errors import LifecycleError
from flows import plan
from tasks import publication
from tasks.objects.base import STAGING
from tasks.storage import Storage
from tests.conftest import ROOT
from tests.flows.company import Company
from tests.flows.crashing import LATE, PERIODS, backfilled, moments, nth, restore, run, state_of, timeless, watched


def test_two_runs_at_once_publish_the_same_bytes_once(two_sources: Company) -> None:
    expected = timeless(run(two_sources, "other"))
    file = str(two_sources.configured("store"))
    failures: list[BaseException] = []

    def running() -> None:
        try:
            backfilled(*PERIODS, "all", file)
        except BaseException as failure:  # noqa: BLE001  a thread's failure is this test's
            failures.append(failure)

    for _ in range(3):
        shutil.rmtree(two_sources.store, ignore_errors=True)
        threads = [threading.Thread(target=running) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert timeless(two_sources.store) == expected


def test_whole_run_amid_another_changes_nothing(two_sources: Company) -> None:
    """While one run is about to write what it publishes, another of an overlapping stretch does all its work."""
    expected = timeless(run(two_sources, "other"))
    states = moments(two_sources, two_sources.store, lambda: run(two_sources))
    first = next(n for n, state in enumerate(states) if any(key.startswith("snapshots/") for key in state))
    store = two_sources.folder / "amid"
    for number in range(0, len(states) - first, 3):
        restore(states[first], store)
        other = PERIODS if number % 2 else (PERIODS[1], PERIODS[1])
        with watched(store, nth(number, partial(run, two_sources, "amid", *other))):
            run(two_sources, "amid")
        # A report that was published first shows no period that came after; the one in latest/ does.
        archived = {name for name in expected if re.search("snapshots/.*/report", name)}
        found = timeless(store)
        assert {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)} <= archived


@pytest.mark.parametrize("place", ["events", "activity", "customers", "measures"])
def test_tables_removed_amid_a_run_are_built_again(
    two_sources: Company, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a prune of another config. Once a run has asked for a table, and before it reads the rows."""
    expected = timeless(run(two_sources, "other"))
    scan, left = pl.scan_parquet, [place]

    def scanning(files: Any, **options: Any) -> pl.LazyFrame:
        found = scan(files, **options)
        if left and isinstance(files, list) and files[0].is_relative_to(two_sources.store / place):
            left.clear()
            shutil.rmtree(two_sources.store / place)
        return found

    monkeypatch.setattr(pl, "scan_parquet", scanning)
    assert timeless(run(two_sources)) == expected
    assert not left


def test_slow_copy_of_an_older_revision_does_not_stay(two_sources: Company) -> None:
    run(two_sources)
    shutil.rmtree(two_sources.store / "latest/period=2025-01")
    two_sources.write("late.csv", LATE)
    done: list[str] = []

    def meanwhile(key: str) -> None:
        if key.endswith("latest/period=2025-01/manifest.json") and not done:
            done.append(key)
            run(two_sources)

    storage = Storage(str(two_sources.store))
    with watched(two_sources.store, meanwhile):
        publication.copy_to_latest(storage, "2025-01")
    newest = publication.manifest(storage, "2025-01")
    assert newest is not None
    assert storage.find_record("latest/period=2025-01/manifest.json") == newest
    assert newest["revision"] == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_told_in_a_sentence_and_a_rerun_goes_on(two_sources: Company, number: int) -> None:
    expected = timeless(run(two_sources, "other"))
    left, put = iter(range(40)), obstore.put

    def putting(store: LocalStore, key: str, content: bytes, **named: Any) -> object:
        if next(left, None) is None:
            raise OSError(number, os.strerror(number))
        return put(store, key, content, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(obstore, "put", putting)
        with pytest.raises(LifecycleError, match=r"There is no room in .*store \(.*\)\. Free some and run again"):
            run(two_sources)
    assert timeless(run(two_sources)) == expected


LIMITED = """
import resource, sys
from tests.flows import crashing
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
crashing.main()
"""


@pytest.mark.parametrize("bytes_allowed", [600, 40_000])
def test_file_that_has_no_room_ends_the_command_with_a_sentence(two_sources: Company, bytes_allowed: int) -> None:
    file = two_sources.configured()
    words = ["backfill", *PERIODS, "--config", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(bytes_allowed), *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "10000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert done.stderr.count("Error: ") == 1
    assert f"There is no room in {two_sources.store} (File too large). Free some and run again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((two_sources.store / STAGING).iterdir())
    assert timeless(run(two_sources)) == timeless(run(two_sources, "other"))


class Jumping(datetime):
    """A clock that goes back thirty years, or forward, at every look."""

    looks = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Jumping":
        cls.looks += 1
        return cls(1996 if cls.looks % 2 else 2055, 1, 1, tzinfo=tz)


def test_clock_that_jumps_changes_the_time_of_publishing_only(
    two_sources: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also between runs: the second one finds files from the future, and publishes before the first."""
    expected = timeless(run(two_sources, "other"))
    with monkeypatch.context() as clock:
        clock.setattr(plan, "datetime", Jumping)
        assert timeless(run(two_sources)) == expected
        assert _published_at(two_sources, 1).startswith("1996")
    for file in two_sources.store.rglob("*"):
        os.utime(file, (2_700_000_000, 2_700_000_000))
    two_sources.write("late.csv", LATE)
    expected = timeless(run(two_sources, "other"))
    with monkeypatch.context() as clock:
        clock.setattr(plan, "datetime", Jumping)
        assert timeless(run(two_sources)) == expected
        before = state_of(two_sources.store)
        run(two_sources)
        assert state_of(two_sources.store) == before
    assert {_published_at(two_sources, one)[:4] for one in (1, 2)} <= {"1996", "2055"}


def _published_at(company: Company, revision: int) -> str:
    return str(publication.read_manifest(Storage(str(company.store)), "2025-01", revision)["published_at"])
