"""Values and intervals, against published numbers and against other ways to compute them."""

from fractions import Fraction
from math import atan, comb, cos, pi, sin, sqrt
from typing import Literal

import numpy as np
import polars as pl
import pytest
from polars import col

from tasks.kpis import months
from tasks.kpis.measure import Context, measure
from tasks.kpis.record import Kpi, Measure, Quantile, Ratio, Share, Text, Total, Unit
from tasks.kpis.stats import Estimate, Sums, quantile_ranks, quotient, ratio, share, student95

Z = 1.959963984540054
T = {1: 12.7062047, 2: 4.30265273, 3: 3.18244631, 39: 2.02269092}  # Student's t, 97.5 %, from the tables


@pytest.mark.parametrize(
    ("x", "y", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (Wilson, without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # 0 and all of 10: 1 / (1 + 10 / z²) at the open end
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        # mentorDay's January
        (300, 1000, 0.2724, 0.3291),
    ],
)
def test_shares_have_the_published_wilson_interval(x: int, y: int, low: float, high: float) -> None:
    found = share(x, y)
    assert found.value == x / y
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)
    assert found.n == y


@pytest.mark.parametrize("y", [1, 2, 7, 30, 1000, 10**9])
def test_wilson_bounds_solve_their_equation_and_stay_within_zero_and_one(y: int) -> None:
    # The bounds are the p for which |x/y − p| = z √(p (1 − p) / y).
    for x in {0, 1, y // 3, y - 1, y}:
        found = share(x, y)
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= x / y <= found.high <= 1
        for bound in (found.low, found.high):
            assert abs(x / y - bound) == pytest.approx(Z * sqrt(bound * (1 - bound) / y), rel=1e-6, abs=1e-9)


def test_a_share_and_its_complement_have_mirrored_intervals() -> None:
    churn, kept = share(3, 17), share(14, 17)
    assert churn.low is not None
    assert kept.high is not None
    assert churn.low == pytest.approx(1 - kept.high)


def test_nobody_has_no_share_and_no_interval() -> None:
    assert share(0, 0) == Estimate(None)


def sums_of(x: list[int], y: list[int]) -> Sums:
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if a or b]
    return Sums(
        len(pairs),
        sum(a for a, _ in pairs),
        sum(b for _, b in pairs),
        sum(a * a for a, _ in pairs),
        sum(a * b for a, b in pairs),
        sum(b * b for _, b in pairs),
    )


def delta_method(x: list[int], y: list[int]) -> tuple[float, float]:
    """Ratio of means and its half width, the textbook way: variances and covariance of the sample."""
    a, b = np.array(x, dtype=float), np.array(y, dtype=float)
    cov = np.cov(a, b)
    mean_x, mean_y, n = a.mean(), b.mean(), len(a)
    r = mean_x / mean_y
    variance = (cov[0, 0] - 2 * r * cov[0, 1] + r**2 * cov[1, 1]) / (mean_y**2 * n)
    return float(r), float(T[n - 1] * np.sqrt(variance))


