"""What may be asked of a store: where a figure comes from and who is behind it."""

import hashlib
import json
import re
from pathlib import Path

import polars as pl
import pytest

import config
from config.errors import UserError
from flows.explain import explain, list_customers
from tasks.kpis import CATALOGUE
from tasks.kpis.record import Derived
from tests.flows.company import Company
from tests.flows.test_runs import FEBRUARY, JANUARY, MARCH, all_files

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def published(company: Company) -> Company:
    """Three months, published."""
    for month, rows in (("01", JANUARY), ("02", FEBRUARY), ("03", MARCH)):
        company.write(f"2025-{month}.csv", rows)
    assert company.call("backfill", "2025-01", "2025-03").code == 0
    return company


def test_figure_is_explained_from_its_parts_to_its_files(published: Company) -> None:
    before = all_files(published.store)
    said = published.call("explain", "churn_rate", "2025-02")
    assert said.code == 0
    told = (
        "Churn rate, February 2025  churn_rate",
        "Among the base at the start",
        "50.0% (95% interval 9.5–90.5%)",
        "small sample: fewer than 30 observations",
        "Healthy below 5.0%, alert above 7.0%",
        "A customer is lost after 1 month without activity.",
        "within 14 days of sign-up, reaches: purchase",
        "custup, churn-FAQ, Contentsquare, HTCinside; version 1",
        "app: 2025-02.csv",
    )
    assert [words for words in told if words not in said.out] == []
    assert all_files(published.store) == before


def test_change_is_explained_and_split(published: Company) -> None:
    said = published.call("explain", "churn_rate", "2025-03").out
    assert "February 2025: 50.0% → 0.0%, or −50.0 pt" in said
    assert "By country: Of the −50.00 pt" in said


def test_one_level_is_explained_alone(published: Company) -> None:
    said = published.call("explain", "churn_rate", "2025-02", "--segment", "country=DE").out
    assert "Churn rate, February 2025, country = DE" in said
    assert "100.0%" in said
    assert "By country" not in said


def test_customers_of_a_figure_go_to_a_file_and_nowhere_else(published: Company) -> None:
    file = published.folder / "churned.csv"
    said = published.call("explain", "churn_rate", "2025-02", "--customers", str(file))
    assert "2 rows, which add up to the published 1 of 2." in said.err
    assert file.read_text().splitlines() == [
        "customer_id,country,in_numerator,in_denominator",
        "ann-7,FR,false,true",
        "bob-8,DE,true,true",
    ]
    assert "ann-7" not in said.out + said.err
    parquet = published.folder / "orders.parquet"
    published.call("explain", "average_order_value", "2025-01", "--customers", str(parquet))
    assert pl.read_parquet(parquet).rows() == [("ann-7", "FR", 20, 1)]


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_customers_of_every_figure_and_level_add_up(published: Company, grain: str) -> None:
    published.config["periods"]["grain"] = grain
    period = "2025-03" if grain == "month" else "2025-Q1"
    published.call("run", period)
    chosen = config.load(published.folder / "lifecycle.toml", {})
    kpis = pl.read_parquet(published.store / f"latest/period={period}/kpis.parquet")
    listed = set()
    for kpi in CATALOGUE:
        own = kpis.filter((pl.col("kpi") == kpi.name) & (pl.col("status") != "missing_input"))
        if isinstance(kpi.measure, Derived) or kpi.table == "spend":
            continue
        for segment, level in own.filter(pl.col("segment") != "item").select("segment", "level").iter_rows():
            place = None if segment == "all" else f"{segment}={level}"
            explain(chosen, kpi.name, period, place)
            list_customers(chosen, kpi.name, period, place, published.folder / "list.csv")
            listed.add(kpi.name)
    assert len(listed) > 20


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["churn_rat", "2025-02"], ["There is no KPI 'churn_rat'", "Did you mean 'churn_rate'?"]),
        (["churn_rate", "2025-05"], ["2025-05 is not published", "2025-01 to 2025-03", "lifecycle run 2025-05"]),
        (["churn_rate", "2025-02", "--segment", "contry=FR"], ["not split by 'contry'", "Did you mean 'country'?"]),
        (["churn_rate", "2025-02", "--segment", "country=fr"], ["no country 'fr'", "Did you mean 'FR'?"]),
        (["churn_rate", "2025-02", "--segment", "country"], ["names no segment", "country=FR"]),
        (["quick_ratio", "2025-02", "--customers", "a.csv"], ["made of other figures", "mrr_new, mrr_reactivation"]),
        (["marketing_spend", "2025-02", "--customers", "a.csv"], ["belong to no customer"]),
        (["churn_rate", "2025-02", "--customers", "a.xlsx"], [".csv or .parquet"]),
        (["churn_rate", "2025-02", "--customers", "nowhere/a.csv"], ["There is no folder"]),
        (["dso", "2025-02", "--customers", "a.csv"], ["no source provides"]),
    ],
    ids=lambda value: " ".join(value[:1]),
)
def test_what_cannot_be_explained_is_told(published: Company, words: list[str], told: list[str]) -> None:
    published.call("explain", *words).is_refusal(*told)


