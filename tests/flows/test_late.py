"""Late data and restatement: which periods get a new revision, what it says of the events, and what it leaves alone."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from schemas.snapshots import TABLES
from tests.flows.company import Company, Row

pytestmark = pytest.mark.usefixtures("prefect_server")

MONTHS = tuple(f"2025-{month:02d}" for month in range(1, 7))
DATA = (*(f"{name}.parquet" for name in TABLES), "summary.json")
BACKFILL = ("backfill", MONTHS[0], MONTHS[-1])
LATE: list[Row] = [
    ("90", "ann-7", "bought", "2025-03-20 10:00:00", "30.00", "FR"),
    ("91", "bob-8", "bought", "2025-03-21 10:00:00", "12.00", "DE"),
    ("92", "eve-5", "joined", "2025-03-22 10:00:00", None, "DE"),
    # Known already: no late event.
    ("2025-03-2", "ann-7", "bought", "2025-03-06 10:00:00", "20.00", "FR"),
]


def month_of(month: str) -> list[Row]:
    """Ann buys every month; somebody new joins and uses something."""
    new = f"new-{month}"
    return [
        (f"{month}-1", new, "joined", f"{month}-05 10:00:00", None, "ES"),
        (f"{month}-2", "ann-7", "bought", f"{month}-06 10:00:00", "20.00", "FR"),
        (f"{month}-3", new, "opened", f"{month}-07 10:00:00", None, "ES"),
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("done")


@pytest.fixture
def published(company: Company, done: Path) -> Company:
    """Six months, published; computed for the first test, copied for the others, which read the files once more."""
    if any(done.iterdir()):
        shutil.copytree(done, company.folder, dirs_exist_ok=True)
        return company
    for month in MONTHS:
        company.write(f"{month}.csv", month_of(month))
    company.call(*BACKFILL)
    shutil.copytree(company.folder, done, dirs_exist_ok=True)
    return company


def data_of(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in DATA}


def latest(store: Path) -> dict[str, dict[str, str]]:
    return {month: data_of(store / f"latest/period={month}") for month in MONTHS}


def first_revisions(store: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(store.glob("snapshots/*/revision=0001/*"))}


def manifest(company: Company, month: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((company.store / f"latest/period={month}/manifest.json").read_text())
    return found


def because(company: Company, month: str) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = manifest(company, month)["changed"]["because"]
    return reasons


def from_nothing(company: Company) -> dict[str, dict[str, str]]:
    company.config["store"] = {"uri": "other"}
    assert company.call(*BACKFILL).code == 0
    company.config["store"] = {"uri": "store"}
    return latest(company.folder / "other")


def events(cause: str, month: str, **kinds: int) -> dict[str, Any]:
    return {"cause": cause, "name": "app", "first": month, "last": month, "kinds": kinds}


def test_late_events_of_march_restate_march_and_what_follows_as_if_they_had_always_been_there(
    published: Company,
) -> None:
    before, first = first_revisions(published.store), latest(published.store)
    published.write("late.csv", LATE)
    published.call("run", "2025-06")
    status = published.call("status").out
    told = "3 late events (app, March 2025): 2 purchases, 1 sign-up"
    assert re.search(rf"2025-03 .* stale: file added: app/late.csv; {re.escape(told)}", status)
    assert "up to date" in next(line for line in status.splitlines() if line.startswith("2025-02"))
    assert published.call(*BACKFILL).code == 0

    # January and February stay; of those after, all whose data files differ have a second revision.
    now = from_nothing(published)
    assert latest(published.store) == now
    changed = [month for month in MONTHS if now[month] != first[month]]
    assert changed == ["2025-03", "2025-04", "2025-05", "2025-06"]
    revisions = {month: manifest(published, month)["revision"] for month in MONTHS}
    assert revisions == {month: 2 if month in changed else 1 for month in MONTHS}
    assert first_revisions(published.store) == before

    assert because(published, "2025-03") == [
        {"cause": "file_added", "name": "app/late.csv"},
        events("late_events", "2025-03", purchase=2, signup=1),
    ]
    assert because(published, "2025-04") == [events("events", "2025-03", purchase=2, signup=1)]
    assert "Revision 2, published" in (said := published.call("diff", "2025-03").out)
    assert told in said
    report = (published.store / "latest/period=2025-03/report.fr.md").read_text()
    assert "- 3 événements tardifs (app, mars 2025)\u202f: 2 achats, 1 inscription" in report
    report = (published.store / "latest/period=2025-04/report.en.html").read_text()
    assert "<li>events (app, March 2025): 2 purchases more, 1 sign-up more</li>" in report


def test_replaced_and_withdrawn_files_are_told_with_what_came_and_went(published: Company) -> None:
    published.source["on_missing"] = "withdraw"
    before = first_revisions(published.store)
    kept, bought, _ = month_of("2025-03")
    published.write("2025-03.csv", [kept, bought, ("77", "zoe-1", "bought", "2025-03-09 10:00:00", "5.00", "FR")])
    published.call(*BACKFILL)
    assert because(published, "2025-03") == [
        {"cause": "file_replaced", "name": "app/2025-03.csv"},
        events("events", "2025-03", purchase=1, use=-1),
    ]
    (published.folder / "raw/2025-04.csv").unlink()
    published.call(*BACKFILL)
    gone = events("events", "2025-04", purchase=-1, signup=-1, use=-1)
    assert because(published, "2025-04") == [{"cause": "file_gone", "name": "app/2025-04.csv"}, gone]
    assert because(published, "2025-05") == [gone]
    revisions = [manifest(published, month)["revision"] for month in MONTHS]
    assert revisions[:4] == [1, 1, 2, 3]
    assert first_revisions(published.store) == before
    assert latest(published.store) == from_nothing(published)


def test_manifests_of_earlier_versions_tell_what_they_can(published: Company) -> None:
    """They have neither the events of each month nor, of copies, the kinds."""
    for file in published.store.glob("snapshots/*/*/manifest.json"):
        old = json.loads(file.read_text())
        del old["events"], old["seal"]
        file.write_text(json.dumps(old))
    published.write("late.csv", LATE)
    published.call("run", "2025-06")
    assert because(published, "2025-06") == [{"cause": "earlier", "name": ""}]
    for file in published.store.glob("activity/period=2025-03/*/*.json"):
        old = json.loads(file.read_text())
        if old["facts"].pop("duplicate_kinds")["app"]:
            file.write_text(json.dumps(old))
    status = published.call("status").out
    assert re.search(r"2025-03 .* stale: file added: app/late.csv *\n", status)
    assert re.search(r"2025-04 .* stale: earlier periods changed *\n", status)
    published.call("run", "2025-03")
    assert manifest(published, "2025-03")["events"]["2025-03"]["app"]["kinds"] is None


def test_renamed_and_redelivered_files_are_no_reason(published: Company) -> None:
    (published.folder / "raw/2025-03.csv").rename(published.folder / "raw/march.csv")
    published.write("2025-03-again.csv", month_of("2025-03"))
    published.write("late.csv", LATE[:1])
    published.call("run", "2025-03")
    assert because(published, "2025-03") == [
        {"cause": "file_added", "name": "app/late.csv"},
        events("late_events", "2025-03", purchase=1),
    ]


def test_period_without_any_events_left_is_told(published: Company) -> None:
    published.source["on_missing"] = "withdraw"
    (published.folder / "raw/2025-01.csv").unlink()
    published.call("run", "2025-06")
    status = published.call("status").out
    gone = "file gone: app/2025-01.csv; events (app, January 2025): 1 purchase fewer, 1 sign-up fewer, 1 use fewer"
    assert "2025-01" in (line := status.splitlines()[1])
    assert f"stale: {gone}; no events are left" in line
    assert "file gone" not in status.splitlines()[2]


def test_status_of_another_grain_says_what_is_there(published: Company) -> None:
    published.config["periods"]["grain"] = "quarter"
    said = published.call("status").out
    assert "Nothing is published by quarter yet (there is 2025-01 to 2025-06, of another periods.grain)." in said
