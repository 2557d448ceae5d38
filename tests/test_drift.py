"""Sudden changes of a source, period by period: small histories one can check by eye."""

from collections.abc import Sequence
from typing import Any

import pytest

from config.errors import InputError
from config.models import Drift
from tasks import drift
from tasks.drift import NOTHING, Seen
from tasks.intake import FileEvents
from tasks.store import Built

BOUNDS = Drift()
INF = float("inf")


def seen(*, nulls: int = 0, columns: str = "a b", names: dict[str, int] | None = None, **kinds: int) -> Seen:
    """`nulls`: purchases without an amount."""
    empty = {("purchase", "amount"): nulls} if nulls else {}
    return Seen(kinds, kinds, empty, frozenset(columns.split()), names or {})


def months(*purchases: int) -> list[Seen]:
    return [seen(purchase=number) if number else NOTHING for number in purchases]


def found(history: Sequence[Seen], bounds: Drift = BOUNDS) -> list[dict[str, Any]]:
    return [
        {key: one for key, one in finding.items() if key != "source"}
        for finding in drift.findings("shop", history, 12, bounds)
    ]


def rows(now: int, usual: float, *, beyond: bool, kind: str | None = None) -> dict[str, Any]:
    return {"what": "rows", "kind": kind, "now": now, "usual": usual, "beyond": beyond}


@pytest.mark.parametrize(
    ("purchases", "expected"),
    [
        ((100, 110, 90, 105), []),
        ((100, 110, 90, 30), [rows(30, 100, beyond=False)]),
        ((100, 110, 90, 9), [rows(9, 100, beyond=True)]),
        ((100, 110, 90, 1200), [rows(1200, 100, beyond=True)]),
        # Silent: told whatever the size; it stops where it is no chance and enough is known.
        ((100, 110, 90, 0), [rows(0, 100, beyond=True)]),
        ((5, 6, 5, 0), [rows(0, 5, beyond=True)]),
        ((4, 2, 3, 0), [rows(0, 3, beyond=False)]),
        ((100, 110, 0), [rows(0, 105, beyond=False)]),
        # Silent again: still no usual thing. In the fourth month it is.
        ((100, 100, 100, 100, 0, 0, 0), [rows(0, 100, beyond=True)]),
        ((100, 100, 100, 100, 0, 0, 0, 0), []),
        # Small numbers vary.
        ((2, 4, 3, 12), []),
        # It begins; its first period is often a part of one only.
        ((0, 0, 0, 5000), []),
        ((0, 10, 400), []),
        # It grows, and twice as much a month is sudden in no month.
        ((100, 200, 400, 800, 1600, 3200, 6400), []),
        # An answer every quarter: silence is usual, and so is an answer.
        ((0, 300, 0, 0, 300, 0, 0, 310), []),
        ((0, 300, 0, 0, 300, 0, 0, 310, 0), []),
        # A hole that was accepted makes the month after it no sudden rise.
        ((100, 100, 100, 0, 100), []),
    ],
)
def test_rows_are_held_against_the_usual(purchases: tuple[int, ...], expected: list[dict[str, Any]]) -> None:
    assert found(months(*purchases)) == expected


def test_what_was_so_a_year_ago_is_seasonal() -> None:
    summer = (100, 100, 100, 100, 0, 0, 100, 100, 100, 100, 1500, 100)
    assert found(months(*summer, *summer[:4], 0)) == []
    assert found(months(*summer, *summer[:10], 1500)) == []
    assert found(months(*summer, *summer[:3], 0)) == [rows(0, 100, beyond=True)]


def test_kinds_are_told_where_the_source_as_a_whole_is_as_usual() -> None:
    usual = [seen(purchase=100, visit=1000)] * 3
    assert found([*usual, seen(visit=1050)]) == [rows(0, 100, beyond=True, kind="purchase")]
    assert found([*usual, NOTHING]) == [rows(0, 1100, beyond=True)]
    few = [seen(purchase=5, visit=1000)] * 3
    assert found([*few, seen(visit=1050)]) == []


def test_empty_values_are_compared_by_kind_as_shares() -> None:
    usual = [seen(purchase=1000, nulls=10, visit=9)] * 3
    told = {"what": "nulls", "kind": "purchase", "column": "amount", "usual": 0.01}
    assert found([*usual, seen(purchase=1000, nulls=100)]) == []
    assert found([*usual, seen(purchase=1000, nulls=200)]) == [{**told, "now": 0.2, "beyond": False}]
    assert found([*usual, seen(purchase=1000, nulls=990)]) == [{**told, "now": 0.99, "beyond": True}]
    assert found([*usual[:2], seen(purchase=1000, nulls=990)]) == [{**told, "now": 0.99, "beyond": False}]
    # 30 in a hundred may be chance where only twenty rows are there.
    assert found([seen(purchase=20)] * 3 + [seen(purchase=20, nulls=6)]) == []


