"""Conversions in a mapping's SQL (CAST, TRY_CAST, strptime, DATE, TIMESTAMP, `= true`), done cell by cell.

Polars stops at the first cell that it cannot convert, and its CAST reads no dates and no truth values in text. So each
conversion is taken out of its expression and becomes a column of its own, null where a cell cannot be read; and a
strict one (all but TRY_CAST) knows where that happened.

An expression is a tree that Polars writes as JSON. That form may change with its version; tests here would say so.
"""

import io
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.sources.numbers import canonical
from tasks.sources.timestamps import FORMS, ZONED

Tree = Any
"""Part of an expression, as Polars writes it in JSON."""

YES, NO = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
"""What reads as a truth value, in any case."""
TO_TEXT = {"Literal": "String"}
"""The one target that every value fits."""


@dataclass(frozen=True, eq=False)
class Conversion:
    """One conversion of an expression: what becomes what. `form` is strptime's; `name` the column it will stand in;
    `decimal` the mark before the decimals of numbers in text.
    """

    name: str
    source: pl.Expr
    target: pl.DataType
    form: str | None
    is_strict: bool
    decimal: str

    def step(self, schema: Mapping[str, pl.DataType]) -> "Step":
        """How it is done over columns of these types. Raises PolarsError where they do not fit."""
        found = yielded(self.source, schema)
        result = self._result(found)
        had_value = self._text != "" if isinstance(found, pl.String) else self.source.is_not_null()
        lost = had_value & pl.col(self.name).is_null() if self.is_strict else None
        return Step(self.name, result, yielded(result, schema), lost)

    @property
    def _text(self) -> pl.Expr:
        return self.source.str.strip_chars()

    def _result(self, found: pl.DataType) -> pl.Expr:
        if isinstance(found, pl.Null):
            return pl.lit(None, self.target)
        is_moment = isinstance(found, pl.Date | pl.Datetime)
        if isinstance(found, pl.String) or (self.form is not None and not is_moment):
            return self._of_text()  # strptime of a number: Polars says that it wants text
        if self.form is not None and isinstance(found, pl.Datetime) and isinstance(self.target, pl.Datetime):
            return self.source  # typed already, and it may have a zone
        return self.source.cast(self.target, strict=False)

    def _of_text(self) -> pl.Expr:
        if self.form is not None:
            kind = pl.Date() if isinstance(self.target, pl.Date) else pl.Datetime("us")
            return self._text.str.strptime(kind, self.form, strict=False)
        if isinstance(self.target, pl.Date | pl.Datetime):
            return self._moment(self._text).cast(self.target)
        if isinstance(self.target, pl.Boolean):
            word = self._text.str.to_lowercase()
            return pl.when(word.is_in(YES)).then(pl.lit(True)).when(word.is_in(NO)).then(pl.lit(False))
        if self.target.is_numeric():
            return canonical(self._text, self.decimal).cast(self.target, strict=False)
        return self._text.cast(self.target, strict=False)

    def _moment(self, text: pl.Expr) -> pl.Expr:
        """ISO 8601; with a zone only where the target has one."""
        zoned = isinstance(self.target, pl.Datetime) and self.target.time_zone is not None
        plain = text.str.replace(" UTC", "Z", literal=True).str.replace("T", " ", literal=True)
        forms = FORMS[ZONED:] if zoned else FORMS[:ZONED]
        return pl.coalesce(plain.str.to_datetime(form, time_unit="us", strict=False) for form in forms)


@dataclass(frozen=True, eq=False)
class Step:
    """A conversion bound to the columns of a file. `lost`: the cell held something, and it could not be read."""

    name: str
    result: pl.Expr
    kind: pl.DataType
    lost: pl.Expr | None


@dataclass(frozen=True, eq=False)
class Separated:
    """An expression without its conversions, and these in the order they must be done."""

    rest: pl.Expr
    conversions: tuple[Conversion, ...]

    def computed_with(self) -> set[str]:
        """The columns whose values are used otherwise than as they stand or to be converted."""
        parts = [self.rest, *(conversion.source for conversion in self.conversions)]
        return {name for part in parts if not part.meta.is_column() for name in part.meta.root_names()}

    def bound(self, schema: Mapping[str, pl.DataType]) -> tuple[pl.DataType, tuple[Step, ...]]:
        """What it yields over columns of these types, and its steps. Raises PolarsError where the types do not fit."""
        known, steps = dict(schema), []
        for conversion in self.conversions:
            step = conversion.step(known)
            known[step.name] = step.kind
            steps.append(step)
        return yielded(self.rest, known), tuple(steps)


