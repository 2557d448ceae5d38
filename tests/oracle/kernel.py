"""Runs the SQL: from a connection with the temp table `event` to the tables of a snapshot.

    figures(con, "2024-01", "2024-12"), figures(con, "2024-Q1", "2024-Q4", "quarter"), cohorts(con, grain="year")

Here: connections, SQL variables, the order of the scripts, names of periods. Not here: definitions (`sql/`) and how raw
files become events (`demo`, `retail`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

SQL = Path(__file__).parent / "sql"

Value = str | int | float | date | Sequence[str] | Sequence[int]

DEFAULTS: Mapping[str, Value] = {
    "grain": "month",
    "activity_kinds": ["visit", "signup", "use", "purchase"],
    "inactive_months": 1,
    "within_days": 14,
    "lookback_days": 90,
    "dimensions": [],
    "churn_basis": "activity",
    "conversion_kinds": ["purchase", "subscribe"],
    "loyalty_orders": 2,
    "gross_margin": 1.0,
    "nps_detractors": [0, 6],
    "nps_promoters": [9, 10],
    "csat_satisfied_from": 4,
}
"""Of the configuration, as DESIGN §3 states them; `within_days` has none there and is the demo's."""

MONTHS = {"month": 1, "quarter": 3, "year": 12}

CONCEPTS = ("periods", "concepts", "standing", "catalogue")
FAMILIES = ("addends", "acquisition", "retention", "purchases", "recurring", "answers_and_accounts")


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


def figures(
    con: duckdb.DuckDBPyConnection, first: str | None = None, last: str | None = None, grain: str = "month"
) -> pl.DataFrame:
    """period, kpi, segment, level, numerator, denominator, value; periods from `first` to `last`, both included.

    Here and below, both are periods of `grain`; by default the first and the last that have events.
    """
    _figures(con, *_span(con, first, last, grain), grain)
    return table(con, "figure")


def cohorts(
    con: duckdb.DuckDBPyConnection, first: str | None = None, last: str | None = None, grain: str = "month"
) -> pl.DataFrame:
    """period, cohort, age, size, active, retained, active_since, retained_since, activated, revenue, status."""
    _concepts(con, *_span(con, first, last, grain), grain)
    run(con, "cohorts")
    return table(con, "cohort")


def movements(
    con: duckdb.DuckDBPyConnection, first: str | None = None, last: str | None = None, grain: str = "month"
) -> pl.DataFrame:
    """period, segment, level, movement, customers, mrr."""
    _concepts(con, *_span(con, first, last, grain), grain)
    run(con, "movements")
    return table(con, "movement")


def contributions(
    con: duckdb.DuckDBPyConnection, first: str | None = None, last: str | None = None, grain: str = "month"
) -> pl.DataFrame:
    """period, kpi, segment, level, share_before, share_now, value_before, value_now, mix, rate."""
    start, end = _span(con, first, last, grain)
    _figures(con, _months_after(start, -MONTHS[grain]), end, grain)
    run(con, "contributions")
    return table(con, "contribution")


def churn_definitions(
    con: duckdb.DuckDBPyConnection, first: str | None = None, last: str | None = None, grain: str = "month"
) -> pl.DataFrame:
    """period, definition, numerator, denominator, value."""
    _concepts(con, *_span(con, first, last, grain), grain)
    run(con, "churn_definitions")
    return table(con, "churn_definition")


def table(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """One of the tables the scripts leave, sorted by all its columns."""
    rows: pl.DataFrame = con.sql(f"FROM {name} ORDER BY ALL").pl()
    return rows


def first_day(period: str, grain: str) -> date:
    """Of "2024-03", "2024-Q1" or "2024"."""
    year, rest = int(period[:4]), period[5:].removeprefix("Q")
    return date(year, 1 + (int(rest or 1) - 1) * MONTHS[grain], 1)


def _span(con: duckdb.DuckDBPyConnection, first: str | None, last: str | None, grain: str) -> tuple[date, date]:
    """The first day of the first period, and the day after the last."""
    assign(con, grain=grain)
    earliest, latest = con.execute("SELECT period_of(min(month)), period_of(max(month)) FROM event").fetchall()[0]
    start = first_day(first, grain) if first else earliest
    return start, _months_after(first_day(last, grain) if last else latest, MONTHS[grain])


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _concepts(con: duckdb.DuckDBPyConnection, start: date, end: date, grain: str) -> None:
    """Not again for the same periods and settings; `event` is made once per connection."""
    assign(con, grain=grain, first_day=start, end_day=end)
    settings = "SELECT string_agg(name || '=' || value, ' ' ORDER BY name) FROM duckdb_variables()"
    done_for, wanted = con.execute(f"SELECT getvariable('done_for'), ({settings} WHERE name <> 'done_for')").fetchall()[
        0
    ]
    if done_for == wanted:
        return
    for script in CONCEPTS:
        run(con, script)
    assign(con, done_for=wanted)


def _figures(con: duckdb.DuckDBPyConnection, start: date, end: date, grain: str) -> None:
    _concepts(con, start, end, grain)
    for script in (*FAMILIES, "figures"):
        run(con, script)


def _literal(value: Value) -> str:
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case int() | float():
            return str(value)
        case date():
            return f"DATE '{value}'"
        case _:
            kind = "BIGINT" if value and isinstance(value[0], int) else "VARCHAR"
            return "[" + ", ".join(_literal(each) for each in value) + f"]::{kind}[]"
