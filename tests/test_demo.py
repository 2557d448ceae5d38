"""The demo, run as a user runs it: what it says, what it publishes, and every figure against an independent oracle."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tasks.kpis import BY_NAME
from tests.conftest import ROOT
from tests.oracle import compare, demo, kernel

MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)][:18]
QUARTERS = [f"{year}-Q{quarter}" for year in (2024, 2025) for quarter in range(1, 5)][:6]
YEARS = ["2024"]
COMMAND = Path(sys.executable).with_name("lifecycle")


@dataclass(frozen=True)
class Demo:
    """What `lifecycle demo` left behind."""

    folder: Path
    said: str

    @property
    def store(self) -> Path:
        return self.folder / "demo/store"

    @property
    def raw(self) -> Path:
        return self.folder / "demo/raw"

    @property
    def truth(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "demo/truth.json").read_text())
        return content

    def run(self, *words: str, **environment: str) -> str:
        """A command in the folder; what it said."""
        home = {
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONWARNINGS": "default",
            **environment,
        }
        done = subprocess.run([COMMAND, *words], cwd=self.folder, env=home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def table(self, name: str, periods: Sequence[str]) -> pl.DataFrame:
        """One published table of several periods."""
        folders = [self.store / f"latest/period={period}" for period in periods]
        return pl.concat([pl.read_parquet(folder / f"{name}.parquet") for folder in folders])

    def manifest(self, month: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.store / f"latest/period={month}/manifest.json").read_text())
        return content


GRAINS = {"month": MONTHS, "quarter": QUARTERS, "year": YEARS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`lifecycle demo` in a folder of its own, with the example config as it stands; its quarters and year after it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "config", folder / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    demo = Demo(folder, "")
    said = demo.run("demo")
    for grain, periods in (("quarter", QUARTERS), ("year", YEARS)):
        demo.run("backfill", periods[0], periods[-1], LIFECYCLE__PERIODS__GRAIN=grain)
    return Demo(folder, said)


@pytest.fixture(scope="module")
def kpis(finished: Demo) -> pl.DataFrame:
    return finished.table("kpis", MONTHS)


def test_demo_says_where_the_report_is_and_shows_no_noise(finished: Demo) -> None:
    assert not re.search(r"Traceback|Warning|warning|ERROR|CRITICAL|Error", finished.said), finished.said
    reports = re.findall(r"Report: +(\S+report\.(?:en|fr)\.html)", finished.said)
    assert [Path(name).exists() for name in reports] == [True, True]
    assert len(finished.said.splitlines()) < 30


def test_every_month_is_published_with_both_reports(finished: Demo) -> None:
    assert sorted(folder.name for folder in (finished.store / "latest").iterdir()) == [
        f"period={name}" for name in sorted([*MONTHS, *QUARTERS, *YEARS])
    ]
    for month in MONTHS:
        names = {file.name for file in (finished.store / f"latest/period={month}").iterdir()}
        assert {"report.en.html", "report.fr.html", "kpis.parquet", "summary.json", "manifest.json"} <= names


@pytest.fixture(scope="module")
def oracle(finished: Demo) -> Iterator[duckdb.DuckDBPyConnection]:
    with demo.events(finished.raw) as connection:
        yield connection


@pytest.mark.parametrize("grain", GRAINS)
def test_every_figure_equals_the_oracle(finished: Demo, oracle: duckdb.DuckDBPyConnection, grain: str) -> None:
    periods = GRAINS[grain]
    theirs = kernel.figures(oracle, periods[0], periods[-1], grain)
    ours = finished.table("kpis", periods)
    assert sorted(ours["kpi"].unique()) == sorted(theirs["kpi"].unique()) == sorted(BY_NAME)
    assert theirs.height > 400 * len(periods)
    different = compare.differences(ours.select(*theirs.columns, "status"), theirs, tolerance=1e-9)
    assert different.is_empty(), different


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("name", ["cohorts", "movements", "contributions", "churn_definitions"])
def test_every_table_equals_the_oracle(
    finished: Demo, oracle: duckdb.DuckDBPyConnection, name: str, grain: str
) -> None:
    periods = GRAINS[grain]
    make: Callable[..., pl.DataFrame] = getattr(kernel, name)
    theirs = make(oracle, periods[0], periods[-1], grain=grain)
    key = [*(column for column, kind in theirs.schema.items() if kind == pl.String and column != "status")]
    key += ["age"] if name == "cohorts" else []
    numbers = [column for column in theirs.columns if column not in {*key, "status"}]
    ours = finished.table(name, periods).select(*key, *numbers)
    assert theirs.height or (name, grain) == ("contributions", "year"), "the first year has none before it"
    different = compare.row_differences(ours, theirs, key, numbers)
    assert different.is_empty(), different


def test_figures_equal_what_the_simulator_knows(finished: Demo, kpis: pl.DataFrame) -> None:
    whole = kpis.filter(pl.col("segment") == "all")
    found = {(row["period"], row["kpi"]): row for row in whole.iter_rows(named=True)}
    for month, truth in zip(MONTHS, _months(finished.truth), strict=True):
        counts = {
            "visitors": truth["visitors"],
            "signups": truth["signups"],
            "mau": truth["mau"],
            "orders": truth["orders"],
            "revenue": float(truth["revenue"]),
            "marketing_spend": float(truth["spend"]),
        }
        assert {name: found[month, name]["value"] for name in counts} == counts
        shares = {
            "activation_rate": (truth["activated_by_month_end"], truth["signups"]),
            "activation_rate_window": (truth["window_activated"], truth["window_closed"]),
            "churn_rate": (truth["churned"], truth["base_at_start"]),
            "product_return_rate": (truth["returned_units"], truth["sold_units"]),
            "activation_rate_targeted": (truth["activated_after_target"], truth["targeted_not_activated"]),
            "nps": (truth["nps_promoters"] - truth["nps_detractors"], truth["nps_answers"]),
            "csat": (truth["csat_satisfied"], truth["csat_answers"]),
            "dso": (float(truth["receivable_at_end"]), float(truth["invoiced"])),
        }
        measured = {name: counts for name, counts in shares.items() if counts[1]}
        assert {
            name: (found[month, name]["numerator"], found[month, name]["denominator"]) for name in measured
        } == measured


def _months(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return [truth["months"][month] for month in MONTHS] if isinstance(truth["months"], dict) else truth["months"]


def test_every_row_of_every_file_is_accounted_for(finished: Demo) -> None:
    outcomes = ("read", "accepted", "duplicate", "filtered", "ignored", "quarantined")
    told = [source for month in MONTHS for source in finished.manifest(month)["quality"]]
    for name, files in finished.truth["files"].items():
        counted = {one: sum(source[one] for source in told if source["source"] == name) for one in outcomes}
        known = {
            one: sum(file[one] for file in (files.values() if isinstance(files, dict) else files)) for one in outcomes
        }
        assert counted == known
        assert counted["read"] == sum(counted[one] for one in outcomes[1:])
    with demo.events(finished.raw) as connection:
        oracle = {row["source"]: row for row in demo.rows(connection).to_dicts()}
    assert {name: sum(one["read"] for one in told if one["source"] == name) for name in oracle} == {
        name: row["read"] for name, row in oracle.items()
    }


def test_segments_add_up_to_the_whole(kpis: pl.DataFrame) -> None:
    # A lifetime value is made of two quotients: nothing of it adds up.
    additive = (pl.col("segment") != "item") & (pl.col("kpi") != "customer_lifetime_value")
    counts = kpis.filter(additive).with_columns(
        pl.when(pl.col("kpi") == "dau").then(None).otherwise("denominator").alias("denominator")
    )
    sums = counts.group_by("period", "kpi", "segment").agg(pl.col("numerator", "denominator").sum())
    spread = sums.group_by("period", "kpi").agg(
        ((pl.col(name).max() - pl.col(name).min()) / (pl.col(name).max() + 1)).alias(name)
        for name in ("numerator", "denominator")
    )
    assert spread.height > 400
    assert (spread["numerator"] < 1e-12).all()
    assert (spread["denominator"].drop_nulls() < 1e-12).all()


def test_features_are_the_adoption_figures_by_item(finished: Demo, kpis: pl.DataFrame) -> None:
    features = finished.table("features", MONTHS)
    by_item = kpis.filter((pl.col("kpi") == "feature_adoption_rate") & (pl.col("segment") == "item"))
    names = {"level": "item", "numerator": "customers", "denominator": "active_customers", "value": "adoption"}
    expected = by_item.rename(names).select(features.columns)
    assert features.height == 18 * 3
    assert features.sort("period", "item").equals(expected.sort("period", "item"))


def test_published_files_name_no_customer(finished: Demo) -> None:
    ids = set(
        pl.read_parquet(finished.raw / "app/app-2024-01.parquet")["user_id"].drop_nulls().cast(pl.String).head(50)
    )
    for file in (finished.store / "latest/period=2025-06").glob("*.*"):
        content = file.read_text(encoding="utf-8", errors="ignore")
        assert not [one for one in ids if re.search(rf"\b{one}\b", content)], file