def test_values_that_come_are_told_and_stop_nothing_and_a_trend_is_not_sudden() -> None:
    [one] = found([*[seen(purchase=100, nulls=95)] * 3, seen(purchase=100)])
    assert (one["now"], one["usual"], one["beyond"]) == (0.0, 0.95, False)
    trend = [seen(purchase=1000, nulls=50 * month) for month in range(1, 8)]
    assert found(trend) == []


def test_columns_come_and_go() -> None:
    usual = [seen(purchase=50, columns="a b c")] * 3
    assert found([*usual, seen(purchase=50, columns="a b d.e")]) == [
        {"what": "new_columns", "kind": None, "names": ["d.e"], "beyond": False},
        {"what": "vanished_columns", "kind": None, "names": ["c"], "beyond": False},
    ]
    # One that was not always there is not missed, nor new once it was there.
    mixed = [seen(purchase=50, columns=columns) for columns in ("a", "a b", "a", "a")]
    assert found([*mixed, seen(purchase=50, columns="a b")]) == []
    assert found([*mixed, seen(purchase=50, columns="a")]) == []
    [one] = found([*usual, seen(purchase=50, columns="a b")], Drift(stop_on=("vanished_columns",)))
    assert one["beyond"]


def test_event_names_are_new_where_they_hardly_came_before() -> None:
    usual = [seen(purchase=50, names={"Heartbeat": 900, "Late": 1})] * 3
    now = seen(purchase=50, names={"Heartbeat": 950, "Late": 40, "Odd": 2})
    assert found([*usual, now]) == [
        {"what": "new_names", "kind": None, "names": {"Late": 40, "Odd": 2}, "beyond": False}
    ]


def test_what_is_not_noted_is_not_compared() -> None:
    """Files that an earlier version read tell their rows only."""
    old = Seen({"purchase": 50}, {"purchase": 50}, None, None, None)
    assert found([old, old, old, seen(purchase=50, nulls=50, columns="z", names={"New": 9})]) == []
    assert found([*[seen(purchase=50)] * 3, old]) == []


def test_no_bound_stops_where_it_is_infinite() -> None:
    lenient = Drift(max_rows=INF, max_nulls=1.0)
    assert found(months(100, 100, 100, 0), lenient) == [rows(0, 100, beyond=False)]
    [one] = found([*[seen(purchase=100)] * 3, seen(purchase=100, nulls=100)], lenient)
    assert not one["beyond"]
    assert found(months(100, 100, 100, 0), Drift(rows=INF, max_rows=INF)) == []


def test_columns_of_late_rows_are_not_those_of_their_month() -> None:
    counts = {"accepted": {"2025-01": 2, "2025-02": 50}, "filtered": {}, "ignored": {}, "quarantined": {}}
    facts = {**counts, "kinds": {"2025-01": {"use": 2}, "2025-02": {"use": 50}}, "columns": ["a"], "names": {}}
    seen_by_month = drift.by_month([FileEvents("app", "f.csv", "c", Built("d", {}, facts))])
    assert seen_by_month["2025-01"]["app"].columns == frozenset()
    assert seen_by_month["2025-02"]["app"].columns == frozenset({"a"})
    assert seen_by_month["2025-01"]["app"].total == 2


def test_copies_count_once_where_that_is_known() -> None:
    cumulative = {"2025-01": {"app": seen(purchase=300)}}
    once = drift.without_copies(cumulative, {"2025-01": {"app": {"kinds": {"purchase": 100}}}})
    assert once["2025-01"]["app"].total == 100
    unknown = drift.without_copies(cumulative, {"2025-01": {"app": {"kinds": None}}})
    assert unknown["2025-01"]["app"].total == 300


def test_refusal_says_what_was_found_what_was_usual_and_what_to_do() -> None:
    silent = drift.findings("shop", months(1000, 1200, 1100, 0), 12, BOUNDS)
    with pytest.raises(InputError) as refused:
        drift.refuse("2025-04", silent, BOUNDS)
    for word in ("2025-04 is not published", "'shop'", "no event;", "1,100", "max_rows = 10", 'accept = ["2025-04"]'):
        assert word in str(refused.value)
    drift.refuse("2025-04", silent, Drift(accept=("2025-04",)))
    drift.refuse("2025-04", drift.findings("shop", months(100, 110, 90, 30), 12, BOUNDS), BOUNDS)
