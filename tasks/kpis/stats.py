"""Sums → value and 95 % interval. Exact integers in, one division at the end.

Sources: E. B. Wilson (1927) for shares; the delta method (e.g. Deng et al., KDD 2018) for ratios and means;
order statistics with a clustered variance (R. S. Woodruff, 1952) for quantiles.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

Z95 = 1.959963984540054


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
    """Σx ÷ Σy × scale with the delta-method interval; null where Σy is 0, no interval from a single row.

    Variance of the ratio r: (Σxx − 2rΣxy + r²Σyy) / (Σy)² · n/(n − 1).
    """
    if sums.y == 0:
        return Estimate(None, n=sums.n)
    value = float(Fraction(sums.x, sums.y) * scale)
    if sums.n < 2:
        return Estimate(value, n=sums.n)
    residuals = sums.xx * sums.y**2 - 2 * sums.x * sums.y * sums.xy + sums.x**2 * sums.yy
    variance = Fraction(residuals, sums.y**4) * Fraction(sums.n, sums.n - 1) * scale**2
    half = Z95 * sqrt(max(variance, Fraction(0)))
    return Estimate(value, value - half, value + half, sums.n)


def quantile_ranks(n: int, q: float, clustered_variance: float) -> tuple[int, int]:
    """0-based ranks, in the sorted values, of the interval of the q-quantile.

    `clustered_variance`: of the number of values at or below the quantile; n·q·(1 − q) if all are independent.
    """
    half = Z95 * sqrt(max(clustered_variance, 0.0))
    low = int(n * q - half) - 1
    high = int(n * q + half + 1)
    return max(low, 0), min(high, n - 1)
