"""Survival: a run ended at any write, damaged files, two runs at once, a full disk, a clock that jumps.

The flows are run without Prefect: a task that is submitted is done at once, in their own order. What killing leaves
behind is a copy of the store at that moment, with the write in hand half done; nothing is unwound, as by SIGKILL.
"""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import obstore
import polars as pl
import pytest
from obstore.store import LocalStore
from prefect import Task

import config
from config.errors import DamagedError, StoreError
from flows import pipeline, plan
from flows.backfill import backfill
from flows.progress import stages
from tasks import intake, publication, report, steps, store
from tasks.clock import Period
from tasks.kpis import parts
from tasks.storage import STAGING, Storage
from tasks.store import Built, Made, Request, Table
from tests.conftest import ROOT
from tests.flows.company import COLUMNS, KINDS, Company, Row

PERIODS = ("2025-01", "2025-02")
MUTATIONS = ("write", "create", "adopt", "delete", "set_aside")
APP: Mapping[str, list[Row]] = {
    "2025-01.csv": [
        ("1", "ann-7", "joined", "2025-01-05 10:00:00", None, "FR"),
        ("3", "bob-8", "joined", "2025-01-07 10:00:00", None, "DE"),
        ("4", "bob-8", "opened", "2025-01-31 23:59:59", None, "DE"),
    ],
    "2025-02.csv": [
        ("5", "ann-7", "opened", "2025-02-01 00:00:00", None, "FR"),
        ("6", "cat-9", "joined", "2025-02-03 10:00:00", None, None),
    ],
}
SHOP: list[Row] = [
    ("2", "ann-7", "bought", "2025-01-06 10:00:00", "20.00", "FR"),
    ("7", "cat-9", "bought", "2025-02-04 10:00:00", "5.50", None),
    ("8", "cat-9", "bought", "2025-02-05 10:00:00", "five", None),
]
LATE: list[Row] = [("10", "bob-8", "bought", "2025-01-20 10:00:00", "7.00", "DE")]
State = dict[str, bytes]
"""The files of a store."""


class Done:
    """A future that is no more."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def result(self) -> Any:
        return self.made


class Memory(threading.local):
    """What steps made of their inputs, by digest: figures, and files' bytes; and what is made in this thread."""

    def __init__(self, measured: dict[str, Any], saved: dict[str, dict[str, bytes]]) -> None:
        self.measured, self.saved, self.digest = measured, saved, ""


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory({}, {})


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    """Tasks without Prefect; what is made of the same inputs is computed once, and a report takes no time to draw.

    The crashes are about what is read and stored, which is done every time; what it is, the digest says.
    """
    measure, save = parts.measured, store._save

    def building(storage: Storage, request: Request, make: Callable[[], Made], *, force: bool = False) -> Built:
        memory.digest = request.digest
        return store.build(storage, request, make, force=force)

    def measuring(*words: Any) -> Any:
        if memory.digest not in memory.measured:
            memory.measured[memory.digest] = measure(*words)
        return memory.measured[memory.digest]

    def saving(storage: Storage, request: Request, tables: Mapping[str, pl.LazyFrame]) -> dict[str, Table]:
        if request.digest not in memory.saved:
            saved = save(storage, request, tables)
            memory.saved[request.digest] = {table.key: storage.read(table.key) for table in saved.values()}
            return saved
        with storage.staging() as staging:
            for key, content in memory.saved[request.digest].items():
                (staging / Path(key).name).write_bytes(content)
            keys = dict(zip(tables, memory.saved[request.digest], strict=True))
            return {name: store.keep(storage, staging / Path(key).name, key) for name, key in keys.items()}

    def drawn(snapshots: Sequence[Any], language: str, _: object) -> dict[str, bytes]:
        shown = [[one.period, one.revision, one.kpis["value"].sum()] for one in snapshots]
        return {f"report.{language}.md": json.dumps(shown).encode()}

    monkeypatch.setattr(Task, "submit", lambda task, *words, **named: Done(task.fn(*words, **named)))
    monkeypatch.setattr(pipeline, "as_completed", iter)
    monkeypatch.setattr(parts, "measured", measuring)
    monkeypatch.setattr(steps, "build", building)
    monkeypatch.setattr(store, "_save", saving)
    monkeypatch.setattr(stages, "begin", lambda *_: None)
    monkeypatch.setattr(report, "render", drawn)


