"""The words and small types the config is written in: kinds, columns, names that are taken, durations, zones."""

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from config.errors import did_you_mean

Kind = Literal[
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
]
Grain = Literal["month", "quarter", "year"]
CANONICAL_COLUMNS = (
    "event_id",
    "customer_id",
    "anonymous_id",
    "kind",
    "name",
    "occurred_at",
    "received_at",
    "amount",
    "currency",
    "quantity",
    "item",
    "reference",
    "score",
)
RESERVED = frozenset(
    {
        *CANONICAL_COLUMNS,
        "all", "item", "level", "segment", "period", "kpi", "day", "customer_id", "condition", "cohort", "age", "size",
        "first_event_at", "last_event_at", "last_active_at", "active_days", "visited", "signed_up_at", "signed_up",
        "orders", "first_order_at", "last_order_at", "revenue", "units_sold", "returned_amount", "units_returned",
        "subscribed_at", "ordered_at", "times", "mrr", "mrr_now", "mrr_new", "first_visit_at", "last_visit_at",
        "linked_at", "activated_at", "activated_now", "window_ends_at", "active", "possible_days",
        "active_last_7_days", "used_a_feature", "activated_by_end", "activated", "time_to_activate", "window_closed",
        "activated_in_window", "subscribed_by_end", "became_customer", "ordered", "ordered_repeatedly", "gap_time",
        "gaps", "gap", "previous_at", "in_base", "once", "still", "kept", "came_back", "last_active_at_end",
        "mrr_at_end", "is_active", "active_at", "day_bit", "signup_at", "is_visit", "rank", "nth", "day_nth",
        "reached_at", "customers", "hash", "len", "first", "month", "outcome", "broken", "event_name", "source",
        "answered_at", "anybody_left", "base", "base_revenue", "base_revenue_lost", "came_and_left", "change",
        "contracted", "conversions", "csat_answered", "deactivated", "deactivated_at", "end", "expanded", "grain",
        "invoiced", "joined", "known", "left", "local", "losses", "lost", "loyal", "new", "nps_answered",
        "ordered_in_a_year", "orders_in_a_year", "paid", "prospect", "reactivated", "receivable", "recommends",
        "revenue_growth", "satisfied", "spend", "start", "starts", "survey", "targeted", "targeted_at", "total",
    }
)  # fmt: skip
"""Words a dimension may not be called: columns of the tables it becomes a column of."""
PERIOD = re.compile(r"[1-9][0-9]{3}(-(0[1-9]|1[0-2])|-Q[1-4])?")
RESERVED_FORMS = re.compile(r"^(count|days|met_at)_[0-9]+$|^mrr_|_(new|now|in_period|at_start|before)$")
DURATION = re.compile(r"([1-9][0-9]{0,3})(h|d|w|mo|q|y)")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        message = f"{name!r} is not a time zone. {did_you_mean(name, available_timezones()) if _close(name) else ''}"
        raise ValueError(f"{message} Expected an IANA name such as 'Europe/Paris'.".replace("  ", " ")) from None
    return name


def _close(name: str) -> bool:
    return did_you_mean(name, available_timezones()).startswith("Did")


def _duration(text: str) -> str:
    if not DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration. Expected 1 to 9999 and h, d, w, mo, q or y: '14d', '1mo'.")
    return text


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} cannot name files: use lower-case letters, digits, '-' and '_', at most 64.")
    return text


def _period(text: str) -> str:
    if not PERIOD.fullmatch(text):
        raise ValueError(f"{text!r} is not a period. Expected a month, quarter or year: '2025-01', '2025-Q1', '2025'.")
    return text


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Zone = Annotated[str, AfterValidator(_zone)]
Duration = Annotated[str, AfterValidator(_duration)]
PeriodText = Annotated[str, AfterValidator(_period)]
NoteText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Name = Annotated[str, AfterValidator(_name), Field(max_length=64)]
Strings = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
