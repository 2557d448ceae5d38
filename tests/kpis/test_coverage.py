"""How often the 95 % intervals hold the true value: exactly where it can be summed, else by seeded simulation.

Asked for: on average 93 to 97 %. Two standard errors of what is simulated are 0.25 points for means (40,000 samples),
0.45 for quantiles of clustered values, 0.6 for quotients.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb, exp, sqrt
from statistics import NormalDist, mean

import numpy as np
import numpy.typing as npt
import pytest

from tasks.kpis.stats import Estimate, Sums, quantile_ranks, quotient, ratio, share

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TEN_THOUSANDTH = Fraction(1, 10_000)
WANTED = (0.93, 0.97)


def inside(found: float) -> bool:
    return WANTED[0] <= found <= WANTED[1]


def holds(found: Estimate, true: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= true <= found.high


# Shares: the probabilities of all x whose interval holds p, added up.


@pytest.mark.parametrize(
    ("n", "average", "worst"),
    [(30, 0.9527, 0.922), (300, 0.9502, 0.9387)],
)
def test_intervals_of_shares_cover_as_often_as_they_say(n: int, average: float, worst: float) -> None:
    found = [share(x, n) for x in range(n + 1)]
    coverage = [
        sum(comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1) if holds(found[x], p))
        for p in np.linspace(0.05, 0.95, 901).tolist()
    ]
    assert inside(mean(coverage))
    assert mean(coverage) == pytest.approx(average, abs=5e-4)
    assert min(coverage) == pytest.approx(worst, abs=5e-4)


# Means and ratios: 40,000 samples of 100 customers, summed as the engine sums them.

SAMPLES, CUSTOMERS = 40_000, 100
Pairs = tuple[Floats, Ints, float]
"""Numerators and denominators, a row per sample and a column per customer, and the true ratio."""

SHAPE = (SAMPLES, CUSTOMERS)
Random = np.random.Generator


def one_each(x: Floats, true: float) -> Pairs:
    return x, np.ones(SHAPE, dtype=np.int64), true


def exponential(random: Random) -> Pairs:
    return one_each(random.exponential(50, SHAPE), 50)


def gamma(random: Random) -> Pairs:
    return one_each(random.gamma(0.5, 100, SHAPE), 50)


def lognormal(random: Random, sigma: float) -> Pairs:
    return one_each(20 * random.lognormal(0, sigma, SHAPE), 20 * exp(sigma**2 / 2))


def gaps(random: Random) -> Pairs:
    """1 to 6 gaps a customer, around the customer's own mean, which is the shorter the more of them there are."""
    count = random.integers(1, 7, SHAPE)
    own = 60 / (1 + count) * random.gamma(4, 0.25, SHAPE)
    counts = range(1, 7)
    return random.gamma(count, own), count, sum(60 * k / (1 + k) for k in counts) / sum(counts)


def amounts(random: Random) -> Pairs:
    """Money over money, correlated: what a customer keeps paying of a skewed amount, 1 on average."""
    before = np.rint(30 * random.lognormal(0, 0.75, SHAPE) * 10_000).astype(np.int64)
    return before / 10_000 * random.lognormal(-0.125, 0.5, SHAPE), before, 1


def coverage_of_ratio(pairs: Pairs) -> float:
    numerators, y, true = pairs
    x = np.rint(numerators * 10_000).astype(np.int64)
    scale = Fraction(1) if y.max() > 10_000 else TEN_THOUSANDTH
    sums = (np.sum(part, axis=1).tolist() for part in (x, y, x * x, x * y, y * y))
    found = (ratio(Sums(CUSTOMERS, *each), scale) for each in zip(*sums, strict=True))
    return sum(holds(each, true) for each in found) / SAMPLES


# A floor and, behind it, the coverage found; 93.1 % on average over the first four. What the intervals miss is nearly
# always above them; with z in place of t they hold it 0.3 points less often. A lognormal of sigma 1 (skewness 6.2) is
# outside what six sums can do, and so is a mean of mostly zeros (70 % zeros, the others exponential: 92.3 %). Hall's
# transformation (JRSS B 54, 1992) brings sigma 1 to 93 % and the others to 94 or 95, but asks for four third-order
# sums, and cubes of durations in microseconds do not fit 128 bits.
SKEWED: Sequence[tuple[Callable[[Random], Pairs], float]] = (
    (exponential, 0.93),  # 94.1 %
    (gamma, 0.925),  # 93.4 %
    (lambda random: lognormal(random, 0.75), 0.925),  # 93.4 %
    (lambda random: lognormal(random, 1.0), 0.91),  # 91.7 %
    (gaps, 0.93),  # 94.1 %
    (amounts, 0.92),  # 93.2 %
)


def test_intervals_of_means_of_skewed_values_cover_as_often_as_they_say() -> None:
    found = []
    for draw, floor in SKEWED:
        found.append(coverage_of_ratio(draw(np.random.default_rng(1927))))
        assert floor < found[-1] <= WANTED[1]
    assert inside(mean(found[:4]))
    assert inside(mean(found))


