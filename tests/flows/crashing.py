"""What the tests of survival share (test_crashes_*.py): a company, whole runs of it, and what a store holds meanwhile.

The flows are run without Prefect: a task that is submitted is done at once, in their own order. What killing leaves
behind is a copy of the store at that moment, with the write in hand half done; nothing is unwound, as by SIGKILL.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from prefect import Task

import config
from flows import cli, pipeline, plan, server
from flows.backfill import backfill
from flows.progress import stages
from tasks import intake, report, steps, store
from tasks.clock import Period
from tasks.kpis import parts
from tasks.objects.base import STAGING
from tasks.storage import Storage
from tasks.store import Built, Made, Request, Table
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
    """A task's work done where it is submitted; how it failed is told where its result is asked for."""

    def __init__(self, task: Task[..., Any], *words: Any, **named: Any) -> None:
        self.failure: Exception | None = None
        try:
            self.made = task.fn(*words, **named)
        except Exception as failure:  # noqa: BLE001  as a future does
            self.failure = failure

    def result(self) -> Any:
        if self.failure:
            raise self.failure
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

    without_prefect(monkeypatch)
    monkeypatch.setattr(parts, "measured", measuring)
    monkeypatch.setattr(steps, "build", building)
    monkeypatch.setattr(store, "_save", saving)
    monkeypatch.setattr(stages, "begin", lambda *_: None)
    monkeypatch.setattr(report, "render", drawn)
    monkeypatch.setattr(report, "tables", lambda *_: {})  # a workbook tells when it was made


def without_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    submit = lambda *words, **named: Done(*words, **named)  # noqa: E731, PLW0108  a class would not be bound to a task
    monkeypatch.setattr(Task, "submit", submit)
    for name in ("as_completed", "wait"):
        monkeypatch.setattr(pipeline, name, iter)


@pytest.fixture
def two_sources(company: Company, at_once: None) -> Company:
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
    backfilled(first, last, "all", str(company.configured(name)))
    return company.folder / name


def backfilled(*words: str) -> Any:
    """What comes of the flow, without Prefect: what was published, or its error."""
    ended: Any = backfill.fn(*words)  # type: ignore[arg-type]
    return ended.result()


def state_of(store: Path) -> State:
    return {str(file.relative_to(store)): file.read_bytes() for file in sorted(store.rglob("*")) if file.is_file()}


def restore(state: State, store: Path) -> None:
    """Makes a store hold a state, and touches what it holds already no more."""
    there = state_of(store) if store.exists() else {}
    for name in there.keys() - state.keys():
        (store / name).unlink()
    for name, content in state.items():
        if there.get(name) != content:
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
            if storage.uri == str(store):
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


def main() -> None:
    """The console command without Prefect, in a process of its own."""
    with pytest.MonkeyPatch.context() as patched:
        without_prefect(patched)
        patched.setattr(server, "available", nullcontext)
        patched.setattr("flows.backfill.backfill", backfilled)
        cli.main()
