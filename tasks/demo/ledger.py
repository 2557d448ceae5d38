"""Atelier's ledger: customers on the business plan pay by invoice.

Here: the true invoices and payments, as columns of numbers. Not here: who is on which plan when (`company`), and the
file (`office`). The ledger knows days only.

The table `ledger`, one row per entry, sorted by `wall`: customer, wall (start of the day), type (position in
LEDGER_TYPES), invoice (number of the invoice, from 0), cents.
"""

import numpy as np
import polars as pl

from tasks.demo.company import PLANS, Customers, Lives
from tasks.demo.timeline import DAY, Bools, Ints, between

LEDGER_TYPES = ("invoice", "payment")
INVOICE, PAYMENT = range(2)
BUSINESS = len(PLANS) - 1

INVOICE_DAYS = 28
"""Invoices are written on the same day each month, one of the first so many."""
DAYS_TO_PAY = (10, 51)
NEVER_PAID = 0.03


def ledger_of(rng: np.random.Generator, customers: Customers, lives: Lives) -> pl.DataFrame:
    """Every invoice, and the payments received until the months are over."""
    customer, invoiced_at = _invoices(rng, customers, lives)
    paid_at = invoiced_at + between(rng, *DAYS_TO_PAY, len(customer)) * DAY
    paid: Bools = (rng.random(len(customer)) >= NEVER_PAID) & (paid_at < customers.time.end)
    number = np.arange(len(customer), dtype=np.int64)
    parts = [
        _entries(customer, invoiced_at, INVOICE, number),
        _entries(customer, paid_at, PAYMENT, number).filter(paid),
    ]
    return pl.concat(parts).sort("wall", "type", "invoice")


def _invoices(rng: np.random.Generator, customers: Customers, lives: Lives) -> tuple[Ints, Ints]:
    """Who is invoiced when, in order: for whom is on the business plan as the day begins."""
    everyone, months = np.ogrid[: len(customers), : customers.time.months]
    day = customers.time.first_days[months] + between(rng, 0, INVOICE_DAYS, len(customers))[:, None]
    customer, month = np.nonzero(lives.plan_at(everyone, months, day * DAY) == BUSINESS)
    invoiced_at = day[customer, month] * DAY
    order = np.lexsort((customer, invoiced_at))
    return customer[order], invoiced_at[order]


def _entries(customer: Ints, wall: Ints, kind: int, invoice: Ints) -> pl.DataFrame:
    size = len(customer)
    return pl.DataFrame(
        {
            "customer": customer,
            "wall": wall,
            "type": np.full(size, kind, np.int64),
            "invoice": invoice,
            "cents": np.full(size, PLANS[BUSINESS].monthly_eur * 100, np.int64),
        }
    )
