"""Where time and memory go for one raw month of 2.9 million events, with eleven earlier months in the store.

    .venv/bin/python benchmarks/month.py [--folder FOLDER] [--events 2900000] [--months 12]

Prefect's fixed part is left out: the tasks' functions are called directly, in the order of a run. The raw files and the
earlier months are made once and kept in the folder; the last month is built anew each time. Not a test: no time is
right or wrong, but file to published tables in more than 5 s means that a step is built wrong.
"""

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from config.models import Config
from flows import plan
from tasks import intake, steps
from tasks.clock import Period, start_of
from tasks.kpis import parts
from tasks.storage import Storage
from tasks.store import Built
from tasks.tables import activity, customers
from tasks.tables.inputs import Choices
from tasks.tables.shards import Shard

ZONE = "Europe/Paris"
LAST = Period.parse("2024-12")
CUSTOMERS = 70_000
EVENT_NAMES = {"page": "visit", "opened": "use", "bought": "purchase", "joined": "signup", "refunded": "return"}
WHOLE = Shard(0, 1)
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "lifecycle-benchmark")
    parser.add_argument("--events", type=int, default=2_900_000)
    parser.add_argument("--months", type=int, default=12)
    chosen = parser.parse_args()
    months = [LAST.shift(-number) for number in range(chosen.months - 1, -1, -1)]
    config = config_of(chosen.folder)
    for month in months:
        write_month(chosen.folder / f"raw/events-{month}.parquet", month, chosen.events)
    earlier(chosen.folder, config, months)
    report(run_last_month(config))


@dataclass
class Watch:
    """Seconds and peak resident memory of each step."""

    steps: list[tuple[str, float, float]] = field(default_factory=list)

    def __call__(self, name: str, work: Callable[[], Result]) -> Result:
        with _peak_memory() as peak:
            started = time.perf_counter()
            result = work()
            seconds = time.perf_counter() - started
        self.steps.append((name, seconds, peak[0]))
        return result


@contextmanager
def _peak_memory() -> Iterator[list[float]]:
    """The largest resident set in MB, sampled every 5 ms."""
    peak, done = [0.0], threading.Event()

    def sample() -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not done.wait(0.005):
            resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * page / 1e6
            peak[0] = max(peak[0], resident)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def config_of(folder: Path) -> Config:
    return Config.model_validate(
        {
            "base": str(folder),
            "store": {"uri": "store"},
            "periods": {"timezone": ZONE},
            "sources": [
                {
                    "name": "events",
                    "uri": "raw/*.parquet",
                    "columns": {
                        "event_id": "event_id",
                        "customer_id": "user_id",
                        "name": "event",
                        "occurred_at": "occurred_at",
                        "received_at": "received_at",
                        "amount": "amount",
                        "item": "item",
                        "country": "country",
                        "plan": "plan",
                    },
                    "kinds": {kind: [name] for name, kind in EVENT_NAMES.items()},
                }
            ],
            "segments": {"dimensions": ["country", "plan"]},
            "activation": {
                "within": "14d",
                "any": [{"kind": "purchase"}, {"kind": "use", "where": "item = 'report'", "count": 3}],
            },
        }
    )


