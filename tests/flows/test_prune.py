"""What prune removes, what it must not, and that nobody notices."""

import json
import os
from pathlib import Path

import pytest

import config
from flows import prune
from tasks.storage import Storage
from tests.flows.company import Company
from tests.flows.test_runs import FEBRUARY, JANUARY, MARCH, all_files

pytestmark = pytest.mark.usefixtures("prefect_server")
OTHERS = {"kinds": ["purchase"]}


@pytest.fixture
def revised(company: Company) -> Company:
    """Three months, and February as it was with another meaning of activity, twice revised."""
    for month, rows in (("01", JANUARY), ("02", FEBRUARY), ("03", MARCH)):
        company.write(f"2025-{month}.csv", rows)
    company.call("backfill", "2025-01", "2025-03")
    company.config["activity"] = OTHERS
    company.call("run", "2025-02")
    del company.config["activity"]
    company.call("backfill", "2025-01", "2025-03")
    a_day_later(company.store)
    return company


def a_day_later(store: Path) -> None:
    for file in store.rglob("*"):
        written_at = file.stat().st_mtime - 90_000
        os.utime(file, (written_at, written_at))


def names(store: Path) -> set[str]:
    return {str(file.relative_to(store)) for file in store.rglob("*") if file.is_file()}


def test_after_a_prune_all_is_as_before_and_nothing_is_built_again(revised: Company) -> None:
    before, said = names(revised.store), revised.call("status").out
    pruned = revised.call("prune", "--keep", "1", "--yes")
    assert pruned.code == 0
    gone = before - names(revised.store)
    assert gone
    assert {name.split("/")[0] for name in gone} == {"activity", "customers", "measures"}
    assert f"Removed {len(gone)} files" in pruned.out
    assert revised.call("status").out == said
    left = all_files(revised.store)
    assert "All 3 periods are up to date" in revised.call("backfill", "2025-01", "2025-03").err
    assert revised.call("explain", "mau", "2025-02", "--customers", str(revised.folder / "a.csv")).code == 0
    assert all_files(revised.store) == left
    assert "Nothing to remove" in revised.call("prune", "--keep", "1", "--yes").out


def test_what_newer_revisions_were_made_from_stays(revised: Company) -> None:
    revised.call("prune", "--keep", "3", "--yes")
    revised.config["activity"] = OTHERS
    before = all_files(revised.store / "customers")
    revised.call("run", "2025-02")
    assert all_files(revised.store / "customers") == before


def test_old_revisions_go_only_when_asked_for(revised: Company) -> None:
    revised.call("prune", "--keep", "1", "--yes")
    assert len([one for one in revised.published() if "2025-02" in one]) == 3
    revised.call("prune", "--keep", "2", "--yes", "--revisions")
    assert [one for one in revised.published() if "2025-02" in one] == [
        "snapshots/period=2025-02/revision=0002/manifest.json",
        "snapshots/period=2025-02/revision=0003/manifest.json",
    ]
    assert not list(revised.store.glob("snapshots/period=2025-02/revision=0001/*"))
    assert "revision 2 → 3" in revised.call("diff", "2025-02").out


def test_unknown_files_and_unknown_needs_are_left_alone(revised: Company) -> None:
    own = {
        "notes.txt",
        "activity/period=2025-02/shard=00/mine.parquet",
        "customers/period=2025-02/backup/" + "0" * 32 + ".json",
        "measures/period=2019-01/" + "0" * 32 + ".json",
    }
    for name in own:
        (revised.store / name).parent.mkdir(parents=True, exist_ok=True)
        (revised.store / name).write_text("{}")
    for file in revised.store.glob("snapshots/period=2025-02/*/manifest.json"):
        manifest = json.loads(file.read_text())
        del manifest["made_from"], manifest["seal"]
        file.write_text(json.dumps(manifest))
    a_day_later(revised.store)
    before = names(revised.store)
    revised.call("prune", "--keep", "1", "--yes")
    assert not [name for name in before - names(revised.store) if "2025-02" in name or name in own]


def test_interrupted_prune_leaves_no_record_without_its_tables(
    revised: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = config.load(revised.folder / "lifecycle.toml", {})
    entries = prune.unneeded(chosen, 1, revisions=False).entries
    deleted: list[str] = []
    true = Storage.delete

    def until_the_third(storage: Storage, key: str) -> None:
        if len(deleted) == 3:
            raise KeyboardInterrupt
        deleted.append(key)
        true(storage, key)

    monkeypatch.setattr(Storage, "delete", until_the_third)
    assert revised.call("prune", "--keep", "1", "--yes").code == 130
    assert all(key.endswith(".json") for key in deleted)
    monkeypatch.setattr(Storage, "delete", true)
    revised.call("prune", "--keep", "1", "--yes")
    assert not [entry for entry in entries if (revised.store / entry.key).exists()]


def test_what_a_run_may_still_need_stays_for_a_day(revised: Company) -> None:
    revised.call("prune", "--keep", "1", "--yes")
    begun = revised.store / "snapshots/period=2025-03/revision=0002"
    begun.mkdir()
    for name in ("claim.json", "kpis.parquet"):
        (begun / name).write_text("{}")
    lost = revised.store / "snapshots/period=2025-01/revision=0001/manifest.json"
    whole = lost.read_bytes()
    lost.unlink()
    [table, *_] = sorted(revised.store.glob("measures/period=2025-01/*.parquet"))
    aside = table.with_name(f"{table.name}.damaged")
    aside.write_bytes(b"")
    before = names(revised.store) | {str(lost.relative_to(revised.store))}
    assert "less than a day old" in revised.call("prune", "--keep", "1", "--yes").out
    assert names(revised.store) == before
    a_day_later(revised.store)
    assert "Removed 3 files" in revised.call("prune", "--keep", "1", "--yes").out
    assert before - names(revised.store) == {
        str(one.relative_to(revised.store)) for one in (begun / "claim.json", begun / "kpis.parquet", aside)
    }
    assert lost.read_bytes() == whole


def test_prune_asks_and_refuses_where_it_cannot_know(revised: Company) -> None:
    before = names(revised.store)
    revised.call("prune", "--keep", "1").is_refusal("Nobody is there to confirm", "--yes")
    revised.call("prune", "--keep", "0", "--yes").is_refusal("keep")
    revised.write("late.csv", JANUARY[:1])
    revised.call("prune", "--keep", "1", "--yes").is_refusal("Files to read: 1", "lifecycle run")
    assert names(revised.store) == before


def test_prune_of_nothing_published_is_told(company: Company) -> None:
    company.write("2025-01.csv", JANUARY)
    company.call("prune", "--keep", "1", "--yes").is_refusal("Nothing is published")
