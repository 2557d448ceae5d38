"""Sums → value and 95 % interval. Exact integers in, one division at the end. What is summed is in `measure`.

Sources: E. B. Wilson (JASA 22, 1927) for shares; the delta method (e.g. Deng et al., KDD 2018) with Student's t for
ratios and means; order statistics with a clustered variance (R. S. Woodruff, JASA 47, 1952) for quantiles; MOVER-R
(A. Donner, G. Y. Zou, Statistical Methods in Medical Research 21, 2012) for quotients of estimates.
How often they hold the true value: tests/kpis/test_coverage.py.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, sqrt

CONFIDENCE = 0.95
Z95 = 1.959963984540054
FEW_DEGREES = (12.7062047362, 4.3026527299, 3.1824463053, 2.7764451052, 2.5705818366, 2.4469118488, 2.3646242510)
"""The 97.5 % quantile of Student's t for 1, 2, … 7 degrees of freedom, where the expansion is not close enough."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; null where there is none. `n`: units it rests on."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True)
class Sums:
    """Six sums over the rows of a level that have x or y ≠ 0: they carry value, interval and re-aggregation."""

    n: int
    x: int
    y: int
    xx: int
    xy: int
    yy: int


def share(x: int, y: int) -> Estimate:
    """Part x of y, with the Wilson score interval; null where y is 0."""
    if y == 0:
        return Estimate(None)
    centre = (x + Z95**2 / 2) / (y + Z95**2)
    half = Z95 * sqrt(x * (y - x) / y + Z95**2 / 4) / (y + Z95**2)
    low = 0.0 if x == 0 else centre - half
    high = 1.0 if x == y else centre + half
    return Estimate(x / y, low, high, y)


def ratio(sums: Sums, scale: Fraction) -> Estimate:
    """Σx ÷ Σy × scale with the delta-method interval; null where Σy is 0. No interval from a single row, nor from rows
    that are all alike: they tell nothing of how far others may be.

    Variance of the ratio r: (Σxx − 2rΣxy + r²Σyy) / (Σy)² · n/(n − 1); half width: Student's t with n − 1 degrees of
    freedom times its root. Six sums know nothing of skewness: of a strongly skewed mean the interval lies too low.
    """
    if sums.y == 0:
        return Estimate(None, n=sums.n)
    value = float(Fraction(sums.x, sums.y) * scale)
    if sums.n < 2:
        return Estimate(value, n=sums.n)
    residuals = sums.xx * sums.y**2 - 2 * sums.x * sums.y * sums.xy + sums.x**2 * sums.yy
    # Integers divided by integers: rounded once, whatever their size.
    variance = max(residuals, 0) * sums.n * scale.numerator**2 / (sums.y**4 * (sums.n - 1) * scale.denominator**2)
    if variance == 0:
        return Estimate(value, n=sums.n)
    half = student95(sums.n - 1) * sqrt(variance)
    return Estimate(value, value - half, value + half, sums.n)


def student95(degrees: int) -> float:
    """The 97.5 % quantile of Student's t by Fisher's expansion, to 0.001 % (M. Abramowitz, I. A. Stegun, 26.7.5)."""
    if degrees <= len(FEW_DEGREES):
        return FEW_DEGREES[degrees - 1]
    z = Z95
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )


def is_enclosed(n: int, q: float) -> bool:
    """Whether the least and the greatest of n values enclose the q-quantile 95 times in 100: a median from 6 values on,
    a 90th percentile from 29. With fewer, no interval from ranks is one.
    """
    return 1 - q**n - (1 - q) ** n >= CONFIDENCE


def quantile_ranks(n: int, q: float, clustered_variance: float, clusters: int | None = None) -> tuple[int, int]:
    """0-based ranks, in the sorted values, of the interval of the q-quantile; the quantile itself lies between them.

    `clustered_variance`: of the number of values at or below the quantile; n·q·(1 − q) if all are independent, and
    then the ranks are those of the exact binomial. With fewer `clusters` than values the variance is an estimate, so
    Student's t takes the place of z; a single cluster tells nothing of it, so its interval is the whole sample.
    An end of the sample stands for a bound beyond it: for a median below 6 values, for a p90 below 36.

    The count is taken as D times a binomial of n/D, D the design effect (E. L. Korn, B. I. Graubard, Survey
    Methodology 24, 1998); its 2.5 % and 97.5 % points by Cornish and Fisher's expansion to the second order.
    """
    if clusters == 1 < n:
        return 0, n - 1
    t = Z95 if clusters is None or clusters >= n else student95(clusters - 1)
    binomial = n * q * (1 - q)
    variance = max(clustered_variance, 0.0)
    effect = variance / binomial
    skewness = (1 - 2 * q) * (Z95**2 - 1) / 6
    kurtosis = (1 - 6 * q * (1 - q)) * (Z95**3 - 3 * Z95) / 24 - (1 - 2 * q) ** 2 * (2 * Z95**3 - 5 * Z95) / 36
    centre = n * q + effect * skewness - 0.5
    half = sqrt(variance) * (t + effect / binomial * kurtosis)
    middle = q * (n - 1)
    low, high = min(floor(centre - half), floor(middle)), max(ceil(centre + half), ceil(middle))
    return max(low, 0), min(high, n - 1)


def quotient(numerator: Estimate, denominator: Estimate) -> tuple[float | None, float | None]:
    """The 95 % interval of numerator ÷ denominator, two independent estimates, from their intervals (MOVER-R).

    None where an interval is missing or the denominator may be 0 or less. A bound θ solves
    (a − θb)² = (a − l)² + θ²(b − d)²: a, b the values, l the numerator's bound on the same side, d the denominator's
    bound that takes θ outwards, which depends on the sign of l (R. G. Newcombe, the same journal, 25, 2016).
    """
    a, b = numerator.value, denominator.value
    if a is None or numerator.low is None or numerator.high is None:
        return None, None
    if b is None or denominator.low is None or denominator.high is None or denominator.low <= 0:
        return None, None
    low = _lowest_quotient(a, numerator.low, b, denominator.low, denominator.high)
    high = -_lowest_quotient(-a, -numerator.high, b, denominator.low, denominator.high)
    return low, high


def _lowest_quotient(a: float, least: float, b: float, low: float, high: float) -> float:
    part = least * (2 * a - least)
    if least > 0:  # the smaller root with its numerator rationalised: the denominator's 2b − high may be 0 or less
        return part / (a * b + sqrt(max((a * b) ** 2 - part * high * (2 * b - high), 0.0)))
    whole = low * (2 * b - low)
    return (a * b - sqrt(max((a * b) ** 2 - part * whole, 0.0))) / whole
