"""What happens to a store over time: files that move, vanish or are refused, damaged tables, two runs at once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from schemas.snapshots import TABLES, Snapshot
from tasks import publication
from tasks.publication import Candidate, publish
from tasks.storage import Storage
from tests.flows.company import Company, Row
from tests.flows.test_runs import FEBRUARY, JANUARY, data_files

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_file_of_another_folder_with_the_same_name_replaces_nothing(company: Company) -> None:
    for month, rows in (("01", JANUARY), ("02", FEBRUARY)):
        (company.folder / "raw" / month).mkdir(parents=True)
        company.write(f"{month}/orders.csv", rows)
    company.source["uri"] = "raw/01/orders.csv"
    company.call("run", "2025-01")
    before = company.figures("2025-01")
    company.source["uri"] = "raw/02/orders.csv"
    assert company.call("run", "2025-02").code == 0
    assert company.figures("2025-02")["churn_rate"] == 0.5
    assert company.figures("2025-01") == before


def test_renamed_file_is_counted_once_also_when_the_mapping_changes(company: Company) -> None:
    del company.source["columns"]["event_id"]
    file = company.write("january.csv", JANUARY)
    company.call("run", "2025-01")
    file.rename(file.with_name("jan.csv"))
    company.source["columns"]["quantity"] = "1"
    assert company.call("run", "2025-01").code == 0
    assert (company.figures("2025-01")["orders"], company.figures("2025-01")["revenue"]) == (1.0, 20.0)


def test_gone_file_cannot_be_mapped_anew_and_that_is_said(company: Company) -> None:
    file = company.write("january.csv", JANUARY)
    company.write("february.csv", FEBRUARY)
    company.call("run", "2025-02")
    file.unlink()
    company.source["columns"]["amount"] = "amount * 100"
    company.call("run", "2025-02").is_refusal("january.csv is gone", "has changed", 'on_missing = "withdraw"')
    del company.source["columns"]["amount"]
    company.source["columns"]["amount"] = "amount"
    assert "up to date" in company.call("run", "2025-02").err


def test_gone_file_counts_as_it_is_mapped_now_not_as_it_was_mapped_in_between(company: Company) -> None:
    file = company.write("january.csv", JANUARY)
    company.write("february.csv", FEBRUARY)
    for amount in ("amount", "amount * 100", "amount"):
        company.source["columns"]["amount"] = amount
        company.call("run", "2025-01")
    file.unlink()
    company.call("run", "2025-01")
    assert company.figures("2025-01")["revenue"] == 20.0


def test_refused_file_does_not_haunt_the_store(company: Company) -> None:
    bad = company.write("bad.csv", [(*JANUARY[1][:4], "twenty", "FR")])
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01").is_refusal("bad.csv", "amount_unreadable")
    bad.unlink()
    assert company.call("run", "2025-01").code == 0


def test_truncated_table_is_built_again(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.write("february.csv", FEBRUARY)
    company.call("run", "2025-01")
    for file in company.store.glob("customers/*/*/customers-*.parquet"):
        file.write_bytes(file.read_bytes()[:100])
    for file in company.store.glob("events/period=2025-01/*/*.parquet"):
        file.write_bytes(file.read_bytes()[:100])
    assert company.call("run", "2025-02").code == 0
    assert company.figures("2025-02")["churn_rate"] == 0.5


def test_damaged_snapshot_is_taken_from_its_copy_or_refused_by_name(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.write("february.csv", FEBRUARY)
    company.call("run", "2025-01")
    damaged = company.store / "snapshots/period=2025-01/revision=0001/kpis.parquet"
    copy = company.store / "latest/period=2025-01/kpis.parquet"
    whole = damaged.read_bytes()
    for file in (damaged, copy):
        file.write_bytes(whole[:100])
    said = company.call("run", "2025-02")
    assert said.code == 1
    assert "revision=0001/kpis.parquet is not what was written. `lifecycle run 2025-01` writes it again" in said.err
    assert "Traceback" not in said.err
    copy.write_bytes(whole)
    assert company.call("run", "2025-02").code == 0
    assert damaged.read_bytes() == whole
    for file in (damaged, copy):
        file.write_bytes(whole[:100])
    assert company.call("run", "2025-01").code == 0
    assert (damaged.read_bytes(), copy.read_bytes()) == (whole, whole)


def test_unfinished_writes_of_a_killed_run_are_no_objects(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01")
    record = next((company.store / "ingested/app/files").iterdir())
    record.with_name(record.name + "#1").write_bytes(b"{")
    assert "up to date" in company.call("run", "2025-01").err


def test_language_that_is_dropped_leaves_no_old_report(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01")
    company.config["report"] = {"languages": ["en"]}
    company.call("run", "2025-01")
    names = {file.name for file in (company.store / "latest/period=2025-01").iterdir()}
    assert "report.en.html" in names
    assert not names & {"report.fr.html", "report.fr.md", "claim.json"}


def test_latest_is_restored_when_a_file_of_it_is_lost_or_spoilt(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01")
    before = data_files(company.store)
    (company.store / "latest/period=2025-01/kpis.parquet").write_bytes(b"spoilt")
    (company.store / "latest/period=2025-01/summary.json").unlink()
    company.call("run", "2025-01")
    assert data_files(company.store) == before


def test_rows_without_a_date_are_told_in_the_first_period(company: Company) -> None:
    company.config["validation"] = {"max_rejected": 1.0}
    company.write("january.csv", JANUARY)
    company.write("bad.csv", [("8", "ann-7", "opened", "no date", None, "FR")])
    company.call("run", "2025-01")
    quality = json.loads((company.store / "latest/period=2025-01/manifest.json").read_text())["quality"][0]
    assert (quality["files"], quality["read"], quality["quarantined"]) == (2, 5, 1)


def test_no_customer_is_named_in_messages_or_manifests(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.source["columns"]["quantity"] = 'CAST("user" AS INTEGER)'
    said = company.call("run", "2025-01")
    said.is_refusal("january.csv", "TRY_CAST")
    assert not [name for name in ("ann-7", "bob-8") if name in said.err]
    del company.source["columns"]["quantity"]
    company.source["where"] = "\"user\" NOT IN ('dan-5')"
    company.config["exclude"] = {"customers": ["bob-8"]}
    assert company.call("run", "2025-01").code == 0
    assert company.figures("2025-01")["signups"] == 1.0
    manifest = (company.store / "latest/period=2025-01/manifest.json").read_text()
    assert not [name for name in ("dan-5", "bob-8") if name in manifest]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("itm = 'report'", ["condition 1 (use)", "itm", "Did you mean 'item'"]),
        ("item = ", ["condition 1 (use)", "not an expression"]),
        ("item", ["condition 1 (use)", "true or false"]),
        ("sum(amount) > 3", ["condition 1 (use)", "looks at other rows"]),
    ],
)
def test_bad_condition_of_the_activation_rule_is_told(company: Company, where: str, words: list[str]) -> None:
    company.write("january.csv", JANUARY)
    company.config["activation"] = {"within": "14d", "any": [{"kind": "use", "where": where}]}
    said = company.call("run", "2025-01")
    said.is_refusal(*words)
    assert "Starting Prefect" not in said.err


def candidate(revenue: float) -> Candidate:
    kpis = pl.DataFrame({"kpi": ["revenue"], "segment": ["all"], "level": ["all"], "value": [revenue]})
    tables = {name: pl.DataFrame({"a": [1]}) for name in TABLES} | {"kpis": kpis}
    files = {f"{name}.parquet": publication.parquet_bytes(table) for name, table in tables.items()}
    sources: dict[str, object] = {"inputs": [], "config": {}, "steps": {}, "definitions": {}}
    return Candidate("2025-01", f"built-{revenue}", tables, files, sources)


def test_of_two_runs_at_once_neither_spoils_what_the_other_published(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))

    def meanwhile(_: Snapshot) -> dict[str, bytes]:
        publish(storage, candidate(10.0), lambda _: {})
        return {}

    slow = publish(storage, candidate(20.0), meanwhile)
    fast, newest = (publication.manifest(storage, "2025-01"), publication.read_snapshot(storage, "2025-01"))
    assert publication.revisions(storage, "2025-01") == [1, 2]
    assert slow.revision == 1
    assert fast is not None
    assert newest is not None
    assert newest.kpis["value"].to_list() == [10.0]
    first = pl.read_parquet(tmp_path / "snapshots/period=2025-01/revision=0001/kpis.parquet")
    assert first["value"].to_list() == [20.0]


def test_of_two_runs_at_once_with_the_same_figures_one_publishes(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))

    def meanwhile(_: Snapshot) -> dict[str, bytes]:
        publish(storage, candidate(10.0), lambda _: {})
        return {}

    assert publish(storage, candidate(10.0), meanwhile).revision == 1
    assert publication.revisions(storage, "2025-01") == [1]


def test_ended_run_stops_the_server_it_started(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("status")
    environment = {**os.environ, "PREFECT_HOME": str(company.folder / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    command = [sys.executable, "-c", "from flows.cli import main; main()", "run", "2025-01", "--config"]
    with subprocess.Popen(
        [*command, str(company.folder / "lifecycle.toml")], env=environment, stderr=subprocess.PIPE
    ) as run:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not servers(run.pid):
            time.sleep(0.05)
        started = servers(run.pid)
        run.send_signal(signal.SIGTERM)
        said = run.communicate(timeout=30)[1].decode()
    assert run.returncode == 143, said
    assert started
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def servers(parent: int) -> list[int]:
    """Prefect servers that a process has started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    return [int(pid) for pid in children if b"server" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_placeholder_of_1970_starts_no_history(company: Company) -> None:
    rows: list[Row] = [*JANUARY, ("9", "dan-5", "joined", "1970-01-01 00:00:00", None, "FR")]
    company.config["validation"] = {"max_rejected": 0.5}
    company.write("january.csv", rows)
    assert company.call("run", "2025-01").code == 0
    assert sorted(folder.name for folder in (company.store / "customers").iterdir()) == ["period=2025-01"]
