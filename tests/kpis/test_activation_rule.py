"""When the activation rule is fulfilled, to the microsecond: conditions, groups, windows, and what is carried along.

Figures are in `test_activation`; random logs in `test_activation_oracle`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.helpers import Row, canonical, chain, event, instant, settings


def activated_at(rule: Mapping[str, Any], *rows: Row, last: str | None = None, **choices: Any) -> datetime | None:
    """When Ada is activated, as the customers at the end of the last month with an event say."""
    config = settings(activation={"within": "14d", **rule}, **choices)
    world = chain(canonical(rows, config), config, last=last)
    ends = list(world.ends.values())
    found: datetime | None = ends[-1]["customers"].filter(customer_id="ada")["activated_at"].item()
    return found


def use(at: str, item: str | None = None, **others: Any) -> Row:
    return event("ada", "use", at, item=item, **others)


SIGNUP = event("ada", "signup", "2025-01-10 10:00")

MENTORDAY = (
    (  # the app downloaded and then opened
        {"sequence": [{"kind": "use", "where": "name = 'downloaded'"}, {"kind": "use", "where": "name = 'opened'"}]},
        [use("2025-01-10 11:00", name="opened"), use("2025-01-10 12:00", name="downloaded")],
        [use("2025-01-10 13:00", name="opened")],
    ),
    (  # a product added to the cart
        {"any": [{"kind": "use", "where": "item = 'cart'"}]},
        [use("2025-01-10 11:00", "wish list")],
        [use("2025-01-10 12:00", "cart")],
    ),
    (  # a meeting requested
        {"all": [{"kind": "use", "where": "name = 'Meeting Requested'"}]},
        [use("2025-01-10 11:00", name="Meeting Viewed")],
        [use("2025-01-10 12:00", name="Meeting Requested")],
    ),
    (  # a table booked or the restaurant visited
        {"any": [{"kind": "use", "where": "item = 'table'"}, {"kind": "visit", "where": "name LIKE 'Restaurant%'"}]},
        [event("ada", "visit", "2025-01-10 11:00", name="Web site")],
        [event("ada", "visit", "2025-01-10 12:00", name="Restaurant in Lyon")],
    ),
    (  # the trial started and used on three days or more
        {"sequence": [{"kind": "subscribe"}, {"kind": "use", "distinct_days": 3}]},
        [
            use("2025-01-10 11:00"),
            event("ada", "subscribe", "2025-01-10 12:00", amount=0, reference="trial"),
            *(use(f"2025-01-{day} {clock}") for day in (11, 12) for clock in ("09:00", "10:00", "11:00")),
        ],
        [use("2025-01-14 00:00"), use("2025-01-15 00:00")],
    ),
)


@pytest.mark.parametrize(
    ("rule", "not_yet", "enough"), MENTORDAY, ids=["app", "cart", "meeting", "restaurant", "trial"]
)
def test_mentorday_examples_can_be_expressed(rule: dict[str, Any], not_yet: list[Row], enough: list[Row]) -> None:
    assert activated_at(rule, SIGNUP, *not_yet) is None
    assert activated_at(rule, SIGNUP, *not_yet, *enough) == instant(enough[0]["at"])


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2025-01-10 09:59:59.999999", False),
        ("2025-01-10 10:00:00", True),
        ("2025-01-24 09:59:59.999999", True),
        ("2025-01-24 10:00:00", False),
    ],
)
def test_the_window_is_half_open(at: str, counts: bool) -> None:
    assert (activated_at({"any": [{"kind": "use"}]}, SIGNUP, use(at)) is not None) == counts


@pytest.mark.parametrize(
    ("signed_up", "within", "ends"),
    [
        ("2025-03-20 10:00", "14d", "2025-04-03 10:00"),  # an hour of the 14 days is missing
        ("2025-10-20 10:00", "1w", "2025-10-27 10:00"),  # an hour more
        ("2025-03-29 10:00", "24h", "2025-03-30 11:00"),  # hours are elapsed time
        ("2025-01-31 10:00", "1mo", "2025-02-28 10:00"),  # there is no 31 February
        ("2025-11-30 10:00", "1q", "2026-02-28 10:00"),
        ("2024-02-29 10:00", "1y", "2025-02-28 10:00"),
        ("2025-03-16 02:30", "2w", "2025-03-30 03:30"),  # 02:30 is skipped that day
        ("2025-10-25 02:30", "1d", "2025-10-26 02:30+02:00"),  # 02:30 occurs twice: the first
    ],
)
def test_the_window_ends_by_the_local_calendar(signed_up: str, within: str, ends: str) -> None:
    rule = {"any": [{"kind": "use", "where": "item = 'report'"}], "within": within}
    end = instant(ends)
    signup = event("ada", "signup", signed_up)
    at_end = use(end.isoformat(), "report")
    before = use((end - timedelta(microseconds=1)).isoformat(), "report")
    assert activated_at(rule, signup, at_end) is None
    assert activated_at(rule, signup, before) == instant(before["at"])


def test_progress_is_carried_over_a_month_without_events() -> None:
    rows = [
        event("ada", "signup", "2025-01-31 10:00"),
        use("2025-01-31 11:00"),
        event("bob", "visit", "2025-02-15 10:00"),
        use("2025-03-01 00:00"),
    ]
    assert activated_at({"within": "2mo", "any": [{"kind": "use", "count": 2}]}, *rows) == instant("2025-03-01 00:00")


def test_progress_is_forgotten_when_the_window_has_closed() -> None:
    rule = {"any": [{"kind": "purchase"}, {"kind": "use", "where": "item = 'report'", "count": 3}]}
    config = settings(activation={"within": "14d", **rule})
    rows = [SIGNUP, use("2025-01-11 10:00", "report"), event("bob", "signup", "2025-01-25 10:00")]
    ends = chain(canonical(rows, config), config, last="2025-02").ends
    progress = ["count_0", "days_0", "met_at_0", "count_1", "days_1", "met_at_1"]
    january = ends["2025-01"]["customers"].select("customer_id", *progress).rows()
    assert january == [("ada", *[None] * 6), ("bob", 0, 0, None, 0, 0, None)]
    assert ends["2025-02"]["customers"].select(progress).rows() == [(None,) * 6] * 2


def test_an_activation_is_final() -> None:
    rows = [SIGNUP, use("2025-01-11 10:00"), use("2025-01-12 10:00"), use("2025-02-12 10:00")]
    again = event("ada", "signup", "2025-02-11 10:00")
    assert activated_at({"any": [{"kind": "use"}]}, *rows, again) == instant("2025-01-11 10:00")


def test_a_second_sign_up_opens_no_second_window() -> None:
    rows = [SIGNUP, event("ada", "signup", "2025-02-10 10:00"), use("2025-02-11 10:00")]
    assert activated_at({"any": [{"kind": "use"}]}, *rows) is None


def test_any_takes_the_first_and_all_the_last_of_its_instants() -> None:
    parts = [{"kind": "use"}, {"kind": "visit"}]
    rows = [SIGNUP, use("2025-01-12 10:00"), event("ada", "visit", "2025-01-11 10:00")]
    assert activated_at({"any": parts}, *rows) == instant("2025-01-11 10:00")
    assert activated_at({"all": parts}, *rows) == instant("2025-01-12 10:00")
    assert activated_at({"all": parts}, *rows[:2]) is None


def test_all_may_be_fulfilled_by_one_instant_and_in_any_order_and_month() -> None:
    parts = [{"kind": "use"}, {"kind": "visit"}]
    signup = event("ada", "signup", "2025-01-25 10:00")
    same = [use("2025-01-26 10:00"), event("ada", "visit", "2025-01-26 10:00")]
    assert activated_at({"all": parts}, signup, *same) == instant("2025-01-26 10:00")
    apart = [event("ada", "visit", "2025-01-26 10:00"), use("2025-02-02 10:00")]
    assert activated_at({"all": parts}, signup, *apart) == instant("2025-02-02 10:00")


def test_a_later_step_must_come_strictly_after_the_former_was_met() -> None:
    rule = {"sequence": [{"kind": "use"}, {"kind": "visit"}]}
    step = use("2025-01-11 10:00")
    assert activated_at(rule, SIGNUP, step, event("ada", "visit", "2025-01-11 09:00")) is None
    assert activated_at(rule, SIGNUP, step, event("ada", "visit", "2025-01-11 10:00")) is None
    later = event("ada", "visit", "2025-01-11 10:00:00.000001")
    assert activated_at(rule, SIGNUP, step, later) == instant(later["at"])


def test_a_sequence_may_span_months_and_its_order_is_not_forgotten() -> None:
    rule = {"sequence": [{"kind": "use", "count": 2}, {"kind": "visit"}]}
    signup = event("ada", "signup", "2025-01-25 10:00")
    early = [use("2025-01-26 10:00"), event("ada", "visit", "2025-01-27 10:00"), use("2025-02-01 00:00")]
    assert activated_at(rule, signup, *early) is None
    assert activated_at(rule, signup, *early, event("ada", "visit", "2025-02-02 10:00")) == instant("2025-02-02 10:00")


def test_the_same_condition_twice_in_a_sequence_needs_two_instants() -> None:
    rule = {"sequence": [{"kind": "use"}, {"kind": "use"}]}
    assert activated_at(rule, SIGNUP, use("2025-01-11 10:00"), use("2025-01-11 10:00")) is None
    assert activated_at(rule, SIGNUP, use("2025-01-11 10:00"), use("2025-01-11 10:01")) == instant("2025-01-11 10:01")


def test_count_counts_events_and_distinct_days_local_days() -> None:
    at = ["2025-01-11 00:00", "2025-01-11 23:59:59", "2025-01-12 00:00", "2025-01-13 12:00"]
    uses = [SIGNUP, *(use(one) for one in at)]
    assert activated_at({"any": [{"kind": "use", "count": 3}]}, *uses) == instant(at[2])
    assert activated_at({"any": [{"kind": "use", "distinct_days": 3}]}, *uses) == instant(at[3])
    assert activated_at({"any": [{"kind": "use", "count": 2, "distinct_days": 2}]}, *uses) == instant(at[2])
    assert activated_at({"any": [{"kind": "use", "count": 4, "distinct_days": 2}]}, *uses) == instant(at[3])
    assert activated_at({"any": [{"kind": "use", "distinct_days": 4}]}, *uses) is None


def test_days_with_the_same_number_in_two_months_are_two_days() -> None:
    rows = [event("ada", "signup", "2025-01-11 10:00"), use("2025-01-31 10:00"), use("2025-02-11 09:00")]
    rows += [use("2025-01-11 11:00")]
    rule = {"within": "1mo", "any": [{"kind": "use", "distinct_days": 3}]}
    assert activated_at(rule, *rows) == instant("2025-02-11 09:00")


@pytest.mark.parametrize("enough", [{"count": 3}, {"distinct_days": 3}])
def test_a_condition_may_be_met_little_by_little_over_three_months(enough: dict[str, int]) -> None:
    rule = {"within": "60d", "any": [{"kind": "use", **enough}]}
    once_a_month = [use(f"2025-{month}-28 10:00") for month in ("01", "02")]
    assert activated_at(rule, SIGNUP, *once_a_month, last="2025-03") is None
    assert activated_at(rule, SIGNUP, *once_a_month, use("2025-03-01 10:00")) == instant("2025-03-01 10:00")


def test_groups_nest_in_each_other() -> None:
    either = {"any": [{"kind": "use", "where": "item = 'a'"}, {"kind": "use", "where": "item = 'b'"}]}
    both = {"all": either["any"]}
    in_turn = {"sequence": either["any"]}
    visit = {"kind": "visit"}
    rows = [
        SIGNUP,
        event("ada", "visit", "2025-01-11 10:00"),
        use("2025-01-12 10:00", "b"),
        use("2025-01-13 10:00", "a"),
        use("2025-01-14 10:00", "b"),
        event("ada", "visit", "2025-01-15 10:00"),
    ]
    found = {
        "all of either and visit": activated_at({"all": [either, visit]}, *rows),
        "all of both and visit": activated_at({"all": [both, visit]}, *rows),
        "all of a turn and visit": activated_at({"all": [in_turn, visit]}, *rows),
        "either, then visit": activated_at({"sequence": [either, visit]}, *rows),
        "visit, then both": activated_at({"sequence": [visit, both]}, *rows),
        "a turn, then visit": activated_at({"sequence": [in_turn, visit]}, *rows),
        "visit, then a turn": activated_at({"sequence": [visit, in_turn]}, *rows),
        "any of a turn and two visits": activated_at({"any": [in_turn, {**visit, "count": 2}]}, *rows),
    }
    assert {name: at.day for name, at in found.items() if at} == {
        "all of either and visit": 12,
        "all of both and visit": 13,
        "all of a turn and visit": 14,
        "either, then visit": 15,
        "visit, then both": 13,
        "a turn, then visit": 15,
        "visit, then a turn": 14,
        "any of a turn and two visits": 14,
    }


def test_where_reads_any_canonical_column_and_a_null_fulfils_nothing() -> None:
    rows = [
        SIGNUP,
        event("ada", "purchase", "2025-01-11 10:00"),
        event("ada", "purchase", "2025-01-12 10:00", amount="49.99"),
        event("ada", "purchase", "2025-01-13 10:00", amount="50.00", quantity=3),
    ]
    big = {"any": [{"kind": "purchase", "where": "amount >= 50"}]}
    assert activated_at(big, *rows) == instant("2025-01-13 10:00")
    assert activated_at({"any": [{"kind": "purchase", "where": "quantity > 2"}]}, *rows) == instant("2025-01-13 10:00")
    assert activated_at({"any": [{"kind": "purchase", "where": "amount > 50"}]}, *rows) is None


def test_where_reads_a_dimension() -> None:
    rule = {"any": [{"kind": "use", "where": "plan = 'pro'"}]}
    rows = [SIGNUP, use("2025-01-11 10:00", plan="free"), use("2025-01-12 10:00", plan="pro")]
    assert activated_at(rule, *rows, dimensions=["plan"]) == instant("2025-01-12 10:00")


def test_a_condition_on_purchases_counts_orders() -> None:
    lines = [event("ada", "purchase", f"2025-01-{day} 10:00", reference="o1") for day in (11, 12)]
    rule = {"any": [{"kind": "purchase", "count": 2}]}
    assert activated_at(rule, SIGNUP, *lines) is None, "two lines of one order"
    second = event("ada", "purchase", "2025-01-13 10:00", reference="o2")
    assert activated_at(rule, SIGNUP, *lines, second) == instant("2025-01-13 10:00")
    unnamed = [event("ada", "purchase", "2025-01-13 10:00") for _ in range(2)]
    assert activated_at(rule, SIGNUP, *unnamed) == instant("2025-01-13 10:00")


def test_an_order_counts_from_its_first_line() -> None:
    rule = {"any": [{"kind": "purchase"}]}
    lines = [event("ada", "purchase", at, reference="o1") for at in ("2025-01-09 10:00", "2025-01-11 10:00")]
    assert activated_at(rule, SIGNUP, *lines) is None, "begun before the sign-up"


def test_since_first_event_starts_the_clock_without_a_sign_up() -> None:
    rule = {"since": "first_event", "any": [{"kind": "use", "count": 2}]}
    rows = [event("ada", "nps", "2025-01-10 10:00"), use("2025-01-11 10:00"), use("2025-01-24 09:59:59")]
    assert activated_at(rule, *rows) == instant("2025-01-24 09:59:59")
    late = [*rows[:2], use("2025-01-24 10:00")]
    assert activated_at(rule, *late) is None
    first = [use("2025-01-10 10:00"), use("2025-01-10 10:00")]
    assert activated_at(rule, *first) == instant("2025-01-10 10:00"), "the first event itself counts"


def test_since_signup_nobody_is_activated_without_one() -> None:
    assert activated_at({"any": [{"kind": "use"}]}, use("2025-01-11 10:00")) is None


def test_a_rule_may_have_ten_conditions() -> None:
    # Were each step of the plan to read the one before twice, ten would take half a minute.
    rule = {"all": [{"kind": "use", "count": count} for count in range(1, 11)]}
    uses = [use(f"2025-01-11 {hour:02d}:00") for hour in range(10)]
    assert activated_at(rule, SIGNUP, *uses) == instant("2025-01-11 09:00")
    assert activated_at(rule, SIGNUP, *uses[:9]) is None
