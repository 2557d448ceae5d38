"""Atelier's billing system: subscriptions, orders of the shop, and refunds.

Here: the true billing entries, as columns of numbers. Not here: who is active and on which plan (`company`), visits to
the shop (`traffic`), and the files (`files`).

Tables, one row per entry, sorted by `wall`:

- orders: order, customer, wall, sku, quantity (units), cents (of the line)
- refunds: the same columns; the units and the money that went back
- subscriptions: customer, wall, name (position in SUBSCRIPTION_EVENTS), ordinal (1 for the first subscription of the
  customer), cents (the new monthly amount; null when cancelled), plan (position in PLANS, from then on)
"""

import numpy as np
import polars as pl

from tasks.demo.company import FREE, PLANS, Customers, Lives
from tasks.demo.timeline import DAY, NEVER, Bools, Floats, Ints, Timeline, between, times_of_day

SUBSCRIPTION_EVENTS = ("subscription_created", "plan_changed", "subscription_cancelled")
CREATED, CHANGED, CANCELLED = range(3)

SHOPS_WITHOUT_ACTIVATING_BY_IT = 0.20
DAYS_TO_FIRST_ORDER = (16, 95)
ORDER_SEASON = (0.86, 0.80, 0.80, 0.80, 0.80, 0.80, 0.76, 0.66, 0.84, 0.86, 1.00, 1.00)
LINES_PER_ORDER = (1, 1, 1, 1, 2, 2, 3, 4)
UNITS_PER_LINE = (1, 1, 1, 1, 1, 2, 2, 3)
SKUS = 40
RETURNED_LINES = 0.07
FIRST_PRICE_CENTS, PRICE_STEP_CENTS = 690, 155


def unit_cents(sku: Ints) -> Ints:
    """The price of one unit: from 6.90 to 67.35 EUR, in no order."""
    return FIRST_PRICE_CENTS + sku * 17 % SKUS * PRICE_STEP_CENTS


def orders_of(rng: np.random.Generator, customers: Customers, lives: Lives) -> pl.DataFrame:
    """Every line of every order."""
    customer, wall = _order_times(rng, customers, lives)
    lines = rng.choice(LINES_PER_ORDER, len(wall))
    order = np.repeat(np.arange(len(wall), dtype=np.int64), lines)
    sku = (SKUS * rng.random(len(order)) ** 1.9).astype(np.int64)
    quantity = rng.choice(UNITS_PER_LINE, len(order)).astype(np.int64)
    return pl.DataFrame(
        {
            "order": order,
            "customer": customer[order],
            "wall": wall[order],
            "sku": sku,
            "quantity": quantity,
            "cents": quantity * unit_cents(sku),
        }
    )


def refunds_of(rng: np.random.Generator, time: Timeline, orders: pl.DataFrame) -> pl.DataFrame:
    """Some lines come back, whole or in part, within a month."""
    lines = orders.filter(rng.random(len(orders)) < RETURNED_LINES)
    units = rng.integers(1, lines["quantity"].to_numpy() + 1)
    waited = lines["wall"].to_numpy() // DAY + between(rng, 4, 26, len(lines))
    back = lines.with_columns(
        wall=waited * DAY + times_of_day(rng, len(lines)),
        cents=pl.col("cents") // pl.col("quantity") * pl.Series(units),
        quantity=pl.Series(units),
    )
    return back.filter(pl.col("wall") < time.end).sort("wall", "order", "sku", "quantity")


def subscriptions_of(lives: Lives) -> pl.DataFrame:
    """One row per change of plan: created, changed, cancelled."""
    customer, month = np.nonzero(lives.changed_at != NEVER)
    before, after = lives.plan_before[customer, month], lives.plan_after[customer, month]
    created = (lives.plan_before == FREE) & (lives.plan_after != FREE)
    ordinal = np.cumsum(created, axis=1)[customer, month]
    prices = np.array([plan.monthly_eur for plan in PLANS], dtype=np.int64) * 100
    return (
        pl.DataFrame(
            {
                "customer": customer,
                "wall": lives.changed_at[customer, month],
                "name": np.select([before == FREE, after == FREE], [CREATED, CANCELLED], CHANGED),
                "ordinal": ordinal,
                "cents": prices[after],
                "plan": after,
            }
        )
        .with_columns(pl.when(pl.col("name") != CANCELLED).then("cents").alias("cents"))
        .sort("wall", "customer")
    )


def _order_times(rng: np.random.Generator, customers: Customers, lives: Lives) -> tuple[Ints, Ints]:
    """Who orders when, in order: each gap is drawn when the last one has passed, until the months are over."""
    customer, at = _first_orders(rng, customers)
    rhythm = rng.lognormal(0.0, 0.28, len(customers))
    buyers, times = [customer[:0]], [at[:0]]
    while len(customer := customer[at < customers.time.end]):
        at = at[at < customers.time.end]
        kept = _ordered(rng, customers, lives, customer, at)
        buyers.append(customer[kept])
        times.append(at[kept])
        gap_days = 3 + rng.gamma(2.4, 14.0, len(at)) * rhythm[customer]
        at = (at // DAY + gap_days.astype(np.int64)) * DAY + times_of_day(rng, len(at))
    buyer, wall = np.concatenate(buyers), np.concatenate(times)
    order = np.lexsort((buyer, wall))
    return buyer[order], wall[order]


def _first_orders(rng: np.random.Generator, customers: Customers) -> tuple[Ints, Ints]:
    by_order = customers.by_order & (customers.activates_at != NEVER)
    shops = by_order | (rng.random(len(customers)) < SHOPS_WITHOUT_ACTIVATING_BY_IT)
    days = customers.signed_up_at // DAY + between(rng, *DAYS_TO_FIRST_ORDER, len(customers))
    later = days * DAY + times_of_day(rng, len(customers))
    first = np.where(by_order, customers.activates_at, later)
    who = np.flatnonzero(shops)
    return who, first[who]


def _ordered(rng: np.random.Generator, customers: Customers, lives: Lives, customer: Ints, at: Ints) -> Bools:
    """Which of the intended orders are placed: by active customers, more of them before Christmas."""
    month = customers.time.month_of(at)
    season: Floats = np.array(ORDER_SEASON)[month % 12]
    activating = at == customers.activates_at[customer]
    ordered: Bools = activating | (lives.active[customer, month] & (rng.random(len(at)) < season))
    return ordered
