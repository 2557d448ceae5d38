"""Whole runs of the command line on a tiny company: the first, the second, and what late or copied files change."""

import hashlib
import json
import re
from pathlib import Path

import polars as pl
import pytest
from prefect.client.orchestration import get_client

from flows import cli
from tasks import publication
from tasks.kpis import CATALOGUE
from tasks.report import catalogue
from tasks.report.texts import Language
from tasks.tables import base
from tasks.tables.inputs import Choices, Inputs
from tests.flows.company import Company, Row

pytestmark = pytest.mark.usefixtures("prefect_server")

JANUARY: list[Row] = [
    ("1", "ann-7", "joined", "2025-01-05 10:00:00", None, "FR"),
    ("2", "ann-7", "bought", "2025-01-06 10:00:00", "20.00", "FR"),
    ("3", "bob-8", "joined", "2025-01-07 10:00:00", None, "DE"),
    ("4", "bob-8", "opened", "2025-01-31 23:59:59", None, "DE"),
]
FEBRUARY: list[Row] = [
    ("5", "ann-7", "opened", "2025-02-01 00:00:00", None, "FR"),
    ("6", "cat-9", "joined", "2025-02-03 10:00:00", None, None),
    ("7", "cat-9", "bought", "2025-02-04 10:00:00", "5.50", None),
]
MARCH: list[Row] = [
    ("8", "ann-7", "bought", "2025-03-02 10:00:00", "7.25", "FR"),
    ("9", "cat-9", "opened", "2025-03-03 10:00:00", None, "ES"),
]
DATA = ("kpis.parquet", "cohorts.parquet", "features.parquet", "summary.json")


@pytest.fixture
def filled(company: Company) -> Company:
    company.write("2025-01.csv", JANUARY)
    company.write("2025-02.csv", FEBRUARY)
    company.write("2025-03.csv", MARCH)
    return company


