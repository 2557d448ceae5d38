"""Raw times → instants in UTC. The calendar itself is in `tasks.clock`.

An instant before 1970 or from 2200 on is no instant: it comes from a placeholder or a wrong unit.
"""

from datetime import UTC, date, datetime

import polars as pl

from schemas.events import INSTANT
from tasks import clock

FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ZONE_SUFFIX = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$"


def instant(raw: pl.Expr, found: pl.DataType, zone: str) -> pl.Expr | None:
    """Null where it cannot be read; None where no value of the type can be an instant.

    Times without a zone are local in `zone`. One that a clock change skips moves an hour on.
    """
    match found:
        case pl.Null():
            return pl.lit(None, INSTANT)
        case pl.Datetime(time_zone=None):
            return _in_range(_local(_near(raw).dt.cast_time_unit("us"), zone))
        case pl.Datetime():
            return _in_range(raw).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
        case pl.Date():
            days = raw.is_between(date(1969, 12, 31), date(2200, 1, 1))
            return _in_range(_local(pl.when(days).then(raw).cast(pl.Datetime("us")), zone))
        case pl.String():
            return _in_range(_from_text(raw, zone))
        case _:
            return None


def _local(naive: pl.Expr, zone: str) -> pl.Expr:
    return clock.as_instant(naive, zone)


def _near(naive: pl.Expr) -> pl.Expr:
    """Drops what no zone could bring into range, so that arithmetic on it cannot overflow."""
    return pl.when(naive.is_between(datetime(1969, 12, 31), datetime(2200, 1, 2))).then(naive)


def _in_range(moment: pl.Expr) -> pl.Expr:
    return pl.when(moment.is_between(FIRST, END, closed="left")).then(moment)


def _from_text(raw: pl.Expr, zone: str) -> pl.Expr:
    """ISO 8601 and what databases export: `T` or blank, fraction or none, seconds or none, `Z`, UTC, ±hh[:mm] or none.

    Each row is parsed once, in the form its length and ending tell: a form sees null for the rows of the others.
    """
    text = raw.str.strip_chars().str.replace("T", " ", literal=True).str.replace(" UTC", "Z", literal=True)
    length = text.str.len_bytes()
    has_seconds = text.str.slice(16, 1) == ":"
    zoned = (length > 10) & text.str.contains(ZONE_SUFFIX)
    bare = ~zoned & (length > 10)
    local = (
        _parsed(text, length == 10, "%Y-%m-%d"),
        _parsed(text, bare & (length == 16), "%Y-%m-%d %H:%M"),
        _parsed(text, bare & (length == 19), "%Y-%m-%d %H:%M:%S"),
        _parsed(text, bare & (length > 19), "%Y-%m-%d %H:%M:%S%.f"),
    )
    exact = (
        _parsed(text, zoned & has_seconds, "%Y-%m-%d %H:%M:%S%.f%#z"),
        _parsed(text, zoned & ~has_seconds, "%Y-%m-%d %H:%M%#z"),
    )
    return pl.coalesce(*exact, _local(_near(pl.coalesce(*local)), zone))


def _parsed(text: pl.Expr, mine: pl.Expr, form: str) -> pl.Expr:
    return pl.when(mine).then(text).str.to_datetime(form, time_unit="us", strict=False)