def write_month(file: Path, month: Period, events: int) -> None:
    """Nine columns, about 30 MB: 70,000 active customers of a base that grows by 5,000 a month, 1 in 1,000 twice."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    age = (month.first.year - 2024) * 12 + month.first.month
    rng = np.random.default_rng(age)
    customer = (rng.random(events) ** 1.5 * CUSTOMERS).astype(np.int64) + age * 5_000
    start, end = (int(start_of(day, ZONE).timestamp() * 1e6) for day in (month.first, month.end))
    occurred = np.sort(rng.integers(start, end, events))
    name = rng.choice(list(EVENT_NAMES), events, p=[0.5, 0.41, 0.07, 0.01, 0.01])
    items = pl.Series(["report", "file", "dashboard", None]).gather(rng.integers(0, 4, events))
    frame = pl.DataFrame(
        {
            "event_id": pl.Series(np.arange(events) + age * 10**9).cast(pl.String),
            "user_id": customer,
            "event": name,
            "occurred_at": pl.Series(occurred).cast(pl.Datetime("us", "UTC")),
            "received_at": pl.Series(occurred + 1_000_000).cast(pl.Datetime("us", "UTC")),
            "amount": pl.Series(np.round(rng.random(events) * 100, 2)),
            "item": items,
            "country": pl.Series(["FR", "DE", "ES", "GB", "BE"]).gather(customer % 5),
            "plan": pl.Series(["free", "pro", "team"]).gather(customer % 3),
        }
    ).with_columns(pl.when(pl.col("event").is_in(["bought", "refunded"])).then("amount").alias("amount"))
    pl.concat([frame, frame.sample(events // 1_000, seed=1)]).write_parquet(file, compression="zstd")


def earlier(folder: Path, config: Config, months: list[Period]) -> None:
    """The store with all months but the last, made once; a copy of it is what the measured run works on."""
    ready = folder / "store-before"
    if not ready.exists():
        shutil.rmtree(folder / "store", ignore_errors=True)
        last_file = folder / f"raw/events-{months[-1]}.parquet"
        last_file.rename(folder / "last.parquet")
        run(config, months[-2], Watch())
        (folder / "last.parquet").rename(last_file)
        (folder / "store").rename(ready)
    shutil.rmtree(folder / "store", ignore_errors=True)
    shutil.copytree(ready, folder / "store")


def run_last_month(config: Config) -> Watch:
    watch = Watch()
    run(config, LAST, watch)
    return watch


def run(config: Config, period: Period, watch: Watch) -> None:
    """The work of a run, step by step, as the flows order it."""
    store = config.store_uri
    storage = Storage(store)
    looked = watch("look at sources", lambda: intake.look(storage, config))
    read = [
        watch(f"ingest {file.key}", partial(steps.ingest_file.fn, store, one.mapping, file))
        for one in looked
        for file in one.new
    ]
    intake.remember(storage, config, looked, read)
    events = plan.events_of(storage, looked, read)
    first = plan.first_period(events, config)
    chain = plan.done_chain(storage, config, events, first, period)
    activities, folded = dict(chain.activity), dict(chain.customers)
    for month in plan.months_of(first, period):
        if month in folded:
            continue
        read_parts = events.parts(str(month))
        active = watch(
            f"reduce {month}",
            partial(steps.reduce_month.fn, store, str(month), WHOLE, read_parts, activity.Choices.of(config)),
        )
        [before] = folded.get(month.shift(-1), (None,))
        people = customers.Choices.of(config)
        after = watch(
            f"fold {month}",
            partial(steps.fold_month.fn, store, month, WHOLE, before, active, people),
        )
        activities[month], folded[month] = (active,), (after,)
    whole = plan.Chain(first, activities, folded)
    measured = {
        one: _measure(config, events, whole, one, watch if one == period else Watch())
        for one in plan.measured_before([period], first)
    }
    context = plan.context_of(config, events, whole, plan.edges_of(period, whole))
    own, before_it = measured[period], measured.get(period.shift(-1), [])
    assembled = watch("assemble", partial(steps.assemble_snapshot.fn, store, period, own, before_it, context))
    watch("check identities", partial(steps.check_identities.fn, store, period, assembled))
    manifest = plan.manifest_of(config, events, whole, plan.edges_of(period, whole))
    reporting = steps.Reporting.of(config)
    watch(
        "publish (report included)",
        partial(steps.publish_period.fn, store, period, own, assembled, manifest, reporting),
    )


def _measure(config: Config, events: plan.Events, chain: plan.Chain, period: Period, watch: Watch) -> list[Built]:
    edges, choices, people = plan.edges_of(period, chain), Choices.of(config), customers.Choices.of(config)
    context = plan.context_of(config, events, chain, edges)
    return [
        watch(
            f"measure {name}", partial(steps.measure_table.fn, config.store_uri, name, edges, choices, people, context)
        )
        for name in parts.NAMES
    ]


def report(watch: Watch) -> None:
    print(f"{'step':32}{'seconds':>10}{'peak MB':>10}")
    for name, seconds, peak in watch.steps:
        print(f"{name:32}{seconds:10.2f}{peak:10.0f}")
    tables = sum(seconds for name, seconds, _ in watch.steps if not name.startswith("publish"))
    print(f"{'file to tables':32}{tables:10.2f}{max(peak for *_, peak in watch.steps):10.0f}")


if __name__ == "__main__":
    main()