@pytest.fixture
def filled(company: Company, at_once: None) -> Company:
    for name, rows in APP.items():
        company.write(name, rows)
    (company.folder / "raw/shop").mkdir()
    company.write("shop/orders.csv", SHOP)
    shop = {"name": "shop", "uri": "raw/shop/*.csv", "columns": dict(COLUMNS), "kinds": dict(KINDS)}
    company.config["sources"].append(shop)
    company.config["validation"] = {"max_rejected": 0.5}
    return company


def run(company: Company, name: str = "store", first: str = PERIODS[0], last: str = PERIODS[1]) -> Path:
    """A whole backfill into a store; returns where it is."""
    backfill.fn(first, last, "all", str(company.configured(name)))
    return company.folder / name


def state_of(store: Path) -> State:
    return {str(file.relative_to(store)): file.read_bytes() for file in sorted(store.rglob("*")) if file.is_file()}


def restore(state: State, store: Path) -> None:
    shutil.rmtree(store, ignore_errors=True)
    for name, content in state.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(content)


def timeless(store: Path) -> dict[str, Any]:
    """Everything in a store that a run is for; of what tells the time of publishing, what is left without it.

    Not compared are files in staging, damaged ones set aside, and notes that a rebuild came out equal.
    """
    kept: dict[str, Any] = {}
    for name, content in state_of(store).items():
        if name.startswith(STAGING) or name.endswith((".damaged", "#1")) or "/checked/" in name:
            continue
        kept[name] = content
        if name.endswith("manifest.json"):
            clock = {"published_at", "seal"}
            kept[name] = {key: value for key, value in json.loads(content).items() if key not in clock}
        if name.endswith("/report.json"):  # made of the manifests' times
            kept[name] = json.loads(content)["reports"]
    return kept


def is_done(company: Company, store: str) -> bool:
    chosen = config.load(company.configured(store))
    storage = Storage(chosen.store_uri)
    looked = intake.look(storage, chosen)
    events = plan.events_of(storage, looked, [])
    first, *_, last = periods = [Period.parse(name) for name in PERIODS]
    chain = plan.done_chain(storage, chosen, events, first, last)
    return not any(one.new for one in looked) and all(
        plan.is_done(storage, chosen, events, chain, period) for period in periods
    )


def nth(number: int, work: Callable[[], object]) -> Callable[[str], None]:
    """Does the work once, before the write of that number."""
    left = iter(range(number))
    begun: list[str] = []

    def see(key: str) -> None:
        if next(left, None) is None and not begun:
            begun.append(key)
            work()

    return see


@contextmanager
def watched(store: Path, see: Callable[[str], None], only: Sequence[str] = MUTATIONS) -> Iterator[None]:
    """`see` is called with the key before anything in the store changes."""

    def seeing(name: str) -> Callable[..., Any]:
        change = getattr(Storage, name)

        def changed(storage: Storage, *words: Any) -> Any:
            if storage.root == store:
                see(words[1] if name == "adopt" else words[0])
            return change(storage, *words)

        return changed

    with pytest.MonkeyPatch.context() as patched:
        for name in only:
            patched.setattr(Storage, name, seeing(name))
        yield


def moments(company: Company, store: Path, work: Callable[[], object]) -> list[State]:
    """What the store holds when a run is killed before, or amid, each of its writes."""
    states: list[State] = []

    def see(key: str) -> None:
        states.append({**state_of(store), f"{key}#1": b"PAR1 ha"})

    with watched(store, see):
        work()
    return states


def killed_at(company: Company, states: Sequence[State]) -> None:
    """Each of the moments of the run that filled `store`, and a rerun from there."""
    expected = timeless(company.store)
    for number, state in enumerate(states):
        restore(state, company.folder / "killed")
        assert timeless(run(company, "killed")) == expected, number
    assert is_done(company, "killed")


