"""Satisfaction figures, worked out by hand. Period: February 2025 in Paris, [1 February 00:00, 1 March 00:00)."""

from typing import Any

import pytest

from tests.helpers import Example, Row, crowd, event, figure, kpis_of, levels, numbers, settings, value

PLANS = settings(dimensions=["plan"])

ANSWERS = (
    # Ada: 9 at the first instant. Promoter.
    event("ada", "nps", "2025-02-01 00:00", score=9, plan="pro"),
    # Bob: 6. Detractor. How satisfied he is, is another question.
    event("bob", "nps", "2025-02-10 10:00", score=6, plan="free"),
    event("bob", "csat", "2025-02-11 10:00", score=5),
    # Cyd: 10, then 7, which is the last. Neither, but an answer.
    event("cyd", "nps", "2025-02-05 10:00", score=10, plan="pro"),
    event("cyd", "nps", "2025-02-20 10:00", score=7),
    # Dan: 0, then "don't know", which is no answer. Detractor.
    event("dan", "nps", "2025-02-05 10:00", score=0, plan="free"),
    event("dan", "nps", "2025-02-20 10:00"),
    # Eve: two answers at one instant: the greater one. Promoter.
    event("eve", "nps", "2025-02-12 10:00", score=9),
    event("eve", "nps", "2025-02-12 10:00", score=3),
    # Fay: just before and at the end of the period. No answer in it.
    event("fay", "nps", "2025-01-31 23:59:59.999999", score=0, plan="free"),
    event("fay", "nps", "2025-03-01 00:00", score=0),
    # Gus: 10 in the last microsecond, after 2. Promoter.
    event("gus", "nps", "2025-02-02 10:00", score=2, plan="pro"),
    event("gus", "nps", "2025-02-28 23:59:59.999999", score=10),
    # Hal: only "don't know". No answer.
    event("hal", "nps", "2025-02-10 10:00", plan="pro"),
    # Ivy: 8. Neither, but an answer.
    event("ivy", "nps", "2025-02-10 10:00", score=8),
    # A stranger. No answer of a customer.
    event(None, "nps", "2025-02-10 10:00", anonymous="a1", score=0, plan="free"),
)

CONTENTMENT = (
    # Ada: 4 at the first instant. Satisfied.
    event("ada", "csat", "2025-02-01 00:00", score=4, plan="pro"),
    # Bob: 3 in the last microsecond, after 5. Not satisfied.
    event("bob", "csat", "2025-02-10 10:00", score=5, plan="pro"),
    event("bob", "csat", "2025-02-28 23:59:59.999999", score=3),
    # Cyd: 2, then 5, then no score. Satisfied.
    event("cyd", "csat", "2025-02-10 10:00", score=2, plan="free"),
    event("cyd", "csat", "2025-02-11 10:00", score=5),
    event("cyd", "csat", "2025-02-12 10:00"),
    # Dan: 3 and 4 at one instant: the greater one. Satisfied.
    event("dan", "csat", "2025-02-10 10:00", score=4),
    event("dan", "csat", "2025-02-10 10:00", score=3),
    # Eve: 5 just before, 1 at the end of the period, and an NPS answer in it. No answer.
    event("eve", "csat", "2025-01-31 23:59:59.999999", score=5, plan="free"),
    event("eve", "csat", "2025-03-01 00:00", score=1),
    event("eve", "nps", "2025-02-10 10:00", score=10),
    # Fay: 1. Not satisfied.
    event("fay", "csat", "2025-02-10 10:00", score=1, plan="free"),
    # A stranger. No answer of a customer.
    event(None, "csat", "2025-02-10 10:00", anonymous="a1", score=5, plan="free"),
)

