"""The SQL expressions of a mapping, bound to the columns of one file: do they parse, what do they read and yield.

Text columns that hold numbers are read as numbers where an expression needs it: CSV carries no types.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import polars as pl

from config.errors import ConfigError, closest, did_you_mean
from config.models import Source
from schemas.events import EVENT, KINDS, MONEY, uncastable
from tasks.sources.conversions import Step, as_if_readable, converted, renamed, separated, without, yielded
from tasks.sources.json_text import Decoded, Steps, only_decoded
from tasks.sources.numbers import NUMBER, canonical
from tasks.sources.opened import Opened, Place, reason
from tasks.sources.paths import Found, InJson, NoInsideError, Path, follow, is_covered, named, shown
from tasks.sources.values import target_of

WHERE = "where"
SAMPLE_ROWS = 5_000

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_ACROSS_ROWS = re.compile(
    r"\b(?:over|(?:avg|mean|sum|min|max|count|first|last|median|mode|quantile_cont|quantile_disc|stddev\w*|stdev\w*|var"
    r"|variance|var_\w+|covar\w*|corr|row_number|rank|dense_rank|lag|lead|first_value|last_value|nth_value|array_agg"
    r"|string_agg|listagg|unnest|explode))\s*\(",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(?:now\s*\(|current_date\b|current_time(?:stamp)?\b|localtime(?:stamp)?\b)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Bound:
    """One expression of the mapping over one file. `numbers` are the text columns it reads as numbers; `steps` are
    its conversions, which come before it; `broken` the columns that are true where JSON text it reads is no JSON.
    """

    column: str
    expr: pl.Expr
    found: pl.DataType
    numbers: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """Name of the column its value stands in."""
        return f"={self.column}"

    @property
    def converts_strictly(self) -> bool:
        """Whether a cell that cannot be converted is an error."""
        return any(step.lost is not None for step in self.steps)

    @property
    def can_be_unreadable(self) -> bool:
        """Whether `evaluated` adds `uncastable`."""
        return bool(self.numbers or self.broken) or self.converts_strictly


@dataclass(frozen=True, eq=False)
class Inner:
    """What expressions read that is no column of the file: `decoded` from JSON text, to be added beside its columns,
    then the `values` inside columns; `lacking` are those of them that the file has not and are null, each with a
    sentence for the user, should no file have it.
    """

    decoded: tuple[Decoded, ...]
    values: tuple[pl.Expr, ...]
    schema: pl.Schema
    lacking: dict[str, str]

    def broken(self, expr: pl.Expr) -> tuple[str, ...]:
        """The columns that are true where JSON text the expression reads is no JSON."""
        roots = set(expr.meta.root_names())
        return tuple(one.broken for one in self.decoded if roots & one.wanted.keys())

    def sample(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The first rows with all that expressions read."""
        head = rows.head(SAMPLE_ROWS)
        parts = [head, only_decoded(head, self.decoded)] if self.decoded else [head]
        return pl.concat(parts, how="horizontal").with_columns(self.values)


@dataclass(frozen=True, eq=False)
class Binding:
    """Expressions over one file, and what they read that is no column of it."""

    bound: tuple[Bound, ...]
    inner: Inner


ESSENTIAL = ("occurred_at", "kind", "name", WHERE)
"""Without these no row of a file would be taken, or the wrong ones."""


def bind(expressions: dict[str, str], opened: Opened, source: Source, place: Place) -> Binding:
    """The expressions (canonical column, or "where" → SQL) over the columns of one file."""
    read = {column: _read(column, sql, opened.schema, place) for column, sql in expressions.items()}
    inner = _inner(read, opened, source, place)
    _refuse_lacking(read, inner.lacking, source, place)
    schema = pl.Schema({**opened.schema, **inner.schema})
    numeric = _text_that_holds_numbers(read.values(), inner.sample(opened.rows()), schema, source.decimal)
    known = Known(schema, numeric, frozenset(inner.lacking), source.decimal)
    bound = [_bound(column, expressions[column], one.expr, known, place) for column, one in read.items()]
    return Binding(tuple(replace(one, broken=inner.broken(read[one.column].expr)) for one in bound), inner)


@dataclass(frozen=True, eq=False)
class Read:
    """An expression whose columns are the file's or, where they are none of these, what `paths` says, or lacking."""

    expr: pl.Expr
    paths: dict[str, Path]


