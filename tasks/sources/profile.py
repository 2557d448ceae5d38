"""What a file looks like beside its rows: its columns, its empty values, the event names nobody mapped; by month.

Noted at ingest and compared from period to period (`tasks.drift`). No table is made of it, so files that were read
before it was noted need not be read again: they are not compared.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet

MOST_NAMES = 200
"""Event names that are noted of a month, the most frequent."""

Nulls = dict[str, dict[str, int]]
"""By kind of event, then canonical column: accepted events without a value. Zeros are left out."""


def columns(schema: Mapping[str, pl.DataType]) -> list[str]:
    """The raw columns, nested ones with their path, sorted."""
    return sorted(name for column, kind in schema.items() for name in _leaves(column, kind))


def _leaves(name: str, kind: Any) -> list[str]:
    if not isinstance(kind, pl.Struct):
        return [name]
    return [leaf for field in kind.fields for leaf in _leaves(f"{name}.{field.name}", field.dtype)]


def nulls(part: Path, mapped: Collection[str], kinds: Mapping[str, int]) -> Nulls:
    """The empty values of one month's accepted events; `kinds`: how many of each kind there are.

    The footer of the file tells which columns are never or always empty; only the others are read.
    """
    footer = pyarrow.parquet.read_metadata(part)
    empty = {name: _null_count(footer, position) for position, name in enumerate(footer.schema.names) if name in mapped}
    some = sorted(name for name, number in empty.items() if 0 < number < footer.num_rows)
    found: Nulls = {kind: {} for kind in sorted(kinds)}
    for name in sorted(name for name, number in empty.items() if number == footer.num_rows):
        for kind, number in kinds.items():
            found[kind][name] = number
    if some:
        counted = pl.scan_parquet(part, glob=False, hive_partitioning=False).group_by("kind")
        for row in counted.agg(pl.col(some).null_count()).collect(engine="streaming").to_dicts():
            found[row["kind"]] |= {name: row[name] for name in some if row[name]}
    return {kind: one for kind, one in found.items() if one}


def _null_count(footer: pyarrow.parquet.FileMetaData, column: int) -> int:
    groups: Sequence[Any] = [footer.row_group(number).column(column) for number in range(footer.num_row_groups)]
    return sum(group.statistics.null_count for group in groups)


def names(unmapped: pl.DataFrame, main: str) -> dict[str, dict[str, int]]:
    """Event names without a mapping, by month: name → rows.

    `unmapped`: a row per period (null: the rows count for `main`) and `event_name`, `len` rows.
    """
    ordered = unmapped.with_columns(pl.col("period").fill_null(main)).sort(
        "period", "len", "event_name", descending=[False, True, False]
    )
    found: dict[str, dict[str, int]] = {}
    for period, name, number in ordered.group_by("period", maintain_order=True).head(MOST_NAMES).iter_rows():
        found.setdefault(period, {})[name] = number
    return found
