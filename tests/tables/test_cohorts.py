"""Cohorts, worked out by hand: who signed up together, and who of them was active how much later."""

from collections.abc import Iterable
from typing import Any

import polars as pl
import pytest

from config.models import Config
from schemas.snapshots import COHORTS
from tests.helpers import Row, canonical, chain, event, instant, measured_parts, period_of, settings

CONFIG = settings(activation={"within": "14d", "any": [{"kind": "purchase"}]})
ROWS = (
    # Ada: activated in her first month; active at ages 0, 1 and 3.
    event("ada", "signup", "2025-01-05 10:00"),
    event("ada", "purchase", "2025-01-10 10:00", amount=10),
    event("ada", "visit", "2025-02-10 10:00"),
    event("ada", "visit", "2025-04-10 10:00"),
    # Bob: signs up in the last microsecond of January, activated at age 1, not seen again.
    event("bob", "signup", "2025-01-31 23:59:59.999999"),
    event("bob", "purchase", "2025-02-05 10:00", amount=5),
    # Cyd: bought before he signed up, which is revenue but no activation; active at age 0 only.
    event("cyd", "purchase", "2024-12-10 10:00", amount=7),
    event("cyd", "signup", "2025-01-15 10:00"),
    event("cyd", "nps", "2025-03-10 10:00", score=9),  # no activity
    # Dan: the first instant of February, the last of April.
    event("dan", "signup", "2025-02-01 00:00"),
    event("dan", "visit", "2025-04-30 23:59:59.999999"),
    # Eve: never signs up.
    event("eve", "visit", "2025-02-10 10:00"),
)


def cohorts(rows: Iterable[Row], period: str, config: Config = CONFIG) -> pl.DataFrame:
    when = period_of(period)
    first, last = str(when.months()[0]), str(when.months()[-1])
    world = chain(canonical(rows, config), config, first=first, last="2025-12")
    found = measured_parts(world, period, "cohorts")["cohorts"]
    assert dict(found.schema) == COHORTS
    assert set(found["period"]) <= {period}
    assert found.equals(found.sort("cohort", "age"))
    before = canonical(rows, config).filter(pl.col("occurred_at") < instant(f"{when.end}"))
    until = chain(before, config, first=first, last=last)
    assert measured_parts(until, period, "cohorts")["cohorts"].equals(found), "what comes later changes nothing"
    return found