def _inner(read: dict[str, Read], opened: Opened, source: Source, place: Place) -> Inner:
    found: dict[str, Found] = {}
    decoded: dict[str, dict[str, Steps]] = {}
    lacking: dict[str, str] = {}
    for column, one in read.items():
        for name in one.expr.meta.root_names():
            if name in opened.schema:
                continue
            path = one.paths[name].below(opened.spread) if name in one.paths else None
            root = _header(path.root, opened.schema) if path else None
            match _followed(column, path, root, opened, source, place):
                case Found() as value:
                    found[name] = value
                case InJson(origin, steps):
                    decoded.setdefault(origin, {})[name] = steps
                case None:
                    lacking.setdefault(name, _lacks(column, name, opened.schema, root))
    texts = [*lacking, *(name for wanted in decoded.values() for name in wanted)]
    kinds = {**{name: one.kind for name, one in found.items()}, **dict.fromkeys(texts, pl.String())}
    nulls = [pl.lit(None, pl.String).alias(name) for name in lacking]
    return Inner(
        tuple(Decoded(root, wanted) for root, wanted in decoded.items()),
        (*(one.value.alias(name) for name, one in found.items()), *nulls),
        pl.Schema(kinds),
        lacking,
    )


def _followed(
    column: str, path: Path | None, root: str | None, opened: Opened, source: Source, place: Place
) -> Found | InJson | None:
    if path is None or root is None:
        return None
    try:
        return follow(path, root, opened, source)
    except NoInsideError as error:
        raise place.error(f"{_reader(column)} reads {error}") from None


def _refuse_lacking(read: dict[str, Read], lacking: dict[str, str], source: Source, place: Place) -> None:
    """Raises InputError where what the file lacks is all that tells what happened, when, to whom, or which rows
    count.
    """
    gone = {name for name in lacking if not is_covered(name, source.optional)}
    roots = {column: set(one.expr.meta.root_names()) for column, one in read.items()}
    silent = {column for column, names in roots.items() if names and names <= gone}
    essential = [column for column in ESSENTIAL if column in silent and (column != "name" or source.kinds)]
    people = {"customer_id", "anonymous_id"} & set(read)
    if people and people <= silent:
        essential += sorted(people)
    if essential:
        raise place.error(lacking[min(roots[essential[0]])])


@dataclass(frozen=True)
class ConfigKey:
    """Where an expression stands that is no source's, for messages."""

    key: str

    def error(self, what: str) -> ConfigError:
        return ConfigError(f"{self.key}: {what}")

    misfit = error


def check_event_filter(sql: str, dimensions: Iterable[str], key: str) -> None:
    """Raises ConfigError unless the expression is true or false for a canonical event, judged on its own."""
    place, schema = ConfigKey(key), pl.Schema({**EVENT, **dict.fromkeys(dimensions, pl.String())})
    expr = _read(WHERE, sql, schema, place).expr
    for name in expr.meta.root_names():
        if name not in schema:
            raise place.error(_lacks(WHERE, name, schema, None))
    try:
        found = yielded(expr, schema)
    except pl.exceptions.PolarsError as error:
        raise place.error(f"where = {sql!r} does not fit the columns of an event: {reason(error)}.") from None
    if found != pl.Boolean:
        raise place.error(f"where = {sql!r} yields {found}. Expected true or false for each event.")


def evaluated(frame: pl.LazyFrame, bound: Sequence[Bound], decimal: str = ".") -> pl.LazyFrame:
    """Adds the value of every expression; and `uncastable` where that is for want of a value that can be converted, or
    where a text column it reads as numbers holds none.
    """
    frame = _computed(frame, [entry for entry in bound if not entry.numbers], ())
    variants = sorted({entry.numbers for entry in bound if entry.numbers})
    roots = sorted({name for numbers in variants for name in numbers})
    frame = frame.with_columns(pl.col(name).alias(f"text:{name}") for name in roots)
    for numbers in variants:
        group = [entry for entry in bound if entry.numbers == numbers]
        frame = frame.with_columns(_as_read(name, numbers, decimal) for name in roots)
        no_numbers = [
            pl.col(f"text:{name}").str.strip_chars().ne("").fill_null(False) & pl.col(name).is_null()
            for name in numbers
        ]
        frame = _computed(frame, group, no_numbers)
    return frame


