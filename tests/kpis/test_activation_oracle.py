"""The activation rule against the plainest way to judge it: the whole log of one customer, read from its start.

5,100 random logs full of coincidences: few instants, many of them on the edges of days, months, windows and the clock
change. Deterministic: NumPy from fixed seeds.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from config.models import Activation, Condition, Group
from tasks.clock import Period
from tests.helpers import PARIS, Row, canonical, chain, event, instant, settings

ZONE = ZoneInfo(PARIS)
MONTHS = ("2025-02", "2025-03", "2025-04")


def met_at(condition: Condition, log: Sequence[Row], after: datetime | None) -> datetime | None:
    count, days = 0, set[date]()
    for at in _meeting(condition, log):
        if after is not None and at <= after:
            continue
        count, days = count + 1, days | {at.astimezone(ZONE).date()}
        if count >= condition.count and len(days) >= condition.distinct_days:
            return at
    return None


def _meeting(condition: Condition, log: Sequence[Row]) -> list[datetime]:
    """Instants that meet a condition, in order."""
    item = None if condition.where is None else condition.where.split("'")[1]
    found = [row for row in log if row["kind"] == condition.kind and item in {None, row.get("item")}]
    return sorted(row["instant"] for row in found)


def fulfilled_at(
    rule: Activation | Group | Condition, log: Sequence[Row], after: datetime | None = None
) -> datetime | None:
    if isinstance(rule, Condition):
        return met_at(rule, log, after)
    if rule.sequence:
        for step in rule.sequence:
            after = fulfilled_at(step, log, after)
            if after is None:
                return None
        return after
    instants = [fulfilled_at(part, log, after) for part in rule.any or rule.all or ()]
    known = [at for at in instants if at is not None]
    if rule.any:
        return min(known, default=None)
    return max(known) if len(known) == len(instants) else None


def judged(rule: Activation, log: Sequence[Row]) -> datetime | None:
    """When one customer is activated, by the whole log."""
    starts = [row["instant"] for row in log if rule.since == "first_event" or row["kind"] == "signup"]
    if not starts:
        return None
    signed_up = min(starts)
    ends = window_end(signed_up, rule.within)
    return fulfilled_at(rule, [row for row in orders_started(log) if signed_up <= row["instant"] < ends])


def orders_started(log: Sequence[Row]) -> list[Row]:
    """The log with only the first line of each order (a reference within a month)."""
    seen: set[tuple[int, str]] = set()
    kept = []
    for row in sorted(log, key=lambda row: row["instant"]):
        reference = row.get("reference")
        if row["kind"] == "purchase" and reference:
            order = (row["instant"].astimezone(ZONE).month, reference)
            if order in seen:
                continue
            seen.add(order)
        kept.append(row)
    return kept


def window_end(signed_up: datetime, within: str) -> datetime:
    if within.endswith("h"):
        return signed_up + timedelta(hours=int(within[:-1]))
    local = signed_up.astimezone(ZONE).replace(tzinfo=None, fold=0)
    if within == "1mo":
        last = monthrange(local.year, local.month + 1)[1]
        local = local.replace(month=local.month + 1, day=min(local.day, last))
    else:
        local += timedelta(days=int(within[:-1]))
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def random_rule(random: np.random.Generator) -> Activation:
    def one_of(*values: Any) -> Any:
        return values[int(random.integers(len(values)))]

    def condition() -> dict[str, Any]:
        kind = one_of("use", "use", "visit", "purchase")
        where = {"where": f"item = '{one_of('a', 'b')}'"} if kind == "use" and random.random() < 0.6 else {}
        return {"kind": kind, "count": one_of(1, 1, 2, 3), "distinct_days": one_of(1, 1, 2), **where}

    def group() -> dict[str, Any]:
        return {one_of("any", "all", "sequence"): [condition() for _ in range(one_of(1, 2, 3))]}

    parts = [group() if random.random() < 0.4 else condition() for _ in range(one_of(1, 2, 3))]
    return Activation.model_validate(
        {
            "since": one_of("signup", "signup", "first_event"),
            "within": one_of("24h", "3d", "14d", "14d", "1mo", "40d"),
            one_of("any", "all", "sequence"): parts,
        }
    )


def random_log(random: np.random.Generator, customer: str) -> list[Row]:
    """A few events on a few instants, close together, anywhere from February to April; some on the month's edge."""
    start = instant(["2025-02-01", "2025-02-23", "2025-03-27"][int(random.integers(3))])
    start += timedelta(hours=int(random.integers(0, 4 * 24)))
    edges = [instant("2025-03-01"), instant("2025-03-30 03:00"), instant("2025-04-01")]
    near = [edge for edge in edges if timedelta(0) <= edge - start < timedelta(days=20)]
    steps = random.choice([0, 0, 1, 6, 12, 24, 24, 72, 120], size=6).cumsum()
    grid = [start + timedelta(hours=int(step)) for step in steps]
    instants = [*grid, *near, *(edge - timedelta(microseconds=1) for edge in near)]
    rows = []
    for _ in range(int(random.integers(1, 20))):
        at = instants[int(random.integers(len(instants)))]
        kind = str(random.choice(["use", "use", "use", "visit", "purchase"]))
        item = str(random.choice(["a", "a", "b", "b", ""])) or None
        reference = str(random.choice(["", "o1", "o2"])) or None
        rows.append(event(customer, kind, at.isoformat(), item=item, reference=reference))
    rows.append(event(customer, "signup", instants[int(random.integers(3))].isoformat()))
    return [{**row, "instant": datetime.fromisoformat(row["at"])} for row in rows]


