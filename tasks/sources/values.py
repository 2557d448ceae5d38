"""Raw values → canonical types. A value that does not fit becomes null, never an exception; `mapping` notices.

`prepared` comes first: text without its blanks, so that what is non-null after it was a value.
"""

from dataclasses import dataclass

import polars as pl

from schemas.events import EVENT, INSTANT, MONEY
from tasks.sources import timestamps
from tasks.sources.numbers import canonical

IDS = frozenset({"event_id", "customer_id", "anonymous_id", "reference"})
WHOLE_FLOATS = 2.0**53
"""Up to here a float holds every whole number."""
MONEY_LIMIT = 1e14

Text = (pl.String, pl.Categorical, pl.Enum)
TEXTUAL = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Time, pl.Binary)
"""Beside numbers, what can be written as text."""


def target_of(column: str) -> pl.DataType:
    """The type to read a column as; the kind is read as text first, and so are dimensions."""
    return pl.String() if column == "kind" else EVENT.get(column, pl.String())


def prepared(column: str, raw: pl.Expr, found: pl.DataType) -> pl.Expr:
    """The raw value, null where it stands for nothing: blank text, NaN where text is wanted. Ids lose outer blanks."""
    if isinstance(found, Text):
        text = raw.cast(pl.String)
        stripped = text.str.strip_chars()
        keeps_blanks = target_of(column) == pl.String and column not in IDS
        return pl.when(stripped != "").then(text if keeps_blanks else stripped)
    if found.is_float() and target_of(column) == pl.String:
        return raw.fill_nan(None)
    return raw


@dataclass(frozen=True)
class Notation:
    """How a source writes times and numbers: the zone of times that carry none, what numbers count since 1970 where
    they stand for instants (None: they do not), and the mark before decimals in text.
    """

    zone: str
    epoch: timestamps.Unit | None = None
    decimal: str = "."


def fits(column: str, found: pl.DataType, notation: Notation) -> bool:
    """Whether values of the found type can be read as the column's."""
    found = _readable(found)
    if isinstance(found, pl.Null):
        return True
    if target_of(column) == INSTANT:
        return timestamps.fits(found, notation.epoch)
    if target_of(column) == MONEY:
        return found.is_numeric() or isinstance(found, pl.String)
    return found.is_numeric() or isinstance(found, TEXTUAL)


def with_canonical(frame: pl.LazyFrame, column: str, raw: str, found: pl.DataType, notation: Notation) -> pl.LazyFrame:
    """Adds `column` in its canonical type, from the prepared values in the column `raw` of a type that `fits`."""
    found, target = _readable(found), target_of(column)
    if target == INSTANT:
        return timestamps.with_instant(frame, column, raw, found, notation.zone, notation.epoch)
    if isinstance(found, pl.Null):
        return frame.with_columns(pl.lit(None, target).alias(column))
    value = pl.col(raw)
    if target == MONEY:
        number = canonical(value, notation.decimal) if isinstance(found, pl.String) else value
        return frame.with_columns(_money(number, found).alias(column))
    return frame.with_columns(_text(value, found).alias(column))


def _readable(found: pl.DataType) -> pl.DataType:
    """The type after `prepared`."""
    return pl.String() if isinstance(found, Text) else found


def can_fail(column: str, found: pl.DataType) -> bool:
    """Whether a value of this type may turn out not to fit."""
    return target_of(column) in (MONEY, INSTANT) and not isinstance(found, pl.Null)


def expected_types(column: str) -> str:
    """What `canonical` takes, in words."""
    if target_of(column) == INSTANT:
        return "a timestamp, a date, or ISO 8601 text such as '2025-01-05T14:03:00Z'"
    return "a number, or text that reads as one" if target_of(column) == MONEY else "text or a number"


def _text(value: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Whole numbers without a fraction: an id column with gaps is often stored as floats."""
    if found.is_float():
        whole = (value == value.round()) & value.is_between(-WHOLE_FLOATS, WHOLE_FLOATS)
        digits = pl.when(whole).then(value).cast(pl.Int64, strict=False).cast(pl.String)
        return pl.coalesce(digits, value.cast(pl.String))
    if found.is_decimal():
        return value.cast(pl.String).str.replace(r"\.0+$", "")
    return value.cast(pl.String)


def _money(value: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Exact from whole numbers, decimals and text (half to even beyond 4 places); floats are rounded to 4 places."""
    if isinstance(found, pl.Float32):
        # Its shortest text is what was meant: 1234.56, where widening gives 1234.56005859375.
        return _money(value.cast(pl.String).cast(pl.Float64, strict=False), pl.Float64())
    if found.is_float():
        # Too large a float raises in the cast, strict or not.
        return pl.when(value.is_between(-MONEY_LIMIT, MONEY_LIMIT, closed="none")).then(value).cast(MONEY, strict=False)
    return value.cast(MONEY, strict=False)
