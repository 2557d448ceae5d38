"""The figures of the simulated company, counted from what truly happened.

Here: plain counting over the simulator's own events, month by month: an independent check of the pipeline, which has
to find the same figures in the files. Not here: the pipeline's own code (nothing of it is imported), and reading files.

All times are wall times (see `timeline`), months are calendar months of Europe/Paris, [start, end).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from tasks.demo.ledger import INVOICE
from tasks.demo.mess import FileCounts
from tasks.demo.shop import CANCELLED, CREATED
from tasks.demo.simulation import Company
from tasks.demo.surveys import CSAT, DONT_KNOW, NPS
from tasks.demo.timeline import DAY, NEVER, Bools, Ints, Timeline
from tasks.demo.traffic import ACCOUNT_CREATED, NOBODY, REPORT_CREATED

ACTIVATION_WINDOW = 14 * DAY
ACTIVATING_REPORTS = 3
PROMOTERS_FROM, DETRACTORS_TO = 9, 6
SATISFIED_FROM = 4


@dataclass(frozen=True, slots=True)
class MonthTruth:
    """One month. Customers are counted, not events, unless it says otherwise."""

    signups: int
    activated_by_month_end: int
    """Of the month's sign-ups: an order or 3 reports within 14 days of signing up, before the month's end."""
    window_closed: int
    """Sign-ups whose 14 days ended in the month (whose last instant, excluded, lies in [start, end))."""
    window_activated: int
    """Of those: activated within the 14 days."""
    visitors: int
    """Customers, and anonymous ids not linked to one before the month's end, with a visit."""
    mau: int
    """Customers with a visit, sign-up, use or purchase."""
    active_customer_days: int
    """Pairs of a customer and a day of activity; divided by the days of the month: DAU."""
    base_at_start: int
    """Active in the calendar month before."""
    churned: int
    """Of those: not active in this month."""
    orders: int
    """Orders, not lines."""
    revenue: str
    """EUR, of the order lines, returns not deducted."""
    sold_units: int
    returned_units: int
    new_subscriptions: int
    """Events: subscriptions created, first or again."""
    cancelled_subscriptions: int
    """Events."""
    deactivated: int
    """Deleted their account."""
    targeted: int
    """Addressed by a campaign."""
    targeted_not_activated: int
    """Of those: had not activated when first addressed in the month."""
    activated_after_target: int
    """Of those: have by the month's end."""
    nps_answers: int
    """Customers with a score in the month: 11, "don't know", is none. The last one counts, of one day the highest."""
    nps_promoters: int
    """Of those: 9 or 10."""
    nps_detractors: int
    """Of those: 0 to 6."""
    csat_answers: int
    """Customers with an answer in the month; the last one counts."""
    csat_satisfied: int
    """Of those: 4 or 5."""
    invoiced: str
    """EUR."""
    receivable_at_end: str
    """EUR, of all invoices before the month's end, less the payments before it."""
    spend: str
    """EUR, of all channels and countries."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What `lifecycle` has to find in the files."""

    seed: int
    customers: int
    timezone: str
    events: int
    """True events: what remains when duplicates, filtered, ignored and quarantined rows are gone."""
    months: Mapping[str, MonthTruth]
    files: Mapping[str, Mapping[str, FileCounts]]
    """Row accounting by source and month of the file."""
    duplicates: Mapping[str, Mapping[str, int]]
    """Surplus copies by source and month of the instant."""
    quarantined_by_flaw: Mapping[str, Mapping[str, int]]
    """Broken rows by source and what is wrong with them."""


def months_of(company: Company) -> dict[str, MonthTruth]:
    """The figures of every month."""
    time = company.time
    days = _activity_days(company)
    active = np.zeros((len(company.customers), time.months), np.bool_)
    active[days["customer"].to_numpy(), time.month_of(days["day"].to_numpy() * DAY)] = True
    before = np.hstack([np.zeros((len(active), 1), np.bool_), active[:, :-1]])
    columns: dict[str, Ints] = {
        **_signup_columns(company),
        "visitors": _visitors(company),
        "mau": active.sum(axis=0),
        "active_customer_days": _per_month(time, days["day"].to_numpy() * DAY),
        "base_at_start": before.sum(axis=0),
        "churned": (before & ~active).sum(axis=0),
        **_billing_columns(company),
        "deactivated": _per_month(time, _walls(company.deletions)),
        **_target_columns(company),
        **_survey_columns(company),
    }
    amounts = _amounts(company)
    return {
        name: MonthTruth(
            revenue=amounts["revenue"][month],
            invoiced=amounts["invoiced"][month],
            receivable_at_end=amounts["receivable_at_end"][month],
            spend=amounts["spend"][month],
            **{column: int(values[month]) for column, values in columns.items()},
        )
        for month, name in enumerate(time.names)
    }


def activated_at(company: Company) -> Ints:
    """When each customer fulfils the rule within the window after signing up; NEVER for those who do not."""
    signed_up_at = company.customers.signed_up_at
    reports = _nth(company.app.filter(pl.col("name") == REPORT_CREATED), ACTIVATING_REPORTS, len(signed_up_at))
    order = _nth(company.orders.unique("order"), 1, len(signed_up_at))
    first = np.minimum(reports, order)
    return np.where(first < signed_up_at + ACTIVATION_WINDOW, first, NEVER)


def _nth(events: pl.DataFrame, count: int, customers: int) -> Ints:
    """When each customer does something for the nth time; nobody does anything before signing up."""
    nth = events.group_by("customer").agg(pl.col("wall").sort().get(count - 1, null_on_oob=True)).drop_nulls()
    at = np.full(customers, NEVER)
    at[nth["customer"].to_numpy()] = nth["wall"].to_numpy()
    return at


