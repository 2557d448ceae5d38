"""The oracle on files of invoices: by hand, made up, and real where the file is at hand."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from . import retail, retail_like
from .worlds import numbers

wall = datetime.fromisoformat


def test_retail_by_hand(tmp_path: Path) -> None:
    rows: list[retail_like.Row] = [
        ("1", "A", "", 6, wall("2010-12-01T08:00"), 2.55, 17850, "United Kingdom"),
        ("1", "B", "", 2, wall("2010-12-01T08:01"), 0.0, 17850, "United Kingdom"),
        ("1", "B", "", 2, wall("2010-12-01T08:01"), 0.0, 17850, "United Kingdom"),  # an exact duplicate counts
        ("C2", "A", "", -3, wall("2010-12-31T08:00"), 2.55, 17850, "United Kingdom"),
        ("3", "A", "", 1, wall("2010-12-31T09:00"), 99.0, None, "France"),
        ("4", "A", "", 1, wall("2011-01-02T08:00"), 1.0, 17850, "France"),
        ("5", "A", "", 1, wall("2011-01-03T08:00"), 3.0, 17851, "France"),
    ]
    path = tmp_path / "retail.parquet"
    pl.DataFrame(rows, retail_like.SCHEMA, orient="row").write_parquet(path)
    figures = retail.figures(path, "2010-12", "2011-01", ("country",))
    assert numbers(figures, "mau", "2010-12", "country", "United Kingdom") == (1, None, 1)
    assert numbers(figures, "dau", "2010-12") == (2, 31, 2 / 31)
    assert numbers(figures, "wau", "2010-12") == (1, None, 1)
    assert numbers(figures, "orders", "2010-12") == (1, None, 1)
    assert numbers(figures, "revenue", "2010-12") == pytest.approx((15.3, None, 15.3))
    assert numbers(figures, "net_revenue", "2010-12") == pytest.approx((7.65, None, 7.65))
    assert numbers(figures, "product_return_rate", "2010-12") == (3, 10, 0.3)
    assert numbers(figures, "retention_rate", "2011-01", "country", "United Kingdom") == (1, 1, 1)
    assert numbers(figures, "time_between_purchases_mean", "2011-01", "country", "France") == (32, 1, 32)
    assert numbers(figures, "new_customers", "2011-01") == (1, None, 1)
    assert numbers(figures, "retention_bucket", "2011-01") == (2, 1, 2)
    assert numbers(figures, "existing_customer_revenue_growth", "2011-01") == pytest.approx((-14.3, 15.3, 1 / 15.3 - 1))
    year = retail.figures(path, "2010", "2011", grain="year")
    assert numbers(year, "loyal_customer_rate", "2011") == (0, 2, 0)
    assert numbers(year, "revenue_per_customer", "2011") == (4, 2, 2)


def test_made_up_retail_has_the_traps_and_keeps_the_identities(tmp_path: Path) -> None:
    path = retail_like.write(tmp_path / "retail.parquet")
    rows = pl.read_parquet(path)
    assert rows["CustomerID"].null_count() > 100
    assert rows["InvoiceNo"].str.starts_with("C").sum() > 50
    assert rows.is_duplicated().sum() > 50
    assert (rows["UnitPrice"] <= 0).sum() > 20
    timestamps = rows.group_by("InvoiceNo").agg(pl.col("InvoiceDate").n_unique())["InvoiceDate"]
    assert (timestamps > 1).sum() > 10
    figures = retail.figures(path, dimensions=("country",))
    assert set(figures["kpi"]) == set(retail.KPIS)


@pytest.mark.skipif(retail.path_from_environment() is None, reason=f"{retail.VARIABLE} does not say where the file is")
def test_real_retail_has_its_published_customers_per_month() -> None:
    path = retail.path_from_environment()
    assert path is not None
    figures = retail.figures(path).filter(kpi="mau", segment="all").sort("period")
    assert figures["value"].to_list() == [948, 783, 798, 1020, 899, 1079, 1051, 993, 980, 1302, 1425, 1711]
