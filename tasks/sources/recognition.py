"""Which system's export a file is, by the names of its columns; and the refusal of one its preset is not for.

What presets ask for is in `config.preset`. Reading files is in `formats`, which comes here before anything is mapped.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from config import preset
from config.preset import Preset
from tasks.sources.opened import Place

SHOWN = 12
"""Columns found that a message lists."""


def names_in(schema: Mapping[str, pl.DataType]) -> frozenset[str]:
    """The columns and, with dots, what lies in objects and in lists of objects: `items.data.price`."""
    return frozenset(name for column, kind in schema.items() for name in _names(column, kind))


def _names(name: str, kind: DataType | DataTypeClass) -> Iterator[str]:
    yield name
    while isinstance(kind, pl.List):
        kind = kind.inner
    if isinstance(kind, pl.Struct):
        for field in kind.fields:
            yield from _names(f"{name}.{field.name}", field.dtype)


def refuse_other_form(name: str, schema: Mapping[str, pl.DataType], cells: int | None, place: Place) -> None:
    """Raises InputError where a file is not of the preset's form. For `cells` see `config.preset.ranked`."""
    expected, columns = preset.shipped()[name], names_in(schema)
    if expected.fits(columns, cells):
        return
    others = {other: preset.shipped()[other] for other in preset.ranked(columns, cells)}
    looks_like = " or ".join(f'"{other}" ({one.title})' for other, one in others.items())
    hint = f"This looks like {looks_like}. Correct `preset`" if others else "No other preset fits. Correct `uri`"
    # Cells of a first line that is no header are somebody's data.
    has_no_header = any(len(one.header) == cells for one in others.values())
    found = f"{cells} cells a line and no header" if has_no_header else _listed(list(schema))
    raise place.error(
        f'the preset "{name}" ({expected.title}) expects {_expects(expected)}; found {found}. '
        f"{hint}, or leave it out and map the columns yourself."
    )


def _expects(expected: Preset) -> str:
    headless = f", or {len(expected.header)} cells a line without a header" if expected.header else ""
    return f"columns {', '.join(expected.recognise)}{headless}"


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
