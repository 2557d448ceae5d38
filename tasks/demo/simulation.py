"""All that truly happened at Atelier, from one seed.

Here: the order in which the parts of the company are drawn, each from its own stream of random numbers, so that a
change to one part leaves the others as they were. Not here: the parts themselves, and anything about files.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.company import Customers, Lives, customers_of, lives_of
from tasks.demo.shop import orders_of, refunds_of, subscriptions_of
from tasks.demo.timeline import Timeline, timeline
from tasks.demo.traffic import active_days, app_events, web_events


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """The customers and their true events; the columns of the tables are described in `traffic` and `shop`."""

    customers: Customers
    lives: Lives
    app: pl.DataFrame
    web: pl.DataFrame
    orders: pl.DataFrame
    refunds: pl.DataFrame
    subscriptions: pl.DataFrame

    @property
    def time(self) -> Timeline:
        """The months it is simulated for."""
        return self.customers.time


def company_of(seed: int, size: int, months: int) -> Company:
    """A company that `size` customers sign up with over the months."""
    people, months_of_life, shopping, returning, opening, using, visiting = np.random.default_rng(seed).spawn(7)
    customers = customers_of(people, timeline(months), size)
    lives = lives_of(months_of_life, customers)
    orders = orders_of(shopping, customers, lives)
    days = active_days(opening, customers, lives)
    return Company(
        customers=customers,
        lives=lives,
        app=app_events(using, customers, days),
        web=web_events(visiting, customers, days, orders),
        orders=orders,
        refunds=refunds_of(returning, customers.time, orders),
        subscriptions=subscriptions_of(lives),
    )