def _computed(frame: pl.LazyFrame, entries: Sequence[Bound], unreadable: Sequence[pl.Expr]) -> pl.LazyFrame:
    """Adds the values of expressions that read the columns as they now are, and `uncastable`: where one of
    `unreadable` is true, or the value is null and would not be, had every conversion succeeded.
    """
    steps = [step for entry in entries for step in entry.steps]
    frame = converted(frame, steps).with_columns(entry.expr.alias(entry.value) for entry in entries)
    doubtful = [entry for entry in entries if entry.can_be_unreadable]
    frame = as_if_readable(frame, [step for entry in doubtful for step in entry.steps])
    return frame.with_columns(
        pl.any_horizontal([*unreadable, *(pl.col(name) for name in entry.broken), *_lost(entry)]).alias(
            uncastable(entry.column)
        )
        for entry in doubtful
    )


def _lost(entry: Bound) -> list[pl.Expr]:
    return [pl.col(entry.value).is_null() & entry.expr.is_not_null()] if entry.converts_strictly else []


def _as_read(name: str, numbers: Iterable[str], decimal: str) -> pl.Expr:
    text = pl.col(f"text:{name}")
    number = canonical(text.str.strip_chars(), decimal).cast(pl.Float64, strict=False)
    return (number if name in numbers else text).alias(name)


def _read(column: str, sql: str, schema: pl.Schema, place: Place | ConfigKey) -> Read:
    """A column's own name means the column, also where it is an SQL word or holds blanks; `user.id` what lies in one;
    all else is SQL.
    """
    if (whole := _header(sql.strip(), schema)) is not None:
        return Read(pl.col(whole), {})
    text, paths = named(sql)
    expr = _parsed(column, sql, text, place)
    other = {name: _header(name, schema) for name in expr.meta.root_names() if name not in schema}
    names = {name: found for name, found in other.items() if found is not None}
    return Read(renamed(expr, names) if names else expr, paths)


def columns_read(sql: str, names: Iterable[str]) -> frozenset[str]:
    """The columns, among those of a file, that an expression reads; none where it is no SQL."""
    schema = pl.Schema(dict.fromkeys(names, pl.String()))
    if (whole := _header(sql.strip(), schema)) is not None:
        return frozenset({whole})
    text, paths = named(sql)
    try:
        read = pl.sql_expr(text).meta.root_names()
    except pl.exceptions.PolarsError:
        return frozenset()
    roots = [paths[name].root if name in paths and _header(name, schema) is None else name for name in read]
    return frozenset(found for name in roots if (found := _header(name, schema)) is not None)


def _header(name: str, schema: pl.Schema) -> str | None:
    """The column that is meant: the one of this name, else the only one that differs from it in blanks at most."""
    if name in schema:
        return name
    alike = [known for known in schema if _without_blanks(known) == _without_blanks(name)]
    return alike[0] if len(alike) == 1 else None


def _without_blanks(name: str) -> str:
    """Without outer blanks, non-breaking ones and byte order marks included; inner ones (line ends too) as one."""
    return " ".join(name.replace("\ufeff", " ").split())


def _parsed(column: str, sql: str, text: str, place: Place | ConfigKey) -> pl.Expr:
    named = _named(column, sql)
    bare = _QUOTED.sub("''", sql)
    if across := _ACROSS_ROWS.search(bare):
        raise place.error(
            f"{named} uses {across[0].strip()}…, which looks at other rows. A mapping reads one row at a time."
        )
    if clock := _CLOCK.search(bare):
        raise place.error(
            f"{named} reads the clock ({clock[0].strip(' (')}). A row must be read the same whenever it is read."
        )
    try:
        expr = pl.sql_expr(text).meta.undo_aliases()
    except pl.exceptions.PolarsError as error:
        raise place.error(
            f"{named} is not an expression Polars SQL can read: {reason(error)}. "
            'Column names that are SQL words (user, order, …) or hold blanks need double quotes: "user".'
        ) from None
    if expr.meta.has_multiple_outputs():
        raise place.error(f"{named} yields several columns. Expected one.")
    return expr


def _lacks(column: str, name: str, schema: pl.Schema, root: str | None) -> str:
    """What to say of a column, or of what lies in the column `root`, that there is none of."""
    what = _reader(column)
    if column == "kind" and name in KINDS:
        return (
            f"{what} reads the column {name!r}, which the file lacks. A fixed word stands in single quotes "
            f"within the others: kind = \"'{name}'\"."
        )
    if root is not None:
        return (
            f"{what} reads the field {name!r}, which the file lacks. Found: {root} ({shown(schema[root])}). "
            "Correct the mapping; what no file needs to have is listed under optional."
        )
    return (
        f"{what} reads the column {name!r}, which the file lacks.{_meant(name, schema.names())} "
        f"Columns found: {_listed(schema.names())}. Correct the mapping, or add the column to the file."
    )


