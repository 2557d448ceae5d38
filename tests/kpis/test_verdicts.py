"""Verdicts: thresholds for periods of other lengths, every boundary, and what no interval may do."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import Benchmark
from tasks.clock import Grain
from tasks.kpis.verdicts import Basis, threshold_for, verdict

GRAINS: tuple[Grain, ...] = ("month", "quarter", "year")
CHURN = Benchmark(healthy=0.05, alert=0.07, better="down", basis="month")
RETENTION = Benchmark(healthy=0.95, alert=0.93, better="up")
SHARES = st.floats(0, 1)
always_the_same = settings(derandomize=True, database=None)


@pytest.mark.parametrize(
    ("value", "basis", "grain", "expected"),
    [
        (0.05, "month", "year", 0.4596),  # 1 - 0.95^12
        (0.07, "month", "year", 0.5814),  # 1 - 0.93^12
        (0.05, "month", "quarter", 0.142625),  # 1 - 0.95^3, exactly
        (0.4596, "year", "month", 0.05),
        (0.142625, "quarter", "month", 0.05),
        (0.142625, "quarter", "year", 0.4596),
        (0.0, "month", "year", 0.0),
        (1.0, "year", "month", 1.0),
    ],
)
def test_thresholds_compound(value: float, basis: Basis, grain: Grain, expected: float) -> None:
    assert threshold_for(value, basis, grain) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("grain", GRAINS)
def test_threshold_for_its_own_length_or_any_is_the_very_same_number(grain: Grain) -> None:
    # 1 - (1 - 0.07) is not 0.07 in floating point, and a figure exactly on a threshold must be judged as it says.
    assert threshold_for(0.07, grain, grain) == 0.07
    assert threshold_for(60.0, "any", grain) == 60.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.049, "ok"),
        (0.01, 0.05, "undecided"),  # reaches healthy
        (0.05, 0.05, "watch"),  # exactly healthy is not below it
        (0.05, 0.07, "watch"),  # from healthy up to and with alert
        (0.07, 0.07, "watch"),  # exactly alert is not above it
        (0.06, 0.0701, "undecided"),
        (0.07, 0.09, "undecided"),  # touches alert
        (0.0701, 0.09, "alert"),
        (0.01, 0.09, "undecided"),
        (0.04, 0.06, "undecided"),
    ],
)
def test_each_boundary_where_less_is_better_and_mirrored_where_more_is(low: float, high: float, expected: str) -> None:
    assert verdict(low, high, CHURN, "month") == expected
    mirrored = Benchmark(healthy=-0.05, alert=-0.07, better="up")
    assert verdict(-high, -low, mirrored, "month") == expected


def test_more_is_better_in_numbers_one_reads() -> None:
    said = {low: verdict(low, low + 0.01, RETENTION, "month") for low in (0.96, 0.945, 0.935, 0.925, 0.91)}
    assert said == {0.96: "ok", 0.945: "undecided", 0.935: "watch", 0.925: "undecided", 0.91: "alert"}


@pytest.mark.parametrize(
    ("keys", "low", "high", "expected"),
    [
        ({"healthy": 5}, 1, 4, "ok"),
        ({"healthy": 5}, 4, 6, "undecided"),
        ({"healthy": 5}, 5, 99, "watch"),  # beyond healthy entirely, and nothing says how bad it is
        ({"alert": 7}, 1, 7, "ok"),  # entirely on the good side
        ({"alert": 7}, 6, 8, "undecided"),
        ({"alert": 7}, 7, 8, "undecided"),
        ({"alert": 7}, 7.1, 8, "alert"),
    ],
)
def test_one_threshold_alone(keys: dict[str, Any], low: float, high: float, expected: str) -> None:
    assert verdict(low, high, Benchmark(better="down", **keys), "month") == expected
    mirrored = Benchmark(better="up", **{name: -value for name, value in keys.items()})
    assert verdict(-high, -low, mirrored, "month") == expected


def test_figure_of_a_year_is_judged_by_the_converted_thresholds() -> None:
    # Healthy is 46.0 % a year, alert 58.1 %.
    said = [verdict(low, low + 0.02, CHURN, "year") for low in (0.05, 0.42, 0.45, 0.5, 0.57, 0.6)]
    assert said == ["ok", "ok", "undecided", "watch", "undecided", "alert"]


def test_no_interval_no_verdict() -> None:
    assert verdict(None, None, CHURN, "month") is None
    assert verdict(0.01, None, CHURN, "month") is None
    assert verdict(None, 0.01, CHURN, "month") is None


@st.composite
def benchmarks(draw: st.DrawFn) -> Benchmark:
    """Any benchmark for a share: both directions, one or two thresholds, every basis."""
    better = draw(st.sampled_from(["up", "down"]))
    thresholds = sorted((draw(SHARES), draw(SHARES)), reverse=better == "up")
    given_keys = draw(st.sampled_from([("healthy", "alert"), ("healthy",), ("alert",)]))
    keys = {name: value for name, value in zip(("healthy", "alert"), thresholds, strict=True) if name in given_keys}
    return Benchmark.model_validate(
        {**keys, "better": better, "basis": draw(st.sampled_from(["month", "quarter", "year", "any"]))}
    )


@always_the_same
@given(benchmarks(), st.sampled_from(GRAINS), st.lists(SHARES, min_size=4, max_size=4))
def test_narrowing_an_interval_changes_no_verdict_that_was_decided(
    benchmark: Benchmark, grain: Grain, bounds: list[float]
) -> None:
    low, inner_low, inner_high, high = sorted(bounds)
    wide, narrow = verdict(low, high, benchmark, grain), verdict(inner_low, inner_high, benchmark, grain)
    assert wide in {"undecided", narrow}


@always_the_same
@given(benchmarks(), st.sampled_from(GRAINS), SHARES, st.booleans())
def test_a_point_is_always_decided(benchmark: Benchmark, grain: Grain, value: float, on_a_threshold: bool) -> None:
    thresholds = [one for one in (benchmark.healthy, benchmark.alert) if one is not None]
    point = threshold_for(thresholds[0], benchmark.basis, grain) if on_a_threshold else value
    assert verdict(point, point, benchmark, grain) in {"ok", "watch", "alert"}


@always_the_same
@given(SHARES, st.sampled_from(GRAINS), st.sampled_from(GRAINS))
def test_converting_there_and_back_is_the_same_threshold(value: float, basis: Grain, grain: Grain) -> None:
    there = threshold_for(value, basis, grain)
    assert 0 <= there <= 1
    if value < 0.9:  # beyond, a year holds too little to tell months apart: 1 - 0.1^12 is 1 within floating point
        assert threshold_for(there, grain, basis) == pytest.approx(value, abs=1e-3)
