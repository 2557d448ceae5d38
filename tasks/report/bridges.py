"""How the base and the recurring revenue got from the start of the period to its end, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from tasks.kpis.record import Section
from tasks.report.figures import History

BridgeName = Literal["customers_bridge", "mrr_bridge"]
MOVEMENTS: Mapping[str, int] = {"start": 0, "new": 1, "reactivated": 1, "lost": -1, "end": 0}
OF_MRR: Mapping[str, tuple[str, int]] = {
    "start": ("mrr_at_start", 0),
    "new": ("mrr_new", 1),
    "reactivated": ("mrr_reactivation", 1),
    "expansion": ("mrr_expansion", 1),
    "contraction": ("mrr_contraction", -1),
    "churned": ("mrr_churn", -1),
    "end": ("mrr", 0),
}
"""Step → its KPI and sign; 0 where it is a level, not a movement."""
LEFT_TO_BRIDGE = frozenset(kpi for step, (kpi, _) in OF_MRR.items() if step != "end")
"""Figures that have no line of their own where the waterfall shows them."""


@dataclass(frozen=True)
class Step:
    """`amount` has its sign; `first` and `last`: between which levels it reaches."""

    name: str
    amount: float
    first: float
    last: float
    is_level: bool


@dataclass(frozen=True)
class Bridge:
    name: BridgeName
    section: Section
    unit: str
    steps: tuple[Step, ...]


def bridges(history: History) -> tuple[Bridge, ...]:
    """Those that start from something; none where the data begin, for nothing is known of the start."""
    return tuple(bridge for bridge in (_customers(history), _mrr(history)) if bridge is not None)


def _customers(history: History) -> Bridge | None:
    churn = history.figures.get("churn_rate")
    if churn is None or churn.status == "history_starts":
        return None
    whole = history.snapshot.movements.filter((pl.col("segment") == "all") & (pl.col("level") == "all"))
    customers = dict(whole.select("movement", "customers").iter_rows())
    found = {name: (customers.get(name), sign) for name, sign in MOVEMENTS.items()}
    return _bridge("customers_bridge", "retention", "customers", found)


def _mrr(history: History) -> Bridge | None:
    figures = {step: (history.figures.get(kpi), sign) for step, (kpi, sign) in OF_MRR.items()}
    start, _ = figures["start"]
    if start is None or start.status == "history_starts":
        return None
    found = {step: (figure.value if figure else None, sign) for step, (figure, sign) in figures.items()}
    return _bridge("mrr_bridge", "revenue", start.unit, found)


def _bridge(
    name: BridgeName, section: Section, unit: str, found: Mapping[str, tuple[float | None, int]]
) -> Bridge | None:
    steps, level = [], 0.0
    for step, (amount, sign) in found.items():
        if amount is None:
            return None
        signed = amount * (sign or 1)
        first, level = (0.0, amount) if sign == 0 else (level, level + signed)
        steps.append(Step(step, signed, first, level, sign == 0))
    return Bridge(name, section, unit, tuple(steps)) if steps[0].amount else None
