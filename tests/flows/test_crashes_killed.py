"""A run ended before, amid and after each of its writes: a rerun ends with the same bytes."""

import os

import pytest

from tasks import publication
from tasks.objects.base import STAGING
from tasks.storage import Storage
from tests.flows.company import Company
from tests.flows.crashing import LATE, killed_at, moments, run, timeless, watched


def test_killed_at_any_write_a_rerun_ends_with_the_same_bytes(two_sources: Company) -> None:
    states = moments(two_sources, two_sources.store, lambda: run(two_sources))
    assert len(states) > 140
    killed_at(two_sources, states)


def test_killed_at_any_write_of_a_restatement_too(two_sources: Company) -> None:
    run(two_sources)
    two_sources.write("late.csv", LATE)
    states = moments(two_sources, two_sources.store, lambda: run(two_sources))
    assert publication.revisions(Storage(str(two_sources.store)), "2025-02") == [1, 2]
    publishing = [number for number, state in enumerate(states) if any("revision=0002" in key for key in state)]
    assert len(publishing) > 40
    killed_at(two_sources, [*states[: publishing[0] : 12], *states[publishing[0] :: 2]])


def test_killed_while_reports_are_drawn_again(two_sources: Company) -> None:
    run(two_sources)
    two_sources.config["targets"] = {"churn_rate": 0.04}
    states = moments(two_sources, two_sources.store, lambda: run(two_sources))
    assert len(states) == 2 * 3
    killed_at(two_sources, states)


class Ended(BaseException):
    """What nothing catches."""


def test_ended_by_what_unwinds_leaves_nothing_in_staging(two_sources: Company) -> None:
    def end(key: str) -> None:
        if key.startswith(("customers/", "snapshots/")):
            raise Ended

    with watched(two_sources.store, end), pytest.raises(Ended):
        run(two_sources)
    assert not list((two_sources.store / STAGING).iterdir())
    assert timeless(run(two_sources)) == timeless(run(two_sources, "other"))


def test_staging_of_killed_runs_is_removed_a_day_later(two_sources: Company) -> None:
    for name, age in (("killed", 90_000), ("running", 3_000)):
        folder = two_sources.store / STAGING / name
        folder.mkdir(parents=True)
        (folder / "half.parquet").write_bytes(b"PAR1")
        long_ago = folder.stat().st_mtime - age
        os.utime(folder, (long_ago, long_ago))
    run(two_sources)
    assert [folder.name for folder in (two_sources.store / STAGING).iterdir()] == ["running"]