def _signup_columns(company: Company) -> dict[str, Ints]:
    time = company.time
    signups = company.app.filter(pl.col("name") == ACCOUNT_CREATED).sort("customer")["wall"].to_numpy()
    activated = activated_at(company)
    closes = signups + ACTIVATION_WINDOW
    return {
        "signups": _per_month(time, signups),
        "activated_by_month_end": _per_month(time, signups, time.month_of(activated) == time.month_of(signups)),
        "window_closed": _per_month(time, closes),
        "window_activated": _per_month(time, closes, activated != NEVER),
    }


def _billing_columns(company: Company) -> dict[str, Ints]:
    time, subscriptions, orders, refunds = company.time, company.subscriptions, company.orders, company.refunds
    name = subscriptions["name"].to_numpy()
    return {
        "orders": _per_month(time, _walls(orders.unique("order"))),
        "sold_units": _per_month(time, _walls(orders), orders["quantity"].to_numpy()),
        "returned_units": _per_month(time, _walls(refunds), refunds["quantity"].to_numpy()),
        "new_subscriptions": _per_month(time, _walls(subscriptions), name == CREATED),
        "cancelled_subscriptions": _per_month(time, _walls(subscriptions), name == CANCELLED),
    }


def _target_columns(company: Company) -> dict[str, Ints]:
    """A customer is judged from the first message of the month on."""
    time = company.time
    first = company.targets.with_columns(month=time.month_of(_walls(company.targets)))
    first = first.group_by("month", "customer").agg(pl.col("wall").min())
    wall, activated = _walls(first), activated_at(company)[first["customer"].to_numpy()]
    waiting = activated > wall
    return {
        "targeted": _per_month(time, wall),
        "targeted_not_activated": _per_month(time, wall, waiting),
        "activated_after_target": _per_month(time, wall, waiting & (time.month_of(activated) == time.month_of(wall))),
    }


def _survey_columns(company: Company) -> dict[str, Ints]:
    nps, csat = (_last_answers(company, question) for question in (NPS, CSAT))
    return {
        "nps_answers": _per_month(company.time, _walls(nps)),
        "nps_promoters": _per_month(company.time, _walls(nps), nps["answer"].to_numpy() >= PROMOTERS_FROM),
        "nps_detractors": _per_month(company.time, _walls(nps), nps["answer"].to_numpy() <= DETRACTORS_TO),
        "csat_answers": _per_month(company.time, _walls(csat)),
        "csat_satisfied": _per_month(company.time, _walls(csat), csat["answer"].to_numpy() >= SATISFIED_FROM),
    }


def _last_answers(company: Company, question: int) -> pl.DataFrame:
    """One row per customer and month."""
    scores = company.answers.filter((pl.col("question") == question) & (pl.col("answer") != DONT_KNOW))
    return (
        scores.with_columns(month=company.time.month_of(_walls(scores)))
        .sort("wall", "answer")
        .unique(["month", "customer"], keep="last", maintain_order=True)
    )


def _amounts(company: Company) -> dict[str, list[str]]:
    """By month, in EUR."""
    time, ledger = company.time, company.ledger
    cents, invoices = ledger["cents"].to_numpy(), ledger["type"].to_numpy() == INVOICE
    invoiced = _per_month(time, _walls(ledger), np.where(invoices, cents, 0))
    paid = _per_month(time, _walls(ledger), np.where(invoices, 0, cents))
    in_cents = {
        "revenue": _per_month(time, _walls(company.orders), company.orders["cents"].to_numpy()),
        "invoiced": invoiced,
        "receivable_at_end": np.cumsum(invoiced - paid),
        "spend": _per_month(time, _walls(company.spend), company.spend["cents"].to_numpy()),
    }
    return {name: [str(Decimal(cents).scaleb(-2)) for cents in values.tolist()] for name, values in in_cents.items()}


def _activity_days(company: Company) -> pl.DataFrame:
    """One row per customer and day with activity: everything in the app, visits when logged in, orders."""
    visits = company.web.filter(pl.col("customer") != NOBODY)
    events = pl.concat([table.select("customer", "wall") for table in (company.app, visits, company.orders)])
    return events.select("customer", day=pl.col("wall") // DAY).unique()


def _visitors(company: Company) -> Ints:
    """Who visited, month by month: an anonymous id counts as its customer once a visit has linked the two."""
    visits = company.web.with_columns(month=company.time.month_of(_walls(company.web)))
    links = (
        visits.filter(pl.col("customer") != NOBODY)
        .group_by("anonymous")
        .agg(linked_to=pl.col("customer").sort_by("wall", "customer").first(), linked_in=pl.col("month").min())
    )
    linked = (pl.col("customer") == NOBODY) & (pl.col("linked_in") <= pl.col("month"))
    identity = (
        visits.join(links, on="anonymous", how="left")
        .with_columns(customer=pl.when(linked).then("linked_to").otherwise("customer"))
        .with_columns(stranger=pl.when(pl.col("customer") == NOBODY).then("anonymous"))
    )
    found = identity.select("month", "customer", "stranger").unique()
    return np.bincount(found["month"].to_numpy(), minlength=company.time.months).astype(np.int64)


def _walls(table: pl.DataFrame) -> Ints:
    return table["wall"].to_numpy()


def _per_month(time: Timeline, wall: Ints, amount: Ints | Bools | None = None) -> Ints:
    """How many wall times fall in each month, or the sum of their amounts."""
    month = time.month_of(wall)
    inside = (month >= 0) & (month < time.months)
    counted = np.ones(len(wall), np.int64) if amount is None else amount.astype(np.int64)
    total = np.zeros(time.months, np.int64)
    np.add.at(total, month[inside], counted[inside])
    return total
