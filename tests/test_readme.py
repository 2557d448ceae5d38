"""Every command in the README is run, and its words agree with the project."""

import glob
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import config
from flows import cli
from tasks.kpis import CATALOGUE
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", README, re.MULTILINE)
OURS = [command for command in COMMANDS if "lifecycle " in command]
ELSEWHERE = {"serve"}
"""It does not end by itself; tests/flows/test_serve.py runs it."""
OF_PUBLISHED = {"explain", "diff", "prune"}
"""Commands that ask about a published period: one with two revisions."""
QUERY, VIEW = re.findall(r"^(\w.+?);$", "".join(re.findall(r"```sql\n(.*?)```", README, re.DOTALL)), re.MULTILINE)
LINES = [line for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:
    """A folder with the example config and a small demo company in it."""
    from tasks.demo import simulate

    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "config", folder / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    simulate(folder / "demo", customers=400)
    return folder


def test_readme_has_commands_of_each_kind() -> None:
    assert {"make demo", "make test"} <= set(COMMANDS)
    assert {shlex.split(command)[1] for command in OURS} == {
        "run",
        "backfill",
        "status",
        "kpis",
        "explain",
        "diff",
        "prune",
        "serve",
        "quarantine",
        "init",
        "check",
    }
    assert len(COMMANDS) == len(OURS) + 2


@pytest.mark.parametrize("command", [command for command in OURS if shlex.split(command)[1] not in ELSEWHERE])
def test_lifecycle_command_works(command: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *words = shlex.split(command)
    assert program == ".venv/bin/lifecycle"
    monkeypatch.chdir(project)
    for within in ("7d", "14d") if words[0] in OF_PUBLISHED else ():
        monkeypatch.setenv("LIFECYCLE__ACTIVATION__WITHIN", within)
        monkeypatch.setattr(sys, "argv", ["lifecycle", "run", "2025-06"])
        cli.main()
    monkeypatch.setattr(sys, "argv", ["lifecycle", *words])
    cli.main()


@pytest.fixture(scope="module")
def published(project: Path) -> pl.DataFrame:
    """The figures of that company, two months or more, read file by file."""
    for period in ("2025-05", "2025-06"):
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(project)
            patched.setattr(sys, "argv", ["lifecycle", "run", period])
            cli.main()
    files = sorted((project / "demo/store/latest").glob("*/kpis.parquet"))
    return pl.concat(pl.read_parquet(file.read_bytes()) for file in files)


def test_figures_are_read_by_duckdb(published: pl.DataFrame, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    expected = published.filter(kpi="churn_rate", segment="all").select("period", "value", "low", "high")
    found = duckdb.sql(QUERY)
    assert found is not None
    assert_frame_equal(found.pl(), expected.sort("period"), check_exact=True)
    assert expected["value"].null_count() < expected.height > 1


def test_figures_are_read_by_polars_pandas_and_from_the_workbook(
    published: pl.DataFrame, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    known = {"pl": pl, "pd": pd, "glob": glob}
    frames = [eval(line, known) for line in LINES]  # noqa: S307 -- our own README
    by_polars, by_pandas, from_workbook = (
        frame if isinstance(frame, pl.DataFrame) else pl.from_pandas(frame) for frame in frames
    )
    same = {"check_exact": True, "check_row_order": False}
    assert_frame_equal(by_polars, published, **same)
    assert_frame_equal(by_pandas, published, **same)
    june = published.filter(period="2025-06")
    assert_frame_equal(from_workbook.select(june.columns), june, **same)


def test_figures_are_read_through_a_database_file(published: pl.DataFrame, project: Path, tmp_path: Path) -> None:
    """As a BI tool does it: with DuckDB, in a process and folder of its own, read-only, tables by the catalogue."""
    with duckdb.connect(tmp_path / "lifecycle.duckdb") as database:
        database.execute(VIEW.replace("demo/store", f"{project}/demo/store"))
    script = """
import duckdb
with duckdb.connect("lifecycle.duckdb", read_only=True) as database:
    [(found,)] = database.sql("SELECT table_name FROM information_schema.tables").fetchall()
    database.sql(f"FROM {found}").write_parquet("found.parquet")
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    found = pl.read_parquet(tmp_path / "found.parquet")
    assert_frame_equal(found, published, check_exact=True, check_row_order=False)


@pytest.mark.parametrize(("target", "does"), [("demo", "lifecycle demo"), ("test", "pytest"), ("setup", "")])
def test_make_target_exists(target: str, does: str) -> None:
    """`make test` runs this test, and `lifecycle demo` is run whole in test_demo; here, that make leads to them."""
    said = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    assert does in said.stdout


def test_config_in_the_readme_is_valid(tmp_path: Path) -> None:
    example, more = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    example += more
    tomllib.loads(example)
    (tmp_path / "lifecycle.toml").write_text(example, encoding="utf-8")
    assert config.load(tmp_path / "lifecycle.toml", {}).sources[0].name == "orders"


EXAMPLES = [ROOT / "config" / "lifecycle.toml", *sorted(ROOT.glob("config/examples/*.toml"))]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_shipped_config_is_valid(file: Path) -> None:
    config.load(file, {})


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert "docs/report.png" in links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_changelog_names_every_kpi() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [kpi.name for kpi in CATALOGUE if f"`{kpi.name}`" not in text] == []
