"""What all of Atelier's systems have in common when they write down what happened.

Here: the record that describes a source, and the ids, names and amounts as every system writes them. Not here: what
each system writes (`files`, `office`), and how much goes wrong with it (`mess`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.company import COUNTRIES, PLANS
from tasks.demo.mess import ID_DIGITS, Flaw
from tasks.demo.simulation import Company
from tasks.demo.timeline import Ints

FIRST_USER_ID = 10_001
PLAN_NAMES = tuple(plan.name for plan in PLANS)
COUNTRY_NAMES = tuple(country.name for country in COUNTRIES)

Text = pl.String


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """One source: how its good rows look, what else it sends, and how a month's file is written."""

    name: str
    key: str | None
    """The column with the id of the row; without one, nothing goes wrong with the rows."""
    file_name: str
    """Of a month's file, with {} for the month."""
    columns: tuple[str, ...]
    good_rows: Callable[[np.random.Generator, Company], pl.DataFrame]
    flaws: tuple[Flaw, ...]
    encode: Callable[[pl.DataFrame], bytes]

    def paths(self, company: Company) -> tuple[str, ...]:
        """Of the monthly files, relative to the folder of the simulation."""
        return tuple(self.file_name.format(month) for month in company.time.names)


def ids(letter: str, size: int) -> pl.Series:
    """So many ids of rows, in order."""
    return letter + pl.Series(np.arange(1, size + 1)).cast(Text).str.zfill(ID_DIGITS)


def named(names: tuple[str | None, ...], positions: Ints) -> pl.Series:
    """The names at the positions."""
    return pl.Series(names, dtype=Text).gather(positions)


def countries(company: Company, person: Ints) -> pl.Series:
    """Of customers, of their second devices, and of strangers, who live where customers do."""
    return named(COUNTRY_NAMES, company.customers.country[person % len(company.customers)])


def plans(company: Company, customer: Ints, wall: Ints) -> pl.Series:
    """The plan of each customer at a wall time."""
    return named(PLAN_NAMES, company.lives.plan_at(customer, company.time.month_of(wall), wall))


def money(cents: pl.Expr) -> pl.Expr:
    """With two decimals."""
    return pl.format("{}.{}", cents // 100, (cents % 100).cast(Text).str.zfill(2))


def as_csv(rows: pl.DataFrame) -> bytes:
    """Comma-separated, with a header."""
    return rows.write_csv().encode()
