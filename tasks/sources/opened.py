"""What opening a raw file gives, and how trouble with it is told. No format is known here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from config.errors import InputError, MisfitError

OTHER_ENCODING = (
    'Save it as UTF-8, or say what it is: encoding = "cp1252" (or "latin-1", "utf-16") under [sources.csv].'
)
_QUOTED_VALUES = re.compile(r": \[.*\]?$|(?<=cannot parse )'.*?'(?= \()")


@dataclass(frozen=True)
class Place:
    """Where something was read, for messages: source and file, as the user names them."""

    source: str
    file: str

    def __str__(self) -> str:
        return f"source {self.source!r}, file {self.file!r}"

    def error(self, what: str) -> InputError:
        return InputError(f"{self}: {what}")

    def misfit(self, what: str) -> MisfitError:
        return MisfitError(f"{self}: {what}")


@dataclass(frozen=True)
class Unread:
    """A data row (counted from 1) that could not be split into columns, its text, and the rule it broke."""

    row: int
    text: str
    rule: str


@dataclass(frozen=True, eq=False)
class Opened:
    """A raw file: its readable rows in order, and the others.

    `empty` are columns of no value and no type of their own, `schema` calls them text. `spread` is a list column each
    of whose elements becomes a row; `schema` tells its elements.
    """

    frame: pl.LazyFrame
    schema: pl.Schema
    unread: tuple[Unread, ...] = ()
    empty: frozenset[str] = frozenset()
    spread: str | None = None

    def rows(self) -> pl.LazyFrame:
        return self._spread(self.frame)

    def _spread(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.explode(self.spread, empty_as_null=True) if self.spread else frame

    def numbered(self, name: str) -> pl.LazyFrame:
        """The readable rows with their place in the file, from 1, unread rows counted. Elements share their row's."""
        frame = self.frame.with_row_index(name, offset=1)
        number = pl.col(name).cast(pl.Int64)
        if self.unread:
            # The n-th readable row comes after each unread one whose own row, less the unread before it, is at most n.
            rows = sorted(entry.row for entry in self.unread)
            passed = pl.Series([row - before for before, row in enumerate(rows)], dtype=pl.Int64)
            number = number + pl.lit(passed).search_sorted(number, side="right").cast(pl.Int64)
        return self._spread(frame.with_columns(number.alias(name)))


@contextmanager
def reading(place: Place) -> Iterator[None]:
    """Turns what Arrow and the operating system say about a damaged text file into an error for its user."""
    try:
        yield
    except pa.ArrowInvalid as error:
        raise place.error(f"cannot be read ({reason(error)}).{_encoding_hint(error)}") from None
    except (OSError, EOFError) as error:
        raise place.error(f"cannot be read ({reason(error)}): was it cut in transfer? Fetch it again.") from None


def _encoding_hint(error: Exception) -> str:
    return f" {OTHER_ENCODING}" if "utf8" in str(error).lower() else ""


def reason(error: BaseException) -> str:
    """The first line of what a library said, without the values it quotes: they may be customers' ids.

    The rest of it is a query plan.
    """
    lines = str(error).strip().splitlines()
    return _QUOTED_VALUES.sub("", lines[0]).removeprefix("parquet: ") if lines else type(error).__name__
