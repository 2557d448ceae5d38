"""How many events of which kind came or went between two manifests of a period."""

from typing import Any

from tasks.arrivals import counted_once, differences
from tasks.tables.duplicates import deduplicated
from tests.helpers import canonical, event

Kinds = dict[str, int]


def manifest(events: dict[str, Kinds | None], files: tuple[str, ...] = ("a",), mark: str = "") -> dict[str, Any]:
    """Of March 2025 and the source "app". `mark` makes events others though as many."""
    tallies = {month: {"app": {"content": f"{mark}{kinds}", "kinds": kinds}} for month, kinds in events.items()}
    inputs = [{"source": "app", "file": f"{name}.csv", "content": name} for name in files]
    return {"period": "2025-03", "grain": "month", "inputs": inputs, "events": tallies}


def found(old: dict[str, Any], new: dict[str, Any], *, alone: bool = True) -> list[tuple[str, str, str, Kinds]]:
    reasons = differences(old, new, alone=alone)
    return [(one["cause"], one["first"], one["last"], one["kinds"]) for one in reasons]


MARCH = manifest({"2025-02": {"use": 3}, "2025-03": {"use": 3, "visit": 1}})


def test_more_events_from_files_that_were_added_are_late() -> None:
    now = manifest({"2025-02": {"use": 3}, "2025-03": {"use": 5, "visit": 1, "signup": 1}}, files=("a", "b"))
    assert found(MARCH, now) == [("late_events", "2025-03", "2025-03", {"signup": 1, "use": 2})]


def test_more_events_of_a_replaced_file_may_be_more_and_fewer_and_are_told_as_a_balance() -> None:
    now = manifest({"2025-02": {"use": 3}, "2025-03": {"use": 5, "visit": 1}}, files=("b",))
    assert found(MARCH, now) == [("events", "2025-03", "2025-03", {"use": 2})]


def test_events_of_earlier_months_are_told_as_a_balance() -> None:
    now = manifest({"2025-02": {"use": 2}, "2025-03": {"use": 3, "visit": 1}})
    assert found(MARCH, now) == [("events", "2025-02", "2025-02", {"use": -1})]


def test_other_events_of_the_same_number_are_told() -> None:
    now = manifest({"2025-02": {"use": 3}, "2025-03": {"use": 3, "visit": 1}}, mark="other ")
    assert [one[0] for one in found(MARCH, now)] == ["events_as_many", "events_as_many"]
    # Where the config changed, the same rows may just have been read differently.
    assert found(MARCH, now, alone=False) == []


def test_number_that_is_not_known_is_not_guessed() -> None:
    now = manifest({"2025-02": {"use": 3}, "2025-03": None}, files=("a", "b"))
    assert found(MARCH, now) == [("events_unknown", "2025-03", "2025-03", {})]
    assert found(MARCH, now, alone=False) == []
    del now["events"]
    assert found(now, MARCH) == []


def test_with_another_config_what_is_more_is_not_called_late() -> None:
    now = manifest({"2025-02": {"use": 3}, "2025-03": {"use": 5, "visit": 1}}, files=("a", "b"))
    assert found(MARCH, now, alone=False) == [("events", "2025-03", "2025-03", {"use": 2})]


def test_months_and_sources_that_vanish_count_as_none() -> None:
    assert found(MARCH, manifest({}, files=())) == [
        ("events", "2025-03", "2025-03", {"use": -3, "visit": -1}),
        ("events", "2025-02", "2025-02", {"use": -3}),
    ]


def test_many_months_are_told_together_but_for_the_newest() -> None:
    months = {f"2024-{month:02d}": {"use": 1} for month in range(1, 13)}
    old, new = manifest(dict(months)), manifest({month: {"use": 2} for month in months})
    assert found(old, new) == [
        *(("events", month, month, {"use": 1}) for month in ("2024-12", "2024-11", "2024-10")),
        ("events", "2024-01", "2024-09", {"use": 9}),
    ]


def test_copies_count_once_under_the_kind_that_stays() -> None:
    rows = [event("ada", "use", "2025-02-10", event_id="1"), event("ada", "visit", "2025-02-10", event_id="1")]
    single = deduplicated(canonical([*rows, event("ada", "use", "2025-02-11", event_id="2")]).lazy())
    [kept] = single.events.filter(event_id="1").collect()["kind"]
    reduced = {"duplicates": {"app": single.duplicates}, "duplicate_kinds": {"app": dict(single.kinds)}}
    counted = counted_once({"app": {"content": "", "kinds": {"use": 2, "visit": 1}}}, reduced)
    assert counted["app"]["kinds"] == ({"use": 1, "visit": 1} if kept == "visit" else {"use": 2})


def test_kinds_of_copies_that_an_earlier_version_did_not_keep_are_not_known() -> None:
    month = {"app": {"content": "", "kinds": {"use": 2}}}
    assert counted_once(month, {"duplicates": {"app": 1}})["app"]["kinds"] is None
    assert counted_once(month, {"duplicates": {"app": 0}})["app"]["kinds"] == {"use": 2}
    assert counted_once(month, None)["app"]["kinds"] is None
