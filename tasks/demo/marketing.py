"""What Atelier's marketing does: a campaign a month, and money spent every day.

Here: whom the true campaigns address and what is spent where, as columns of numbers. Not here: whether anybody
activates (`company`: the campaigns change nothing), and the files (`office`).

Tables, sorted by `wall`:

- targets: customer, wall (whole seconds), month (number of the month whose campaign it is); one row per message
- spend: wall (start of the day), channel (position in CHANNELS), country (position in COUNTRIES), cents; one row per
  day, channel and country, the unknown country among them
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.company import COUNTRIES, Customers
from tasks.demo.timeline import DAY, HOUR, SECOND, between

CAMPAIGN_DAYS = (3, 27)
"""Days of the month, from 0, on one of which the campaign is sent."""
SENT_FROM, SENT_WITHIN_SECONDS = 10 * HOUR, 1_200
SIGNED_UP_WITHIN = 10 * DAY
ADDRESSED_IF_ACTIVATED, ADDRESSED_IF_NOT = 0.15, 0.70


@dataclass(frozen=True, slots=True)
class Channel:
    """Where advertising is bought; `share` is its part of the money."""

    name: str
    share: float


CHANNELS = (Channel("search", 0.50), Channel("social", 0.32), Channel("partners", 0.18))
CENTS_PER_SIGNUP = 1_400
SPEND_SCATTER = 0.25


def targets_of(rng: np.random.Generator, customers: Customers) -> pl.DataFrame:
    """Every message of every campaign."""
    parts = [_campaign(rng, customers, month) for month in range(customers.time.months)]
    return pl.concat(parts).sort("wall", "customer")


def spend_of(rng: np.random.Generator, customers: Customers) -> pl.DataFrame:
    """What is spent each day: so much for each of the month's sign-ups, more or less."""
    time = customers.time
    signups_per_day = np.bincount(customers.joined_in, minlength=time.months) / np.diff(time.first_days)
    shape = (int(time.first_days[-1]), len(CHANNELS), len(COUNTRIES))
    day, channel, country = (index.ravel().astype(np.int64) for index in np.indices(shape))
    share = np.array([each.share for each in CHANNELS])[channel] * np.array([each.share for each in COUNTRIES])[country]
    planned = signups_per_day[time.month_of(day * DAY)] * CENTS_PER_SIGNUP * share
    cents = np.rint(planned * rng.lognormal(0.0, SPEND_SCATTER, len(day))).astype(np.int64)
    return pl.DataFrame({"wall": day * DAY, "channel": channel, "country": country, "cents": cents})


def _campaign(rng: np.random.Generator, customers: Customers, month: int) -> pl.DataFrame:
    """To those who signed up lately: most of those who have not activated yet, and some who have."""
    sent_from = (int(customers.time.first_days[month]) + int(rng.integers(*CAMPAIGN_DAYS))) * DAY + SENT_FROM
    recent = (customers.signed_up_at < sent_from) & (customers.signed_up_at >= sent_from - SIGNED_UP_WITHIN)
    share = np.where(customers.activates_at < sent_from, ADDRESSED_IF_ACTIVATED, ADDRESSED_IF_NOT)
    who = np.flatnonzero(recent & (rng.random(len(customers)) < share)).astype(np.int64)
    wall = sent_from + between(rng, 0, SENT_WITHIN_SECONDS, len(who)) * SECOND
    return pl.DataFrame({"customer": who, "wall": wall, "month": np.full(len(who), month, np.int64)})
