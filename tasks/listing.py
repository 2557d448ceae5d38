"""The customers behind a published figure, recomputed from the stored tables and written to a file on this machine.

The only place where ids of customers leave the store. What is written adds up to what is published, or is not written.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from config.errors import UserError
from config.models import Config
from schemas.snapshots import Snapshot
from tasks.dependencies import Edges
from tasks.kpis import parts
from tasks.kpis.measure import Context
from tasks.kpis.record import Derived, Kpi
from tasks.kpis.sides import Sides, sides
from tasks.loading import inputs_of
from tasks.storage import Storage
from tasks.tables import customers
from tasks.tables.inputs import Choices

ENDINGS = (".csv", ".parquet")
ALL = "all"


@dataclass(frozen=True)
class Listed:
    """What was written: how many rows, and what they add up to, which is what is published."""

    rows: int
    sums: str


@dataclass(frozen=True)
class Asked:
    """Whose customers are asked for, and the file they go to."""

    kpi: Kpi
    segment: str
    level: str
    snapshot: Snapshot
    file: Path


def refuse_unlisted(kpi: Kpi, segment: str, dimensions: tuple[str, ...], file: Path) -> None:
    """Raises UserError where no customers can be listed, or not to this file."""
    if isinstance(kpi.measure, Derived):
        names = ", ".join(dict.fromkeys(kpi.measure.parts))
        raise UserError(f"{kpi.name} is made of other figures, not of customers. Ask for those of its parts: {names}.")
    if kpi.table == "spend":
        raise UserError(f"{kpi.name} is made of costs, which belong to no customer: there is nobody to list.")
    if segment != ALL and segment not in dimensions:
        raise UserError(f"Customers cannot be listed by {segment}: give one of the dimensions, or no segment.")
    if file.suffix.lower() not in ENDINGS:
        raise UserError(f"{file}: the ending tells the format, and has to be {' or '.join(ENDINGS)}.")
    if not file.parent.is_dir():
        raise UserError(f"There is no folder {file.parent.resolve()} to write {file.name} to.")


def refuse_missing(snapshot: Snapshot, kpi: Kpi) -> None:
    """Raises UserError where the figure is published without a value, for want of a source."""
    if not snapshot.kpis.filter(kpi=kpi.name, status="missing_input").is_empty():
        raise UserError(f"{kpi.name} is not there in {snapshot.period}: no source provides what it needs.")


def list_customers(storage: Storage, asked: Asked, edges: Edges, config: Config, context: Context) -> Listed:
    """Writes the rows behind a published figure.

    Raises:
        UserError: they do not add up to it, because the inputs or the config have changed since.
    """
    inputs = inputs_of(storage, edges, customers.Choices.of(config))
    table = parts.measured_on(asked.kpi.table, inputs, Choices.of(config))
    found = sides(table, asked.kpi, context, asked.segment, asked.level)
    _refuse_differing(found, asked)
    _write(found.rows, asked.file)
    return Listed(found.rows.height, _sums(found.numerator, found.denominator))


def _refuse_differing(found: Sides, asked: Asked) -> None:
    rows = asked.snapshot.kpis.filter(kpi=asked.kpi.name, segment=asked.segment, level=asked.level)
    for published in rows.select("numerator", "denominator").iter_rows():
        if published != (found.numerator, found.denominator):
            period = asked.snapshot.period
            raise UserError(
                f"The customers of {asked.kpi.name} add up to {_sums(found.numerator, found.denominator)}, but "
                f"{period} is published with {_sums(*published)}: inputs, config or code have changed since. Run "
                f"`lifecycle run {period}` first. Nothing was written."
            )


def _sums(numerator: float | None, denominator: float | None) -> str:
    return " of ".join(f"{part:,.10g}" for part in (numerator, denominator) if part is not None)


def _write(rows: pl.DataFrame, file: Path) -> None:
    try:
        if file.suffix.lower() == ".csv":
            rows.write_csv(file)
        else:
            rows.write_parquet(file)
    except OSError as error:
        raise UserError(f"{file} cannot be written ({error.strerror or error}). Name another file.") from None
