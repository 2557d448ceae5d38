"""What a backfill would do, told without doing it."""

import os
import re

import pytest

from flows.backfill import backfill
from tests.flows.company import Company
from tests.flows.test_runs import FEBRUARY, JANUARY, MARCH, all_files

pytestmark = pytest.mark.usefixtures("prefect_server")
ASKED = ("backfill", "2025-01", "2025-03", "--plan")


@pytest.fixture
def filled(company: Company) -> Company:
    for month, rows in (("01", JANUARY), ("02", FEBRUARY), ("03", MARCH)):
        company.write(f"2025-{month}.csv", rows)
    return company


def test_plan_of_a_new_store_names_files_by_size_and_creates_nothing(filled: Company) -> None:
    said = filled.call(*ASKED)
    assert said.code == 0
    assert re.search(r"2025-01 +missing +never published +– +–", said.out)
    size = (filled.folder / "raw/2025-01.csv").stat().st_size
    assert f"app/2025-01.csv ({size} bytes)" in said.out
    assert "would be computed: 3 of 3. Nothing was built or published." in said.out
    assert not filled.store.exists()


def test_plan_tells_missing_stale_and_done_with_files_and_rows(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-02")
    filled.config["loyalty"] = {"orders": 3}
    filled.call("run", "2025-01")
    before = all_files(filled.store)
    said = filled.call(*ASKED).out
    assert re.search(r"2025-01 +up to date +1 files +4", said)
    assert re.search(r"2025-02 +stale +config key loyalty.orders changed +app/2025-02.csv +3", said)
    assert re.search(r"2025-03 +missing +never published +app/2025-03.csv +2", said)
    assert "Months of customers that are there already: 2 of 3." in said
    assert "would be computed: 2 of 3." in said
    assert "2025-03" not in filled.call(*ASKED, "--only", "stale").out
    assert all_files(filled.store) == before


def test_file_to_read_again_is_not_called_gone(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-03")
    os.utime(filled.folder / "raw/2025-02.csv", (1, 1))
    said = filled.call(*ASKED).out
    assert re.search(r"2025-02 +may change +files to read: 1", said)
    assert "gone" not in said
    assert "would be computed: 0 of 3, 3 depend on the files to be read." in said


def test_plan_agrees_with_what_backfill_then_does(filled: Company) -> None:
    filled.call("backfill", "2025-01", "2025-03")
    filled.write("late.csv", [("10", "bob-8", "opened", "2025-03-20 10:00:00", None, "DE")])
    filled.call("run", "2025-03")
    assert "would be computed: 0 of 3." in filled.call(*ASKED).out
    assert "All 3 periods are up to date" in filled.call("backfill", "2025-01", "2025-03").err


def test_plan_refuses_what_backfill_refuses(filled: Company) -> None:
    filled.call("backfill", "2025-03", "2025-01", "--plan").is_refusal("comes after")
    filled.call("backfill", "2025-01", "2999-01", "--plan").is_refusal("not over yet")
    filled.call("run", "2025-01")
    filled.call("backfill", "2024-01", "2025-01", "--plan").is_refusal("before the data")


def test_flow_plans_too(filled: Company) -> None:
    filled.call("status")
    filled.capture.readouterr()
    assert backfill("2025-01", "2025-03", config=str(filled.folder / "lifecycle.toml"), plan=True) == []
    assert "Nothing was built or published." in filled.capture.readouterr().out
    assert filled.published() == []
