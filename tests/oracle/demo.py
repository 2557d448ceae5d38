"""The demo company's figures by SQL over its raw files, all history each time.

    con = demo.events(raw)              # 5 s; reuse it for several questions
    kernel.figures(con, "2024-01", "2025-06"), kernel.cohorts(con, grain="quarter"), demo.rows(con)
    kernel.assign(con, churn_basis="subscription"); kernel.movements(con)

Here: which files, which settings. Not here: the mapping (`sql/demo_events.sql`) and the definitions.
"""

from pathlib import Path

import duckdb
import polars as pl

from . import kernel


def events(raw: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the clean events; `raw` holds a folder per source."""
    con = kernel.connection(raw=str(raw), zone="Europe/Paris", dimensions=["country", "plan"])
    kernel.run(con, "demo_events")
    return con


def figures(raw: Path, first: str, last: str, grain: str = "month") -> pl.DataFrame:
    """period, kpi, segment, level, numerator, denominator, value; sorted."""
    with events(raw) as con:
        return kernel.figures(con, first, last, grain)


def cohorts(raw: Path, grain: str = "month") -> pl.DataFrame:
    """As `kernel.cohorts`, of all periods."""
    with events(raw) as con:
        return kernel.cohorts(con, grain=grain)


def accounting(raw: Path) -> pl.DataFrame:
    """source, read, accepted, duplicate, filtered, ignored, quarantined; a row per source."""
    with events(raw) as con:
        return rows(con)


def rows(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """`accounting` of a connection made by `events`."""
    return kernel.table(con, "accounting")