def test_customers_that_are_not_in_the_store_are_not_guessed(published: Company, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    published.config["activity"] = {"kinds": ["purchase"]}
    asked = ("explain", "churn_rate", "2025-02", "--customers", str(file))
    published.call(*asked).is_refusal("not in the store", "lifecycle run 2025-02")
    published.config["activity"] = {"kinds": ["visit", "signup", "use", "purchase"], "inactive_after": "1d"}
    published.call(*asked).is_refusal("add up to 1 of 1", "published with 1 of 2", "Nothing was written")
    assert not file.exists()


LATE = ("10", "bob-8", "opened", "2025-02-20 10:00:00", None, "DE")


def test_differing_figures_are_shown_with_both_parts_and_the_reason(published: Company) -> None:
    published.write("late.csv", [LATE])
    published.call("run", "2025-02")
    said = published.call("diff", "2025-02")
    assert said.code == 0
    assert "2025-02: revision 1 → 2" in said.out
    assert re.search(r"Revision 2, published .*: file added: app/late.csv", said.out)
    assert re.search(r"churn_rate +50.0% → 0.0% +1 → 0 +2 *\n", said.out)
    assert re.search(r"churn_rate +country = DE +100.0% → 0.0% +1 → 0 +1 *\n", said.out)
    lines = said.out.splitlines()
    wholes = [number for number, line in enumerate(lines) if "→" in line and " = " not in line]
    levels = [number for number, line in enumerate(lines) if " = " in line]
    assert max(wholes) < min(levels)
    assert " revenue " not in said.out


def test_revisions_apart_give_the_reasons_of_all_between(published: Company) -> None:
    published.write("late.csv", [LATE])
    published.call("run", "2025-02")
    published.config["activity"] = {"kinds": ["purchase"]}
    published.call("run", "2025-02")
    said = published.call("diff", "2025-02", "--from", "1", "--to", "3").out
    assert "file added: app/late.csv" in said
    assert "config key activity.kinds changed" in said
    assert "revision 1 → 2" in published.call("diff", "2025-02", "--to", "2").out


def test_earlier_revision_without_a_table_or_column_is_compared_as_it_is(published: Company) -> None:
    folder = published.store / "snapshots/period=2025-02/revision=0001"
    kpis = pl.read_parquet(folder / "kpis.parquet").filter(pl.col("kpi") != "mau").drop("status")
    kpis.write_parquet(folder / "kpis.parquet")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["kpis.parquet"] = hashlib.sha256((folder / "kpis.parquet").read_bytes()).hexdigest()
    del manifest["files"]["movements.parquet"], manifest["changed"], manifest["seal"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    published.write("late.csv", [LATE])
    published.call("run", "2025-02")
    said = published.call("diff", "2025-02").out
    assert re.search(r"mau +– → 3 +– → 3 ", said)
    assert "Other content differs in: cohorts, movements" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["2025-02"], ["one revision only"]),
        (["2025-02", "--from", "7"], ["no revision 7", "There is: 1"]),
        (["2025-02", "--to", "1"], ["one revision only"]),
        (["2025-05"], ["2025-05 is not published"]),
        (["2025"], ["'2025' is not a month"]),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_told(published: Company, words: list[str], told: list[str]) -> None:
    published.call("diff", *words).is_refusal(*told)


def test_nothing_published_is_told(company: Company) -> None:
    company.call("explain", "churn_rate", "2025-02").is_refusal("2025-02 is not published. `lifecycle run 2025-02`")


def test_place_is_checked_before_anything_is_read(published: Company) -> None:
    chosen = config.load(published.folder / "lifecycle.toml", {})
    with pytest.raises(UserError, match="Customers cannot be listed by item"):
        list_customers(chosen, "feature_adoption_rate", "2025-02", "item=report", published.folder / "a.csv")
