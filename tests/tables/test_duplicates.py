"""Copies of one event: which one stays, and what is no copy."""

from itertools import permutations

import polars as pl

from tasks.tables.duplicates import deduplicated
from tests.helpers import Row, canonical, event


def kept(*rows: Row) -> tuple[pl.DataFrame, int]:
    found = deduplicated(canonical(rows).lazy())
    return found.events.collect(), found.duplicates


def amounts(*rows: Row) -> list[float]:
    return sorted(float(amount) for amount in kept(*rows)[0]["amount"])


def order(amount: float, event_id: str | None = "e1", received_at: str | None = None, **others: str) -> Row:
    at = others.pop("at", "2025-02-10 10:00")
    return event("ada", "purchase", at, amount=amount, event_id=event_id, received_at=received_at, **others)


def test_the_copy_received_first_stays_whatever_the_order_of_rows() -> None:
    copies = [
        order(1, received_at="2025-02-12"),
        order(2, received_at="2025-02-11"),
        order(3, received_at="2025-02-13"),
    ]
    for rows in permutations(copies):
        assert amounts(*rows) == [2]
    assert kept(*copies)[1] == 2


def test_a_copy_without_the_instant_it_was_received_comes_last() -> None:
    assert amounts(order(1), order(2, received_at="2025-02-11")) == [2]


def test_of_copies_received_at_once_the_least_by_the_other_columns_stays() -> None:
    for rows in permutations([order(3), order(1), order(2)]):
        assert amounts(*rows) == [1]
    # columns in the order of the schema: customer, kind and instant come before the amount
    early, late = order(9, at="2025-02-01 10:00"), order(1, at="2025-02-02 10:00")
    assert amounts(early, late) == [9]
    assert amounts(late, early) == [9]


def test_a_null_is_greater_than_any_value() -> None:
    told, untold = order(5, item="z"), order(5)
    for rows in ((told, untold), (untold, told)):
        assert kept(*rows)[0]["item"].to_list() == ["z"]


def test_rows_without_an_id_are_no_copies_of_each_other() -> None:
    same = [order(1, event_id=None) for _ in range(3)]
    events, duplicates = kept(*same, order(2), order(2))
    assert events.height == 4
    assert duplicates == 1


def test_equal_copies_leave_one() -> None:
    events, duplicates = kept(*[order(1)] * 5)
    assert (events.height, duplicates) == (1, 4)


def test_different_ids_stay_although_all_else_is_equal() -> None:
    events, duplicates = kept(order(1, "a"), order(1, "b"), order(1, ""))
    assert (events.height, duplicates) == (3, 0)


def test_the_same_id_in_two_sources_stays_in_both() -> None:
    # Each source is looked at alone; see tasks.steps.
    sources = [canonical([order(1), order(1)]), canonical([order(1)])]
    found = [deduplicated(source.lazy()) for source in sources]
    assert [one.duplicates for one in found] == [1, 0]
    assert pl.concat([one.events for one in found]).collect().height == 2


def test_without_copies_the_events_are_the_same_in_the_same_order() -> None:
    events = canonical([order(3, "c"), order(1, "a"), order(2, None)])
    found = deduplicated(events.lazy())
    assert found.duplicates == 0
    assert found.events.collect().equals(events)


def test_no_events_have_no_duplicates() -> None:
    nothing = canonical([])
    found = deduplicated(nothing.lazy())
    assert (found.events.collect().height, found.duplicates) == (0, 0)


def test_many_ids_few_of_them_twice() -> None:
    rows = [order(number, f"e{number}", received_at="2025-02-11") for number in range(500)]
    again = [order(number + 1000, f"e{number}", received_at="2025-02-12") for number in range(0, 500, 7)]
    assert amounts(*rows, *again) == [float(number) for number in range(500)]
    assert kept(*again, *rows)[1] == len(again)
