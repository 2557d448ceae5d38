"""The columns of a raw file: what their values look like, and which role each most likely plays.

A role is given by the column's name and its values together. The patterns of names are in `words`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from tasks.inspection.words import DIMENSIONS, SYMBOLS, plain, rank
from tasks.sources.numbers import NUMBER
from tasks.sources.timestamps import PER_SECOND, Unit, with_instant

MOST = 0.95
"""The share of a column's values that must be of a form for the column to be."""
FORMS = (
    "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y", "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S",
    "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d", "%d/%m/%y", "%d/%m/%y %H:%M",
    "%m/%d/%y", "%m/%d/%y %H:%M", "%b %d, %Y", "%d %b %Y", "%d %B %Y",
)  # fmt: skip
"""How instants are written beside ISO 8601; where two fit, the day comes first."""
WORDS_OF_SQL = frozenset(
    [
        "all",
        "any",
        "date",
        "distinct",
        "end",
        "exists",
        "false",
        "from",
        "group",
        "having",
        "interval",
        "into",
        "limit",
        "not",
        "null",
        "offset",
        "order",
        "select",
        "some",
        "time",
        "timestamp",
        "true",
        "union",
        "user",
        "values",
        "view",
        "where",
        "with",
    ]
)
"""Names that an expression takes for something else unless they are quoted."""
MOST_LEVELS, MOST_NAMES = 60, 200
FEW_ROWS = 100
NEGATIVE = rf"^[{''.join(SYMBOLS)}]?\s*-"
EARLY, LATE = 631_152_000, 2_100_000_000
"""Seconds since 1970: numbers between them can be instants."""
ZONED = r"\d{2}:\d{2}.*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$"


@dataclass(frozen=True)
class Times:
    """How a column tells instants: the expression; what numbers count; whether they carry a zone; another reading that
    fits as well ("" where none does).
    """

    sql: str
    epoch: Unit | None = None
    has_zone: bool = True
    or_else: str = ""


@dataclass(frozen=True)
class Numbers:
    """How a column tells numbers: the expression, the decimal mark, the currency whose sign stands there."""

    sql: str
    decimal: str = "."
    currency: str | None = None


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a file, or one value in an object: `visitor.id`."""

    path: tuple[str, ...]
    values: pl.Series

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def sql(self) -> str:
        return ".".join(quoted(part) for part in self.path)

    @cached_property
    def plain(self) -> str:
        return plain(" ".join(self.path))

    @cached_property
    def filled(self) -> pl.Series:
        """The values without blanks and nulls."""
        values = self.values.drop_nulls()
        if values.dtype != pl.String:
            return values
        stripped = values.str.strip_chars()
        return stripped.filter(stripped != "")

    @property
    def empty(self) -> float:
        """Share of the rows without a value."""
        return 1 - len(self.filled) / len(self.values) if len(self.values) else 1.0

    @cached_property
    def distinct(self) -> int:
        return 0 if self.values.dtype.is_nested() else self.filled.n_unique()

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each value occurs, the most frequent first."""
        counted = self.filled.cast(pl.String).alias("value").value_counts(name="rows")
        found = counted.sort(["rows", "value"], descending=[True, False])
        return dict(found.iter_rows())

    @property
    def is_text(self) -> bool:
        return isinstance(self.values.dtype, pl.String | pl.Categorical | pl.Enum)

    @property
    def can_be_id(self) -> bool:
        kind = self.values.dtype
        whole = kind.is_float() and bool((self.filled == self.filled.round()).all())
        return not self.filled.is_empty() and (self.is_text or kind.is_integer() or whole)

    @cached_property
    def times(self) -> Times | None:
        return _times(self)

    @cached_property
    def numbers(self) -> Numbers | None:
        return _numbers(self)

    @cached_property
    def negative(self) -> float:
        """The share of its numbers that are below 0."""
        if self.numbers is None:
            return 0.0
        return _part(self.filled.str.contains(NEGATIVE) if self.is_text else self.filled < 0)


