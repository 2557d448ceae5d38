"""The tables between events and snapshot: what one row is, which columns there are, what null means.

Instants are UTC; money and quantities exact decimals; every table is sorted by its key, so equal content gives
equal bytes. Dimension columns (one String per `segments.dimensions`, null where never told) are added where noted.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from schemas.events import INSTANT

Schema = Mapping[str, pl.DataType]
EXACT = pl.Decimal(38, 4)
COUNT = pl.UInt32()

ACTIVITY: Schema = {
    "customer_id": pl.String(),
    "first_event_at": INSTANT,
    "last_event_at": INSTANT,
    "last_active_at": INSTANT,
    "active_days": COUNT,
    "visited": pl.Boolean(),
    "signed_up_at": INSTANT,
    "orders": COUNT,
    "first_order_at": INSTANT,
    "last_order_at": INSTANT,
    "revenue": EXACT,
    "units_sold": EXACT,
    "returned_amount": EXACT,
    "units_returned": EXACT,
    "subscribed_at": INSTANT,
}
"""One row per customer with an event in the month. `active_days`: bit d−1 is set when active on day d. Instants are
null where the thing did not happen in the month. Dimensions: last value told in the month.
"""

ORDERS: Schema = {
    "customer_id": pl.String(),
    "ordered_at": INSTANT,
    "reference": pl.String(),
    "amount": EXACT,
    "quantity": EXACT,
}
"""One row per order: the purchases of a customer under one reference, or one purchase without. First instant."""

USAGE: Schema = {"customer_id": pl.String(), "item": pl.String(), "times": COUNT}
"""One row per customer × feature used in the month."""

SUBSCRIPTION_CHANGES: Schema = {"customer_id": pl.String(), "reference": pl.String(), "mrr": EXACT}
"""One row per subscription with an event in the month: the monthly amount after the last one, null where no event gives
one. Reference "" if none.
"""

MILESTONES: Schema = {
    "customer_id": pl.String(),
    "condition": pl.UInt8(),
    "occurred_at": INSTANT,
    "day": pl.UInt8(),
}
"""One row per event (order, for purchases) that meets a condition of the activation rule, numbered from 0."""

ANONYMOUS: Schema = {"anonymous_id": pl.String(), "first_visit_at": INSTANT, "last_visit_at": INSTANT}
"""One row per anonymous id that visited in the month without a customer id. Dimensions: last value told."""

LINKS: Schema = {"anonymous_id": pl.String(), "customer_id": pl.String(), "linked_at": INSTANT}
"""One row per anonymous id seen together with a customer id: the first such event."""

CUSTOMERS: Schema = {
    "customer_id": pl.String(),
    "first_event_at": INSTANT,
    "signed_up_at": INSTANT,
    "activated_at": INSTANT,
    "last_active_at": INSTANT,
    "orders": COUNT,
    "first_order_at": INSTANT,
    "last_order_at": INSTANT,
    "revenue": EXACT,
    "subscribed_at": INSTANT,
    "mrr": EXACT,
}
"""One row per customer ever seen before the month's end: what the past must tell the future. Null instants: not yet.
`revenue`, `orders`: ever. `subscribed_at`: first subscription; `mrr`: now. Dimensions: last value told ever.
Progress towards activation: `count_<i>`, `days_<i>`, `met_at_<i>` per condition i, null where it no longer matters.
"""

SUBSCRIPTIONS: Schema = SUBSCRIPTION_CHANGES
"""One row per subscription ever; `mrr` as of the month's end, 0 where none was ever given."""

COHORT_ROWS: Schema = {"cohort": pl.String(), "age": pl.Int64(), "size": pl.Int64(), "active": pl.Int64()}
"""One row per sign-up month × age in months up to the table's month: customers of the cohort, of them active then."""


def with_dimensions(schema: Schema, dimensions: Iterable[str]) -> dict[str, pl.DataType]:
    return {**schema, **dict.fromkeys(dimensions, pl.String())}