EXAMPLES = (
    # Answered: Ada, Bob, Cyd, Dan, Eve, Gus, Ivy; promoters: Ada, Eve, Gus; detractors: Bob, Dan.
    Example(
        "nps",
        ANSWERS,
        (1, 7, 100 / 7),
        {"free": (-2, 2, -100), "pro": (2, 3, 200 / 3), "unknown": (1, 2, 50)},
        PLANS,
    ),
    # Answered: Ada, Bob, Cyd, Dan, Fay; satisfied: Ada, Cyd, Dan.
    Example(
        "csat",
        CONTENTMENT,
        (3, 5, 0.6),
        {"free": (1, 2, 0.5), "pro": (1, 2, 0.5), "unknown": (1, 1, 1)},
        PLANS,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kpi)
def test_worked_example(example: Example) -> None:
    example.check()


def answered(kpi: str, rows: tuple[Row, ...], **surveys: Any) -> tuple[float | None, float | None, float | None]:
    config = settings(dimensions=["plan"], surveys=surveys)
    return numbers(kpis_of(rows, "2025-02", kpi, config=config), kpi)


@pytest.mark.parametrize(
    ("bands", "numerator"),
    [
        (((0, 6), (9, 10)), 1),
        (((0, 5), (9, 10)), 2),  # Bob's 6 is none any more: 3 − 1
        (((0, 7), (9, 10)), 0),  # Cyd's 7 is: 3 − 3
        (((0, 6), (8, 10)), 2),  # Ivy's 8 is: 4 − 2
        (((0, 6), (10, 10)), -1),  # Gus alone: 1 − 2
        (((1, 6), (9, 10)), 2),  # Dan's 0 is in no band: 3 − 1
    ],
)
def test_bands_are_configured_with_both_ends_included(bands: tuple[object, object], numerator: int) -> None:
    found = answered("nps", ANSWERS, nps_bands=bands)
    assert found == pytest.approx((numerator, 7, 100 * numerator / 7))


def test_who_is_satisfied_is_configured() -> None:
    # Last answers: 4, 3, 5, 4, 1.
    found = {since: answered("csat", CONTENTMENT, csat_satisfied_from=since) for since in (1, 3, 4, 5)}
    assert found == {1: (5, 5, 1), 3: (4, 5, 0.8), 4: (3, 5, 0.6), 5: (1, 5, 0.2)}
    ten = tuple(event(name, "csat", "2025-02-10 10:00", score=score) for name, score in (("ada", 7), ("bob", 8)))
    assert answered("csat", ten, csat_scale=(1, 10), csat_satisfied_from=8) == (1, 2, 0.5)


def test_the_score_runs_from_minus_to_plus_a_hundred() -> None:
    assert answered("nps", (event("ada", "nps", "2025-02-10 10:00", score=0),)) == (-1, 1, -100)
    assert answered("nps", (event("ada", "nps", "2025-02-10 10:00", score=10),)) == (1, 1, 100)


def test_the_last_answer_is_that_of_the_period_not_of_the_month() -> None:
    # Ada: 10 in January, 0 in March. Bob: 9 in February only.
    rows = [
        event("ada", "nps", "2025-01-01 00:00", score=10),
        event("ada", "csat", "2025-01-01 00:00", score=1),
        event("bob", "nps", "2025-02-10 10:00", score=9),
        event("ada", "nps", "2025-03-31 23:59:59.999999", score=0),
        event("ada", "csat", "2025-03-31 23:59:59.999999", score=4),
        event("ada", "nps", "2025-04-01 00:00", score=10),
    ]
    january, quarter, year = (kpis_of(rows, period, "nps", "csat") for period in ("2025-01", "2025-Q1", "2025"))
    assert numbers(january, "nps") == (1, 1, 100)
    assert numbers(january, "csat") == (0, 1, 0)
    assert numbers(quarter, "nps") == (0, 2, 0)
    assert numbers(quarter, "csat") == (1, 1, 1)
    assert numbers(year, "nps") == (2, 2, 100)


@pytest.mark.parametrize("kpi", ["nps", "csat"])
def test_a_month_without_answers_is_null_with_both_counts(kpi: str) -> None:
    kpis = kpis_of([event("ada", kpi, "2025-01-10 10:00", score=5)], "2025-02", kpi)
    assert figure(kpis, kpi) == (0, 0, None, None, None, "no_population")


@pytest.mark.parametrize("kpi", ["nps", "csat"])
def test_answers_without_score_or_customer_provide_the_kind_but_no_figure(kpi: str) -> None:
    rows = [
        event("ada", kpi, "2025-02-10 10:00"),
        event(None, kpi, "2025-02-10 10:00", anonymous="a1", score=5),
        event("ada", "visit", "2025-02-10 10:00", anonymous="a1"),  # a1 is Ada, but answered as a stranger
    ]
    assert figure(kpis_of(rows, "2025-02", kpi), kpi) == (0, 0, None, None, None, "no_population")


def test_the_level_is_the_one_at_the_end() -> None:
    rows = [
        event("ada", "nps", "2025-02-10 10:00", score=9, plan="free"),
        event("ada", "use", "2025-02-11", plan="pro"),
    ]
    kpis = kpis_of(rows, "2025-02", "nps", config=PLANS)
    assert levels(kpis, "nps", "plan") == {"pro": (1, 1)}


def test_an_answer_is_no_activity() -> None:
    kpis = kpis_of(ANSWERS, "2025-02", "nps", "mau", config=PLANS)
    assert figure(kpis, "mau").status == "missing_input"
    assert value(kpis, "nps") == pytest.approx(100 / 7)


def test_of_thirty_answers_the_interval_is_told() -> None:
    # 20 promoters and 10 detractors: mean 1/3 of ±1, variance (30/29)(1 − 1/9), t(29) = 2.0452.
    rows = [*crowd(20, "nps", "2025-02-10 10:00", score=10), *crowd(10, "nps", "2025-02-10 10:00", "d", score=0)]
    found = figure(kpis_of(rows, "2025-02", "nps"), "nps")
    half = 100 * 2.0452 * ((30 / 29) * (8 / 9) / 30) ** 0.5
    assert found[:3] == pytest.approx((10, 30, 100 / 3))
    assert found.low == pytest.approx(100 / 3 - half, abs=1e-2)
    assert found.high == pytest.approx(100 / 3 + half, abs=1e-2)
    assert found.status == "ok"
    few = figure(kpis_of(rows[1:], "2025-02", "nps"), "nps")
    assert few.status == "small_sample"