def separated(expr: pl.Expr, prefix: str, decimal: str = ".") -> Separated:
    """`prefix` begins the names of the conversions' columns; `decimal` is the mark before decimals in text."""
    conversions: list[Conversion] = []

    def taken(source: Tree, dtype: Tree, form: str | None, *, is_strict: bool) -> Tree:
        name = f"{prefix}:{len(conversions)}"
        conversions.append(Conversion(name, _expr(source), _target(dtype), form, is_strict, decimal))
        return {"Column": name}

    def taken_out(node: dict[str, Tree]) -> Tree:
        match node:
            case {"Cast": {"expr": source, "dtype": dtype, "options": options}} if dtype != TO_TEXT:
                return taken(source, dtype, None, is_strict=options == "Strict")
            case {
                "Function": {
                    "input": [source, *_],
                    "function": {"StringExpr": {"Strptime": [dtype, {"format": form}]}},
                }
            }:
                return taken(source, dtype, form, is_strict=True)
            case {"BinaryExpr": {"left": source, "op": "Eq" | "NotEq" as op, "right": right}} if _is_truth(right):
                left = taken(source, {"Literal": "Boolean"}, None, is_strict=True)
                return {"BinaryExpr": {"left": left, "op": op, "right": right}}
            case _:
                return node

    rest = _rebuilt(_tree(expr), taken_out)
    return Separated(_expr(rest) if conversions else expr, tuple(conversions))


def renamed(expr: pl.Expr, names: Mapping[str, str]) -> pl.Expr:
    """The expression over columns of other names."""

    def other(node: dict[str, Tree]) -> Tree:
        match node:
            case {"Column": str(name)}:
                return {"Column": names.get(name, name)}
            case _:
                return node

    return _expr(_rebuilt(_tree(expr), other))


def without(expr: pl.Expr, names: Container[str]) -> pl.Expr:
    """The expression with null in the place of some columns."""
    null = _tree(pl.lit(None))

    def as_null(node: dict[str, Tree]) -> Tree:
        match node:
            case {"Column": str(name)} if name in names:
                return null
            case _:
                return node

    return _expr(_rebuilt(_tree(expr), as_null))


def converted(frame: pl.LazyFrame, steps: Iterable[Step]) -> pl.LazyFrame:
    """Adds the columns of the steps; each may read those before it."""
    for step in steps:
        frame = frame.with_columns(step.result.alias(step.name))
    return frame


def as_if_readable(frame: pl.LazyFrame, steps: Iterable[Step]) -> pl.LazyFrame:
    """The columns of the steps, with some value where one was lost: what is null even so does not depend on it."""
    for step in steps:
        frame = frame.with_columns(step.result.alias(step.name))
        if step.lost is not None:
            some, found = pl.lit(1).cast(step.kind), pl.col(step.name)
            frame = frame.with_columns(pl.when(step.lost).then(some).otherwise(found).alias(step.name))
    return frame


def yielded(expr: pl.Expr, schema: Mapping[str, pl.DataType]) -> pl.DataType:
    """The type an expression yields. Some mismatches Polars only notices when it runs, so it runs, on no rows; and each
    branch of a CASE for itself, because one that no row takes does not run.
    """
    empty = pl.DataFrame(schema=dict(schema))
    for branch in _branches(_tree(expr)):
        empty.select(_expr(branch).alias("branch"))
    return empty.select(expr.alias("value")).schema["value"]


def _branches(tree: Tree) -> Iterator[Tree]:
    """The conditions and results of all CASEs."""
    if isinstance(tree, dict):
        yield from tree.get("Ternary", {}).values()
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _branches(part)


def _is_truth(node: Tree) -> bool:
    match node:
        case {"Literal": {"Scalar": {"Boolean": _}}}:
            return True
        case _:
            return False


def _target(dtype: Tree) -> pl.DataType:
    return pl.select(_expr({"Cast": {"expr": _tree(pl.lit(None)), "dtype": dtype, "options": "NonStrict"}})).dtypes[0]


def _rebuilt(tree: Tree, change: Callable[[dict[str, Tree]], Tree]) -> Tree:
    """The tree with each node changed, from the leaves up, left to right."""
    if isinstance(tree, dict):
        return change({key: _rebuilt(value, change) for key, value in tree.items()})
    return [_rebuilt(value, change) for value in tree] if isinstance(tree, list) else tree


def _tree(expr: pl.Expr) -> Tree:
    return json.loads(expr.meta.serialize(format="json"))


def _expr(tree: Tree) -> pl.Expr:
    return pl.Expr.deserialize(io.StringIO(json.dumps(tree)), format="json")
