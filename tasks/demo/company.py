"""Atelier, a subscription company with a shop: its customers, and how their months go.

Here: who signs up when and from where, who activates, stays, leaves, comes back, subscribes and changes plan. All of it
is drawn, vectorised, from one seed. Not here: single clicks and orders (`traffic`, `shop`), the figures (`truth`), and
everything about files (`mess`, `files`).

Every rate the company lives by is a constant at the top, so that a figure in the report can be traced to its cause.
"""

from dataclasses import dataclass

import numpy as np

from tasks.demo.timeline import (
    DAY,
    MINUTE,
    NEVER,
    Bools,
    Floats,
    Ints,
    Timeline,
    between,
    times_of_day,
    weekdays,
)


@dataclass(frozen=True, slots=True)
class Country:
    """Where customers come from; `name` is None where the company does not know."""

    name: str | None
    share: float
    churn_factor: float
    activation_bonus: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What customers can subscribe to; `share` is how often it is the first choice."""

    name: str
    monthly_eur: int
    share: float
    monthly_churn: float
    eagerness: float


COUNTRIES = (
    Country("FR", 0.46, 0.92, 0.02),
    Country("DE", 0.19, 0.85, 0.03),
    Country("ES", 0.13, 1.25, -0.05),
    Country("GB", 0.11, 1.15, -0.01),
    Country("BE", 0.07, 1.00, 0.00),
    Country(None, 0.04, 1.10, -0.03),
)
PLANS = (
    Plan("free", 0, 0.00, 0.068, 1.00),
    Plan("starter", 19, 0.58, 0.060, 1.35),
    Plan("pro", 49, 0.32, 0.042, 1.60),
    Plan("business", 129, 0.10, 0.028, 1.75),
)
FREE = 0

MONTHLY_GROWTH = 1.035
# January to December: resolutions and the return from holidays bring people, August does not.
SIGNUP_SEASON = (1.20, 1.00, 1.02, 0.97, 0.95, 0.93, 0.86, 0.68, 1.22, 1.08, 1.03, 0.90)
RETURN_SEASON = (1.60, 1.00, 1.00, 1.00, 1.00, 0.90, 0.80, 0.70, 1.80, 1.10, 1.00, 0.90)
SIGNUP_WEEKDAYS = (1.15, 1.15, 1.10, 1.10, 1.00, 0.72, 0.78)

SIGNED_UP_IN_BROWSER = 0.88
ACTIVATION_SHARE = 0.45
PRODUCT_CHANGE = "2024-09"
"""The new first-run assistant: from this month on more and more sign-ups activate."""
ACTIVATION_GAIN_PER_MONTH = 0.018
ACTIVATION_GAIN_LIMIT = 0.11
ACTIVATED_BY_ORDER = 0.28
SUBSCRIBES_AFTER_TRIAL = 0.42
ADOPTION = (0.82, 0.46, 0.17)
"""Share of customers who ever use reports, files, dashboards."""

CHURN_BY_AGE = (1.35, 1.35, 1.15, 1.00, 1.00, 0.90)
"""Factor on the plan's churn by months since sign-up, the last one from then on."""
CHURN_IF_NOT_ACTIVATED = 1.25
MONTHLY_RETURN = 0.028
CANCEL_AFTER_LEAVING, CANCEL_WHILE_ACTIVE = 0.70, 0.012
UPGRADE, DOWNGRADE = 0.022, 0.010
LATE_SUBSCRIPTION, SUBSCRIPTION_AGAIN = 0.008, 0.060


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """One position per customer, in order of sign-up. Times are wall times."""

    time: Timeline
    """The months they sign up in."""
    session_at: Ints
    """Start of the session that ends in the sign-up."""
    signed_up_at: Ints
    country: Ints
    """Position in COUNTRIES."""
    on_web: Bools
    """Signed up in the browser; the others in the app."""
    activates_at: Ints
    """When the customer does what activates; NEVER for those who do not get that far."""
    by_order: Bools
    """Activates by ordering, not by writing reports."""
    trial_ends_at: Ints
    """When the trial becomes a subscription; NEVER if it does not."""
    eagerness: Floats
    """Chance of opening the product on an average day, on the free plan."""
    adopts: Bools
    """Per customer and item (reports, files, dashboards)."""

    def __len__(self) -> int:
        """How many sign up in all."""
        return len(self.signed_up_at)

    @property
    def joined_in(self) -> Ints:
        """The number of the month each one signs up in."""
        return self.time.month_of(self.signed_up_at)


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """One row per customer, one column per month."""

    active: Bools
    plan_before: Ints
    plan_after: Ints
    changed_at: Ints
    """Wall time at which `plan_after` replaces `plan_before`; NEVER where it does not."""

    def plan_at(self, customer: Ints, month: Ints, wall: Ints) -> Ints:
        """Position in PLANS of each customer at a wall time in the month."""
        changed = wall >= self.changed_at[customer, month]
        return np.where(changed, self.plan_after[customer, month], self.plan_before[customer, month])


