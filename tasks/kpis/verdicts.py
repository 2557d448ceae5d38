"""What a benchmark says of a figure: ok, watch, alert, or undecided, judged on its whole interval.

Pure: the thresholds come from `config`, the intervals from a snapshot. Showing verdicts belongs to the report.
"""

from typing import Literal

from config.models import Benchmark
from tasks.clock import MONTHS, Grain

Verdict = Literal["ok", "watch", "alert", "undecided"]
Basis = Grain | Literal["any"]

KEPT = frozenset({"retention_rate", "gross_revenue_retention", "net_revenue_retention"})
"""Shares of what stays. They compound as t^k, which `threshold_for` is not for; see `flows.plan`."""


def threshold_for(value: float, basis: Basis, grain: Grain) -> float:
    """A threshold for periods of one length, from that for another: 5 % a month is 46 % a year.

    For shares that are lost, or reached, anew in every period: what escapes over k periods is (1 − t)^k.
    """
    if basis == "any":
        return value
    periods = MONTHS[grain] / MONTHS[basis]
    return value if periods == 1 else float(1 - (1 - value) ** periods)


def verdict(low: float | None, high: float | None, benchmark: Benchmark, grain: Grain) -> Verdict | None:
    """The verdict on a figure whose 95 % interval is [low, high]; None without an interval.

    Where less is better: ok below healthy, alert above alert, watch from healthy up to and with alert; undecided where
    the interval reaches across one of them. Where more is better, all of it mirrored.
    """
    if low is None or high is None:
        return None
    sign = 1 if benchmark.better == "down" else -1
    best, worst = sorted((sign * low, sign * high))
    healthy, alert = (
        None if threshold is None else sign * threshold_for(threshold, benchmark.basis, grain)
        for threshold in (benchmark.healthy, benchmark.alert)
    )
    return _where_less_is_better(best, worst, healthy, alert)


def _where_less_is_better(low: float, high: float, healthy: float | None, alert: float | None) -> Verdict:
    if healthy is not None and high < healthy:
        return "ok"
    if alert is not None and low > alert:
        return "alert"
    if alert is not None and high > alert:
        return "undecided"
    if healthy is None:
        return "ok"
    return "watch" if low >= healthy else "undecided"