def told(found: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return found.select("cohort", "age", *columns).rows()


def test_by_month_as_of_april() -> None:
    found = cohorts(ROWS, "2025-04")
    assert told(found, "size", "active", "active_since", "activated", "revenue") == [
        ("2025-01", 0, 3, 3, 3, 1, 10 + 7),
        ("2025-01", 1, 3, 2, 2, 2, 10 + 7 + 5),
        ("2025-01", 2, 3, 0, 1, 2, 22),  # Ada comes later
        ("2025-01", 3, 3, 1, 1, 2, 22),
        ("2025-02", 0, 1, 1, 1, 0, 0),
        ("2025-02", 1, 1, 0, 1, 0, 0),  # Dan comes later
        ("2025-02", 2, 1, 1, 1, 0, 0),
    ]
    assert told(found, "retained", "retained_since")[1:4] == [
        ("2025-01", 1, 2 / 3, 2 / 3),
        ("2025-01", 2, 0, 1 / 3),
        ("2025-01", 3, 1 / 3, 1 / 3),
    ]


def test_who_is_active_then_or_later_grows_as_time_goes_by() -> None:
    march, april = (cohorts(ROWS, month) for month in ("2025-03", "2025-04"))
    assert told(march, "active_since") == [
        ("2025-01", 0, 3),
        ("2025-01", 1, 2),
        ("2025-01", 2, 0),
        ("2025-02", 0, 1),
        ("2025-02", 1, 0),
    ]
    bounded = ("cohort", "age", "size", "active", "activated", "revenue")
    both = april.join(march, on=["cohort", "age"], how="semi")
    assert both.select(bounded).equals(march.select(bounded)), "all else is final"


def test_only_the_newest_age_is_immature() -> None:
    found = cohorts(ROWS, "2025-04")
    assert told(found.filter(status="immature")) == [("2025-01", 3), ("2025-02", 2)]
    assert set(found["status"]) == {"ok", "immature"}
    assert told(cohorts(ROWS, "2025-01"), "status") == [("2025-01", 0, "immature")]


def test_by_quarter() -> None:
    assert told(cohorts(ROWS, "2025-Q3"), "size", "active", "active_since", "activated", "revenue", "status") == [
        ("2025-Q1", 0, 4, 4, 4, 2, 22, "ok"),
        ("2025-Q1", 1, 4, 2, 2, 2, 22, "ok"),  # Ada and Dan, in April
        ("2025-Q1", 2, 4, 0, 0, 2, 22, "immature"),
    ]


def test_by_year() -> None:
    rows = [
        *ROWS,
        event("fay", "signup", "2024-12-31 23:59:59.999999"),
        event("fay", "purchase", "2025-01-01 00:00", amount=100),
        event("gus", "signup", "2024-11-01 10:00"),
    ]
    assert told(cohorts(rows, "2025"), "size", "active", "active_since", "activated", "revenue", "status") == [
        ("2024", 0, 2, 2, 2, 0, 0, "ok"),
        ("2024", 1, 2, 1, 1, 1, 100, "immature"),
        ("2025", 0, 4, 4, 4, 2, 22, "immature"),
    ]
    assert told(cohorts(rows, "2024"), "size", "active") == [("2024", 0, 2, 2)]


def test_who_signs_up_late_in_a_quarter_was_active_in_it_before() -> None:
    config = settings(active_kinds=["visit"])
    rows = [event("ada", "visit", "2025-01-05 10:00"), event("ada", "signup", "2025-03-31 23:59:59.999999")]
    columns = ("size", "active", "active_since", "retained", "retained_since")
    assert told(cohorts(rows, "2025-Q1", config), *columns) == [("2025-Q1", 0, 1, 1, 1, 1, 1)]
    assert told(cohorts(rows, "2025", config), *columns) == [("2025", 0, 1, 1, 1, 1, 1)]
    assert told(cohorts(rows, "2025-03", config), *columns) == [("2025-03", 0, 1, 0, 0, 0, 0)]
    assert told(cohorts(rows, "2025-04", config), *columns)[1] == ("2025-03", 1, 1, 0, 0, 0, 0)


def test_a_cohort_with_nobody_active_is_there() -> None:
    config = settings(active_kinds=["use"])
    rows = [event("ada", "signup", "2025-01-05 10:00"), event("bob", "use", "2025-03-05 10:00")]
    assert told(cohorts(rows, "2025-03", config), "size", "active", "retained", "active_since", "retained_since") == [
        ("2025-01", age, 1, 0, 0, 0, 0) for age in range(3)
    ]


def test_where_the_first_event_is_the_sign_up_everybody_has_a_cohort() -> None:
    config = settings(activation={"since": "first_event", "within": "14d", "any": [{"kind": "use"}]})
    rows = [
        event("ada", "nps", "2025-01-05 10:00", score=9),  # known, but not active
        event("ada", "signup", "2025-02-05 10:00"),
        event("bob", "use", "2025-01-06 10:00"),
        event("cyd", "visit", "2025-02-06 10:00"),
    ]
    assert told(cohorts(rows, "2025-02", config), "size", "active", "active_since", "activated") == [
        ("2025-01", 0, 2, 1, 2, 1),
        ("2025-01", 1, 2, 1, 1, 1),
        ("2025-02", 0, 1, 1, 1, 0),
    ]


def test_the_business_zone_decides_the_cohort_and_the_age() -> None:
    rows = [event("ada", "signup", "2025-01-31 23:30+00:00"), event("ada", "visit", "2025-03-31 22:30+00:00")]
    assert told(cohorts(rows, "2025-04"), "active") == [("2025-02", 0, 1), ("2025-02", 1, 0), ("2025-02", 2, 1)]


@pytest.mark.parametrize("period", ["2025-01", "2025-Q1", "2025"])
def test_without_sign_ups_there_are_no_cohorts(period: str) -> None:
    assert cohorts([event("ada", "visit", "2025-01-05 10:00")], period).height == 0