def data_files(store: Path) -> dict[str, str]:
    """Hashes of the published data files in `latest/`."""
    return {
        str(file.relative_to(store)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(store.glob("latest/*/*"))
        if file.name in DATA
    }


def all_files(store: Path) -> dict[str, int]:
    """When every file of the store was last written."""
    return {str(file): file.stat().st_mtime_ns for file in store.rglob("*") if file.is_file()}


def test_backfill_publishes_every_period_with_both_reports(filled: Company) -> None:
    said = filled.call("backfill", "2025-01", "2025-03")
    assert said.code == 0
    assert "2025-03: published revision 1" in said.err
    for month in ("2025-01", "2025-02", "2025-03"):
        names = {file.name for file in (filled.store / f"latest/period={month}").iterdir()}
        assert {*DATA, "manifest.json", "report.en.html", "report.fr.html", "report.en.md", "report.fr.md"} <= names
        assert "report.xlsx" in names
    assert filled.figures("2025-01")["activation_rate"] == 0.5
    assert filled.figures("2025-02")["churn_rate"] == 0.5
    assert filled.figures("2025-03")["revenue"] == 7.25


def test_second_run_does_nothing_and_says_so(filled: Company) -> None:
    assert filled.call("run", "2025-02").code == 0
    before = all_files(filled.store)
    said = filled.call("run", "2025-02")
    assert said.code == 0
    assert "2025-02 is up to date (revision 1). Nothing to do." in said.err
    assert all_files(filled.store) == before


def test_backfill_equals_the_original_monthly_runs_byte_for_byte(filled: Company) -> None:
    for name in ("2025-02.csv", "2025-03.csv"):
        (filled.folder / "raw" / name).rename(filled.folder / name)
    filled.call("run", "2025-01")
    for month in ("2025-02", "2025-03"):
        (filled.folder / f"{month}.csv").rename(filled.folder / f"raw/{month}.csv")
        assert filled.call("run", month).code == 0
    original = data_files(filled.store)
    filled.config["store"] = {"uri": "other"}
    filled.call("backfill", "2025-01", "2025-03")
    assert data_files(filled.folder / "other") == original
    assert len(original) == 3 * len(DATA)


def test_late_data_restates_its_month_and_those_it_changes_and_no_other(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-03")
    first = (filled.store / "snapshots/period=2025-02/revision=0001/kpis.parquet").read_bytes()
    filled.write("late.csv", [("10", "bob-8", "opened", "2025-02-20 10:00:00", None, "DE")])
    status = filled.call("status").out
    assert "may change: files to read: 1" in status
    assert "stale" not in status
    assert filled.call("backfill", "2025-01", "2025-03").code == 0
    assert filled.published() == [
        "snapshots/period=2025-01/revision=0001/manifest.json",
        "snapshots/period=2025-02/revision=0001/manifest.json",
        "snapshots/period=2025-02/revision=0002/manifest.json",
        "snapshots/period=2025-03/revision=0001/manifest.json",
        "snapshots/period=2025-03/revision=0002/manifest.json",
    ]
    assert (filled.store / "snapshots/period=2025-02/revision=0001/kpis.parquet").read_bytes() == first
    manifest = json.loads((filled.store / "latest/period=2025-02/manifest.json").read_text())
    assert manifest["changed"]["because"] == [
        {"cause": "file_added", "name": "app/late.csv"},
        {"cause": "late_events", "name": "app", "first": "2025-02", "last": "2025-02", "kinds": {"use": 1}},
    ]
    mau = [one for one in manifest["changed"]["figures"] if one["kpi"] == "mau" and one["segment"] == "all"]
    assert mau == [{"kpi": "mau", "segment": "all", "level": "all", "old": 2.0, "new": 3.0}]
    restated = data_files(filled.store)
    filled.config["store"] = {"uri": "other"}
    filled.call("backfill", "2025-01", "2025-03")
    assert data_files(filled.folder / "other") == restated


def test_redelivered_file_changes_nothing_but_is_counted(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-02")
    before = data_files(filled.store)
    filled.write("2025-01-again.csv", JANUARY)
    assert "All 2 periods are up to date" in filled.call("backfill", "2025-01", "2025-02").err
    assert data_files(filled.store) == before
    filled.config["store"] = {"uri": "other"}
    filled.call("run", "2025-01")
    assert data_files(filled.folder / "other") == {name: one for name, one in before.items() if "2025-01" in name}
    quality = json.loads((filled.folder / "other/latest/period=2025-01/manifest.json").read_text())["quality"]
    assert (quality[0]["read"], quality[0]["accepted"], quality[0]["duplicate"]) == (8, 4, 4)


def test_order_of_rows_and_split_of_files_change_nothing(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-03")
    before = data_files(filled.store)
    rows = [*MARCH[::-1], *JANUARY[::-1], *FEBRUARY]
    for old in (filled.folder / "raw").iterdir():
        old.unlink()
    filled.write("a.csv", rows[:4])
    filled.write("b.csv", rows[4:])
    filled.config["store"] = {"uri": "other"}
    filled.call("backfill", "2025-01", "2025-03")
    assert data_files(filled.folder / "other") == before


def test_file_that_is_gone_keeps_its_events_unless_withdrawn(filled: Company) -> None:
    filled.call("run", "2025-02")
    (filled.folder / "raw/2025-01.csv").unlink()
    assert "up to date" in filled.call("run", "2025-02").err
    filled.source["on_missing"] = "withdraw"
    assert "published revision 2" in filled.call("run", "2025-02").err
    assert filled.figures("2025-02")["churn_rate"] is None


def test_killed_publication_is_finished_with_the_same_bytes(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-02")
    before = data_files(filled.store)
    (filled.store / "snapshots/period=2025-02/revision=0001/manifest.json").unlink()
    for file in (filled.store / "latest/period=2025-02").iterdir():
        file.unlink()
    assert "2025-02: published revision 1" in filled.call("run", "2025-02").err
    assert data_files(filled.store) == before


def test_only_missing_leaves_published_periods_alone(filled: Company) -> None:
    filled.call("run", "2025-01")
    filled.write("late.csv", [("11", "dan-3", "joined", "2025-01-20 10:00:00", None, "DE")])
    said = filled.call("backfill", "2025-01", "2025-02", "--only", "missing")
    assert "2025-02: published revision 1" in said.err
    assert "2025-01" not in said.err.replace("period=2025-01", "")
    assert re.search(r"2025-01 +1 .*stale: file added: app/late.csv", filled.call("status").out)
    assert "2025-01: published revision 2" in filled.call("backfill", "2025-01", "2025-02", "--only", "stale").err
    assert "stale" not in filled.call("status").out


def test_changed_config_key_is_the_reason_that_is_given(filled: Company) -> None:
    filled.call("run", "2025-01")
    filled.config["activation"] = {"within": "14d", "any": [{"kind": "use"}]}
    assert "stale: config key activation.any changed" in filled.call("status").out
    filled.call("run", "2025-01")
    manifest = json.loads((filled.store / "latest/period=2025-01/manifest.json").read_text())
    assert manifest["changed"]["because"] == [{"cause": "config", "name": "activation.any"}]


def test_figures_an_earlier_version_did_not_have_are_new_and_not_changed() -> None:
    told = {"inputs": [], "config": {}, "steps": {"measure": 1}}
    old = {**told, "definitions": {"churn_rate": 1, "visitors": 1}}
    new = {**told, "definitions": {"churn_rate": 1, "visitors": 2, "mrr": 1, "nps": 1}}
    assert publication.reasons(old, new) == [
        {"cause": "definition", "name": "visitors"},
        {"cause": "figures_added", "name": "2"},
    ]


def test_period_without_events_is_published_with_aged_customers(filled: Company) -> None:
    assert filled.call("run", "2025-05").code == 0
    figures = filled.figures("2025-05")
    assert figures["mau"] == 0.0
    assert figures["churn_rate"] is None
    assert figures["stickiness"] is None


def test_quarter_is_measured_from_its_months(filled: Company) -> None:
    filled.config["periods"]["grain"] = "quarter"
    assert filled.call("run", "2025-Q1").code == 0
    figures = filled.figures("2025-Q1")
    assert (figures["mau"], figures["signups"], figures["revenue"]) == (3.0, 3.0, 32.75)


def test_force_builds_again_and_publishes_nothing_new(filled: Company) -> None:
    filled.call("run", "2025-01")
    table = next((filled.store / "activity/period=2025-01/shard=00").glob("activity-*.parquet"))
    written = table.stat().st_mtime_ns
    assert "Nothing to do" in filled.call("run", "2025-01", "--force").err
    assert table.stat().st_mtime_ns > written


def test_environment_overrides_the_config(filled: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFECYCLE__STORE__URI", str(filled.folder / "elsewhere"))
    filled.call("run", "2025-01")
    assert (filled.folder / "elsewhere/latest/period=2025-01/manifest.json").exists()
    assert not filled.store.exists()


def test_figures_that_contradict_each_other_stop_publication(filled: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    true = base.movements

    def faulty(inputs: Inputs, choices: Choices) -> pl.LazyFrame:
        return true(inputs, choices).with_columns(kept=True)

    monkeypatch.setattr(base, "movements", faulty)
    said = filled.call("run", "2025-02")
    assert said.code == 1
    assert "Traceback" not in said.out + said.err
    # Ann stays, Bob is lost, Cat is new: three, of whom only one was kept.
    told = (
        "Error: 2025-02: figures contradict each other; nothing was published.",
        "start + new + reactivated − lost = new + kept + reactivated = end",
        "(all all: start 2.0, new 1.0, kept 3.0, reactivated 0.0, lost 1.0, end 2.0)",
    )
    assert [words for words in told if words not in said.err] == []
    assert filled.published() == []
    assert not list(filled.store.glob("latest/*/*"))
    monkeypatch.setattr(base, "movements", true)
    assert "2025-02: published revision 1" in filled.call("run", "2025-02", "--force").err


def test_what_nobody_foresaw_is_told_here_and_named_only_on_prefects_pages(
    filled: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> pl.LazyFrame:
        raise ValueError("a row of ann-7 was odd")

    monkeypatch.setattr(base, "movements", faulty)
    said = filled.call("run", "2025-01")
    assert said.code == 1
    assert "Error: The run failed unexpectedly: ValueError: a row of ann-7 was odd" in said.err
    with get_client(sync_client=True) as client:
        states = [one.state for one in client.read_task_runs(limit=200)]
        states += [one.state for one in client.read_flow_runs(limit=200)]
    told = [state.message for state in states if state and state.message]
    assert any("failed unexpectedly (ValueError)" in message for message in told)
    assert not [message for message in told if "ann-7" in message]


def test_one_period_that_fails_does_not_lose_the_others(filled: Company) -> None:
    (filled.store / "snapshots").mkdir(parents=True)
    in_the_way = filled.store / "snapshots/period=2025-02"
    in_the_way.write_text("not a folder")
    said = filled.call("backfill", "2025-01", "2025-03")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert "2 of 3 periods are published. Failed:\n  - 2025-02: " in said.err
    assert [name.split("/")[1] for name in filled.published()] == ["period=2025-01", "period=2025-03"]
    in_the_way.unlink()
    assert filled.call("backfill", "2025-01", "2025-03").code == 0
    mended = data_files(filled.store)
    filled.config["store"]["uri"] = "undisturbed"
    assert filled.call("backfill", "2025-01", "2025-03").code == 0
    assert mended == data_files(filled.folder / "undisturbed")


def test_month_that_cannot_be_built_ends_the_chain_but_not_what_is_before_it(filled: Company) -> None:
    (filled.store / "customers").mkdir(parents=True)
    in_the_way = filled.store / "customers/period=2025-02"
    in_the_way.write_text("not a folder")
    said = filled.call("backfill", "2025-01", "2025-03")
    assert said.code == 1
    assert "1 of 3 periods are published. Failed:\n  - 2025-02, 2025-03: " in said.err
    in_the_way.unlink()
    assert filled.call("backfill", "2025-01", "2025-03").code == 0
    assert len(filled.published()) == 3


def test_status_before_anything_is_published(filled: Company) -> None:
    assert "Nothing is published yet" in filled.call("status").out


def test_published_files_name_no_customer(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-03")
    for file in filled.store.glob("latest/*/*"):
        content = file.read_bytes()
        assert not [name for name in (b"ann-7", b"bob-8", b"cat-9") if name in content], file


def test_kpis_are_the_contract_columns(filled: Company) -> None:
    filled.call("run", "2025-01")
    kpis = pl.read_parquet(filled.store / "latest/period=2025-01/kpis.parquet")
    names = "period kpi segment level numerator denominator value low high unit status"
    assert kpis.columns == names.split()
    numbers = ("numerator", "denominator", "value", "low", "high")
    assert {kpis.schema[name] for name in numbers} == {pl.Float64()}


def test_month_without_a_file_is_pointed_out(filled: Company) -> None:
    said = filled.call("backfill", "2025-01", "2025-05")
    assert "Note: No source has an event in 2025-04; the last is of 2025-03. Are files missing?" in said.err
    assert "No source has an event in 2025-05" in said.err
    assert "No source has an event in 2025-03" not in said.err


def test_run_names_earlier_periods_that_are_stale(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-02")
    filled.write("late.csv", [("10", "bob-8", "opened", "2025-01-20 10:00:00", None, "DE")])
    said = filled.call("run", "2025-03")
    # February's customers are the same, but it says why its shares moved since January.
    assert "Note: Earlier periods are stale: 2025-01, 2025-02." in said.err
    assert len(filled.published()) == 3


def test_files_that_have_disappeared_are_pointed_out(filled: Company) -> None:
    filled.call("run", "2025-02")
    (filled.folder / "raw/2025-01.csv").unlink()
    assert (
        "Note: Files that have disappeared from the sources: 1. Their events are kept"
        in filled.call("run", "2025-02").err
    )


def test_field_of_a_nested_object_called_like_an_sql_word(company: Company) -> None:
    company.source["uri"] = "raw/*.ndjson"
    company.source["columns"] = {"customer_id": "user.id", "name": "event", "occurred_at": "at"}
    company.config["segments"] = {"dimensions": []}
    company.text("a.ndjson", '{"user": {"id": 7}, "event": "joined", "at": "2025-01-05T10:00:00Z"}\n')
    assert company.call("run", "2025-01").code == 0
    assert company.figures("2025-01")["signups"] == 1.0


def test_interrupted_command_says_so_and_exits_130(filled: Company) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    filled.monkeypatch.setattr("flows.plan.refuse_bad_activation", interrupted)
    said = filled.call("run", "2025-01")
    assert said.code == 130
    assert "Stopped. What was finished is kept" in said.err


def test_catalogue_says_what_every_figure_means_in_both_languages(filled: Company) -> None:
    filled.config["report"] = {"currency": "GBP"}
    english, french = filled.call("kpis").out, filled.call("kpis", "--language", "fr").out
    said_in: dict[Language, str] = {"en": english, "fr": french}
    for language, said in said_in.items():
        for entry in catalogue.entries(CATALOGUE, {}, language):
            assert f"{entry.name}  {entry.label}\n" in said
            assert entry.formula in said
    assert "Unit: GBP (more is better)" in english


def test_every_command_takes_a_config_and_misses_it_by_name(filled: Company) -> None:
    asking = (["explain", "mau", "2025-01"], ["diff", "2025-01"], ["prune", "--keep", "1"])
    for words in (["run"], ["backfill", "2025-01", "2025-01"], ["status"], ["kpis"], ["demo"], *asking):
        filled.monkeypatch.setattr("sys.argv", ["lifecycle", *words, "--config", "nowhere.toml"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
        assert "nowhere.toml" in filled.capture.readouterr().err
