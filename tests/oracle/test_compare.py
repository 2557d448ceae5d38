"""What counts as a difference between two tables of figures."""

from collections.abc import Mapping

import polars as pl
import pytest

from .compare import differences, row_differences

FIGURE = {"period": "2024-01", "kpi": "churn_rate", "segment": "all", "level": "all"}


def table(*rows: Mapping[str, object]) -> pl.DataFrame:
    types = {
        **dict.fromkeys(("period", "kpi", "segment", "level"), pl.String()),
        **dict.fromkeys(("numerator", "denominator", "value"), pl.Float64()),
        "status": pl.String(),
    }
    complete = [{"status": "ok", **FIGURE, **row} for row in rows]
    return pl.DataFrame([{name: row.get(name) for name in types} for row in complete], types, orient="row")


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ({"numerator": 1, "denominator": 4, "value": 0.25 + 1e-12}, None),
        ({"numerator": 1, "denominator": 4, "value": 0.26}, "value"),
        ({"numerator": 2, "denominator": 5, "value": 0.25}, "numerator, denominator"),
        ({"numerator": 1, "denominator": 4, "value": None}, "value"),
    ],
)
def test_numbers_are_compared_with_tolerance_and_nulls(ours: Mapping[str, object], why: str | None) -> None:
    found = differences(table(ours), table({"numerator": 1, "denominator": 4, "value": 0.25}))
    assert found["why"].to_list() == ([why] if why else [])


def test_tolerance_is_relative_for_large_numbers() -> None:
    near = {"kpi": "revenue", "numerator": 1e9, "value": 1e9}
    assert differences(table(near), table({**near, "value": 1e9 + 0.5})).is_empty()
    assert not differences(table(near), table({**near, "value": 1e9 + 2})).is_empty()


@pytest.mark.parametrize(
    ("row", "differs"),
    [
        ({"numerator": 0, "denominator": 4, "value": 0}, True),
        ({"numerator": 0, "denominator": 0, "value": None}, False),
        ({"kpi": "orders", "numerator": 0, "value": 0}, False),
        ({"kpi": "orders", "numerator": 1, "value": 1}, True),
        ({"kpi": "dau", "numerator": 0, "denominator": 31, "value": 0}, False),
        ({"kpi": "time_to_activate_median", "denominator": 2, "value": 3}, True),
        ({"kpi": "customer_lifetime_value", "numerator": 9, "denominator": 0.1, "value": 90}, True),
        ({"kpi": "customer_lifetime_value", "numerator": 9, "denominator": 0.1}, False),
    ],
)
def test_row_of_one_side_differs_unless_it_says_nothing(row: Mapping[str, object], differs: bool) -> None:
    assert differences(table(row), table())["why"].to_list() == ["only in ours"] * differs
    assert differences(table(), table(row))["why"].to_list() == ["only in oracle"] * differs


def test_missing_input_counts_as_absent() -> None:
    missing = table({"status": "missing_input"})
    assert differences(missing, table()).is_empty()
    figure = table({"numerator": 1, "denominator": 4, "value": 0.25})
    assert differences(missing, figure)["why"].to_list() == ["only in oracle"]


def test_rows_of_other_tables_are_compared_by_their_key() -> None:
    columns = {"period": pl.String(), "movement": pl.String(), "customers": pl.Float64(), "mrr": pl.Float64()}
    rows = [("2024-01", "start", 3, 10), ("2024-01", "lost", 1, None), ("2024-01", "new", 0, None)]
    ours = pl.DataFrame(rows, columns, orient="row")
    oracle = pl.DataFrame([("2024-01", "start", 3, 11), ("2024-01", "kept", 2, 5)], columns, orient="row")
    found = row_differences(ours, oracle, ["period", "movement"], ["customers", "mrr"])
    assert dict(found.select("movement", "why").rows()) == {
        "kept": "only in oracle",
        "lost": "only in ours",
        "start": "mrr",
    }
    assert row_differences(ours, ours, ["period", "movement"], ["customers", "mrr"]).is_empty()