def test_killed_at_any_write_a_rerun_ends_with_the_same_bytes(filled: Company) -> None:
    states = moments(filled, filled.store, lambda: run(filled))
    assert len(states) > 140
    killed_at(filled, states)


def test_killed_at_any_write_of_a_restatement_too(filled: Company) -> None:
    run(filled)
    filled.write("late.csv", LATE)
    states = moments(filled, filled.store, lambda: run(filled))
    assert publication.revisions(Storage(str(filled.store)), "2025-02") == [1, 2]
    publishing = [number for number, state in enumerate(states) if any("revision=0002" in key for key in state)]
    assert len(publishing) > 40
    killed_at(filled, [*states[: publishing[0] : 12], *states[publishing[0] :: 2]])


def test_killed_while_reports_are_drawn_again(filled: Company) -> None:
    run(filled)
    filled.config["targets"] = {"churn_rate": 0.04}
    states = moments(filled, filled.store, lambda: run(filled))
    assert len(states) == 2 * 3
    killed_at(filled, states)


class Ended(BaseException):
    """What nothing catches."""


def test_ended_by_what_unwinds_leaves_nothing_in_staging(filled: Company) -> None:
    def end(key: str) -> None:
        if key.startswith(("customers/", "snapshots/")):
            raise Ended

    with watched(filled.store, end), pytest.raises(Ended):
        run(filled)
    assert not list((filled.store / STAGING).iterdir())
    assert timeless(run(filled)) == timeless(run(filled, "other"))


def test_staging_of_killed_runs_is_removed_a_day_later(filled: Company) -> None:
    for name, age in (("killed", 90_000), ("running", 3_000)):
        folder = filled.store / STAGING / name
        folder.mkdir(parents=True)
        (folder / "half.parquet").write_bytes(b"PAR1")
        long_ago = folder.stat().st_mtime - age
        os.utime(folder, (long_ago, long_ago))
    run(filled)
    assert [folder.name for folder in (filled.store / STAGING).iterdir()] == ["running"]


