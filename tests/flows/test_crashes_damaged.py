"""Damaged files of the store: built again, taken from their copies, or refused with what to do."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from config.errors import DamagedError
from tasks import publication
from tasks.storage import Storage
from tests.flows.company import Company
from tests.flows.crashing import LATE, backfilled, restore, run, state_of, timeless

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
def test_damaged_file_is_built_again(two_sources: Company, how: str) -> None:
    whole = state_of(run(two_sources))
    unchanged = timeless(two_sources.store)
    late_file = two_sources.write("late.csv", LATE)
    restated = timeless(run(two_sources))
    for kind, pattern in FILES.items():
        for late, expected in ((False, unchanged), (True, restated)):
            late_file = late_file.rename(two_sources.folder / ("raw/late.csv" if late else "late.csv"))
            restore(whole, two_sources.folder / "damaged")
            damaged = damage(two_sources.folder / "damaged", pattern, how)
            found = timeless(run(two_sources, "damaged"))
            different = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
            # What nobody reads is not looked at: tables behind figures that are current, quarantine, claims.
            unread = {str(file.relative_to(two_sources.folder / "damaged")) for file in damaged}
            assert not {name for name in different - unread if name.startswith(("snapshots/", "latest/"))}, kind
            assert different <= unread, kind
            assert not different & {name for name in unread if name.startswith("latest/")}, kind
            if how == "flipped" and late and kind in {"events", "activity"}:
                assert list((two_sources.folder / "damaged").rglob("*.damaged")), kind


def test_flipped_bit_in_the_customers_of_the_month_before_is_found(two_sources: Company) -> None:
    expected = timeless(run(two_sources, "other"))
    run(two_sources, last="2025-01")
    damaged = damage(two_sources.store, "customers/*/*/*.parquet", "flipped")
    assert timeless(run(two_sources)) == expected
    assert [file for file in two_sources.store.rglob("*.damaged") if file.with_suffix("") in damaged]


def test_flipped_bits_in_all_figures_behind_a_snapshot_are_found(two_sources: Company) -> None:
    expected = timeless(run(two_sources, "other"))
    run(two_sources)
    damage(two_sources.store, "measures/*/*.parquet", "flipped")
    for name in ("snapshots", "latest"):
        shutil.rmtree(two_sources.store / name)
    assert timeless(run(two_sources)) == expected
    assert len(list(two_sources.store.rglob("*.damaged"))) > 20


def test_what_was_published_before_a_new_start_is_told_as_new(two_sources: Company) -> None:
    run(two_sources)
    for name in ("snapshots", "latest"):
        shutil.rmtree(two_sources.store / name)
    damage(two_sources.store, "measures/period=2025-02/*.parquet", "flipped")
    published = backfilled("2025-01", "2025-02", "all", str(two_sources.configured()))
    assert {one.period: one.is_new for one in published} == {"2025-01": True, "2025-02": True}
    assert list(two_sources.store.glob("measures/period=2025-02/*.damaged"))


def test_manifest_without_a_copy_is_refused_with_what_to_do(two_sources: Company) -> None:
    before = timeless(run(two_sources))
    [damaged, _] = damage(two_sources.store, "*/period=2025-01/**/manifest.json", "flipped")[::-1]
    advice = "is not what was written. Delete it and publish 2025-01 again"
    with pytest.raises(DamagedError, match=re.escape(f"{damaged} {advice}")):
        run(two_sources)
    damaged.unlink()
    assert timeless(run(two_sources)) == before


def test_table_damaged_again_ends_the_run(two_sources: Company) -> None:
    run(two_sources)
    two_sources.write("late.csv", LATE)
    with pytest.MonkeyPatch.context() as patched:
        local = Storage.local
        damaged = lambda own, key, content: None if key.startswith("events/") else local(own, key, content)  # noqa: E731
        patched.setattr(Storage, "local", damaged)
        with pytest.raises(DamagedError, match=r"events/.* is not what was written\. It was set aside\. The next run"):
            run(two_sources)


def test_lost_events_of_a_file_that_is_gone_are_told(two_sources: Company) -> None:
    run(two_sources)
    (two_sources.folder / "raw/2025-01.csv").unlink()
    before = timeless(run(two_sources))
    whole = state_of(two_sources.store)
    damage(two_sources.store, "events/period=2025-01/*/app-*.parquet", "truncated")
    with pytest.raises(DamagedError, match=r"Its events come from raw/2025-01.csv of source 'app', which is gone"):
        run(two_sources)
    restore(whole, two_sources.store)
    damage(two_sources.store, "ingested/app/files/*.json", "flipped")
    with pytest.raises(DamagedError, match=r"ingested/app/files/\w+.json .* remembers a file that is gone"):
        run(two_sources)
    restore(whole, two_sources.store)
    assert timeless(run(two_sources)) == before


def test_damaged_figures_do_not_reach_latest(two_sources: Company) -> None:
    run(two_sources)
    [damaged] = damage(two_sources.store, "snapshots/period=2025-02/*/kpis.parquet", "flipped")
    shutil.rmtree(two_sources.store / "latest")
    with pytest.raises(DamagedError, match=r"kpis\.parquet is not what was written\. `lifecycle run 2025-02`"):
        publication.copy_to_latest(Storage(str(two_sources.store)), "2025-02")
    assert timeless(run(two_sources)) == timeless(run(two_sources, "other"))
    assert damaged.read_bytes() == (two_sources.store / "latest/period=2025-02/kpis.parquet").read_bytes()
