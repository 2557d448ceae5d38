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
    "targeted_at": INSTANT,
    "deactivated_at": INSTANT,
    "conversions": COUNT,
    "invoiced": EXACT,
    "paid": EXACT,
}
"""One row per customer with an event in the month. `active_days`: bit d−1 is set when active on day d. Instants are
the first in the month, null where the thing did not happen. Dimensions: last value told in the month.
`conversions`: orders and events of `conversion.kinds`.
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

SUBSCRIPTION_EVENTS: Schema = {
    "customer_id": pl.String(),
    "occurred_at": INSTANT,
    "rank": pl.UInt8(),
    "mrr": EXACT,
    "reference": pl.String(),
}
"""One row per subscribe, change or cancel, in the order they count: the monthly amount from then on, null where the
event gives none. `rank`: subscribe < change < cancel at one instant. Reference "" if none.
"""

SURVEYS: Schema = {"customer_id": pl.String(), "survey": pl.String(), "answered_at": INSTANT, "score": EXACT}
"""One row per customer × survey (nps, csat): the last answer with a score in the month; of several at one instant, the
greatest.
"""

SPEND: Schema = {"spend": EXACT}
"""Marketing costs of the month, one row per combination of dimensions, which are the costs' own."""

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
    "starts": COUNT,
    "losses": COUNT,
    "deactivated_at": INSTANT,
    "receivable": EXACT,
}
"""One row per customer ever seen before the month's end: what the past must tell the future. Null instants: not yet.
`revenue`, `orders`: ever. `subscribed_at`: first subscription; `mrr`: now; `starts`, `losses`: how often it rose from 0
and fell to 0, ever. `receivable`: invoiced less paid, ever. Dimensions: last value told ever.
Progress towards activation: `count_<i>`, `days_<i>`, `met_at_<i>` per condition i, null where it no longer matters.
"""

SUBSCRIPTIONS: Schema = {"customer_id": pl.String(), "reference": pl.String(), "mrr": EXACT}
"""One row per subscription that costs something at the month's end, and how much a month."""

ORDER_MONTHS: Schema = {"customer_id": pl.String(), "month": pl.Int32(), "orders": COUNT, "revenue": EXACT}
"""One row per customer × month with an order, of the twelve months up to this one. `month`: its `Period.index`."""

COHORT_ROWS: Schema = {
    "grain": pl.String(),
    "period": pl.String(),
    "cohort": pl.String(),
    "age": pl.Int64(),
    "size": pl.Int64(),
    "active": pl.Int64(),
    "activated": pl.Int64(),
    "revenue": EXACT,
}
"""One row per grain × period so far × sign-up period, as it stood at the period's end (the month's, while the period
lasts): customers of the cohort; of them, active in the period, activated so far; their order revenue so far.
"""


def with_dimensions(schema: Schema, dimensions: Iterable[str]) -> dict[str, pl.DataType]:
    return {**schema, **dict.fromkeys(dimensions, pl.String())}
