"""Real invoices through the example config, against SQL written straight over the file.

The real file is not ours to ship: LIFECYCLE_ONLINE_RETAIL says where it lies (config/examples/online-retail.toml says
where to get it). A made-up file with the same columns and traps stands in wherever it is not set, and beside it.
"""

import os
from pathlib import Path

import polars as pl
import pytest

from flows.backfill import backfill
from tests.conftest import ROOT
from tests.oracle import compare, retail, retail_like

pytestmark = pytest.mark.usefixtures("prefect_server")
MONTHS = ("2010-12", "2011-11")
ACTIVE = [948, 783, 798, 1020, 899, 1079, 1051, 993, 980, 1302, 1425, 1711]
"""Customers per month of the real file, cancellations included, as published with it."""


def published(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    monkeypatch.setenv("LIFECYCLE__SOURCES__ORDERS__URI", str(file))
    monkeypatch.setenv("LIFECYCLE__STORE__URI", str(folder / "store"))
    backfill(*MONTHS, config=str(ROOT / "config/examples/online-retail.toml"))
    return pl.read_parquet(folder / "store/latest/*/kpis.parquet")


def check(kpis: pl.DataFrame, file: Path) -> None:
    oracle = retail.figures(file, *MONTHS, dimensions=("country",))
    ours = kpis.filter(pl.col("kpi").is_in(oracle["kpi"].unique().to_list()))
    different = compare.differences(ours.select(*oracle.columns, "status"), oracle, tolerance=1e-6)
    assert different.is_empty(), different
    assert oracle["kpi"].n_unique() == 25


def test_invoices_like_the_real_ones_agree_with_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "online_retail.parquet"
    retail_like.write(file, seed=1)
    check(published(file, tmp_path, monkeypatch), file)


@pytest.mark.skipif("LIFECYCLE_ONLINE_RETAIL" not in os.environ, reason="the real file is not shipped with the project")
def test_the_real_invoices_agree_with_sql_and_with_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(os.environ["LIFECYCLE_ONLINE_RETAIL"])
    kpis = published(file, tmp_path, monkeypatch)
    check(kpis, file)
    active = kpis.filter((pl.col("kpi") == "mau") & (pl.col("segment") == "all")).sort("period")
    assert active["value"].to_list() == ACTIVE