@pytest.mark.parametrize("seed", range(8))
def test_ratios_have_the_delta_method_interval(seed: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(1, 6, 40).tolist()
    x = [int(random.integers(0, 100)) * count for count in y]
    value, half = delta_method(x, y)
    found = ratio(sums_of(x, y), Fraction(1))
    assert found.value == pytest.approx(value)
    assert found.low == pytest.approx(value - half)
    assert found.high == pytest.approx(value + half)
    assert found.n == 40


def test_a_mean_has_the_interval_of_a_mean() -> None:
    x = [3, 5, 8, 13]
    found = ratio(sums_of(x, [1] * 4), Fraction(1, 10))
    half = T[3] * float(np.std(x, ddof=1)) / sqrt(4) / 10
    assert found.value == pytest.approx(0.725)
    assert found.low == pytest.approx(0.725 - half)
    assert found.high == pytest.approx(0.725 + half)


def student_within(t: float, degrees: int) -> float:
    """Probability of −t to t for a whole number of degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(degrees))
    term, total = 1.0, 0.0
    if degrees % 2 == 0:
        for k in range(0, degrees - 1, 2):
            total += term
            term *= (k + 1) / (k + 2) * cos(angle) ** 2
        return sin(angle) * total
    term = cos(angle)
    for k in range(1, degrees - 1, 2):
        total += term
        term *= (k + 1) / (k + 2) * cos(angle) ** 2
    return 2 / pi * (angle + sin(angle) * total)


@pytest.mark.parametrize("degrees", [*range(1, 40), 99, 100, 999, 1000])
def test_students_t_holds_ninety_five_percent(degrees: int) -> None:
    assert student_within(student95(degrees), degrees) == pytest.approx(0.95, abs=2e-6)


def test_students_t_becomes_z() -> None:
    assert student95(10**12) == pytest.approx(Z, abs=1e-11)
    assert [student95(degrees) for degrees in T] == pytest.approx(list(T.values()), abs=1e-6)


def test_a_ratio_of_one_row_has_no_interval_and_of_nothing_no_value() -> None:
    assert ratio(Sums(1, 7, 2, 49, 14, 4), Fraction(1)) == Estimate(3.5, n=1)
    assert ratio(Sums(0, 0, 0, 0, 0, 0), Fraction(1)) == Estimate(None, n=0)
    assert ratio(Sums(3, 9, 0, 27, 0, 0), Fraction(1)) == Estimate(None, n=3)


def test_rows_that_are_all_alike_tell_nothing_of_others() -> None:
    assert ratio(sums_of([6] * 5, [2] * 5), Fraction(1)) == Estimate(3.0, n=5)


def test_ratios_of_huge_integers_are_exact() -> None:
    # As floats, all of these sums lose their last digits; the rounding happens once, in the division.
    x = [10**24 + 1, 10**24 + 3, 10**24 + 5]
    found = ratio(sums_of(x, [1, 1, 1]), Fraction(1, 10**24))
    assert found.value == float(Fraction(10**24 + 3, 10**24))
    assert found.low is not None
    assert found.high is not None
    half = T[2] * sqrt(4 / 3) / 10**24
    assert found.high - found.low == pytest.approx(2 * half, abs=1e-15)
    assert ratio(Sums(2, 2**60 + 1, 2**60 + 1, 0, 0, 0), Fraction(1)).value == 1.0


def binomial_between(n: int, q: float, low: int, high: int) -> float:
    """Probability that the q-quantile lies between the values of these 0-based ranks: low < Binomial(n, q) ≤ high."""
    return sum(comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(low + 1, high + 1))


def exact_ranks(n: int, q: float) -> tuple[int, int]:
    """The innermost ranks with at most 2.5 % of the binomial beyond either of them; the ends where there are none."""
    chance = [comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)]
    beyond = np.cumsum(chance)
    low = int(np.sum(beyond <= 0.025)) - 1
    above = np.cumsum(chance[::-1])
    high = n - int(np.sum(above <= 0.025))
    return max(low, 0), min(high, n - 1)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.75, 0.9])
def test_ranks_of_independent_values_are_those_of_the_exact_binomial(q: float) -> None:
    different = 0
    for n in range(4, 400):
        low, high = quantile_ranks(n, q, n * q * (1 - q))
        least, most = exact_ranks(n, q)
        # On the knife's edge one may lie one further out, of a median both; never further in.
        assert least - low in {0, 1}
        assert high - most in {0, 1}
        different += (low, high) != (least, most)
    assert different <= 13  # of 396


def test_ranks_of_the_median_of_a_hundred_are_those_in_the_tables() -> None:
    # The 40th and the 61st of 100 values: 96.5 % by the exact binomial (Conover)
    assert quantile_ranks(100, 0.5, 25.0) == (39, 60)
    assert binomial_between(100, 0.5, 39, 60) == pytest.approx(0.9648, abs=5e-5)


def test_ranks_stay_inside_the_sample_and_widen_with_clusters() -> None:
    assert quantile_ranks(1, 0.5, 0.25) == (0, 0)
    assert quantile_ranks(3, 0.9, 0.27) == (0, 2)
    assert quantile_ranks(100, 0.5, -1e-12) == (49, 50)
    narrow, wide = quantile_ranks(100, 0.5, 25.0), quantile_ranks(100, 0.5, 100.0)
    assert wide[0] < narrow[0]
    assert wide[1] > narrow[1]


def test_ranks_have_the_quantile_between_them_whatever_the_variance() -> None:
    for n in range(1, 60):
        for q in (0.1, 0.5, 0.9):
            for variance in (0.0, n * q * (1 - q), n**2 * q * (1 - q)):
                low, high = quantile_ranks(n, q, variance)
                assert 0 <= low <= q * (n - 1) <= high <= n - 1


def test_few_clusters_widen_the_ranks_and_one_tells_nothing() -> None:
    assert quantile_ranks(100, 0.5, 25.0, clusters=100) == quantile_ranks(100, 0.5, 25.0) == (39, 60)
    # t of 9 degrees of freedom is 2.262: 50 ± 11.3 less and more one half
    assert quantile_ranks(100, 0.5, 25.0, clusters=10) == (38, 61)
    assert quantile_ranks(100, 0.5, 25.0, clusters=2) == (0, 99)
    assert quantile_ranks(100, 0.5, 0.0, clusters=1) == (0, 99)
    assert quantile_ranks(1, 0.5, 0.25, clusters=1) == (0, 0)


def test_a_quotient_has_the_bounds_computed_by_hand() -> None:
    # a = 10 (8 to 13), b = 4 (2 to 5). Low: l (2a − l) = 96, u (2b − u) = 15, (ab)² = 1600:
    # (40 − √(1600 − 96 · 15)) / 15 = 1.82339. High: 13 · 7 = 91, 2 · 6 = 12: (40 + √(1600 − 91 · 12)) / 12 = 5.21157.
    found = quotient(Estimate(10, 8, 13), Estimate(4, 2, 5))
    assert found == pytest.approx((1.82339, 5.21157), abs=5e-6)


def test_a_quotient_by_a_certain_number_is_scaled_and_of_one_inverted() -> None:
    assert quotient(Estimate(10, 8, 13), Estimate(4, 4, 4)) == (2, 3.25)
    assert quotient(Estimate(10, 10, 10), Estimate(4, 2, 5)) == (2, 5)
    assert quotient(Estimate(-10, -13, -8), Estimate(4, 4, 4)) == (-3.25, -2)
    for a in (0.1, 0.3, 0.7, 1.1):  # no root of a number that rounding has made negative
        certain = Estimate(a, a, a)
        assert quotient(certain, Estimate(0.3, 0.3, 0.3)) == pytest.approx((a / 0.3, a / 0.3))


def test_a_quotient_by_a_denominator_that_may_be_more_than_twice_itself_is_bounded() -> None:
    # A churn of 1 in 40: Wilson's high is five times the value.
    churn = share(1, 40)
    low, high = quotient(Estimate(80, 60, 100), churn)
    assert low is not None
    assert high is not None
    assert churn.high is not None
    assert 60 / churn.high < low < 80 * 40 < high
    assert quotient(Estimate(10, 8, 13), Estimate(2, 1, 4))[0] == pytest.approx(96 / 40)  # 2b − high is 0


Interval = tuple[float, float, float]


def searched_bounds(numerator: Interval, denominator: Interval) -> tuple[float, float]:
    """By search over θ on a fine grid: where 0 leaves the interval of a − θb (Zou and Donner, 2008)."""
    (a, least, most), (b, low, high) = numerator, denominator
    theta = np.linspace(-20, 20, 400_001)
    below = np.hypot(a - least, theta * np.where(theta > 0, high - b, b - low))
    above = np.hypot(most - a, theta * np.where(theta > 0, b - low, high - b))
    held = theta[(a - theta * b - below <= 0) & (a - theta * b + above >= 0)]
    return float(held.min()), float(held.max())


@pytest.mark.parametrize(
    "numerator",
    [(10, 8, 13), (10, 0, 13), (3, -2, 9), (-1, -2, 4), (-5, -9, -4)],
)
@pytest.mark.parametrize("denominator", [(4, 2, 5), (4, 3, 9)])
def test_bounds_of_a_quotient_are_where_zero_leaves_the_interval_of_the_difference(
    numerator: Interval, denominator: Interval
) -> None:
    found = quotient(Estimate(*numerator), Estimate(*denominator))
    assert found == pytest.approx(searched_bounds(numerator, denominator), abs=2e-4)


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [
        (Estimate(None), Estimate(4, 2, 5)),
        (Estimate(10), Estimate(4, 2, 5)),
        (Estimate(10, 8, 13), Estimate(4)),
        (Estimate(10, 8, 13), Estimate(None)),
        (Estimate(10, 8, 13), share(0, 40)),
        (Estimate(10, 8, 13), Estimate(1, -1, 3)),
    ],
)
def test_a_quotient_without_both_intervals_or_by_what_may_be_zero_has_none(
    numerator: Estimate, denominator: Estimate
) -> None:
    assert quotient(numerator, denominator) == (None, None)


def record(measure_: Measure, unit: Unit = "ratio") -> Kpi:
    text = Text(en="a", fr="b")
    return Kpi(
        name="x",
        table="customers",
        measure=measure_,
        unit=unit,
        better="up",
        section="revenue",
        label=text,
        formula=text,
        source=("custup",),
        needs=(),
    )


def measured_one(
    table: pl.DataFrame, measure_: Measure, dimensions: tuple[str, ...] = (), unit: Unit = "ratio"
) -> pl.DataFrame:
    context = Context("2025-02", 28, 1, "EUR", dimensions, frozenset(), gross_margin=1.0, lacks_past=frozenset())
    return measure(table.lazy(), [record(measure_, unit)], context)


def customers(count: int, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": [f"c{number}" for number in range(count)], **columns})


def test_the_engine_sums_exactly_where_floats_would_not() -> None:
    amounts = pl.Series(["9007199254740993.0001", "0.0001", "-9007199254740993.0000"]).cast(pl.Decimal(38, 4))
    found = measured_one(customers(3, amount=amounts), Total(col("amount")))
    assert found["value"].item() == 0.0002


def test_the_engine_squares_exactly_where_sixty_four_bits_would_overflow() -> None:
    # Durations of 10 years are 3 × 10^14 µs; their squares do not fit 64 bits.
    years = pl.Series([315_360_000_000_000 + 86_400_000_000 * day for day in (0, 1, 2)]).cast(pl.Duration("us"))
    found = measured_one(customers(3, time=years, one=[1, 1, 1]), Ratio(col("time"), col("one")))
    assert found["value"].item() == 3651
    half = T[2] * 1 / sqrt(3)  # standard deviation of 3650, 3651, 3652 days is 1
    assert found["low"].item() == pytest.approx(3651 - half)
    assert found["high"].item() == pytest.approx(3651 + half)


def test_where_squares_overflow_there_is_a_value_and_no_interval() -> None:
    # 300 customers of 9 × 10^13, give or take: their squares in ten-thousandths come to 2.4 × 10^38, above 2^127.
    amounts = pl.Series([90_000_000_000_000 + number for number in range(300)]).cast(pl.Decimal(38, 4))
    found = measured_one(customers(300, x=amounts, y=[1] * 300), Ratio(col("x"), col("y")))
    assert found.select("value", "low", "high").row(0) == (90_000_000_000_149.5, None, None)
    fewer = measured_one(customers(100, x=amounts[:100], y=[1] * 100), Ratio(col("x"), col("y")))
    assert fewer["low"].item() < 90_000_000_000_049.5 < fewer["high"].item()


def test_a_share_counts_only_who_is_on_both_sides() -> None:
    table = customers(4, of=[True, True, False, False], among=[True, False, True, False])
    found = measured_one(table, Share(of=col("of"), among=col("among")))
    assert found.select("numerator", "denominator", "value").row(0) == (1, 2, 0.5)


def test_rows_with_neither_side_are_no_part_of_the_sample() -> None:
    # 40 customers, 2 of whom bought: the mean rests on two.
    for nothing in (0, None):
        table = customers(40, x=[10, 20] + [nothing] * 38, y=[1, 1] + [0] * 38)
        found = measured_one(table, Ratio(col("x"), col("y")))
        assert found.select("value", "status").row(0) == (15, "small_sample")


def months_of(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    """Customer, month, x, y."""
    return pl.DataFrame(rows, schema=["customer_id", "month", "x", "y"], orient="row").with_columns(level=pl.lit("all"))


FEBRUARY = (("ada", 2, 10, 28), ("bob", 2, 4, 28))
"""14 of 56. Ada is (10 − 28 · ¼) / 56 = 3/56 away from that, Bob −3/56: the sum of squares is 18/56²."""


def test_the_mean_of_one_month_is_its_ratio_with_its_two_sums() -> None:
    found = months.means(months_of(*FEBRUARY), 1)["all"]
    half = T[1] * sqrt(18 / 56**2 * 2 / 1)
    assert (found.numerator, found.denominator, found.estimate.value, found.estimate.n) == (14, 56, 0.25, 2)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((0.25 - half, 0.25 + half))


def test_the_mean_of_months_leaves_out_those_with_nobody_and_sums_a_customers_distances() -> None:
    # March: 3 of 30 and 9 of 30, 0.2: Ada is (3 − 6) / 60 = −1/20 away, Bob 1/20. May: nobody.
    rows = months_of(*FEBRUARY, ("ada", 3, 3, 30), ("bob", 3, 9, 30), ("cyd", 5, 0, 0))
    found = months.means(rows, 4)["all"]
    assert (found.numerator, found.denominator) == pytest.approx((0.45, 2))
    assert found.estimate.value == pytest.approx(0.225)
    assert found.estimate.n == 2
    half = T[1] * sqrt(2 * (3 / 56 - 1 / 20) ** 2 / 2**2 * 2 / 1)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((0.225 - half, 0.225 + half), abs=1e-9)


def test_the_mean_of_one_customers_months_has_no_interval() -> None:
    assert months.means(months_of(FEBRUARY[0]), 1)["all"].estimate == Estimate(10 / 28, None, None, 1)


def test_a_quantile_ignores_null_and_interpolates() -> None:
    found = measured_one(customers(5, x=[4, 1, None, 2, 3]), Quantile(col("x"), 0.5))
    assert found.select("numerator", "denominator", "value").row(0) == (None, 4, 2.5)


def test_the_values_of_one_customer_widen_the_interval_of_a_quantile() -> None:
    values = list(range(100))
    apart = pl.DataFrame({"customer_id": [f"c{value}" for value in values], "x": values})
    together = pl.DataFrame({"customer_id": [f"c{value // 10}" for value in values], "x": values})
    narrow, wide = (measured_one(table, Quantile(col("x"), 0.5)) for table in (apart, together))
    assert (narrow["low"].item(), narrow["high"].item()) == (39, 60)
    assert narrow["value"].item() == wide["value"].item() == 49.5
    # Ten customers all on one side: each cluster of 10 deviates by 5, so the variance is 10 × 5² = 250.
    assert (wide["low"].item(), wide["high"].item()) == quantile_ranks(100, 0.5, 250, clusters=10)
    assert (narrow["status"].item(), wide["status"].item()) == ("ok", "small_sample"), "customers, not values"


@pytest.mark.parametrize(("q", "few", "enough"), [(0.5, 5, 6), (0.9, 28, 29)])
def test_a_quantile_of_few_has_no_interval(q: float, few: int, enough: int) -> None:
    assert measured_one(customers(few, x=range(few)), Quantile(col("x"), q))["low"].item() is None
    found = measured_one(customers(enough, x=range(enough)), Quantile(col("x"), q))
    assert (found["low"].item(), found["high"].item()) != (None, None)


@pytest.mark.parametrize(("unit", "least", "most"), [("share", 0, 1), ("points", -100, 100), ("growth", -1, None)])
def test_an_interval_ends_where_figures_of_its_unit_do(unit: Unit, least: float, most: float | None) -> None:
    # Of two customers: half of one, twice the other way; the t of one degree of freedom reaches far beyond.
    scale: Literal["one", "hundred"] = "hundred" if unit == "points" else "one"
    found = measured_one(customers(2, x=[0, 1], y=[1, 1]), Ratio(col("x"), col("y"), times=scale), unit=unit)
    assert found["low"].item() == least
    assert found["high"].item() == most or (most is None and found["high"].item() > 1)


def test_levels_are_measured_one_by_one_and_the_whole_apart() -> None:
    table = customers(4, plan=["a", "a", "b", "b"], x=[1, 2, 3, 10])
    found = measured_one(table, Quantile(col("x"), 0.5), ("plan",))
    assert dict(found.select("level", "value").iter_rows()) == {"all": 2.5, "a": 1.5, "b": 6.5}


def test_an_empty_table_still_has_its_whole() -> None:
    empty = customers(0, x=pl.Series([], dtype=pl.Int64), y=pl.Series([], dtype=pl.Int64))
    assert measured_one(empty, Total(col("x"))).row(0)[2:7] == ("all", "all", 0, None, 0)
    assert measured_one(empty, Ratio(col("x"), col("y"))).row(0)[2:7] == ("all", "all", 0, 0, None)
    assert measured_one(empty, Quantile(col("x"))).row(0)[2:7] == ("all", "all", None, 0, None)
