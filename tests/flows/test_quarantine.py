"""The quarantine at the command line: what is listed, and rows that go back through once what was wrong is mended."""

import json

import polars as pl
import pytest

from tests.flows.company import Company, Row

pytestmark = pytest.mark.usefixtures("prefect_server")

JANUARY: list[Row] = [
    ("1", "ann-7", "joined", "2025-01-05 10:00:00", None, "FR"),
    ("2", "ann-7", "bought", "2025-01-06 10:00:00", "20.00", "FR"),
    ("3", "bob-8", "bought", "2025-01-07 10:00:00", "EUR 5", "DE"),
    ("4", "bob-8", "bought", "2025-01-08 10:00:00", "-1", "DE"),
    ("5", "bob-8", "bought", "someday", "3", "DE"),
]
FEBRUARY: list[Row] = [("6", "ann-7", "bought", "2025-02-06 10:00:00", "EUR 7", "FR")]
MENDED = "replace(amount, 'EUR ', '')"
PLACES = ("accepted", "duplicate", "filtered", "ignored", "quarantined")


@pytest.fixture
def sloppy(company: Company) -> Company:
    """Published, with four of six rows set aside."""
    company.config["validation"] = {"max_rejected": 1.0}
    company.write("january.csv", JANUARY)
    company.write("february.csv", [*FEBRUARY, ("7", "bob-8", "opened", "2025-02-07 10:00:00", None, "DE")])
    assert company.call("backfill", "2025-01", "2025-02").code == 0
    assert company.figures("2025-01")["revenue"] == 20.0
    return company


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def adds_up(company: Company, month: str) -> int:
    [quality] = json.loads((company.store / f"latest/period={month}/manifest.json").read_text())["quality"]
    assert quality["read"] == sum(quality[place] for place in PLACES)
    return int(quality["read"])


def test_list_says_where_the_first_row_of_each_rule_is_and_names_nobody(sloppy: Company) -> None:
    said = sloppy.call("quarantine", "list")
    assert said.code == 0
    told = [line[:4] for line in lines(said.out) if line[:1] == ["app"]]
    assert told == [
        ["app", "2025-01", "amount_negative", "1"],
        ["app", "2025-01", "amount_unreadable", "1"],
        ["app", "2025-01", "occurred_at_unreadable", "1"],
        ["app", "2025-02", "amount_unreadable", "1"],
    ]
    assert "january.csv, row 3: 'EUR 5'" in said.out
    assert not [name for name in ("ann-7", "bob-8") if name in said.out]
    assert sloppy.call("quarantine", "list", "--source", "shop").code == 2


def test_list_shows_the_rows_of_a_file_that_stopped_the_run(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01").is_refusal("max_rejected")
    assert "january.csv, row 4" in company.call("quarantine", "list").out
    company.call("quarantine", "replay").is_refusal("Nothing is published")


def test_mended_mapping_puts_rows_back_and_restates_their_periods(sloppy: Company) -> None:
    sloppy.source["columns"]["amount"] = MENDED
    said = sloppy.call("quarantine", "replay")
    assert said.code == 0, said
    told = [line[1:] for line in lines(said.out) if line[:1] == ["app"]]
    assert told == [
        ["accepted", "3", "5"],
        ["quarantined", "4", "2"],
        ["quarantined:", "amount_negative", "1", "1"],
        ["quarantined:", "amount_unreadable", "2", "0"],
        ["quarantined:", "occurred_at_unreadable", "1", "1"],
        ["read", "7", "7"],
    ]
    assert "no longer quarantined: 2" in said.out
    assert (sloppy.figures("2025-01")["revenue"], sloppy.figures("2025-02")["revenue"]) == (25.0, 7.0)
    assert [adds_up(sloppy, month) for month in ("2025-01", "2025-02")] == [5, 2]
    again = sloppy.call("quarantine", "replay")
    assert (again.code, "As many rows are quarantined" in again.out) == (0, True)


def test_quarantined_rows_of_a_gone_file_are_read_again_and_its_accepted_ones_stay(sloppy: Company) -> None:
    (sloppy.folder / "raw/january.csv").unlink()
    sloppy.source["columns"]["amount"] = MENDED
    sloppy.call("run", "2025-01").is_refusal("january.csv is gone", "lifecycle quarantine replay")
    said = sloppy.call("quarantine", "replay")
    assert said.code == 0, said
    assert "january.csv of source 'app' is gone" in said.err
    assert "Of its 3 quarantined rows, which were kept, 1 passed now; its 2 accepted rows stay" in said.err
    assert (sloppy.figures("2025-01")["revenue"], adds_up(sloppy, "2025-01")) == (25.0, 5)
    [kept] = [
        one
        for one in sloppy.store.glob("quarantine/period=2025-01/*/*.parquet")
        if sorted(pl.read_parquet(one)["row"]) == [4, 5]
    ]
    assert pl.read_parquet(kept)["file"].unique().to_list() == ["january.csv"]
    # It is an ordinary file that is gone again, and what it was before may be pruned.
    assert "up to date" in sloppy.call("run", "2025-01").err
    assert sloppy.call("prune", "--keep", "1", "--yes").code == 0
    assert "up to date" in sloppy.call("run", "2025-02").err


def test_gone_file_is_not_replayed_where_its_accepted_rows_would_be_others(sloppy: Company) -> None:
    (sloppy.folder / "raw/january.csv").unlink()
    sloppy.config["periods"]["timezone"] = "UTC"
    sloppy.call("quarantine", "replay").is_refusal("january.csv is gone", "time zone")
    assert sloppy.figures("2025-01")["revenue"] == 20.0