RULES, LOGS_PER_RULE = 30, 170


@cache
def case(seed: int) -> tuple[Activation, Mapping[str, list[Row]], Mapping[str, datetime | None]]:
    """A rule, the logs of its customers, and when each of them is activated, as the plainest reading has it."""
    random = np.random.default_rng(seed)
    rule = random_rule(random)
    logs = {name: random_log(random, name) for name in (f"c{number:03d}" for number in range(LOGS_PER_RULE))}
    return rule, logs, {customer: judged(rule, log) for customer, log in logs.items()}


@pytest.mark.parametrize("seed", range(RULES))
def test_activation_agrees_with_the_plainest_reading_of_the_log(seed: int) -> None:
    rule, logs, expected = case(seed)
    config = settings(activation=rule.model_dump())
    rows = [{name: value for name, value in row.items() if name != "instant"} for log in logs.values() for row in log]
    world = chain(canonical(rows, config), config, first=MONTHS[0], last=MONTHS[-1])
    for month in MONTHS:
        end = instant(f"{Period.parse(month).end}")
        found = dict(world.ends[month]["customers"].select("customer_id", "activated_at").iter_rows())
        known = {customer for customer, log in logs.items() if min(row["instant"] for row in log) < end}
        assert found == {customer: at if (at := expected[customer]) and at < end else None for customer in known}


def test_the_random_logs_are_no_trivial_ones() -> None:
    """Over all rules: a fair part activated, of them a fair part in a later month than they signed up."""
    total = activated = later = 0
    for rule, logs, expected in map(case, range(RULES)):
        for customer, log in logs.items():
            at = expected[customer]
            signed_up = min(row["instant"] for row in log if rule.since == "first_event" or row["kind"] == "signup")
            total += 1
            activated += at is not None
            later += at is not None and at.astimezone(ZONE).month != signed_up.astimezone(ZONE).month
    assert total >= 5000
    assert activated > 1500
    assert later > 250


def test_the_random_rules_hold_everything_a_rule_can_say() -> None:
    rules = [case(seed)[0] for seed in range(RULES)]
    parts = [part for rule in rules for part in rule.any or rule.all or rule.sequence or ()]
    groups = [part for part in parts if isinstance(part, Group)]
    inner = [one for group in groups for one in group.any or group.all or group.sequence or ()]
    conditions = [part for part in (*parts, *inner) if isinstance(part, Condition)]
    for combined in (rules, groups):
        assert {name for one in combined for name in ("any", "all", "sequence") if getattr(one, name)} == {
            *("any", "all", "sequence")
        }
    assert {one.count for one in conditions} == {1, 2, 3}
    assert {one.distinct_days for one in conditions} == {1, 2}
    assert {one.where is None for one in conditions} == {True, False}
    assert {rule.since for rule in rules} == {"signup", "first_event"}
    assert {rule.within for rule in rules} == {"24h", "3d", "14d", "1mo", "40d"}
