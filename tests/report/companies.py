"""Snapshots of companies that do not exist, made without a clock or chance: the same every time."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from schemas.snapshots import COHORTS, FEATURES, KPIS, Snapshot
from tasks.clock import Grain, Period
from tasks.kpis import CATALOGUE
from tasks.kpis.record import Kpi, Share, Total

LEVELS = {
    "country": {
        "France": 0.46,
        "Belgium": 0.2,
        "Switzerland": 0.14,
        "Spain": 0.1,
        "Italy": 0.06,
        "Portugal": 0.039,
        "Malta": 0.001,
    },
    "plan": {"free": 0.7, "pro": 0.22, "team": 0.08},
}
ITEMS = {"report": 0.61, "export": 0.37, "share a dashboard": 0.24, "alerts": 0.18, "api": 0.09, "white label": 0.021}
BASE = {
    "visitors": 41200,
    "signups": 2310,
    "new_customers": 640,
    "visitor_to_signup_rate": 0.056,
    "signup_to_subscription_rate": 0.118,
    "activation_rate": 0.412,
    "activation_rate_window": 0.448,
    "time_to_activate_mean": 4.6,
    "time_to_activate_median": 2.9,
    "time_to_activate_p90": 11.2,
    "dau": 2214.4,
    "wau": 5120,
    "mau": 9870,
    "stickiness": 0.2243,
    "feature_adoption_rate": 0.712,
    "churn_rate": 0.061,
    "retention_rate": 0.939,
    "reactivated_customers": 212,
    "repeat_purchase_rate": 0.534,
    "time_between_purchases_mean": 38.2,
    "time_between_purchases_median": 27.5,
    "orders": 5310,
    "revenue": 448_732.4,
    "net_revenue": 431_020.15,
    "average_order_value": 84.51,
    "product_return_rate": 0.043,
}
GROWTH = {"churn_rate": -0.012, "retention_rate": 0.001, "average_order_value": 0.003, "stickiness": 0.006}
NO_SIGN_UPS = frozenset({"visit", "sign_up", "activation", "use", "subscribe", "return"})


def wave(name: str, place: int) -> float:
    """Something that looks like chance, within ± 1."""
    return math.sin(place * 1.7 + sum(map(ord, name)) * 0.9) * 0.7 + math.sin(place * 0.5 + len(name)) * 0.3


def kpi_rows(
    period: str,
    place: int,
    levels: Mapping[str, Mapping[str, float]],
    missing: frozenset[str],
    size: float,
    *,
    first: bool,
) -> list[dict[str, Any]]:
    rows = []
    for kpi in CATALOGUE:
        groups = [("all", "all", 1.0)]
        groups += [(name, level, part) for name, parts in levels.items() for level, part in parts.items()]
        for segment, level, part in groups:
            rows.append(kpi_row(kpi, period, place, segment, level, part * size, missing, first=first))
    return rows


def kpi_row(
    kpi: Kpi, period: str, place: int, segment: str, level: str, part: float, missing: frozenset[str], *, first: bool
) -> dict[str, Any]:
    unit = "EUR" if kpi.unit == "currency" else kpi.unit
    row = {"period": period, "kpi": kpi.name, "segment": segment, "level": level, "unit": unit}
    blank = dict.fromkeys(("numerator", "denominator", "value", "low", "high"))
    if missing & set(kpi.needs):
        return row | blank | {"status": "missing_input"}
    drift = (1 + GROWTH.get(kpi.name, 0.021 if kpi.unit not in {"share", "days"} else 0.004)) ** place
    value = BASE[kpi.name] * drift * (1 + 0.035 * wave(kpi.name + level, place))
    status = "history_starts" if first and kpi.needs_past else "ok"
    if isinstance(kpi.measure, Total):
        total = value * part if kpi.name == "dau" else round(value * part, 2 if unit == "EUR" else 0)
        return row | blank | {"numerator": total, "value": total, "status": status}
    among = round(part * {"churn_rate": 9100, "retention_rate": 9100}.get(kpi.name, 2300))
    if among == 0:
        return row | blank | {"numerator": 0.0, "denominator": 0.0, "status": "no_population"}
    value = round(value * among) / among if isinstance(kpi.measure, Share) else value
    half = 1.96 * (math.sqrt(value * (1 - value) / among) if unit == "share" else value / math.sqrt(among))
    status = "small_sample" if among < 30 and status == "ok" else status
    interval = {"low": max(value - half, 0.0), "high": min(value + half, 1.0) if unit == "share" else value + half}
    return row | {"numerator": value * among, "denominator": float(among), "value": value, "status": status} | interval


def cohort_rows(period: Period, known: int) -> list[dict[str, Any]]:
    rows = []
    for back in range(known - 1, -1, -1):
        cohort = period.shift(-back)
        size = 2310 - 37 * back
        for age in range(back + 1):
            share = 0.985 if age == 0 else 0.13 + 0.47 * math.exp(-age / 3.1) * (1 + 0.08 * wave(str(cohort), age))
            active = round(size * share)
            rows.append(
                {
                    "period": str(period),
                    "cohort": str(cohort),
                    "age": age,
                    "size": float(size),
                    "active": float(active),
                    "retained": active / size,
                }
            )
    return rows


def feature_rows(period: str, items: Mapping[str, float], active: float) -> list[dict[str, Any]]:
    half = {name: 1.96 * math.sqrt(part * (1 - part) / active) for name, part in items.items()}
    return [
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


def manifest(period: str, grain: Grain, **other: Any) -> dict[str, Any]:
    return {
        "period": period,
        "grain": grain,
        "revision": 1,
        "published_at": "2025-02-01T05:00:12+00:00",
        "lifecycle_version": "0.1.0",
        "digest": "9f2c51d0a7be44f1c0ffee",
        "timezone": "Europe/Paris",
        "currency": "EUR",
        "dimensions": list(LEVELS),
        "activation_within": "14d",
        "activity_kinds": ["visit", "signup", "use", "purchase"],
        "inactive_after": "1mo",
        "churn_basis": "activity",
        "quality": [
            {
                "source": "app",
                "files": 2,
                "read": 1_204_551,
                "accepted": 1_180_004,
                "duplicate": 12_310,
                "filtered": 0,
                "ignored": 11_902,
                "quarantined": 335,
                "rules": {"id_missing": 311, "amount_negative": 20, "occurred_at_unreadable": 9},
                "unmapped": {"Heartbeat": 10_980, "Page Scrolled": 922},
            },
            {
                "source": "orders",
                "files": 1,
                "read": 5_840,
                "accepted": 5_702,
                "duplicate": 0,
                "filtered": 138,
                "ignored": 0,
                "quarantined": 0,
                "rules": {},
                "unmapped": {},
            },
        ],
        "inputs": [{"source": "app", "file": "app-2025-01.parquet", "content": "aa"}],
        "changed": None,
        **other,
    }


CHANGED = {
    "from_revision": 1,
    "because": [
        {"cause": "file_added", "name": "app/app-2025-01-late.parquet"},
        {"cause": "config", "name": "activation.within"},
    ],
    "figures": [
        {"kpi": "mau", "segment": "all", "level": "all", "old": 12011.0, "new": 12123.0},
        {"kpi": "churn_rate", "segment": "all", "level": "all", "old": 0.0561, "new": 0.0552},
        {"kpi": "revenue", "segment": "all", "level": "all", "old": 561020.1, "new": 569384.77},
    ],
}


def company(
    *,
    periods: int = 13,
    last: str = "2025-01",
    grain: Grain = "month",
    levels: Mapping[str, Mapping[str, float]] = LEVELS,
    items: Mapping[str, float] = ITEMS,
    missing: frozenset[str] = frozenset(),
    cohorts: bool = True,
    size: float = 1.0,
    known: int = 14,
    **other: Any,
) -> list[Snapshot]:
    """`known`: how many periods the data reach back; the first of them has the status history_starts."""
    end = Period.parse(last, grain)
    made = []
    for place in range(periods):
        period = end.shift(place - periods + 1)
        age = known - periods + place
        rows = kpi_rows(str(period), place, levels, missing, size, first=age == 0)
        cohort = cohort_rows(period, age + 1) if cohorts else []
        features = feature_rows(str(period), items, 9870.0 * size) if items else []
        details = manifest(str(period), grain, **(other if place == periods - 1 else {}))
        made.append(
            Snapshot(
                str(period),
                details["revision"],
                details,
                table(rows, KPIS, ("kpi", "segment", "level")),
                table(cohort, COHORTS, ("cohort", "age")),
                table(features, FEATURES, ("item",)),
            )
        )
    return made


def table(rows: Sequence[Mapping[str, Any]], schema: Mapping[str, pl.DataType], key: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(schema)).sort(key)


def saas() -> list[Snapshot]:
    """Everything there is, thirteen months, the last revised."""
    return company(revision=2, changed=CHANGED)


def shop() -> list[Snapshot]:
    """Purchases only: no visits, sign-ups, use or activation."""
    levels = {"country": LEVELS["country"]}
    quality = [manifest("", "month")["quality"][1]]
    return company(
        missing=NO_SIGN_UPS,
        items={},
        cohorts=False,
        levels=levels,
        dimensions=["country"],
        activation_within=None,
        activity_kinds=["purchase"],
        quality=quality,
    )


def newborn() -> list[Snapshot]:
    """The very first period, small."""
    return company(periods=1, known=1, size=0.012, items={"report": 0.5})


def silent() -> list[Snapshot]:
    """Thirteen months, the last one without any event."""
    *earlier, last = company(quality=[])
    rows = [
        row
        | dict.fromkeys(("value", "low", "high"), None)
        | {"numerator": 0.0, "denominator": 0.0, "status": "no_population"}
        if row["denominator"] is not None
        else row | {"numerator": 0.0, "value": 0.0}
        for row in last.kpis.filter(pl.col("segment") == "all").iter_rows(named=True)
    ]
    empty = table([], FEATURES, ("item",))
    cohorts = last.cohorts.filter(pl.col("cohort") < last.period)
    return [
        *earlier,
        Snapshot(last.period, 1, last.manifest, table(rows, KPIS, ("kpi", "segment", "level")), cohorts, empty),
    ]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</text></svg><script>alert(2)</script>",
    "| pipe | [link](javascript:alert(3)) `code` **bold** <b>",
    "a" * 120,
    "line\nbreak\t\u202eevil\x00 {{ 7*7 }} {% raw %}",
    "https://evil.example/?q=1&r=2 www.evil.example me@evil.example",
    "datum.value' + alert(4) + '",
)


def hostile() -> list[Snapshot]:
    """Names from outside that try to be markup, everywhere they can stand."""
    parts = {name: 0.3 / (place + 1) for place, name in enumerate(HOSTILE)}
    changed = {
        "from_revision": 1,
        "because": [{"cause": "file_gone", "name": name} for name in HOSTILE],
        "figures": [{"kpi": HOSTILE[0], "segment": HOSTILE[1], "level": HOSTILE[2], "old": None, "new": 2.0}],
    }
    quality = [
        {
            "source": name,
            "files": 1,
            "read": 30,
            "accepted": 10,
            "duplicate": 0,
            "filtered": 0,
            "ignored": 10,
            "quarantined": 10,
            "rules": {name: 10},
            "unmapped": {name: 10},
        }
        for name in HOSTILE
    ]
    return company(
        levels={HOSTILE[0]: parts},
        items=parts,
        dimensions=[HOSTILE[0]],
        changed=changed,
        quality=quality,
        revision=2,
        digest=HOSTILE[0],
        lifecycle_version=HOSTILE[1],
    )


COMPANIES = {"saas": saas, "shop": shop, "newborn": newborn, "silent": silent, "hostile": hostile}
