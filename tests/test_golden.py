"""The versions of the steps, guarded: other results under the same version would leave stale tables "up to date".

When a step is meant to give other results, raise its STEP and write the golden file anew:

    LIFECYCLE_GOLDEN=write .venv/bin/pytest tests/test_golden.py
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from config.models import Source
from tasks import publication, report
from tasks.dependencies import STEPS
from tasks.kpis import assembly
from tasks.sources.ingest import ingest
from tasks.sources.mapping import Mapping as SourceMapping
from tests.helpers import Chain, Tables, canonical, chain, context_of, event, measured_parts, period_of, settings

FILE = Path(__file__).with_name("golden.json")
VERSIONS = {**STEPS, "publish": publication.STEP}
CONFIG = settings(
    dimensions=["plan"],
    activation={
        "within": "14d",
        "any": [{"kind": "purchase", "count": 2}, {"kind": "use", "where": "item = 'report'", "distinct_days": 2}],
    },
)
ROWS = (
    event("ada", "signup", "2025-01-30 10:00", plan="free"),
    event("ada", "use", "2025-01-31 23:59", item="report"),
    event("ada", "use", "2025-02-01 00:00", item="report", plan="pro"),
    event("ada", "purchase", "2025-02-03 10:00", amount=20, quantity=2, reference="o1"),
    event("ada", "purchase", "2025-02-03 10:01", amount=5.5, reference="o1"),
    event("ada", "purchase", "2025-03-30 03:30", amount=7, reference="o2"),
    event("ada", "return", "2025-03-31 10:00", amount=5.5, quantity=1),
    event(None, "visit", "2025-02-05 10:00", anonymous="a1", plan="free"),
    event(None, "visit", "2025-02-06 10:00", anonymous="a2"),
    event("bob", "visit", "2025-02-07 10:00", anonymous="a1"),
    event("bob", "signup", "2025-02-07 10:00"),
    event("bob", "subscribe", "2025-02-08 10:00", amount=30, reference="s1"),
    event("bob", "change", "2025-03-08 10:00", amount=50, reference="s1"),
    event("bob", "cancel", "2025-03-09 10:00", reference="s1"),
    event("cyd", "visit", "2025-01-02 10:00", plan="pro"),
    event("cyd", "visit", "2025-03-02 10:00"),
    event("dan", "target", "2025-02-01 10:00"),
    event("dan", "signup", "2025-02-02 10:00"),
    event("dan", "subscribe", "2025-02-02 10:00", amount=15, reference="s2"),
    event("dan", "deactivate", "2025-03-20 10:00"),
    event("dan", "invoice", "2025-02-03 10:00", amount="15.50"),
    event("dan", "payment", "2025-03-03 10:00", amount=10),
    event("dan", "nps", "2025-03-01 10:00", score=9),
    event("ada", "nps", "2025-03-01 10:00", score=6),
    event("ada", "csat", "2025-03-02 10:00", score=4),
    event(None, "spend", "2025-03-01 00:00", amount="99.90", plan="pro"),
    event(None, "spend", "2025-03-02 00:00", amount=1),
)
RAW = """id;who;what;when;total
1;007;bought;2025-01-05T10:00:00+01:00;12.5
2;;bought;2025-01-05 10:00;3
3;8;bought;2025-02-30 10:00;3
4;8;looked;2025-01-06;
5;9;bought;2025-03-30 02:30:00;abc
6;9;bought;2025-03-30 02:30:00;-1
7;9;bought;2025-03-30 02:30:00;0.12345
"""


def content(tables: dict[str, pl.DataFrame]) -> str:
    """A hash of names, types and values, whatever the version of Parquet's writer."""
    text = "".join(f"{name} {dict(table.schema)}\n{table.write_ndjson()}" for name, table in sorted(tables.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def ingested(folder: Path) -> dict[str, pl.DataFrame]:
    file = folder / "raw.csv"
    file.write_text(RAW, encoding="utf-8")
    columns = {"event_id": "id", "customer_id": "who", "name": "what", "occurred_at": "when", "amount": "total"}
    source = Source(name="shop", uri="raw.csv", columns=columns, kinds={"purchase": ("bought",)})
    made = ingest(file, "raw.csv", SourceMapping(source, "Europe/Paris", ("plan",), "EUR", (1, 5), ()), folder)
    named = (("events", made.parts), ("quarantine", made.quarantined))
    parts = {f"{name} {part.period}": part.file for name, some in named for part in some}
    counts = pl.DataFrame({"counts": [json.dumps(made.counts, sort_keys=True)]})
    return {"counts": counts, **{name: pl.read_parquet(path) for name, path in parts.items()}}


def by_period(tables: Mapping[str, Tables]) -> dict[str, pl.DataFrame]:
    return {f"{period} {name}": one for period, found in tables.items() for name, one in found.items()}


PERIODS = ("2025-01", "2025-02", "2025-03", "2025-Q1")


def snapshots(world: Chain) -> tuple[dict[str, Tables], dict[str, Tables]]:
    """What is measured of each period, and the snapshots put together of it."""
    measured = {period: measured_parts(world, period) for period in PERIODS}
    before = {"2025-02": measured["2025-01"], "2025-03": measured["2025-02"]}
    assembled: dict[str, Tables] = {
        period: assembly.snapshot(own, before.get(period, {}), period_of(period), context_of(world, period_of(period)))
        for period, own in measured.items()
    }
    return measured, assembled


def results(folder: Path) -> dict[str, str]:
    """What every step gives now."""
    world = chain(canonical(ROWS, CONFIG), CONFIG)
    measured, assembled = snapshots(world)
    summaries = b"".join(report.summary(tables, period, "EUR") for period, tables in assembled.items())
    return {
        "ingest": content(ingested(folder)),
        "reduce": content(by_period(world.activity)),
        "fold": content(by_period(world.ends)),
        "measure": content(by_period(measured)),
        "assemble": content(by_period(assembled)),
        "publish": hashlib.sha256(summaries).hexdigest()[:16],
    }


def test_the_golden_log_gives_every_table_something() -> None:
    world = chain(canonical(ROWS, CONFIG), CONFIG)
    for tables in (by_table(world.activity), by_table(world.ends), *(by_table(found) for found in snapshots(world))):
        assert {name for name, heights in tables.items() if not any(heights)} == set()
    kpis = snapshots(world)[1]["2025-Q1"]["kpis"]
    assert kpis.filter(status="missing_input").is_empty()


def by_table(tables: Mapping[str, Tables]) -> dict[str, list[int]]:
    names = {name: None for found in tables.values() for name in found}
    return {name: [found[name].height for found in tables.values()] for name in names}


def test_a_step_gives_what_its_version_says(tmp_path: Path) -> None:
    now = {step: {"version": VERSIONS[step], "content": found} for step, found in results(tmp_path).items()}
    if os.environ.get("LIFECYCLE_GOLDEN") == "write":
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    known = json.loads(FILE.read_text(encoding="utf-8"))
    for step, found in now.items():
        if found["content"] != known[step]["content"]:
            assert found["version"] > known[step]["version"], f"{step} gives other results: raise its STEP"
            pytest.fail(f"{step} has a new version: write the golden file anew (see the top of this file)")
    assert now == known
