"""What values tell of a column, and which role it plays."""

from typing import Any

import polars as pl
import pytest

from tasks.inspection.columns import Column, columns_of, dimensions_of, quoted, roles_of


def column(values: list[Any], name: str = "x") -> Column:
    return Column((name,), pl.Series(name, values))


@pytest.mark.parametrize(
    ("values", "sql", "epoch", "has_zone"),
    [
        (["2025-01-31", "2025-02-01 10:00"], "x", None, False),
        (["2025-01-31T14:03:00Z", "2025-01-31T14:03:00+01:00"], "x", None, True),
        (["31/01/2025", "05/02/2025"], "strptime(x, '%d/%m/%Y')", None, False),
        (["1/31/2025 8:15", "2/5/2025 9:00"], "strptime(x, '%m/%d/%Y %H:%M')", None, False),
        (["20250131", "20250205"], "strptime(x, '%Y%m%d')", None, False),
        ([1_736_071_200, 1_736_071_300], "x", "s", True),
        (["1736071200123", "1736071200999"], "x", "ms", True),
    ],
)
def test_times(values: list[Any], sql: str, epoch: str | None, has_zone: bool) -> None:
    told = column(values).times
    assert told is not None
    assert (told.sql, told.epoch, told.has_zone) == (sql, epoch, has_zone)


@pytest.mark.parametrize("values", [["a", "b"], [12, 15], ["12.50", "3"], ["FR", None], [None, None], [17850, 13047]])
def test_no_times(values: list[Any]) -> None:
    assert column(values).times is None


def test_a_day_that_could_be_a_month_says_so() -> None:
    told = column(["05/02/2025", "03/04/2025"]).times
    assert told is not None
    assert (told.sql, told.or_else) == ("strptime(x, '%d/%m/%Y')", "strptime(x, '%m/%d/%Y')")


@pytest.mark.parametrize(
    ("values", "sql", "decimal", "currency"),
    [
        (["12.50", "-3"], "x", ".", None),
        (["1.234,50", "49,9"], "x", ",", None),
        (["$1,200.00", "$49.00"], "CAST(trim(replace(replace(x, '$', ''), ',', '')) AS DOUBLE)", ".", "USD"),
        (["1,200", "49.5"], "CAST(trim(replace(x, ',', '')) AS DOUBLE)", ".", None),
    ],
)
def test_numbers(values: list[Any], sql: str, decimal: str, currency: str | None) -> None:
    told = column(values).numbers
    assert told is not None
    assert (told.sql, told.decimal, told.currency) == (sql, decimal, currency)


@pytest.mark.parametrize(
    "text", ["1\N{NARROW NO-BREAK SPACE}200,50 €", "1.200,50 €", "€1 200,50", "$1,200.50", "1200.50 $"]
)
def test_the_expression_reads_what_was_recognised(text: str) -> None:
    told = column([text]).numbers
    assert told is not None
    assert pl.DataFrame({"x": [text]}).select(pl.sql_expr(told.sql)).item() == 1200.5


def test_roles_come_from_names_and_values_together() -> None:
    rows = pl.DataFrame(
        {
            "Order ID": ["o1", "o1", "o2"],
            "Date": ["2025-01-01", "2025-01-01", "2025-01-02"],
            "Client": ["ann", "ann", "bob"],
            "Amount": ["n/a", "n/a", "none"],
            "Total": ["1.50", "2", "3"],
            "Loaded": ["2025-02-01", "2025-02-01", "2025-02-01"],
            "Pays": ["FR", "FR", "DE"],
        }
    )
    columns = columns_of(rows)
    roles = roles_of(columns)
    assert {role: one.name for role, one in roles.items()} == {
        "occurred_at": "Date",
        "received_at": "Loaded",
        "customer_id": "Client",
        "reference": "Order ID",
        "amount": "Total",
    }
    assert {name: one.name for name, one in dimensions_of(columns, roles).items()} == {"country": "Pays"}


def test_values_in_objects_are_columns() -> None:
    [one] = columns_of(pl.DataFrame({"the user": [{"id": 1}, {"id": 2}]}))
    assert (one.sql, one.plain) == ('"the user".id', "the user id")


@pytest.mark.parametrize("name", ["user", "date", "Event Name", 'a"b', "é", "order", "CustomerID", "type", "1st"])
def test_quoted_names_are_read_as_columns(name: str) -> None:
    for sql in (quoted(name), f"abs({quoted(name)} * 2)", f"{quoted(name)} || 'x'"):
        assert set(pl.sql_expr(sql).meta.root_names()) == {name}
