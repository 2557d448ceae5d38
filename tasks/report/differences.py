"""Two revisions of one period against each other, figure by figure, and why the later ones were made, in words.

Earlier revisions are compared as they are: what one of them did not publish yet is null.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from polars import col

from schemas.snapshots import TABLES, Snapshot
from tasks.report.causes import causes
from tasks.report.formats import Formats, clean

KEY = ("kpi", "segment", "level")
COMPARED = ("value", "numerator", "denominator")


@dataclass(frozen=True)
class Difference:
    """One figure at one level; each part as `old → new`, or as it stands where it is the same."""

    kpi: str
    place: str
    value: str
    numerator: str
    denominator: str


@dataclass(frozen=True)
class Step:
    """One revision between the two: when it was published and why it was made."""

    revision: int
    published: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class Differences:
    """`figures`: whole first; `others`: the data files that differ beside those figures."""

    steps: tuple[Step, ...]
    figures: tuple[Difference, ...]
    others: tuple[str, ...]


def differences(old: Snapshot, new: Snapshot, between: Sequence[Mapping[str, Any]]) -> Differences:
    """`between`: the manifests of the revisions after `old` up to and with `new`."""
    formats = Formats("en")
    figures = tuple(_written(row, formats) for row in _differing(old.kpis, new.kpis).iter_rows(named=True))
    others = [name for name in TABLES if _content(old, name) != _content(new, name)]
    if figures:
        others.remove("kpis")
    return Differences(tuple(_step(one, formats) for one in between), figures, tuple(others))


def _differing(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """One row per figure of which a part differs: `old_…` and `new_…`, whole first."""
    both = _prefixed(old, "old").join(_prefixed(new, "new"), on=KEY, how="full", coalesce=True)
    changed = [col(f"old_{name}").ne_missing(col(f"new_{name}")) for name in COMPARED]
    return both.filter(pl.any_horizontal(changed)).sort(col("segment") != "all", *KEY)


def _prefixed(kpis: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return kpis.select(*KEY, *(col(name).alias(f"{prefix}_{name}") for name in (*COMPARED, "unit")))


def _content(snapshot: Snapshot, name: str) -> str | None:
    content: str | None = snapshot.manifest["files"].get(f"{name}.parquet")
    return content


def _written(row: Mapping[str, Any], formats: Formats) -> Difference:
    unit = row["new_unit"] or row["old_unit"] or ""
    whole = row["segment"] == "all"
    parts = (_from_to(row[f"old_{name}"], row[f"new_{name}"], "", formats) for name in COMPARED[1:])
    value = _from_to(row["old_value"], row["new_value"], unit, formats)
    return Difference(row["kpi"], "" if whole else f"{clean(row['segment'])} = {clean(row['level'])}", value, *parts)


def _from_to(old: float | None, new: float | None, unit: str, formats: Formats) -> str:
    if old == new:
        return formats.value(new, unit)
    first, last = formats.apart(old, new, unit)
    return formats.say("from_to", old=first, new=last)


def _step(manifest: Mapping[str, Any], formats: Formats) -> Step:
    because = (manifest.get("changed") or {}).get("because") or ()
    published = formats.moment(manifest.get("published_at"), manifest.get("timezone", "UTC"))
    return Step(manifest["revision"], published, causes(because, formats))
