"""Text columns that hold JSON → columns of the values that a mapping reads, as text: their types are its business.

They are written to an Arrow file in staging, so that each is looked up once, however often it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Decoded:
    """What is read of a text column `root`: name of the new column → where it lies, elements counted from 1."""

    root: str
    wanted: Mapping[str, Steps]

    @property
    def broken(self) -> str:
        """Name of the column that is true where the text is no JSON."""
        return f"broken:{self.root}"

    @property
    def values(self) -> list[pl.Expr]:
        """The new columns but `broken`; null also where the text is no JSON."""
        return [pl.col(self.root).str.json_path_match(_path(steps)).alias(name) for name, steps in self.wanted.items()]

    @property
    def is_broken(self) -> pl.Expr:
        """Over the column and its values. Only where none of these is found is the text parsed again."""
        text = pl.col(self.root).str.strip_chars()
        nothing = pl.all_horizontal(pl.col(name).is_null() for name in self.wanted)
        doubtful = pl.when(nothing & ~text.is_in(["", "null"])).then(text)
        return doubtful.is_not_null() & doubtful.str.json_path_match("$").is_null()


def is_key(name: str) -> bool:
    """Whether a key can be looked up: JSONPath has no way to write a backslash, or both quotes in one."""
    return "\\" not in name and not {"'", '"'} <= set(name)


def only_decoded(frame: pl.LazyFrame, columns: tuple[Decoded, ...]) -> pl.LazyFrame:
    """The new columns alone."""
    names = [name for one in columns for name in (*one.wanted, one.broken)]
    found = frame.with_columns(value for one in columns for value in one.values)
    return found.with_columns(one.is_broken.alias(one.broken) for one in columns).select(names)


def decoded_beside(frame: pl.LazyFrame, columns: tuple[Decoded, ...], staging: Path) -> pl.LazyFrame:
    """The frame with the new columns, which are written to `staging`."""
    if not columns:
        return frame
    file = staging / "decoded.arrow"
    only_decoded(frame, columns).sink_ipc(file, compression="lz4", engine="streaming")
    return pl.concat([frame, pl.scan_ipc(file, glob=False)], how="horizontal")


def _path(steps: Steps) -> str:
    return "$" + "".join(f"[{step - 1}]" if isinstance(step, int) else f"[{_quoted(step)}]" for step in steps)


def _quoted(key: str) -> str:
    return f'"{key}"' if "'" in key else f"'{key}'"
