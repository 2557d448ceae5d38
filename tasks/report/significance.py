"""Whether two values differ by more than chance explains: two-sample tests at 95 %. What is tested is elsewhere."""

from math import hypot, sqrt

from tasks.kpis.stats import Z95

Estimate = tuple[float, float, float]
"""Value, low and high of the 95 % interval."""


def counts_differ(new: float, old: float) -> bool:
    """Of two Poisson counts."""
    return abs(new - old) > Z95 * sqrt(new + old)


def estimates_differ(new: Estimate, old: Estimate) -> bool:
    """The distance exceeds the half widths on the sides that face each other, taken together.

    With Wilson intervals this is Newcombe's hybrid score interval of the difference of two shares (Statistics in
    Medicine 17, 1998, method 10); with others, its generalisation (Zou and Donner, 2008).
    """
    lower, upper = sorted((new, old))
    return upper[0] - lower[0] > hypot(lower[2] - lower[0], upper[0] - upper[1])
