"""Raw values → canonical types. A value that does not fit becomes null, never an exception; `mapping` notices.

`prepared` comes first: text without its blanks, so that what is non-null after it was a value.
"""

import polars as pl

from schemas.events import EVENT, INSTANT, MONEY
from tasks.sources.timestamps import instant

IDS = frozenset({"event_id", "customer_id", "anonymous_id", "reference"})
WHOLE_FLOATS = 2.0**53
"""Up to here a float holds every whole number."""
MONEY_LIMIT = 1e14

Text = (pl.String, pl.Categorical, pl.Enum)


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


def canonical(column: str, value: pl.Expr, found: pl.DataType, zone: str) -> pl.Expr | None:
    """A prepared value in its canonical type; None where no value of the found type fits."""
    readable = pl.String() if isinstance(found, Text) else found
    if isinstance(readable, pl.Null):
        return pl.lit(None, target_of(column))
    if target_of(column) == INSTANT:
        return instant(value, readable, zone)
    if target_of(column) == MONEY:
        return _money(value, readable)
    return _text(value, readable)


def can_fail(column: str, found: pl.DataType) -> bool:
    """Whether a value of this type may turn out not to fit."""
    return target_of(column) in (MONEY, INSTANT) and not isinstance(found, pl.Null)


def expected_types(column: str) -> str:
    """What `canonical` takes, in words."""
    if target_of(column) == INSTANT:
        return "a timestamp, a date, or ISO 8601 text such as '2025-01-05T14:03:00Z'"
    return "a number, or text that reads as one" if target_of(column) == MONEY else "text or a number"


def _text(value: pl.Expr, found: pl.DataType) -> pl.Expr | None:
    if isinstance(found, pl.String):
        return value
    if found.is_float():
        whole = (value == value.round()) & value.is_between(-WHOLE_FLOATS, WHOLE_FLOATS)
        return (
            pl.when(whole)
            .then(pl.when(whole).then(value).cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(value.cast(pl.String))
        )
    if found.is_decimal():
        return value.cast(pl.String).str.replace(r"\.0+$", "")
    if found.is_integer() or isinstance(found, pl.Boolean | pl.Date | pl.Datetime | pl.Time | pl.Binary):
        return value.cast(pl.String)
    return None


def _money(value: pl.Expr, found: pl.DataType) -> pl.Expr | None:
    """Exact from whole numbers, decimals and text (half to even beyond 4 places); floats are rounded to 4 places."""
    if isinstance(found, pl.Float32):
        # Its shortest text is what was meant: 1234.56, where widening gives 1234.56005859375.
        return _money(value.cast(pl.String).cast(pl.Float64, strict=False), pl.Float64())
    if found.is_float():
        # Too large a float raises in the cast, strict or not.
        return pl.when(value.is_between(-MONEY_LIMIT, MONEY_LIMIT, closed="none")).then(value).cast(MONEY, strict=False)
    if found.is_numeric() or isinstance(found, pl.String):
        return value.cast(MONEY, strict=False)
    return None
