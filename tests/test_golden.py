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
from tasks.clock import Period
from tasks.dependencies import STEPS
from tasks.kpis import tables as published
from tasks.sources.ingest import ingest
from tasks.sources.mapping import Mapping as SourceMapping
from tasks.tables import measured
from tests.helpers import Tables, canonical, chain, event, figures, inputs_of, settings

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


def by_month(tables: Mapping[str, Tables]) -> dict[str, pl.DataFrame]:
    return {f"{month} {name}": one for month, found in tables.items() for name, one in found.items()}


def results(folder: Path) -> dict[str, str]:
    """What every step gives now."""
    world = chain(canonical(ROWS, CONFIG), CONFIG)
    kpis = {period: figures(world, period) for period in ("2025-01", "2025-02", "2025-03", "2025-Q1")}
    march = inputs_of(world, Period.parse("2025-03"))
    choices = measured.Choices.of(CONFIG)
    used = measured.features(march, choices).collect()
    cohorts = published.cohorts(march.at_end["cohorts"].collect(), march.period)
    features = published.features(used, 2, march.period)
    summary = report.summary(kpis["2025-03"], cohorts, features, "2025-03", "EUR")
    return {
        "ingest": content(ingested(folder)),
        "reduce": content(by_month(world.activity)),
        "fold": content(by_month(world.ends)),
        "measure": content({**kpis, "cohorts": cohorts, "features": features}),
        "publish": hashlib.sha256(summary).hexdigest()[:16],
    }


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
