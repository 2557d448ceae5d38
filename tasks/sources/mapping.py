"""Raw columns → canonical columns, and the judgement of each row: accepted, filtered, ignored or quarantined.

Builds one lazy frame; reading and writing are in `ingest`. What is right and wrong is in `schemas.events`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from config.models import Source
from schemas.events import INSTANT, KIND, Rule, broken_rules, event_schema, rules, uncastable
from tasks.sources.expressions import WHERE, Bound, Inner, bind, columns_read, evaluated
from tasks.sources.opened import Opened, Place
from tasks.sources.values import Notation, can_fail, expected_types, fits, prepared, target_of, with_canonical

STEP = 2
"""Version of the ingest step: raised whenever the same bytes and mapping would give other parts or counts."""

OUTCOMES = ("accepted", "filtered", "ignored", "quarantined")
"""What becomes of a row; `outcome` holds the position."""
ACCEPTED, FILTERED, IGNORED, QUARANTINED = range(4)


@dataclass(frozen=True)
class Mapping:
    """What a source's rows mean. `zone` is the business time zone; `excluded` are customer ids, '*' any characters."""

    source: Source
    zone: str
    dimensions: tuple[str, ...]
    currency: str
    csat_scale: tuple[int, int]
    excluded: tuple[str, ...]

    @property
    def raw_zone(self) -> str:
        """The zone of timestamps that carry none."""
        return self.source.timezone or self.zone

    @property
    def notation(self) -> Notation:
        return Notation(self.raw_zone, self.source.epoch, self.source.decimal)

    @property
    def setting(self) -> dict[str, Any]:
        """What holds for every row of a source, whatever its columns are mapped to."""
        return {
            "zones": [self.raw_zone, self.zone],
            "dimensions": list(self.dimensions),
            "currency": self.currency,
            "excluded": sorted(set(self.excluded)),
        }

    def depends_on(self) -> dict[str, Any]:
        """All that the result depends on beside the file's bytes, its label and STEP, ready for JSON."""
        return {
            "source": {
                "name": self.source.name,
                "format": self.source.format,
                "timezone": self.raw_zone,
                "where": self.source.where,
                "columns": dict(sorted(self.source.columns.items())),
                "kinds": {kind: sorted(names) for kind, names in sorted(self.source.kinds.items())},
                **self.source.reading,
            },
            "zone": self.zone,
            "dimensions": list(self.dimensions),
            "currency": self.currency,
            "csat_scale": list(self.csat_scale),
            "excluded": sorted(set(self.excluded)),
        }


@dataclass(frozen=True, eq=False)
class Plan:
    """A mapping bound to the columns of one file."""

    mapping: Mapping
    bound: dict[str, Bound]
    inner: Inner
    rules: tuple[Rule, ...]
    helpers: tuple[str, ...]


def plan(opened: Opened, mapping: Mapping, place: Place) -> Plan:
    """Checks that the mapping fits the file: names, expressions, types."""
    expressions = dict(mapping.source.columns)
    if mapping.source.where is not None:
        expressions[WHERE] = mapping.source.where
    binding = bind(expressions, opened, mapping.source, place)
    bound = {entry.column: entry for entry in binding.bound}
    for entry in bound.values():
        _check_type(entry, mapping, place)
    order = (*event_schema(mapping.dimensions), WHERE)
    helpers = tuple(column for column in order if column in bound and _may_not_fit(bound[column]))
    checked = rules(helpers, mapping.currency, mapping.csat_scale)
    return Plan(mapping, bound, binding.inner, checked, helpers)


def types_read(opened: Opened, mapping: Mapping) -> dict[str, str]:
    """The columns that the mapping reads, and their types."""
    expressions = [*mapping.source.columns.values(), mapping.source.where or ""]
    read = {name for sql in expressions for name in columns_read(sql, opened.schema)}
    return {name: str(opened.schema[name]) for name in opened.schema if name in read}


def judged(frame: pl.LazyFrame, plan: Plan, keep: Sequence[str] = ()) -> pl.LazyFrame:
    """One row per raw row, in order: `keep`, the canonical columns, and (`frame` has what is decoded of JSON text too)

    outcome      position in OUTCOMES
    broken       bitmask of the plan's rules
    month        202501, in the business zone; null where the instant is unknown
    event_name   what `kinds` looks up; null without `kinds`
    """
    mapping = plan.mapping
    local = pl.col("occurred_at").dt.convert_time_zone(mapping.zone).dt.replace_time_zone(None)
    day = pl.col("=local").dt.day().cast(pl.UInt8).alias("day")
    month = (pl.col("=local").dt.year() * 100 + pl.col("=local").dt.month()).alias("month")
    return (
        _canonical(
            evaluated(frame.with_columns(plan.inner.values), list(plan.bound.values()), mapping.source.decimal), plan
        )
        .with_columns(*_helpers(plan), _event_name(mapping).alias("event_name"), local.alias("=local"))
        .with_columns(*_kind(mapping), day, month)
        .with_columns(broken_rules(plan.rules))
        .with_columns(_outcome(plan).alias("outcome"))
        .select(*keep, *event_schema(mapping.dimensions), "month", "broken", "outcome", "event_name")
    )


