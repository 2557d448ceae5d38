"""All that truly happened at Atelier, from one seed.

Here: the order in which the parts of the company are drawn, each from its own stream of random numbers, so that a
change to one part leaves the others as they were. Not here: the parts themselves, and anything about files.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.company import Customers, Lives, customers_of, lives_of
from tasks.demo.ledger import ledger_of
from tasks.demo.marketing import spend_of, targets_of
from tasks.demo.shop import orders_of, refunds_of, subscriptions_of
from tasks.demo.surveys import answers_of
from tasks.demo.timeline import Timeline, timeline
from tasks.demo.traffic import active_days, app_events, deletions_of, web_events


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """The customers and their true events; the columns of the tables are described in the modules they come from."""

    customers: Customers
    lives: Lives
    app: pl.DataFrame
    web: pl.DataFrame
    orders: pl.DataFrame
    refunds: pl.DataFrame
    subscriptions: pl.DataFrame
    deletions: pl.DataFrame
    answers: pl.DataFrame
    ledger: pl.DataFrame
    targets: pl.DataFrame
    spend: pl.DataFrame

    @property
    def events(self) -> int:
        """How many events truly happened, in all tables."""
        product = (self.app, self.web, self.orders, self.refunds, self.subscriptions, self.deletions)
        return sum(len(table) for table in (*product, self.answers, self.ledger, self.targets, self.spend))

    @property
    def time(self) -> Timeline:
        """The months it is simulated for."""
        return self.customers.time


def company_of(seed: int, size: int, months: int) -> Company:
    """A company that `size` customers sign up with over the months."""
    # What comes later gets its stream after the others, so that theirs stay the same.
    streams = np.random.default_rng(seed).spawn(12)
    people, months_of_life, shopping, returning, opening, using, visiting, *beside = streams
    deleting, answering, paying, targeting, spending = beside
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
        deletions=deletions_of(deleting, customers, lives),
        answers=answers_of(answering, customers, lives),
        ledger=ledger_of(paying, customers, lives),
        targets=targets_of(targeting, customers),
        spend=spend_of(spending, customers),
    )