DAMAGE: Mapping[str, Callable[[bytes], bytes | None]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "emptied": lambda _: b"",
    "deleted": lambda _: None,
    "flipped": lambda content: flipped(content, len(content) // 2),
}
FILES = {
    "events": "events/*/*/app-*.parquet",
    "quarantine": "quarantine/*/*/*.parquet",
    "record of what was read": "ingested/app/*.json",
    "record of a file": "ingested/app/files/*.json",
    "activity": "activity/*/*/activity-*.parquet",
    "record of activity": "activity/*/*/*.json",
    "customers": "customers/period=2025-01/*/customers-*.parquet",
    "record of customers": "customers/period=2025-01/*/*.json",
    "measured": "measures/*/*.parquet",
    "record of what was measured": "measures/*/*.json",
    "figures": "snapshots/period=2025-01/revision=0001/kpis.parquet",
    "summary": "snapshots/period=2025-01/revision=0001/summary.json",
    "manifest": "snapshots/period=2025-01/revision=0001/manifest.json",
    "claim": "snapshots/period=2025-01/revision=0001/claim.json",
    "latest figures": "latest/period=2025-01/kpis.parquet",
    "latest manifest": "latest/period=2025-01/manifest.json",
    "latest report": "latest/period=2025-01/report.en.md",
    "record of the report": "latest/period=2025-01/report.json",
}


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def damage(store: Path, pattern: str, how: str) -> list[Path]:
    """Every file of a kind."""
    files = sorted(file for file in store.glob(pattern) if file.is_file())
    assert files, pattern
    for file in files:
        left = DAMAGE[how](file.read_bytes())
        if left is None:
            file.unlink()
        else:
            file.write_bytes(left)
    return files


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_file_is_built_again(filled: Company, how: str) -> None:
    whole = state_of(run(filled))
    unchanged = timeless(filled.store)
    late_file = filled.write("late.csv", LATE)
    restated = timeless(run(filled))
    for kind, pattern in FILES.items():
        for late, expected in ((False, unchanged), (True, restated)):
            late_file = late_file.rename(filled.folder / ("raw/late.csv" if late else "late.csv"))
            restore(whole, filled.folder / "damaged")
            damaged = damage(filled.folder / "damaged", pattern, how)
            found = timeless(run(filled, "damaged"))
            different = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
            # What nobody reads is not looked at: tables behind figures that are current, quarantine, claims.
            unread = {str(file.relative_to(filled.folder / "damaged")) for file in damaged}
            assert not {name for name in different - unread if name.startswith(("snapshots/", "latest/"))}, kind
            assert different <= unread, kind
            assert not different & {name for name in unread if name.startswith("latest/")}, kind
            if how == "flipped" and late and kind in {"events", "activity"}:
                assert list((filled.folder / "damaged").rglob("*.damaged")), kind


def test_flipped_bit_in_the_customers_of_the_month_before_is_found(filled: Company) -> None:
    expected = timeless(run(filled, "other"))
    run(filled, last="2025-01")
    damaged = damage(filled.store, "customers/*/*/*.parquet", "flipped")
    assert timeless(run(filled)) == expected
    assert [file for file in filled.store.rglob("*.damaged") if file.with_suffix("") in damaged]


def test_flipped_bits_in_all_figures_behind_a_snapshot_are_found(filled: Company) -> None:
    expected = timeless(run(filled, "other"))
    run(filled)
    damage(filled.store, "measures/*/*.parquet", "flipped")
    for name in ("snapshots", "latest"):
        shutil.rmtree(filled.store / name)
    assert timeless(run(filled)) == expected
    assert len(list(filled.store.rglob("*.damaged"))) > 20


def test_manifest_without_a_copy_is_refused_with_what_to_do(filled: Company) -> None:
    before = timeless(run(filled))
    [damaged, _] = damage(filled.store, "*/period=2025-01/**/manifest.json", "flipped")[::-1]
    advice = "is not what was written. Delete it and publish 2025-01 again"
    with pytest.raises(DamagedError, match=re.escape(f"{damaged} {advice}")):
        run(filled)
    damaged.unlink()
    assert timeless(run(filled)) == before


def test_table_damaged_again_ends_the_run(filled: Company) -> None:
    run(filled)
    filled.write("late.csv", LATE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Storage, "holds", lambda _, key, __: not key.startswith("events/"))
        with pytest.raises(DamagedError, match=r"events/.* is not what was written\. It was set aside\. The next run"):
            run(filled)


def test_lost_events_of_a_file_that_is_gone_are_told(filled: Company) -> None:
    run(filled)
    (filled.folder / "raw/2025-01.csv").unlink()
    before = timeless(run(filled))
    whole = state_of(filled.store)
    damage(filled.store, "events/period=2025-01/*/app-*.parquet", "truncated")
    with pytest.raises(DamagedError, match=r"Its events come from raw/2025-01.csv of source 'app', which is gone"):
        run(filled)
    restore(whole, filled.store)
    damage(filled.store, "ingested/app/files/*.json", "flipped")
    with pytest.raises(DamagedError, match=r"ingested/app/files/\w+.json .* remembers a file that is gone"):
        run(filled)
    restore(whole, filled.store)
    assert timeless(run(filled)) == before


def test_damaged_figures_do_not_reach_latest(filled: Company) -> None:
    run(filled)
    [damaged] = damage(filled.store, "snapshots/period=2025-02/*/kpis.parquet", "flipped")
    shutil.rmtree(filled.store / "latest")
    with pytest.raises(DamagedError, match=r"kpis\.parquet is not what was written\. `lifecycle run 2025-02`"):
        publication.copy_to_latest(Storage(str(filled.store)), "2025-02")
    assert timeless(run(filled)) == timeless(run(filled, "other"))
    assert damaged.read_bytes() == (filled.store / "latest/period=2025-02/kpis.parquet").read_bytes()


def test_two_runs_at_once_publish_the_same_bytes_once(filled: Company) -> None:
    expected = timeless(run(filled, "other"))
    file = str(filled.configured("store"))
    failures: list[BaseException] = []

    def running() -> None:
        try:
            backfill.fn(*PERIODS, "all", file)
        except BaseException as failure:  # noqa: BLE001  a thread's failure is this test's
            failures.append(failure)

    for _ in range(3):
        shutil.rmtree(filled.store, ignore_errors=True)
        threads = [threading.Thread(target=running) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert timeless(filled.store) == expected


def test_whole_run_amid_another_changes_nothing(filled: Company) -> None:
    """While one run is about to write what it publishes, another of an overlapping stretch does all its work."""
    expected = timeless(run(filled, "other"))
    states = moments(filled, filled.store, lambda: run(filled))
    first = next(n for n, state in enumerate(states) if any(key.startswith("snapshots/") for key in state))
    store = filled.folder / "amid"
    for number in range(0, len(states) - first, 3):
        restore(states[first], store)
        other = PERIODS if number % 2 else (PERIODS[1], PERIODS[1])
        with watched(store, nth(number, partial(run, filled, "amid", *other))):
            run(filled, "amid")
        # A report that was published first shows no period that came after; the one in latest/ does.
        archived = {name for name in expected if re.search("snapshots/.*/report", name)}
        found = timeless(store)
        assert {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)} <= archived


def test_slow_copy_of_an_older_revision_does_not_stay(filled: Company) -> None:
    run(filled)
    shutil.rmtree(filled.store / "latest/period=2025-01")
    filled.write("late.csv", LATE)
    done: list[str] = []

    def meanwhile(key: str) -> None:
        if key.endswith("latest/period=2025-01/manifest.json") and not done:
            done.append(key)
            run(filled)

    storage = Storage(str(filled.store))
    with watched(filled.store, meanwhile):
        publication.copy_to_latest(storage, "2025-01")
    newest = publication.manifest(storage, "2025-01")
    assert newest is not None
    assert storage.find_record("latest/period=2025-01/manifest.json") == newest
    assert newest["revision"] == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_told_in_a_sentence_and_a_rerun_goes_on(filled: Company, number: int) -> None:
    expected = timeless(run(filled, "other"))
    left, put = iter(range(40)), obstore.put

    def putting(store: LocalStore, key: str, content: bytes, **named: Any) -> object:
        if next(left, None) is None:
            raise OSError(number, os.strerror(number))
        return put(store, key, content, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(obstore, "put", putting)
        with pytest.raises(StoreError, match=r"There is no room in .*store \(.*\)\. Free some and run again"):
            run(filled)
    assert timeless(run(filled)) == expected


LIMITED = """
import resource, sys
from flows.cli import main
from prefect import Task
from flows import pipeline, server
from flows.backfill import backfill
from contextlib import nullcontext
from tests.flows.test_crashes import Done
Task.submit = lambda task, *words, **named: Done(task.fn(*words, **named))
pipeline.as_completed = iter
server.available = nullcontext
import flows.backfill
flows.backfill.backfill = backfill.fn
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
main()
"""


@pytest.mark.parametrize("bytes_allowed", [600, 40_000])
def test_file_that_has_no_room_ends_the_command_with_a_sentence(filled: Company, bytes_allowed: int) -> None:
    file = filled.configured()
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
    assert f"There is no room in {filled.store} (File too large). Free some and run again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((filled.store / STAGING).iterdir())
    assert timeless(run(filled)) == timeless(run(filled, "other"))


class Jumping(datetime):
    """A clock that goes back thirty years, or forward, at every look."""

    looks = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Jumping":
        cls.looks += 1
        return cls(1996 if cls.looks % 2 else 2055, 1, 1, tzinfo=tz)


def test_clock_that_jumps_changes_the_time_of_publishing_only(filled: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = timeless(run(filled, "other"))
    monkeypatch.setattr(plan, "datetime", Jumping)
    assert timeless(run(filled)) == expected
    assert (publication.manifest(Storage(str(filled.store)), "2025-01") or {})["published_at"].startswith("1996")
    filled.write("late.csv", LATE)
    run(filled)
    before = state_of(filled.store)
    run(filled)
    assert state_of(filled.store) == before
