"""Values inside a column, `properties.amount` or `items.data[1].price`: from the text of an expression to a column.

SQL of Polars knows only some of them, and none in JSON text. So each becomes a column of its own, called as it is
written; what is then done with it is the expressions' business. Elements are counted from 1, as SQL does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from config.models import Source
from tasks.sources.json_text import Steps, is_key
from tasks.sources.opened import Opened

_NAME = r'(?:"(?:[^"]|"")*"|`[^`]*`|[^\W\d][\w$]*|\$[\w$]+)'
_INDEX = r"\[\s*[0-9]+\s*\]"
_PATH = re.compile(rf"'(?:[^']|'')*'|(?<![\w$.])(?P<path>(?>{_NAME}(?:\.{_NAME}|{_INDEX})+))(?!\s*\()|{_NAME}")
_STEP = re.compile(rf"{_NAME}|{_INDEX}")


@dataclass(frozen=True)
class Path:
    """`root` is a column as the mapping calls it, `steps` lead into it."""

    root: str
    steps: Steps

    def __str__(self) -> str:
        return self.root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)

    def below(self, column: str | None) -> "Path":
        """The same path from a column on that is itself called by the first part of it."""
        for number in range(1, len(self.steps)):
            if str(Path(self.root, self.steps[:number])) == column:
                return Path(column, self.steps[number:])
        return self


@dataclass(frozen=True, eq=False)
class Found:
    """A value that a path leads to, and its type."""

    value: pl.Expr
    kind: pl.DataType


@dataclass(frozen=True)
class InJson:
    """A value that a path leads to in JSON text."""

    root: str
    steps: Steps


def named(sql: str) -> tuple[str, dict[str, Path]]:
    """The expression with each path as one quoted name, and what the names stand for."""
    paths: dict[str, Path] = {}

    def as_name(match: re.Match[str]) -> str:
        if match["path"] is None:
            return match[0]
        root, *steps = (_step(part) for part in _STEP.findall(match["path"]))
        path = Path(str(root), tuple(steps))
        paths[str(path)] = path
        return '"' + str(path).replace('"', '""') + '"'

    return _PATH.sub(as_name, sql), paths


def _step(text: str) -> str | int:
    if text.startswith("["):
        return int(text[1:-1])
    return text[1:-1].replace('""', '"') if text[0] in '"`' else text


class NoInsideError(Exception):
    """A path leads into a value that has no inside, or not such a one. The text ends a sentence on who reads it."""


def follow(path: Path, root: str, opened: Opened, source: Source) -> Found | InJson | None:
    """Where a path leads that starts in the column `root`; None where the file has nothing there.

    Raises:
        NoInsideError: it leads nowhere it could.
    """
    value, kind, steps = pl.col(root), opened.schema[root], path.steps
    if root in opened.empty:
        return None
    if isinstance(kind, pl.String) and root in source.json_columns:
        if 0 in steps:
            raise NoInsideError(f"{str(path)!r}, but the elements of a list are counted from 1.")
        if odd := [step for step in steps if isinstance(step, str) and not is_key(step)]:
            raise NoInsideError(f"the key {odd[0]!r}; in JSON text none is found that has a backslash or both quotes.")
        return InJson(root, steps)
    if root in source.pairs:
        entries = _value_type(kind)
        if entries is None or not isinstance(steps[0], str):
            raise NoInsideError(
                f"{str(path)!r}. pairs names {root!r}, which is {shown(kind)}. "
                "Expected a list of objects with key and value."
            )
        found = value.list.filter(pl.element().struct.field("key") == steps[0]).list.first().struct.field("value")
        if len(steps) == 1:
            return _as_text(found, entries)
        value, kind, steps = found, entries, steps[1:]
    return _walked(path, value, kind, steps)


def _walked(path: Path, value: pl.Expr, kind: pl.DataType, steps: Steps) -> Found | None:
    for number, step in enumerate(steps, start=len(path.steps) - len(steps)):
        match kind, step:
            case pl.Null(), _:
                return None
            case pl.Struct(), str():
                inner = {field.name: field.dtype for field in kind.fields}.get(step)
                if inner is None:
                    return None
                value, kind = value.struct.field(step), _plain(inner)
            case pl.List(), int() if step > 0:
                value, kind = value.list.get(step - 1, null_on_oob=True), _plain(kind.inner)
            case _:
                raise NoInsideError(_no_inside(path, Path(path.root, path.steps[:number]), kind, step))
    if isinstance(kind, pl.Null):
        return None
    is_word = isinstance(kind, pl.Categorical | pl.Enum)
    return Found(value.cast(pl.String), pl.String()) if is_word else Found(value, kind)


def _plain(kind: DataType | DataTypeClass) -> pl.DataType:
    return kind() if isinstance(kind, type) else kind


def _value_type(kind: pl.DataType) -> pl.DataType | None:
    """The type of the values of a list of keys and values; None where it is no such list."""
    match kind:
        case pl.List(inner=pl.Struct() as entry):
            fields = {field.name: _plain(field.dtype) for field in entry.fields}
            return fields["value"] if {"key", "value"} <= fields.keys() else None
        case _:
            return None


def _as_text(value: pl.Expr, kind: pl.DataType) -> Found | None:
    """A value, or the one of a value's fields (string_value, int_value, …) that is not null."""
    match kind:
        case pl.Null():
            return None
        case pl.Struct():
            plain = [field.name for field in kind.fields if not _plain(field.dtype).is_nested()]
            parts = [value.struct.field(name).cast(pl.String) for name in plain]
            return Found(pl.coalesce(parts), pl.String()) if parts else None
        case _:
            return Found(value, kind)


def _no_inside(path: Path, reached: Path, kind: pl.DataType, step: str | int) -> str:
    what = f"{str(path)!r}, but {str(reached)!r} "
    match kind:
        case pl.String() if not reached.steps:
            return f'{what}is text there. If it holds JSON, say so in the source: json_columns = ["{path.root}"].'
        case pl.List() if step == 0:
            return f"{what}is a list, and its elements are counted from 1."
        case pl.List() if not reached.steps and _value_type(kind) is not None:
            return f'{what}is a list of keys and values. Say so in the source: pairs = ["{path.root}"].'
        case pl.List():
            return f'{what}is a list. Take one element of it, as in items[1].price, or make rows of all: rows = "…".'
        case _:
            return f"{what}is {shown(kind)} there, which has no {step!r}."


def shown(kind: pl.DataType, most: int = 200) -> str:
    """A type in a message: of objects with many fields the first."""
    text = str(kind)
    return text if len(text) <= most else f"{text[:most]}…"


def is_covered(name: str, optional: Sequence[str]) -> bool:
    """Whether a path, or a part of it that it begins with, is listed."""
    return any(name == one or name.startswith((f"{one}.", f"{one}[")) for one in optional)