def quoted(name: str) -> str:
    """A column's name as SQL takes it."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in WORDS_OF_SQL
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def columns_of(rows: pl.DataFrame) -> list[Column]:
    """The columns, and the values in objects."""
    return [column for name in rows.columns for column in _columns((name,), rows[name])]


def _columns(path: tuple[str, ...], values: pl.Series) -> Iterator[Column]:
    if isinstance(values.dtype, pl.Struct):
        for field in values.dtype.fields:
            yield from _columns((*path, field.name), values.struct.field(field.name))
    else:
        yield Column(path, values)


def _times(column: Column) -> Times | None:
    kind = column.values.dtype
    if column.filled.is_empty():
        return None
    if isinstance(kind, pl.Datetime | pl.Date):
        return Times(column.sql, has_zone=isinstance(kind, pl.Datetime) and kind.time_zone is not None)
    if kind.is_numeric():
        return _counted(column, column.filled.cast(pl.Float64))
    return _times_in_text(column) if isinstance(kind, pl.String) else None


def _counted(column: Column, numbers: pl.Series) -> Times | None:
    unit = _unit(numbers)
    return Times(column.sql, epoch=unit) if unit else None


def _times_in_text(column: Column) -> Times | None:
    texts = column.filled
    if _part(texts.head(FEW_ROWS).str.contains(r"\d")) < MOST:
        return None
    if _share(_instants(texts)) >= MOST:
        return Times(column.sql, has_zone=_part(texts.str.contains(ZONED)) >= MOST)
    fitting = [form for form in FORMS if _share(texts.str.to_datetime(form, strict=False)) >= MOST]
    if counted := _counted(column, texts.cast(pl.Float64, strict=False)):
        return counted
    if not fitting:
        return None
    first, *others = (f"strptime({column.sql}, '{form}')" for form in fitting)
    return Times(first, has_zone=False, or_else=next(iter(others), ""))


def _instants(values: pl.Series) -> pl.Series:
    frame = with_instant(pl.LazyFrame({"raw": values}), "at", "raw", pl.String(), "UTC")
    return frame.select("at").collect().to_series()


def _unit(values: pl.Series) -> Unit | None:
    """What numbers count, if they are instants of 1990 to 2036."""
    numbers = values.drop_nulls()
    if len(numbers) < MOST * max(1, len(values)):
        return None
    fits = (unit for unit, by in PER_SECOND.items() if _part(numbers.is_between(EARLY * by, LATE * by)) >= MOST)
    return next(fits, None)


def _part(truths: pl.Series) -> float:
    """The share that is true."""
    return int(truths.sum()) / len(truths) if len(truths) else 0.0


def _share(values: pl.Series) -> float:
    return 1 - values.null_count() / len(values) if len(values) else 0.0


def _numbers(column: Column) -> Numbers | None:
    kind, values = column.values.dtype, column.filled
    if values.is_empty() or not (kind.is_numeric() or isinstance(kind, pl.String)):
        return None
    if kind.is_numeric():
        return Numbers(column.sql)
    signs = [sign for sign in SYMBOLS if bool(values.str.contains(sign, literal=True).any())]
    currency = SYMBOLS[signs[0]] if signs else None
    bare = values.str.replace_many(dict.fromkeys(signs, "")).str.strip_chars()
    for way in WAYS:
        if _part(bare.str.contains(way.form)) >= MOST:
            return _as_written(column, way, signs, currency)
    return None


@dataclass(frozen=True)
class Way:
    """A way to write numbers: its form, the decimal mark, and what to replace for a plain number."""

    form: str
    decimal: str
    replaced: tuple[tuple[str, str], ...]


BLANKS = (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
WAYS = (
    Way(NUMBER, ".", ()),
    Way(rf"^[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]*)?$|{NUMBER}", ".", ((",", ""),)),
    Way(
        rf"^[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:[.{''.join(BLANKS)}][0-9]{{3}})+)(?:,[0-9]*)?$",
        ",",
        (*((blank, "") for blank in BLANKS), (".", ""), (",", ".")),
    ),
)
"""1200.50, 1,200.50 and 1.200,50; what fits two of them is the first."""


def _as_written(column: Column, way: Way, signs: Sequence[str], currency: str | None) -> Numbers:
    """A source can say that its decimals follow a comma; what else stands in its numbers, the expression takes out."""
    if not signs and (way.decimal == "," or not way.replaced):
        return Numbers(column.sql, way.decimal, currency)
    sql = column.sql
    for found, instead in (*((sign, "") for sign in signs), *way.replaced):
        sql = f"replace({sql}, '{found}', '{instead}')"
    return Numbers(f"CAST(trim({sql}) AS DOUBLE)", ".", currency)


# ---- Roles -----------------------------------------------------------------------------------------------------------

Roles = Mapping[str, Column]
"""Canonical column (and `unit_price`) → the column that gives it."""


def _is_id(column: Column) -> bool:
    return column.can_be_id and column.times is None and column.distinct > 1


def _is_unique(column: Column) -> bool:
    return column.can_be_id and column.empty <= 0.01 and column.distinct >= MOST * len(column.filled)


def _is_name(column: Column) -> bool:
    if not column.is_text or column.times is not None or column.numbers is not None:
        return False
    most = MOST_NAMES if len(column.filled) <= FEW_ROWS else min(MOST_NAMES, len(column.filled) // 3)
    return 1 <= column.distinct <= most and bool((column.filled.cast(pl.String).str.len_chars() <= 80).all())


def _is_currency(column: Column) -> bool:
    return column.is_text and bool(column.filled.cast(pl.String).str.contains("^[A-Za-z]{3}$").all())


FITS: Mapping[str, Callable[[Column], bool]] = {
    "occurred_at": lambda column: column.times is not None and column.empty <= 0.5,
    "received_at": lambda column: column.times is not None,
    "customer_id": _is_id,
    "anonymous_id": _is_id,
    "name": _is_name,
    "event_id": _is_unique,
    "reference": lambda column: column.can_be_id and column.times is None,
    "item": lambda column: column.can_be_id and column.times is None,
    "quantity": lambda column: column.numbers is not None,
    "unit_price": lambda column: column.numbers is not None,
    "amount": lambda column: column.numbers is not None,
    "currency": _is_currency,
    "score": lambda column: column.numbers is not None,
}
"""What the values of a role must be, in the order in which the roles are given away."""


def roles_of(columns: Sequence[Column]) -> dict[str, Column]:
    """The role of each column that plays one; the surest name takes a role, of equals the first column."""
    given: dict[str, Column] = {}
    for role, fits in FITS.items():
        free = [column for column in columns if column not in given.values() and not column.filled.is_empty()]
        ranked = [
            (place, column) for column in free if (place := rank(role, column.plain)) is not None and fits(column)
        ]
        if ranked:
            given[role] = min(ranked, key=lambda entry: entry[0])[1]
    if "occurred_at" not in given:
        others = [one for one in columns if one is not given.get("received_at") and FITS["occurred_at"](one)]
        certain = [one for one in others if not one.values.dtype.is_numeric()]
        given |= (
            {"occurred_at": (certain or [given.pop("received_at")])[0]} if certain or "received_at" in given else {}
        )
    if "quantity" not in given and "unit_price" in given and "amount" not in given:
        given["amount"] = given.pop("unit_price")
    return given


def dimensions_of(columns: Sequence[Column], roles: Roles) -> dict[str, Column]:
    """Columns to split figures by, by the dimension's name; the most telling first."""
    taken = {column.name for role, column in roles.items() if role != "item"}
    found: dict[str, Column] = {}
    for name, pattern in DIMENSIONS.items():
        for column in columns:
            if column.name not in taken and re.fullmatch(pattern, column.plain) and _has_levels(column):
                found.setdefault(name, column)
    return found


def other_levels(columns: Sequence[Column], roles: Roles, dimensions: Roles) -> list[Column]:
    """Further columns with few values, which a person might split by."""
    taken = {column.name for column in (*roles.values(), *dimensions.values())}
    free = [column for column in columns if column.name not in taken and column.is_text and _has_levels(column)]
    return [column for column in free if column.times is None and column.numbers is None and not _is_somebody(column)]


def _is_somebody(column: Column) -> bool:
    return any(rank(role, column.plain) is not None for role in ("customer_id", "anonymous_id", "event_id"))


def _has_levels(column: Column) -> bool:
    """A handful of different values, in most rows."""
    if not (column.is_text or column.values.dtype.is_integer() or column.values.dtype == pl.Boolean):
        return False
    enough = len(column.filled) <= FEW_ROWS or column.distinct <= len(column.filled) // 10
    return 2 <= column.distinct <= MOST_LEVELS and column.empty < 0.8 and enough