def period_of(month: pl.Expr) -> pl.Expr:
    """202501 → "2025-01"."""
    return (month // 100).cast(pl.String) + "-" + (month % 100).cast(pl.String).str.zfill(2)


def _check_type(entry: Bound, mapping: Mapping, place: Place) -> None:
    column, found = entry.column, entry.found
    if column == WHERE:
        if found not in (pl.Boolean, pl.Null):
            raise place.error(f"where = {mapping.source.where!r} yields {found}. Expected true or false for each row.")
    elif not fits(column, found, mapping.notation):
        counts = found.is_numeric() and target_of(column) == INSTANT
        unit = ' Numbers that count from 1970 need epoch = "s", "ms" or "us" in the source.' if counts else ""
        raise place.misfit(
            f"columns.{column} = {mapping.source.columns[column]!r} yields {found}. "
            f"Expected {expected_types(column)}.{unit}"
        )


def _canonical(frame: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """Adds the canonical columns (the kind still as text) from the values of their expressions."""
    entries = [entry for entry in plan.bound.values() if entry.column != WHERE]
    frame = frame.with_columns(
        prepared(entry.column, pl.col(entry.value), entry.found).alias(entry.value) for entry in entries
    )
    for entry in entries:
        frame = with_canonical(frame, entry.column, entry.value, entry.found, plan.mapping.notation)
    schema = event_schema(plan.mapping.dimensions)
    return frame.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in plan.bound and name != "day"
    )


def _may_not_fit(entry: Bound) -> bool:
    return entry.can_be_unreadable or can_fail(entry.column, entry.found)


def _helpers(plan: Plan) -> list[pl.Expr]:
    """`uncastable` of every column whose values may not fit its type."""
    helpers = []
    for column in plan.helpers:
        entry, helper = plan.bound[column], uncastable(column)
        lost = pl.col(entry.value).is_not_null() & pl.col(column).is_null()
        parts = [lost] if can_fail(column, entry.found) else []
        parts += [pl.col(helper)] if entry.can_be_unreadable else []
        helpers.append(pl.any_horizontal(parts).alias(helper))
    return helpers


def _event_name(mapping: Mapping) -> pl.Expr:
    if not mapping.source.kinds:
        return pl.lit(None, pl.String)
    return pl.col("name" if "name" in mapping.source.columns else "kind")


def _kind(mapping: Mapping) -> list[pl.Expr]:
    """`kind` from `kinds` where it maps the event's name, else from the kind expression; and `=unmapped`, true where
    `kinds` does not know the name and no expression says anything either.
    """
    source = mapping.source
    own = pl.col("kind").cast(KIND, strict=False)
    if not source.kinds:
        return [own.alias("kind"), pl.lit(False).alias("=unmapped")]
    name = pl.col("event_name")
    known = pl.coalesce(
        # Not replace_strict: the streaming engine would hold the whole file for it.
        pl.when(name.is_in(names)).then(pl.lit(kind, KIND))
        for kind, names in sorted(source.kinds.items())
    )
    silent = name.is_not_null() & ~name.is_in([name for names in source.kinds.values() for name in names])
    if {"name", "kind"} <= set(source.columns):
        return [pl.coalesce(known, own).alias("kind"), (silent & pl.col("kind").is_null()).alias("=unmapped")]
    return [known.alias("kind"), silent.alias("=unmapped")]


def _outcome(plan: Plan) -> pl.Expr:
    """Filtered comes before ignored, ignored before quarantined."""
    outcome = pl.when(pl.col("broken") != 0).then(pl.lit(QUARANTINED, pl.UInt8)).otherwise(pl.lit(ACCEPTED, pl.UInt8))
    if plan.mapping.source.kinds:
        outcome = pl.when(pl.col("=unmapped")).then(pl.lit(IGNORED, pl.UInt8)).otherwise(outcome)
    filters = [_excluded(plan.mapping.excluded)] if plan.mapping.excluded else []
    if WHERE in plan.bound:
        passed = pl.col(plan.bound[WHERE].value).fill_null(False)
        filters.append(~(passed | pl.col(uncastable(WHERE))) if WHERE in plan.helpers else ~passed)
    if filters:
        outcome = pl.when(pl.any_horizontal(filters)).then(pl.lit(FILTERED, pl.UInt8)).otherwise(outcome)
    return outcome


def _excluded(globs: Iterable[str]) -> pl.Expr:
    globs = sorted(set(globs))
    exact = [text for text in globs if "*" not in text]
    patterns = ["^" + ".*".join(re.escape(part) for part in text.split("*")) + "$" for text in globs if "*" in text]
    customer = pl.col("customer_id")
    found = [customer.is_in(exact)] if exact else []
    found += [customer.str.contains("(?s)" + "|".join(f"(?:{pattern})" for pattern in patterns))] if patterns else []
    return pl.any_horizontal(found).fill_null(False)
