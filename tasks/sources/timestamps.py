"""Raw times → instants in UTC. The calendar itself is in `tasks.clock`.

An instant up to 1970-01-01 or from 2200 on is no instant: it comes from a placeholder (0) or a wrong unit.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal

import polars as pl

from schemas.events import INSTANT
from tasks import clock

FIRST, END = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
NEAR = (datetime(1969, 12, 31), datetime(2200, 1, 2))
FORMS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M%#z",
)
ZONED = 4
"""From here on the forms carry a zone."""
ZONE_SUFFIX = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$"


Unit = Literal["s", "ms", "us"]
PER_SECOND: Mapping[Unit, int] = {"s": 1, "ms": 1_000, "us": 1_000_000}
FIRST_COUNTED = datetime(1980, 1, 1, tzinfo=UTC)
"""Seconds read as milliseconds, and these as microseconds, fall before it: no wrong unit makes an instant."""
COUNT = r"^[0-9]{1,19}(?:\.[0-9]*)?$"


def fits(found: pl.DataType, epoch: Unit | None) -> bool:
    """Whether values of this type can be instants; numbers can where `epoch` says what they count."""
    return (epoch is not None and found.is_numeric()) or isinstance(found, pl.Null | pl.Datetime | pl.Date | pl.String)


def with_instant(
    frame: pl.LazyFrame, column: str, raw: str, found: pl.DataType, zone: str, epoch: Unit | None = None
) -> pl.LazyFrame:
    """Adds `column`, the instants that the column `raw` of type `found` tells; null where it cannot be read.

    Numbers, also in text, count `epoch` units since 1970. Times without a zone are local in `zone`; one that a clock
    change skips moves an hour on.
    Goes in steps over columns of their own, because Polars computes an expression as often as it is written.
    """
    value, moment = pl.col(raw), f"=moment:{column}"
    match found:
        case pl.Null():
            return frame.with_columns(pl.lit(None, INSTANT).alias(column))
        case pl.Datetime(time_zone=None):
            frame = _from_local(frame.with_columns(value.alias(moment)), moment, zone)
        case pl.Date():
            days = value.is_between(date(1969, 12, 31), date(2200, 1, 1))
            midnight = pl.when(days).then(value).cast(pl.Datetime("us"))
            frame = _from_local(frame.with_columns(midnight.alias(moment)), moment, zone)
        case pl.String():
            frame = _from_text(frame, moment, raw, zone)
            if epoch is not None:
                frame = frame.with_columns(pl.coalesce(_counted(_count(value), epoch), moment).alias(moment))
        case _ if found.is_numeric() and epoch is not None:
            frame = frame.with_columns(_counted(value, epoch).alias(moment))
        case _:
            frame = frame.with_columns(value.dt.convert_time_zone("UTC").alias(moment))
    in_range = pl.when(pl.col(moment).is_between(FIRST, END, closed="left")).then(pl.col(moment))
    return frame.with_columns(in_range.dt.cast_time_unit("us").alias(column))


def _count(text: pl.Expr) -> pl.Expr:
    """The number in a text; null where there is none."""
    stripped = text.str.strip_chars()
    return pl.when(stripped.str.contains(COUNT)).then(stripped).cast(pl.Decimal(38, 6), strict=False)


def _counted(number: pl.Expr, epoch: Unit) -> pl.Expr:
    """Numbers since 1970 → instants; null outside FIRST_COUNTED to END."""
    per_second = PER_SECOND[epoch]
    first, end = (round(edge.timestamp()) * per_second for edge in (FIRST_COUNTED, END))
    near = pl.when(number.is_between(first, end, closed="left")).then(number)
    return (near * (1_000_000 // per_second)).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def _from_local(frame: pl.LazyFrame, name: str, zone: str) -> pl.LazyFrame:
    """Local times → instants. What no zone could bring into range goes first: arithmetic on it could overflow."""
    local = pl.col(name)
    near = pl.when(local.is_between(*NEAR)).then(local).dt.cast_time_unit("us")
    return frame.with_columns(near.alias(name)).with_columns(clock.as_instant(local, zone).alias(name))


def _from_text(frame: pl.LazyFrame, name: str, raw: str, zone: str) -> pl.LazyFrame:
    """ISO 8601 and what databases export: `T` or blank, fraction or none, seconds or none, `Z`, UTC, ±hh[:mm] or none.

    Each row is parsed once, in the form its length and ending tell: a form sees null for the rows of the others.
    """
    text, form, local = pl.col(f"{name}:text"), f"{name}:form", f"{name}:local"
    plain = pl.col(raw).str.strip_chars().str.replace(" UTC", "Z", literal=True).str.replace("T", " ", literal=True)
    parsed = [
        pl.when(pl.col(form) == number).then(text).str.to_datetime(shape, time_unit="us", strict=False)
        for number, shape in enumerate(FORMS)
    ]
    frame = (
        frame.with_columns(plain.alias(f"{name}:text"))
        .with_columns(_form(text).alias(form))
        .with_columns(pl.coalesce(parsed[:ZONED]).alias(local), pl.coalesce(parsed[ZONED:]).alias(f"{name}:exact"))
    )
    return _from_local(frame, local, zone).with_columns(pl.coalesce(f"{name}:exact", local).alias(name))


def _form(text: pl.Expr) -> pl.Expr:
    """Position in FORMS."""
    length = text.str.len_bytes()
    has_seconds = text.str.slice(16, 1) == ":"
    zoned = (length > 10) & text.str.contains(ZONE_SUFFIX)
    return (
        pl.when(length == 10).then(0)
        .when(zoned).then(pl.when(has_seconds).then(ZONED).otherwise(ZONED + 1))
        .when(length == 16).then(1)
        .when(length == 19).then(2)
        .otherwise(3)
    )  # fmt: skip
