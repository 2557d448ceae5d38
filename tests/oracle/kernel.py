"""Runs the SQL: from a connection with the temp table `event` to figures and cohorts.

Here: connections, SQL variables, the order of the scripts. Not here: definitions (`sql/concepts.sql`,
`sql/figures.sql`) and how raw files become events (`demo`, `retail`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

SQL = Path(__file__).parent / "sql"

Value = str | int | date | Sequence[str]

DEFAULTS: Mapping[str, Value] = {
    "activity_kinds": ["visit", "signup", "use", "purchase"],
    "inactive_months": 1,
    "within_days": 14,
    "lookback_days": 90,
    "dimensions": [],
}
"""Of the configuration, as DESIGN §3 states them; `within_days` has none there and is the demo's."""


def connection(**variables: Value) -> duckdb.DuckDBPyConnection:
    """A new database in memory with the calendar macros and the variables the scripts read."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; SET default_null_order = 'nulls_last'; SET enable_progress_bar = false")
    assign(con, **{**DEFAULTS, **variables})
    run(con, "calendar")
    return con


def assign(con: duckdb.DuckDBPyConnection, **variables: Value) -> None:
    """Set SQL variables, read by the scripts with `getvariable`."""
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = {_literal(value)}")


def run(con: duckdb.DuckDBPyConnection, script: str) -> None:
    """One file of `sql/`."""
    con.execute((SQL / f"{script}.sql").read_text(encoding="utf-8"))


def figures(con: duckdb.DuckDBPyConnection, first: str, last: str) -> pl.DataFrame:
    """period, kpi, segment, level, numerator, denominator, value; months from `first` to `last`, both included."""
    _concepts(con, first, last)
    run(con, "figures")
    return table(con, "figure")


def cohorts(con: duckdb.DuckDBPyConnection, first: str | None = None, last: str | None = None) -> pl.DataFrame:
    """period, cohort, age, size, active; by default for every month from the first event to the last."""
    whole = "SELECT strftime(min(month), '%Y-%m'), strftime(max(month), '%Y-%m') FROM event"
    earliest, latest = con.execute(whole).fetchall()[0]
    _concepts(con, first or earliest, last or latest)
    run(con, "cohorts")
    return table(con, "cohort")


def table(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """One of the tables the scripts leave, sorted by all its columns."""
    rows: pl.DataFrame = con.sql(f"FROM {name} ORDER BY ALL").pl()
    return rows


def _concepts(con: duckdb.DuckDBPyConnection, first: str, last: str) -> None:
    year, month = map(int, last.split("-"))
    end = date(year + month // 12, month % 12 + 1, 1)
    assign(con, first_day=date.fromisoformat(f"{first}-01"), end_day=end)
    run(con, "concepts")


def _literal(value: Value) -> str:
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case int():
            return str(value)
        case date():
            return f"DATE '{value}'"
        case _:
            return "[" + ", ".join(_literal(each) for each in value) + "]::VARCHAR[]"