def test_means_of_two_cover_as_often_as_they_say_of_normal_values() -> None:
    # One degree of freedom: with z, 70 %.
    x = np.rint(np.random.default_rng(1908).normal(50, 10, (SAMPLES, 2)) * 10_000).astype(np.int64)
    sums = zip(x.sum(axis=1).tolist(), (x * x).sum(axis=1).tolist(), strict=True)
    found = sum(holds(ratio(Sums(2, a, 2, aa, a, 2), TEN_THOUSANDTH), 50) for a, aa in sums) / SAMPLES
    assert found == pytest.approx(0.95, abs=4e-3)


# Quantiles. Of independent values: the probability that the count below the true quantile lies between the ranks.


def clustered_variance(sizes: Ints, below: Ints, q: float) -> Floats:
    total: Floats = np.sum((below - q * sizes) ** 2, axis=-1)
    return total


@pytest.mark.parametrize(
    ("n", "q", "coverage"),
    [
        (30, 0.5, 0.9572),
        (100, 0.5, 0.9648),
        (300, 0.5, 0.9569),
        (30, 0.9, 0.9498),  # up to the largest value: all 30 lie below the p90 in 4 of 100 samples
        (100, 0.9, 0.9557),
        (300, 0.9, 0.9662),
    ],
)
def test_intervals_of_quantiles_cover_as_often_as_they_say(n: int, q: float, coverage: float) -> None:
    at_or_below = np.arange(n) <= q * (n - 1)
    variance = clustered_variance(np.ones(n, dtype=np.int64), at_or_below.astype(np.int64), q)
    low, high = quantile_ranks(n, q, float(variance), clusters=n)
    found = sum(comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(low + 1, high + 1))
    assert inside(found)
    assert found == pytest.approx(coverage, abs=1e-4)


def coverage_of_quantile(customers: int, q: float, correlation: float) -> float:
    """Of lognormal values, 1 to 6 a customer: how many of the samples have the true quantile between the ranks."""
    random = np.random.default_rng(1952)
    shape = (10_000, customers, 6)
    sizes = random.integers(1, 7, shape[:2])
    normal = sqrt(correlation) * random.normal(size=(*shape[:2], 1)) + sqrt(1 - correlation) * random.normal(size=shape)
    values = np.where(np.arange(6) < sizes[:, :, None], np.exp(0.8 * normal), np.inf)
    ordered = np.sort(values.reshape(shape[0], -1), axis=1)
    n = sizes.sum(axis=1)
    rows, rank = np.arange(shape[0]), np.floor(q * (n - 1)).astype(np.int64)
    part = q * (n - 1) - rank
    found = ordered[rows, rank] * (1 - part) + ordered[rows, rank + 1] * part
    below = (values <= found[:, None, None]).sum(axis=2)
    variances = clustered_variance(sizes, below, q)
    counted = (ordered <= exp(0.8 * NormalDist().inv_cdf(q))).sum(axis=1)
    held = 0
    for size, variance, count in zip(n.tolist(), variances.tolist(), counted.tolist(), strict=True):
        low, high = quantile_ranks(size, q, variance, clusters=customers)
        held += low < count <= high
    return held / shape[0]


@pytest.mark.parametrize("q", [0.5, 0.9])
@pytest.mark.parametrize("correlation", [0, 0.5, 0.9])
@pytest.mark.parametrize("customers", [29, 86])
def test_intervals_of_quantiles_of_clustered_values_cover_as_often_as_they_say(
    customers: int, correlation: float, q: float
) -> None:
    # About 100 and 300 values. Found: medians 95.2 to 95.8 %, p90 94.5 to 96.6 %.
    found = coverage_of_quantile(customers, q, correlation)
    assert inside(found)


@pytest.mark.parametrize("correlation", [0, 0.5, 0.9])
def test_intervals_of_medians_of_few_customers_cover_as_often_as_they_say(correlation: float) -> None:
    # About 30 values of 9 customers. With z in place of t 92 to 93 %. Their p90 has no interval that would hold: what
    # lies above the largest values of 9 customers is unknown (found: 94, 89 and 73 %).
    found = coverage_of_quantile(9, 0.5, correlation)
    assert inside(found)


# Quotients: customer lifetime value = revenue per customer ÷ churn rate.


@pytest.mark.parametrize(
    ("buyers", "base", "churn"), [(400, 500, 0.05), (200, 200, 0.05), (100, 100, 0.2), (1000, 1000, 0.03)]
)
def test_intervals_of_lifetime_values_cover_as_often_as_they_say(buyers: int, base: int, churn: float) -> None:
    # Found: 94.6 to 95.0 %, though the revenue is a gamma of shape 0.5: the churn rate's part is the larger one.
    random = np.random.default_rng(2012)
    samples = 6000
    x = np.rint(random.gamma(0.5, 160, (samples, buyers)) * 10_000).astype(np.int64)
    sums = zip(x.sum(axis=1).tolist(), (x * x).sum(axis=1).tolist(), strict=True)
    held = 0
    for (a, aa), lost in zip(sums, random.binomial(base, churn, samples).tolist(), strict=True):
        revenue = ratio(Sums(buyers, a, buyers, aa, a, buyers), TEN_THOUSANDTH)
        low, high = quotient(revenue, share(lost, base))
        held += holds(Estimate(None, low, high), 80 / churn)
    assert inside(held / samples)
