"""What a canonical event looks like, and the rules a raw row must keep to become one.

Mapping raw columns to these is in `tasks.sources`; here is only what is right and what is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

KINDS = (
    "visit",
    "signup",
    "target",
    "use",
    "purchase",
    "return",
    "subscribe",
    "change",
    "cancel",
    "deactivate",
    "invoice",
    "payment",
    "nps",
    "csat",
    "feedback",
    "spend",
)
"""Also the order of events at one instant: subscribe < change < cancel."""

KIND = pl.Enum(KINDS)
INSTANT = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(18, 4)

EVENT: Mapping[str, pl.DataType] = {
    "event_id": pl.String(),
    "customer_id": pl.String(),
    "anonymous_id": pl.String(),
    "kind": KIND,
    "name": pl.String(),
    "occurred_at": INSTANT,
    "received_at": INSTANT,
    "amount": MONEY,
    "currency": pl.String(),
    "quantity": MONEY,
    "item": pl.String(),
    "reference": pl.String(),
    "score": MONEY,
}
"""Canonical columns and types; the segment dimensions (String) follow. Amounts and quantities are exact."""

DERIVED: Mapping[str, pl.DataType] = {"day": pl.UInt8()}
"""Stored beside the canonical columns: day of the month in the business zone, 1 to 31, computed once at ingest."""


QUARANTINED: Mapping[str, pl.DataType] = {
    "source": pl.String(),
    "file": pl.String(),
    "row": pl.Int64(),
    "rules": pl.List(pl.String()),
    "original": pl.String(),
    "occurred_at": INSTANT,
}
"""Columns of a quarantine part. `row` counts the file's data rows from 1; `original` is the raw row as JSON."""

UNREAD = {"ragged_row": "as many cells as the header", "broken_line": "one JSON object a line"}
"""Rules broken by rows that could not be read into columns at all, and what they expect."""


def event_schema(dimensions: Iterable[str]) -> dict[str, pl.DataType]:
    """Columns of an events part, in order."""
    return {**EVENT, **dict.fromkeys(dimensions, pl.String()), **DERIVED}


@dataclass(frozen=True, eq=False)
class Rule:
    """A row for which `broken` is true is quarantined under `name`."""

    name: str
    broken: pl.Expr
    expected: str


def uncastable(column: str) -> str:
    """Name of the helper column that is true where the source gave a value that did not fit `column`.

    `column` is a canonical one, a dimension or "where".
    """
    return f"uncastable:{column}"


def rules(columns: Iterable[str], currency: str, csat_scale: tuple[int, int]) -> tuple[Rule, ...]:
    """The rules, in the order of their bits. `columns` are those that have a helper column; see `uncastable`.

    None reads the clock, so a row is judged the same whenever it is read.
    """
    col = pl.col
    columns = tuple(columns)
    casts = tuple(
        Rule(f"{name}_unreadable", col(uncastable(name)), f"a value that reads as {_expected(name)}")
        for name in columns
    )
    low, high = csat_scale
    return (
        Rule(
            "id_missing",
            col("customer_id").is_null() & col("anonymous_id").is_null() & (col("kind") != "spend").fill_null(True),
            "customer_id or anonymous_id",
        ),
        Rule(
            "kind_missing", col("kind").is_null(), f"a kind (missing, or an unknown word: there are {', '.join(KINDS)})"
        ),
        Rule("occurred_at_missing", col("occurred_at").is_null() & ~_unreadable(columns), "an instant"),
        *casts,
        Rule("amount_negative", col("amount") < 0, "an amount of 0 or more"),
        Rule("quantity_negative", col("quantity") < 0, "a quantity of 0 or more"),
        Rule(
            "score_outside_scale",
            ((col("kind") == "nps") & ~col("score").is_between(0, 10))
            | ((col("kind") == "csat") & ~col("score").is_between(low, high)),
            f'a score of 0 to 10 (nps) or {low} to {high} (csat); a code such as 11 for "don\'t know" is none: '
            "leave it out with where, or make it null with NULLIF(score, 11)",
        ),
        Rule("currency_other", col("currency") != currency, f"currency {currency}"),
    )


def _expected(column: str) -> str:
    """What a value of a column must read as, in words."""
    if EVENT.get(column) == INSTANT:
        return (
            "an instant from 1970 to 2199, as '2025-01-31' or '2025-01-31T14:03:00Z'; "
            "other forms need strptime(column, '%d/%m/%Y') or the like in the mapping, numbers that count from 1970 "
            'epoch = "s", "ms" or "us" in the source'
        )
    if EVENT.get(column) == MONEY:
        return (
            "a number; '$5' needs replace(…), TRY_CAST or NULLIF in the mapping, '1.234,50' decimal = ',' in the source"
        )
    return "what its expression needs; TRY_CAST and NULLIF give null instead"


def _unreadable(columns: Iterable[str]) -> pl.Expr:
    return pl.col(uncastable("occurred_at")) if "occurred_at" in columns else pl.lit(False)


def broken_rules(checked: Iterable[Rule]) -> pl.Expr:
    """UInt32 bitmask of the rules a row breaks; 0 for a good row. A rule that reads null is not broken."""
    bits = [
        pl.when(rule.broken).then(pl.lit(1 << bit, pl.UInt32)).otherwise(pl.lit(0, pl.UInt32))
        for bit, rule in enumerate(checked)
    ]
    mask = bits[0]
    for bit in bits[1:]:
        mask = mask | bit
    return mask.alias("broken")


def rule_names(mask: pl.Expr, checked: Iterable[Rule]) -> pl.Expr:
    """The names behind a bitmask, as a list. Costly: for bad rows only."""
    named = [pl.when((mask & (1 << bit)) != 0).then(pl.lit(rule.name)) for bit, rule in enumerate(checked)]
    return pl.concat_list(named).list.drop_nulls().alias("rules")
