"""Sudden changes in the data, from files to report: what is told, and what is not published unless it is accepted."""

import json
from typing import Any

import pytest

from tests.flows.company import Company, Row, write_events

pytestmark = pytest.mark.usefixtures("prefect_server")


def month_of(month: str, events: int = 6) -> list[Row]:
    return [(f"{month}-{n}", f"ann-{n}", "bought", f"{month}-05 10:00:00", "20.00", "FR") for n in range(events)]


@pytest.fixture
def shops(company: Company) -> Company:
    """Two sources; the second one has nothing in April."""
    company.config["sources"].append({**company.source, "name": "shop", "uri": "shop/*.csv"})
    for month in ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05"):
        company.write(f"{month}.csv", month_of(month))
        if month != "2025-04":
            (company.folder / "shop").mkdir(exist_ok=True)
            write_events(company.folder / f"shop/{month}.csv", month_of(month))
    return company


def drift(company: Company, month: str) -> dict[str, Any]:
    manifest = json.loads((company.store / f"latest/period={month}/manifest.json").read_text())
    found: dict[str, Any] = manifest["drift"]
    return found


def test_silent_source_stops_its_period_alone_until_that_is_accepted(shops: Company) -> None:
    said = shops.call("backfill", "2025-01", "2025-05")
    said.is_refusal("2025-04 is not published", "'shop'", "no event;", "had 6", "max_rows = 10")
    assert [name.split("/")[1] for name in shops.published()] == [
        f"period=2025-{month}" for month in ("01", "02", "03", "05")
    ]
    assert not (shops.store / "latest/period=2025-04").exists()
    assert drift(shops, "2025-05") == {"accepted": False, "findings": []}
    shops.call("run", "2025-04").is_refusal("2025-04 is not published")
    shops.config["drift"] = {"accept": ["2025-04"]}
    said = shops.call("run", "2025-04")
    assert (said.code, "Note: 2025-04, source 'shop': no event;" in said.err) == (0, True)
    expected = {"what": "rows", "source": "shop", "kind": None, "now": 0, "usual": 6, "beyond": True}
    assert drift(shops, "2025-04") == {"accepted": True, "findings": [expected]}
    report = (shops.store / "latest/period=2025-04/report.en.md").read_text()
    assert "shop: no event, usually 6" in report
    assert "were accepted (drift.accept)" in report
    assert " 1 " in shops.call("status").out.split("2025-04")[1].splitlines()[0]
    # What is published stays so: nothing is asked of it any more.
    del shops.config["drift"]
    assert "up to date" in shops.call("run", "2025-04").err


def test_new_columns_and_event_names_are_told_and_stop_where_that_is_wanted(company: Company) -> None:
    company.write("2025-01.csv", month_of("2025-01"))
    company.text(
        "2025-02.csv",
        "id,user,event,at,amount,country,coupon\n"
        "7,ann-1,bought,2025-02-05 10:00:00,20.00,FR,X\n"
        "8,ann-1,ordered,2025-02-05 10:00:00,20.00,FR,X\n",
    )
    company.config["drift"] = {"stop_on": ["new_names"]}
    company.call("backfill", "2025-01", "2025-02").is_refusal("ordered (1)", "stop_on")
    del company.config["drift"]
    said = company.call("backfill", "2025-01", "2025-02")
    assert "have new columns: coupon. And 1 more" in said.err
    french = (company.store / "latest/period=2025-02/report.fr.md").read_text()
    assert "app : nouvelles colonnes : coupon" in french.replace("\u202f", " ")
    assert "nouveaux noms d’événement sans correspondance" in french
