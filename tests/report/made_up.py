"""The tables of companies that do not exist, made without a clock or chance, and consistent: levels add up to the
whole, bridges close, contributions sum to the change.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.snapshots import CHURN_DEFINITIONS, COHORTS, CONTRIBUTIONS, FEATURES, KPIS, MOVEMENTS
from tasks.clock import Period
from tasks.kpis import BY_NAME, CATALOGUE, stats
from tasks.kpis.record import Derived, Kpi, MeanOfMonths, Quantile, Share

Rows = list[dict[str, Any]]
Levels = Mapping[str, Mapping[str, float]]

TOTALS = {
    "visitors": 41200,
    "signups": 2310,
    "new_customers": 640,
    "marketing_spend": 28_410.5,
    "dau": 2214.4,
    "wau": 5120,
    "mau": 9870,
    "intra_period_churn": 58,
    "orders": 5310,
    "revenue": 448_732.4,
    "net_revenue": 431_020.15,
    "revenue_churn_amount": 19_204.5,
}
QUOTIENTS = {
    "visitor_to_signup_rate": (41200, 0.056),
    "signup_to_subscription_rate": (2310, 0.118),
    "conversion_ratio": (41200, 0.094),
    "activation_rate": (2310, 0.412),
    "activation_rate_prospects": (2900, 0.33),
    "activation_rate_targeted": (1450, 0.21),
    "activation_rate_window": (2280, 0.448),
    "time_to_activate_mean": (950, 4.6),
    "time_to_activate_median": (950, 2.9),
    "time_to_activate_p90": (950, 11.2),
    "stickiness": (305_970, 0.2243),
    "feature_adoption_rate": (9870, 0.712),
    "deactivation_rate": (21_000, 0.0041),
    "retention_bucket": (4020, 1.06),
    "loyal_customer_rate": (9200, 0.44),
    "repeat_purchase_rate": (4100, 0.534),
    "time_between_purchases_mean": (2900, 38.2),
    "time_between_purchases_median": (2900, 27.5),
    "average_order_value": (5310, 84.51),
    "revenue_per_customer": (9870, 45.46),
    "product_return_rate": (11_800, 0.043),
    "existing_customer_revenue_growth": (380_000, 0.006),
    "dso": (210_400, 38.4),
    "revenue_churn_rate": (402_100, 0.048),
    "nps": (486, 31.0),
    "csat": (412, 0.82),
}
"""Denominator and value."""
SCALES = {"nps": 100.0, "dso": 31.0}
GROWTH = {"churn_rate": -0.012, "retention_rate": 0.001, "average_order_value": 0.003, "stickiness": 0.006}
SIGNED = {"existing_customer_revenue_growth": 0.035}


@dataclass(frozen=True)
class Bridge:
    """Customers and MRR of the base in one period."""

    start: int
    new: int
    reactivated: int
    lost: int
    mrr: Mapping[str, float]

    @property
    def end(self) -> int:
        return self.start + self.new + self.reactivated - self.lost


def wave(name: str, place: int) -> float:
    """Something that looks like chance, within ± 1."""
    return math.sin(place * 1.7 + sum(map(ord, name)) * 0.9) * 0.7 + math.sin(place * 0.5 + len(name)) * 0.3


def bridges(periods: int, size: float, *, first_is_empty: bool) -> list[Bridge]:
    """One after the other: each starts where the last ended."""
    made: list[Bridge] = []
    customers, mrr = (0, 0.0) if first_is_empty else (round(9100 * size), round(349_800 * size, 2))
    for place in range(periods):
        lost = round(customers * 0.061 * 0.988**place * (1 + 0.09 * wave("churn", place)))
        new = round(596 * size * (1 + 0.06 * wave("new", place)))
        reactivated = round(customers / 9100 * 112 * (1 + 0.1 * wave("back", place)))
        parts = {
            "mrr_at_start": mrr,
            "mrr_new": round(new * 34.9, 2),
            "mrr_reactivation": round(reactivated * 31.5, 2),
            "mrr_expansion": round(mrr * 0.021 * (1 + 0.2 * wave("up", place)), 2),
            "mrr_contraction": round(mrr * 0.008 * (1 + 0.2 * wave("down", place)), 2),
            "mrr_churn": round(lost * 36.2, 2),
        }
        gained = parts["mrr_new"] + parts["mrr_reactivation"] + parts["mrr_expansion"]
        end = round(mrr + gained - parts["mrr_contraction"] - parts["mrr_churn"], 2)
        made.append(Bridge(customers, new, reactivated, lost, parts | {"mrr": end}))
        customers, mrr = made[-1].end, end
    return made


def apportioned(total: int, weights: Sequence[float], most: Sequence[int] | None = None) -> list[int]:
    """Whole parts that sum to the total, none above its most."""
    whole = sum(weights) or 1.0
    exact = [total * weight / whole for weight in weights]
    parts = [math.floor(part) for part in exact]
    for place in sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])[: total - sum(parts)]:
        parts[place] += 1
    if most is not None:
        parts = [min(part, limit) for part, limit in zip(parts, most, strict=True)]
        while (left := total - sum(parts)) > 0:
            roomy = max(range(len(parts)), key=lambda place: most[place] - parts[place])
            parts[roomy] += min(left, most[roomy] - parts[roomy])
    return parts


def kpis(period: str, place: int, levels: Levels, missing: frozenset[str], size: float, **past: Any) -> pl.DataFrame:
    rows: Rows = []
    for kpi in CATALOGUE:
        own = _rows(kpi, place, levels, missing, size, rows, past)
        distorted = past["known_before"] < {"no": 0, "period": 1, "year": 12}[kpi.needs_past]
        for row in own:
            row |= {"period": period, "kpi": kpi.name, "unit": "EUR" if kpi.unit == "currency" else kpi.unit}
            if distorted and row["status"] == "ok":
                row["status"] = "history_starts"
        rows += own
    return table(rows, KPIS, ("kpi", "segment", "level"))


def _rows(
    kpi: Kpi, place: int, levels: Levels, missing: frozenset[str], size: float, made: Rows, past: Mapping[str, Any]
) -> Rows:
    keys = [("all", "all")] + [(segment, level) for segment, parts in levels.items() for level in parts]
    if missing & set(kpi.needs):
        return [_row(key, None, None, None, status="missing_input") for key in keys]
    if isinstance(kpi.measure, Derived):
        return [_derived(kpi.measure, key, made) for key in keys]
    numerator, denominator = _whole(kpi, place, size, past["bridge"], past["months"])
    rows = [_measured(kpi, ("all", "all"), numerator, denominator)]
    for segment, parts in levels.items():
        shares = [part * (1 + 0.03 * wave(level + segment, place)) for level, part in parts.items()]
        for level, (above, below) in zip(parts, _split(kpi, numerator, denominator, shares, place), strict=True):
            rows.append(_measured(kpi, (segment, level), above, below))
    return rows


def _whole(kpi: Kpi, place: int, size: float, bridge: Bridge, months: int) -> tuple[float, float | None]:
    bridged = _bridged(bridge, size)
    if kpi.name in bridged:
        return bridged[kpi.name]
    name = kpi.name
    drift = (1 + GROWTH.get(name, 0.021 if kpi.unit not in {"share", "days", "points"} else 0.004)) ** place
    if name in TOTALS:
        total = TOTALS[name] * size * drift * (1 + 0.035 * wave(name, place))
        return (total if name == "dau" else round(total, 2 if kpi.unit == "currency" else 0)), None
    base, value = QUOTIENTS[name]
    if name == "stickiness" and months > 1:
        mean = value * drift * (1 + 0.035 * wave(name, place))
        return mean * months, months
    value = value + SIGNED[name] * wave(name, place) if name in SIGNED else value * drift
    value *= 1 + 0.035 * wave(name + "all", place)
    among = round(base * size)
    above = value * among / SCALES.get(name, 1.0)
    return (round(above) if isinstance(kpi.measure, Share | MeanOfMonths) or name == "nps" else above), among


def _bridged(bridge: Bridge, size: float) -> dict[str, tuple[float, float | None]]:
    mrr = bridge.mrr
    kept = mrr["mrr_at_start"] - mrr["mrr_contraction"] - mrr["mrr_churn"]
    return {
        **{name: (amount, None) for name, amount in mrr.items()},
        "churn_rate": (bridge.lost, bridge.start),
        "retention_rate": (bridge.start - bridge.lost, bridge.start),
        "gross_revenue_retention": (kept, mrr["mrr_at_start"]),
        "net_revenue_retention": (kept + mrr["mrr_expansion"], mrr["mrr_at_start"]),
        "reactivated_customers": (bridge.reactivated, None),
        "reactivation_rate": (bridge.reactivated, round(5200 * size) if bridge.start else 0),
    }


def _split(
    kpi: Kpi, numerator: float, denominator: float | None, shares: Sequence[float], place: int
) -> list[tuple[float, float | None]]:
    if denominator is None:
        exact = kpi.name != "dau"
        cents = 100 if kpi.unit == "currency" else 1
        parts = apportioned(round(numerator * cents), shares) if exact else [numerator * part for part in shares]
        return [(part / cents if exact else part, None) for part in parts]
    if kpi.name == "stickiness" and denominator <= 12:
        return [(numerator, denominator) for _ in shares]
    below = apportioned(round(denominator), shares)
    weights = [part * (1 + 0.16 * wave(f"{kpi.name}{number}", place)) for number, part in enumerate(below)]
    if isinstance(kpi.measure, Share):
        return list(zip(apportioned(round(numerator), weights, below), below, strict=True))
    whole = sum(weights) or 1.0
    return [(numerator * weight / whole, part) for weight, part in zip(weights, below, strict=True)]


def _measured(kpi: Kpi, key: tuple[str, str], numerator: float, denominator: float | None) -> dict[str, Any]:
    if denominator is None:
        days = 31.0 if kpi.name == "dau" else None
        return _row(key, numerator * (days or 1.0), days, numerator)
    if denominator == 0:
        return _row(key, 0.0, 0.0, None, status="no_population")
    if isinstance(kpi.measure, Share):
        found = stats.share(round(numerator), round(denominator))
        low, high, value = found.low, found.high, found.value
    else:
        value = numerator / denominator * SCALES.get(kpi.name, 1.0)
        spread = {"points": 150.0, "growth": 9.0}.get(kpi.unit, abs(value))
        half = 1.96 * spread / math.sqrt(max(denominator, 400.0) if kpi.name == "stickiness" else denominator)
        low, high = value - half, value + half
    small = denominator < 30 and kpi.name != "stickiness"
    counted = None if isinstance(kpi.measure, Quantile) else float(numerator)
    return _row(key, counted, float(denominator), value, low, high, "small_sample" if small else "ok")


def _derived(measure: Derived, key: tuple[str, str], made: Rows) -> dict[str, Any]:
    known = {row["kpi"]: row["value"] for row in made if (row["segment"], row["level"]) == key}
    if any(known.get(name) is None for name in measure.parts):
        return _row(key, None, None, None, status="no_population")
    factor = 0.7 if measure.factor == "gross_margin" else 1.0
    above, below = (sum(known[name] for name in names) for names in (measure.numerator, measure.denominator))
    return _row(key, above * factor, float(below), above * factor / below if below else None)


def _row(
    key: tuple[str, str],
    numerator: float | None,
    denominator: float | None,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    status: str = "ok",
) -> dict[str, Any]:
    return {
        "segment": key[0],
        "level": key[1],
        "numerator": None if numerator is None else float(numerator),
        "denominator": denominator,
        "value": value,
        "low": low,
        "high": high,
        "status": status,
    }


def movements(period: str, bridge: Bridge, levels: Levels, *, with_mrr: bool) -> pl.DataFrame:
    kept = bridge.start - bridge.lost
    steps = {"start": bridge.start, "new": bridge.new, "reactivated": bridge.reactivated, "lost": bridge.lost}
    steps |= {"kept": kept, "expanded": round(kept * 0.06), "contracted": round(kept * 0.02)}
    amounts = _amounts(bridge)
    rows: Rows = []
    for segment, parts in [("all", {"all": 1.0}), *levels.items()]:
        split = {name: apportioned(count, list(parts.values())) for name, count in steps.items()}
        split["end"] = [
            start + new + back - lost
            for start, new, back, lost in zip(*(split[name] for name in list(steps)[:4]), strict=True)
        ]
        for name, counts in split.items():
            if name in {"expanded", "contracted"} and not with_mrr:
                continue
            for (level, part), count in zip(parts.items(), counts, strict=True):
                mrr = amounts[name] * part if with_mrr else None
                row = {"segment": segment, "level": level, "movement": name, "customers": float(count), "mrr": mrr}
                rows.append(row | {"period": period})
    return table(rows, MOVEMENTS, ("segment", "level", "movement"))


def _amounts(bridge: Bridge) -> dict[str, float]:
    mrr = bridge.mrr
    return {
        "start": mrr["mrr_at_start"],
        "new": mrr["mrr_new"],
        "reactivated": mrr["mrr_reactivation"],
        "lost": mrr["mrr_churn"],
        "expanded": mrr["mrr_expansion"],
        "contracted": mrr["mrr_contraction"],
        "kept": mrr["mrr_at_start"] - mrr["mrr_churn"] - mrr["mrr_contraction"],
        "end": mrr["mrr"],
    }


def contributions(period: str, now: pl.DataFrame, then: pl.DataFrame | None) -> pl.DataFrame:
    """As decided in D: own rate at the mean share, mix at the mean distance from the whole."""
    rows: Rows = []
    for kpi in BY_NAME.values() if then is not None else ():
        if isinstance(kpi.measure, Share) and then is not None:
            rows += _contributions(kpi.name, _levels(now, kpi.name), _levels(then, kpi.name))
    return table([row | {"period": period} for row in rows], CONTRIBUTIONS, ("kpi", "segment", "level"))


def _levels(frame: pl.DataFrame, kpi: str) -> dict[tuple[str, str], tuple[float, float]]:
    own = frame.filter((pl.col("kpi") == kpi) & pl.col("denominator").is_not_null())
    columns = ("segment", "level", "numerator", "denominator")
    return {(segment, level): (above, below) for segment, level, above, below in own.select(columns).iter_rows()}


def _contributions(
    kpi: str, now: Mapping[tuple[str, str], tuple[float, float]], then: Mapping[tuple[str, str], tuple[float, float]]
) -> Iterator[dict[str, Any]]:
    whole = ("all", "all")
    if not now.get(whole, (0, 0))[1] or not then.get(whole, (0, 0))[1]:
        return
    middle = (now[whole][0] / now[whole][1] + then[whole][0] / then[whole][1]) / 2
    for key in (now.keys() | then.keys()) - {whole}:
        (above_now, below_now), (above, below) = now.get(key, (0.0, 0.0)), then.get(key, (0.0, 0.0))
        if not below and not below_now:
            continue
        share_then, share_now = below / then[whole][1], below_now / now[whole][1]
        value_then, value_now = (
            part / all_ if all_ else None for part, all_ in ((above, below), (above_now, below_now))
        )
        first = value_now if value_then is None else value_then
        last = value_then if value_now is None else value_now
        assert first is not None
        assert last is not None
        yield {
            "kpi": kpi,
            "segment": key[0],
            "level": key[1],
            "share_before": share_then,
            "share_now": share_now,
            "value_before": value_then,
            "value_now": value_now,
            "mix": (share_now - share_then) * ((first + last) / 2 - middle),
            "rate": (last - first) * (share_then + share_now) / 2,
        }


def churn_definitions(period: str, bridge: Bridge) -> pl.DataFrame:
    back, brief = round(bridge.lost * 0.11), round(bridge.new * 0.09)
    joined = bridge.new + bridge.reactivated + brief
    counts = dict.fromkeys(("lifecycle", "chartmogul", "recurly"), (bridge.lost, bridge.start))
    counts |= {
        "profitwell": (bridge.lost + back, bridge.start),
        "baremetrics": (bridge.lost + back + brief, bridge.start),
        "stripe": (bridge.lost + back + brief + round(bridge.lost * 0.04), bridge.start + joined),
    }
    rows = []
    for name, (above, below) in counts.items():
        found = stats.share(above, below)
        numbers: dict[str, Any] = {"numerator": float(above), "denominator": float(below)}
        numbers |= {"value": found.value, "low": found.low, "high": found.high}
        rows.append({"period": period, "definition": name} | numbers)
    return table(rows, CHURN_DEFINITIONS, ("definition",))


def cohorts(period: Period, known: int, size: float) -> pl.DataFrame:
    rows: Rows = []
    for back in range(known - 1, -1, -1):
        cohort, people = period.shift(-back), round((2310 - 37 * back) * size)
        shares = [0.985] + [
            0.13 + 0.47 * math.exp(-age / 3.1) * (1 + 0.08 * wave(str(cohort), age)) for age in range(1, back + 1)
        ]
        active = [round(people * share) for share in shares]
        since = [max(active[age:]) + round(0.06 * people * min(back - age, 3) / 3) for age in range(back + 1)]
        for age in range(back + 1):
            later = min(max(since[age:]), people)
            rows.append(
                {
                    "period": str(period),
                    "cohort": str(cohort),
                    "age": age,
                    "size": float(people),
                    "active": float(active[age]),
                    "retained": active[age] / people if people else None,
                    "active_since": float(later),
                    "retained_since": later / people if people else None,
                    "activated": float(round(people * (0.46 - 0.05 / (1 + age)))),
                    "revenue": people * 19.4 * (1 + age) ** 0.86,
                    "status": "immature" if age == back else "ok",
                }
            )
    return table(rows, COHORTS, ("cohort", "age"))


def features(period: str, items: Mapping[str, float], active: float) -> pl.DataFrame:
    half = {name: 1.96 * math.sqrt(part * (1 - part) / active) for name, part in items.items()}
    rows = [
        {
            "period": period,
            "item": name,
            "customers": round(part * active) * 1.0,
            "active_customers": active,
            "adoption": part,
            "low": max(part - half[name], 0),
            "high": min(part + half[name], 1),
        }
        for name, part in items.items()
    ]
    return table(rows, FEATURES, ("item",))


def table(rows: Sequence[Mapping[str, Any]], schema: Mapping[str, pl.DataType], key: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(schema)).sort(key)