def _reader(column: str) -> str:
    return "the row filter" if column == WHERE else f"columns.{column}"


def _meant(name: str, known: Sequence[str]) -> str:
    """What the user may have meant by a column there is none of, or several; empty where nothing is alike."""
    alike = [other for other in known if _without_blanks(re.sub(r" \([0-9]+\)$", "", other)) == _without_blanks(name)]
    if len(alike) > 1:
        return f" Say which one you mean, in double quotes: {_listed([json.dumps(other) for other in alike])}."
    return f" {did_you_mean(name, known)}" if closest(name, known) else ""


def _text_that_holds_numbers(
    read: Iterable[Read], sample: pl.LazyFrame, schema: pl.Schema, decimal: str
) -> frozenset[str]:
    """The text columns, among those that are computed with, most of whose first values are numbers."""
    names = sorted(
        {
            name
            for one in read
            if not one.expr.meta.is_column()
            for name in one.expr.meta.root_names()
            if schema[name] == pl.String
        }
    )
    if not names:
        return frozenset()
    filled = [pl.col(name).filter(pl.col(name).str.strip_chars() != "") for name in names]
    numbers = [canonical(text, decimal).str.contains(NUMBER).fill_null(value=False) for text in filled]
    shares = sample.select(number.mean() for number in numbers).collect().row(0)
    return frozenset(name for name, share in zip(names, shares, strict=True) if share is None or share > 1 / 2)


@dataclass(frozen=True, eq=False)
class Known:
    """What expressions are bound to: columns and their types, text that holds numbers, and what is null throughout."""

    schema: pl.Schema
    numeric: frozenset[str]
    lacking: frozenset[str]
    decimal: str


def _bound(column: str, sql: str, expr: pl.Expr, known: Known, place: Place | ConfigKey) -> Bound:
    """Null columns are text where an expression takes that, else of any type, else numbers."""
    roots = list(dict.fromkeys(expr.meta.root_names()))
    kept = pl.Schema({name: known.schema[name] for name in roots})
    failure: pl.exceptions.PolarsError | None = None
    ways = [(expr, known.numeric - known.lacking)]
    if known.lacking & set(roots):
        ways += [(without(expr, known.lacking), known.numeric - known.lacking), (expr, known.numeric)]
    for tried, numeric in ways:
        parts = separated(_truth(tried, kept) if column == WHERE else tried, f"={column}", known.decimal)
        used = parts.computed_with()
        candidates = [name for name in roots if name in numeric & used]
        for numbers in _choices(candidates, most_first=column != WHERE and target_of(column) == MONEY):
            try:
                found, steps = parts.bound({**kept, **dict.fromkeys(numbers, pl.Float64())})
            except pl.exceptions.PolarsError as error:
                failure = failure or error
            else:
                return Bound(column, parts.rest, found, numbers, steps)
    why = reason(failure) if failure else "it yields no column"
    raise place.misfit(
        f"{_named(column, sql)} does not fit the columns it reads: {why}. Found: {_types(kept)}. "
        "CAST(… AS DOUBLE) makes text a number, strptime(…, '%d/%m/%Y') a date; a day is written DATE '2025-01-31'."
    )


def _truth(expr: pl.Expr, schema: pl.Schema) -> pl.Expr:
    """A column that is a filter by itself may say yes or no in text."""
    return expr.cast(pl.Boolean) if expr.meta.is_column() and pl.String in schema.values() else expr


def _choices(names: Sequence[str], *, most_first: bool) -> Iterator[tuple[str, ...]]:
    """All sets of the names by size; beyond eight names only all and none, to stay quick."""
    sizes = list(range(len(names) + 1)) if len(names) <= 8 else [0, len(names)]
    for size in reversed(sizes) if most_first else sizes:
        yield from combinations(names, size)


def _named(column: str, sql: str) -> str:
    return f"where = {sql!r}" if column == WHERE else f"columns.{column} = {sql!r}"


def _types(schema: pl.Schema) -> str:
    return ", ".join(f"{name} ({shown(kind)})" for name, kind in schema.items()) or "no columns"


def _listed(names: Sequence[str], most: int = 30) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + rest