def customers_of(rng: np.random.Generator, time: Timeline, size: int) -> Customers:
    """Everyone who signs up, with what is decided about them from the first day."""
    session_at = _session_starts(rng, time, size)
    signed_up_at = session_at + between(rng, 2 * MINUTE, 8 * MINUTE, size)
    country = rng.choice(len(COUNTRIES), size, p=[country.share for country in COUNTRIES]).astype(np.int64)
    activates_at = _activations(rng, time, signed_up_at, country)
    converts = (activates_at != NEVER) & (rng.random(size) < SUBSCRIBES_AFTER_TRIAL)
    trial_from = np.where(converts, activates_at, 0) // DAY
    due_at = (trial_from + between(rng, 5, 26, size)) * DAY + times_of_day(rng, size)
    return Customers(
        time=time,
        session_at=session_at,
        signed_up_at=signed_up_at,
        country=country,
        on_web=rng.random(size) < SIGNED_UP_IN_BROWSER,
        activates_at=activates_at,
        by_order=rng.random(size) < ACTIVATED_BY_ORDER,
        trial_ends_at=np.where(converts, due_at, NEVER),
        eagerness=0.07 + 0.56 * rng.beta(1.6, 5.0, size),
        adopts=rng.random((size, len(ADOPTION))) < np.array(ADOPTION),
    )


def lives_of(rng: np.random.Generator, customers: Customers) -> Lives:
    """Month by month: who is active, and on which plan."""
    time = customers.time
    shape = (len(customers), time.months)
    lives = Lives(
        active=np.zeros(shape, np.bool_),
        plan_before=np.full(shape, FREE, np.int64),
        plan_after=np.full(shape, FREE, np.int64),
        changed_at=np.full(shape, NEVER),
    )
    active = np.zeros(len(customers), np.bool_)
    plan = np.full(len(customers), FREE, np.int64)
    subscribed_once = np.zeros(len(customers), np.bool_)
    for month in range(time.months):
        active = _active(rng, customers, active, plan, month)
        due = (time.month_of(customers.trial_ends_at) == month) & active
        after = _next_plans(rng, plan, active & (customers.joined_in < month), due, subscribed_once)
        lives.active[:, month] = active
        lives.plan_before[:, month] = plan
        lives.plan_after[:, month] = after
        changed_at = np.where(due & (plan == FREE), customers.trial_ends_at, _moments(rng, time, month, len(plan)))
        lives.changed_at[:, month] = np.where(after != plan, changed_at, NEVER)
        plan = after
        subscribed_once |= plan != FREE
    return lives


