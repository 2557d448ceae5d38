"""What people do in Atelier's app and on its web site, click by click.

Here: the true app and web events, as columns of numbers (positions in the tuples of names below). Not here: why a
customer is active at all (`company`), orders (`shop`), and how the systems write the events down (`mess`, `files`).

Tables, one row per event, sorted by `wall`:

- app: customer, wall, name (position in APP_EVENTS)
- web: anonymous, customer (-1 when not logged in), wall, path (position in PATHS)
- deletions: customer, wall; the app event "Account Deleted", apart because it is no use of the app

Anonymous numbers: customer c's first device is c, the second one `len(customers) + c`; people who never sign up
follow after those.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.company import FREE, PLANS, PRODUCT_CHANGE, Customers, Lives
from tasks.demo.timeline import (
    DAY,
    MINUTE,
    NEVER,
    SECOND,
    Bools,
    Floats,
    Ints,
    Timeline,
    between,
    times_of_day,
    weekdays,
)

APP_EVENTS = ("Account Created", "App Opened", "Report Created", "File Uploaded", "Dashboard Shared")
ACCOUNT_DELETED = "Account Deleted"
ACCOUNT_CREATED, APP_OPENED, REPORT_CREATED = 0, 1, 2
PATHS = (
    "/", "/pricing", "/features", "/blog", "/shop", "/signup", "/welcome", "/account", "/reports", "/help",
    "/shop/basket", "/shop/checkout",
)  # fmt: skip
SIGNUP_PATH, WELCOME_PATH = 5, 6
VISITOR_PATHS = (0, 0, 0, 1, 1, 2, 3, 3, 4)
MEMBER_PATHS = (0, 4, 7, 8, 8, 9)
ORDER_PATHS = (4, 10, 11)
NOBODY = -1

USE_BY_WEEKDAY = (1.15, 1.22, 1.20, 1.16, 1.02, 0.56, 0.60)
USE_BY_MONTH = (1.02, 1.02, 1.02, 1.00, 0.97, 0.97, 0.90, 0.78, 1.05, 1.05, 1.04, 0.88)
LAST_MONTH_FACTOR = 0.60
"""Customers use the product less in the month before they leave."""
ITEMS_PER_SESSION = (0.38, 0.22, 0.13)
SHARING_LAUNCH_FACTOR = 2.2
"""Dashboards can be shared with people outside since the product change."""
REPORTS_BEFORE_ACTIVATION = 0.08
APP_ON_ACTIVE_DAY, WEB_ON_ACTIVE_DAY = 0.90, 0.12
SECOND_DEVICE, ON_SECOND_DEVICE = 0.15, 0.40
LOGGED_IN, LOGGED_IN_SECOND_DEVICE = 0.92, 0.60
STRANGERS_PER_SIGNUP = (4.9, 2.9)
"""For the first sign-ups and for the last ones, linear between: the site's visitors are ever better chosen."""
STRANGER_SESSIONS = (1, 1, 1, 1, 2, 2, 3)
DELETES_ACCOUNT = 0.05
"""Share of those who leave for good."""
DAYS_TO_DELETION = (14, 75)


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Days on which customers were active: one row per customer and day."""

    customer: Ints
    day: Ints


def active_days(rng: np.random.Generator, customers: Customers, lives: Lives) -> Days:
    """The days after the day of sign-up on which each customer opens the product or the site."""
    months = [_days_of_month(rng, customers, lives, month) for month in range(customers.time.months)]
    return Days(*(np.concatenate(column) for column in zip(*months, strict=True)))


def app_events(rng: np.random.Generator, customers: Customers, days: Days) -> pl.DataFrame:
    """Sign-ups, what leads to activation, and everyday use."""
    everyone = np.arange(len(customers), dtype=np.int64)
    parts = [
        _app(everyone, customers.signed_up_at, ACCOUNT_CREATED),
        *_first_reports(rng, customers),
        *_everyday_use(rng, customers, days),
    ]
    return _in_order(pl.concat(parts), customers.time)


def web_events(rng: np.random.Generator, customers: Customers, days: Days, orders: pl.DataFrame) -> pl.DataFrame:
    """Visits of strangers, of customers before and at sign-up, of members, and before each order."""
    first_order_line = orders.unique("order", keep="first", maintain_order=True)
    buyer, ordered_at = (first_order_line[name].to_numpy() for name in ("customer", "wall"))
    parts = [
        _strangers(rng, customers),
        *_way_to_signup(rng, customers),
        _member_visits(rng, customers, days),
        *(_web(buyer, buyer, ordered_at - (3 - step) * 50 * SECOND, path) for step, path in enumerate(ORDER_PATHS)),
    ]
    return _in_order(pl.concat(parts), customers.time)


def deletions_of(rng: np.random.Generator, customers: Customers, lives: Lives) -> pl.DataFrame:
    """Some of those who are never active again and pay for nothing delete their account, weeks after that began."""
    time = customers.time
    last_month = time.months - 1 - np.argmax(lives.active[:, ::-1], axis=1)
    last_change = np.where(lives.changed_at == NEVER, 0, lives.changed_at).max(axis=1)
    gone_from = np.maximum(time.first_days[last_month + 1], last_change // DAY)
    day = gone_from + between(rng, *DAYS_TO_DELETION, len(customers))
    wall = day * DAY + times_of_day(rng, len(customers))
    deletes = (rng.random(len(customers)) < DELETES_ACCOUNT) & (lives.plan_after[:, -1] == FREE) & (wall < time.end)
    who = np.flatnonzero(deletes).astype(np.int64)
    return pl.DataFrame({"customer": who, "wall": wall[who]}).sort("wall", "customer")


def _days_of_month(rng: np.random.Generator, customers: Customers, lives: Lives, month: int) -> tuple[Ints, Ints]:
    time = customers.time
    who = np.flatnonzero(lives.active[:, month])
    days = np.arange(time.first_days[month], time.first_days[month + 1], dtype=np.int64)
    stays = lives.active[who, month + 1] if month + 1 < time.months else np.ones(len(who), np.bool_)
    plan_factor = np.array([plan.eagerness for plan in PLANS])[lives.plan_after[who, month]]
    eagerness = customers.eagerness[who] * plan_factor * np.where(stays, 1.0, LAST_MONTH_FACTOR)
    of_day = np.array(USE_BY_WEEKDAY)[weekdays(days)] * USE_BY_MONTH[month % 12]
    opened = rng.random((len(who), len(days))) < eagerness[:, None] * of_day
    opened &= days > (customers.signed_up_at[who] // DAY)[:, None]
    row, column = np.nonzero(opened)
    return who[row], days[column]


def _first_reports(rng: np.random.Generator, customers: Customers) -> list[pl.DataFrame]:
    """A first report soon after signing up, and two more in the session that activates."""
    who = np.flatnonzero((customers.activates_at != NEVER) & ~customers.by_order)
    at = customers.activates_at[who]
    first = customers.signed_up_at[who] + between(rng, MINUTE, 4 * MINUTE, len(who))
    return [
        _app(who, first, REPORT_CREATED),
        _app(who, at - 30 * SECOND, APP_OPENED),
        _app(who, at - 10 * SECOND, REPORT_CREATED),
        _app(who, at, REPORT_CREATED),
    ]


def _everyday_use(rng: np.random.Generator, customers: Customers, days: Days) -> list[pl.DataFrame]:
    in_app = rng.random(len(days.day)) < APP_ON_ACTIVE_DAY
    who, day = days.customer[in_app], days.day[in_app]
    at = day * DAY + times_of_day(rng, len(day))
    counts = rng.poisson(_items_per_session(customers, who, at))
    parts = [_app(who, at, APP_OPENED)]
    for item in range(counts.shape[1]):
        session = np.repeat(np.arange(len(who)), counts[:, item])
        done_at = at[session] + between(rng, 10 * SECOND, 25 * MINUTE, len(session))
        parts.append(_app(who[session], done_at, REPORT_CREATED + item))
    return parts


def _items_per_session(customers: Customers, who: Ints, at: Ints) -> Floats:
    """Expected reports, files and dashboards of each session."""
    expected: Floats = customers.adopts[who] * np.array(ITEMS_PER_SESSION)
    launched = customers.time.month_of(at) >= customers.time.month_number(PRODUCT_CHANGE)
    expected[:, 2] *= np.where(launched, SHARING_LAUNCH_FACTOR, 1.0)
    new = (at < customers.signed_up_at[who] + 14 * DAY) & (at < customers.activates_at[who])
    expected[:, 0] *= np.where(new, REPORTS_BEFORE_ACTIVATION, 1.0)
    return expected


def _strangers(rng: np.random.Generator, customers: Customers) -> pl.DataFrame:
    """People who look around and never sign up: they come when those come who do."""
    like = np.repeat(np.arange(len(customers)), rng.poisson(np.linspace(*STRANGERS_PER_SIGNUP, len(customers))))
    sessions = rng.choice(STRANGER_SESSIONS, len(like))
    stranger = np.repeat(np.arange(len(like), dtype=np.int64), sessions)
    first_day = customers.signed_up_at[like[stranger]] // DAY
    later = between(rng, 0, 20, len(stranger)) * (np.diff(stranger, prepend=-1) == 0)
    at = (first_day + later) * DAY + times_of_day(rng, len(stranger))
    return _pages(rng, 2 * len(customers) + stranger, np.full(len(stranger), NOBODY), at, VISITOR_PATHS)


def _way_to_signup(rng: np.random.Generator, customers: Customers) -> list[pl.DataFrame]:
    """Anonymous visits in the weeks before, the sign-up page, and the first page seen as a customer."""
    web = np.flatnonzero(customers.on_web)
    before = np.repeat(web, rng.poisson(1.1, len(web)))
    days_before = between(rng, 1, 25, len(before))
    at = (customers.signed_up_at[before] // DAY - days_before) * DAY + times_of_day(rng, len(before))
    nobody = np.full(len(web), NOBODY)
    return [
        _pages(rng, before, np.full(len(before), NOBODY), at, VISITOR_PATHS),
        _web(web, nobody, customers.session_at[web], 1),
        _web(web, nobody, customers.session_at[web] + 40 * SECOND, SIGNUP_PATH),
        _web(web, web, customers.signed_up_at[web] + 3 * SECOND, WELCOME_PATH),
    ]


def _member_visits(rng: np.random.Generator, customers: Customers, days: Days) -> pl.DataFrame:
    """Visits on active days, on one of two devices, sometimes logged out."""
    owns_second = rng.random(len(customers)) < SECOND_DEVICE
    on_web = rng.random(len(days.day)) < WEB_ON_ACTIVE_DAY
    who, day = days.customer[on_web], days.day[on_web]
    second: Bools = owns_second[who] & (rng.random(len(who)) < ON_SECOND_DEVICE)
    logged_in = rng.random(len(who)) < np.where(second, LOGGED_IN_SECOND_DEVICE, LOGGED_IN)
    device = np.where(second, len(customers) + who, who)
    at = day * DAY + times_of_day(rng, len(day))
    return _pages(rng, device, np.where(logged_in, who, NOBODY), at, MEMBER_PATHS)


def _pages(rng: np.random.Generator, anonymous: Ints, customer: Ints, at: Ints, paths: tuple[int, ...]) -> pl.DataFrame:
    """One to four pages per session, less than two minutes apart."""
    counts = np.minimum(rng.geometric(0.6, len(at)), 4)
    session = np.repeat(np.arange(len(at)), counts)
    page = np.arange(len(session)) - np.repeat(np.cumsum(counts) - counts, counts)
    seen_at = at[session] + page * 2 * MINUTE + between(rng, 0, 2 * MINUTE, len(session))
    return _web(anonymous[session], customer[session], seen_at, rng.choice(paths, len(session)))


def _app(customer: Ints, wall: Ints, name: int) -> pl.DataFrame:
    return pl.DataFrame({"customer": customer, "wall": wall, "name": np.full(len(wall), name, np.int8)})


def _web(anonymous: Ints, customer: Ints, wall: Ints, path: int | Ints) -> pl.DataFrame:
    paths = np.broadcast_to(np.asarray(path, np.int8), wall.shape)
    return pl.DataFrame({"anonymous": anonymous, "customer": customer, "wall": wall, "path": paths})


def _in_order(events: pl.DataFrame, time: Timeline) -> pl.DataFrame:
    """Within the simulated months, in order of time; what happens at once keeps a fixed order."""
    return events.filter(pl.col("wall").is_between(0, time.end, closed="left")).sort(
        "wall", *(name for name in events.columns if name != "wall")
    )
