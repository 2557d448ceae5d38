"""What is a row of a file that was opened: out of an API's envelope, with repeated cells filled in, one per element.

Which of these a file needs, its source says. Opening files is in `formats`, what the rows mean in `mapping`.
"""

from dataclasses import replace

import polars as pl

from config.models import Source
from tasks.sources.opened import Opened, Place
from tasks.sources.paths import Found, InJson, NoInsideError, follow, is_covered, named


def unwrapped(opened: Opened, source: Source) -> Opened:
    """The rows in the list `envelope` names; a file without such a list is rows already."""
    name = source.envelope or ""
    kind = opened.schema.get(name)
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return opened
    rows = opened.frame.select(pl.col(name).explode()).drop_nulls().unnest(name)
    return replace(opened, frame=rows, schema=rows.collect_schema())


def filled_down(opened: Opened, source: Source, place: Place) -> Opened:
    """Blank cells of the columns `fill_down` names with the value before them, among rows that belong together."""
    if source.fill_down is None:
        return opened
    within, wanted = source.fill_down.within, source.fill_down.columns
    columns = [name for name in wanted if name in opened.schema or not is_covered(name, source.optional)]
    for name in (within, *columns):
        if name not in opened.schema:
            raise place.error(f"fill_down names {name!r}, which the file lacks. It has {', '.join(opened.schema)}.")
    filled = (pl.coalesce(name, pl.col(name).forward_fill().over(within)).alias(name) for name in columns)
    return replace(opened, frame=opened.frame.with_columns(filled))


def spread(opened: Opened, source: Source, place: Place) -> Opened:
    """Each element of the list `rows` names as a row; a row whose list is empty or null stays one.

    Where the list lies in an object, its elements become a column called by the path, such as `order.lines`.
    """
    if source.rows is None or source.rows in opened.empty:
        return opened
    found = _list_of(source.rows, opened, source, place)
    if found is None and is_covered(source.rows, source.optional):
        return opened
    if found is None or not isinstance(found.kind, pl.List):
        what = f"is {found.kind}" if found else f"is no column of the file, which has {', '.join(opened.schema)}"
        raise place.error(f"rows = {source.rows!r} {what}. Expected a list, each of whose elements becomes a row.")
    frame = opened.frame.with_columns(found.value.alias(source.rows))
    schema = pl.Schema({**opened.schema, source.rows: found.kind.inner})
    return replace(opened, frame=frame, schema=schema, spread=source.rows)


def _list_of(rows: str, opened: Opened, source: Source, place: Place) -> Found | None:
    if rows in opened.schema:
        return Found(pl.col(rows), opened.schema[rows])
    path = named(rows)[1].get(rows)
    if path is None or path.root not in opened.schema:
        return None
    try:
        found = follow(path, path.root, opened, source)
    except NoInsideError as error:
        raise place.error(f"rows reads {error}") from None
    if isinstance(found, InJson):
        raise place.error(f"rows = {rows!r} lies in JSON text, of whose lists no rows can be made.")
    return found