def _session_starts(rng: np.random.Generator, time: Timeline, size: int) -> Ints:
    """When the sessions begin in which people sign up, in order."""
    days = np.arange(time.first_days[-1], dtype=np.int64)
    month = time.month_of(days * DAY)
    season = np.array(SIGNUP_SEASON)[time.calendar_months() - 1] * MONTHLY_GROWTH ** np.arange(time.months)
    weights = season[month] * np.array(SIGNUP_WEEKDAYS)[weekdays(days)]
    drawn = rng.choice(days, size, p=weights / weights.sum())
    # The last minutes of the last day are left free: nobody's sign-up may fall after the end.
    return np.sort(np.minimum(drawn * DAY + times_of_day(rng, size), time.end - 50 * MINUTE))


def _activations(rng: np.random.Generator, time: Timeline, signed_up_at: Ints, country: Ints) -> Ints:
    """When each customer is to activate: half of them on the first day, all within 13 days; NEVER for the others."""
    size = len(signed_up_at)
    since_change = time.month_of(signed_up_at) - time.month_number(PRODUCT_CHANGE) + 1
    gain = np.clip(since_change * ACTIVATION_GAIN_PER_MONTH, 0, ACTIVATION_GAIN_LIMIT)
    bonus = np.array([each.activation_bonus for each in COUNTRIES])[country]
    activates = rng.random(size) < ACTIVATION_SHARE + gain + bonus
    wait_days = np.minimum(rng.exponential(2.6, size), 12).astype(np.int64)
    same_day = signed_up_at + between(rng, 5 * MINUTE, 20 * MINUTE, size)
    later = (signed_up_at // DAY + wait_days) * DAY + times_of_day(rng, size)
    at = np.where(wait_days == 0, same_day, later)
    return np.where(activates & (at < time.end - 50 * MINUTE), at, NEVER)


def _active(rng: np.random.Generator, customers: Customers, was_active: Bools, plan: Ints, month: int) -> Bools:
    """Who is active in the month: newcomers, those who stay, and those who come back."""
    joined = customers.joined_in
    age = np.clip(month - joined, 0, len(CHURN_BY_AGE) - 1)
    churn = np.array([each.monthly_churn for each in PLANS])[plan] * np.array(CHURN_BY_AGE)[age]
    churn *= np.array([country.churn_factor for country in COUNTRIES])[customers.country]
    churn *= np.where(customers.activates_at == NEVER, CHURN_IF_NOT_ACTIVATED, 1.0)
    about_to_activate = customers.time.month_of(customers.activates_at) == month
    stays = was_active & ((rng.random(len(plan)) >= churn) | about_to_activate)
    comes_back = rng.random(len(plan)) < MONTHLY_RETURN * RETURN_SEASON[month % 12]
    returns = ~was_active & (joined < month) & (comes_back | about_to_activate)
    active: Bools = (joined == month) | stays | returns
    return active


def _next_plans(rng: np.random.Generator, plan: Ints, settled: Bools, due: Bools, subscribed_once: Bools) -> Ints:
    """The plan each customer leaves the month with; `settled` customers are active and joined in an earlier month."""
    draw = rng.random(len(plan))
    first_choice = rng.choice(len(PLANS), len(plan), p=[each.share for each in PLANS])
    free, top = plan == FREE, len(PLANS) - 1
    subscribes = due | (settled & (draw < np.where(subscribed_once, SUBSCRIPTION_AGAIN, LATE_SUBSCRIPTION)))
    cancels = draw < np.where(settled, CANCEL_WHILE_ACTIVE, CANCEL_AFTER_LEAVING)
    upgrades = settled & (draw > 1 - UPGRADE)
    downgrades = settled & ~upgrades & (draw > 1 - UPGRADE - DOWNGRADE)
    paying = np.clip(plan + upgrades - downgrades, 1, top)
    return np.where(free, np.where(subscribes, first_choice, FREE), np.where(cancels, FREE, paying))


def _moments(rng: np.random.Generator, time: Timeline, month: int, size: int) -> Ints:
    """Wall times anywhere in a month."""
    days = between(rng, int(time.first_days[month]), int(time.first_days[month + 1]), size)
    return days * DAY + times_of_day(rng, size)
