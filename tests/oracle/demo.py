"""The demo company's figures by SQL over its raw files, all history each time.

    con = demo.events(raw)              # 5 s; reuse it for several questions
    kernel.figures(con, "2024-01", "2025-06"), kernel.cohorts(con), demo.rows(con)

Here: which files, which settings. Not here: the mapping (`sql/demo_events.sql`) and the definitions.
"""

from pathlib import Path

import duckdb
import polars as pl

from . import kernel


def events(raw: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the clean events; `raw` holds app/, web/ and billing/."""
    con = kernel.connection(raw=str(raw), zone="Europe/Paris", dimensions=["country", "plan"])
    kernel.run(con, "demo_events")
    return con


def figures(raw: Path, first: str, last: str) -> pl.DataFrame:
    """period, kpi, segment, level, numerator, denominator, value; sorted."""
    with events(raw) as con:
        return kernel.figures(con, first, last)


def cohorts(raw: Path) -> pl.DataFrame:
    """period, cohort, age, size, active; sorted."""
    with events(raw) as con:
        return kernel.cohorts(con)


def accounting(raw: Path) -> pl.DataFrame:
    """source, read, accepted, duplicate, filtered, ignored, quarantined; a row per source."""
    with events(raw) as con:
        return rows(con)


def rows(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """`accounting` of a connection made by `events`."""
    return kernel.table(con, "accounting")
