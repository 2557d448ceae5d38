"""Companies that do not exist, as snapshots: the same every time. Their tables are made in `made_up`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from config.models import Benchmark, Note
from schemas.snapshots import CHURN_DEFINITIONS, FEATURES, KPIS, MOVEMENTS, Snapshot
from tasks.clock import MONTHS, Grain, Period
from tasks.kpis.record import Fact
from tasks.report import Presentation
from tests.report import made_up
from tests.report.made_up import table

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
SURVEYS: frozenset[Fact] = frozenset({"nps", "csat"})
NO_SIGN_UPS: frozenset[Fact] = frozenset(
    {
        "visit",
        "sign_up",
        "activation",
        "use",
        "subscribe",
        "recurring",
        "return",
        "target",
        "deactivate",
        "invoice",
        "spend",
    }
)


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


DRIFT = {
    "accepted": True,
    "findings": [
        {"what": "rows", "source": "orders", "kind": "purchase", "now": 0, "usual": 4810.5, "beyond": True},
        {"what": "rows", "source": "app", "kind": None, "now": 4_180_004, "usual": 1_120_300, "beyond": False},
        {
            "what": "nulls",
            "source": "app",
            "kind": "use",
            "column": "item",
            "now": 0.4512,
            "usual": 0.021,
            "beyond": False,
        },
        {"what": "new_columns", "source": "app", "kind": None, "names": ["context.app.build", "os"], "beyond": False},
        {"what": "vanished_columns", "source": "app", "kind": None, "names": ["referrer"], "beyond": False},
        {"what": "new_names", "source": "app", "kind": None, "names": {"Order Done": 5210, "Tour": 3}, "beyond": False},
    ],
}
"""Every kind of sudden change."""


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
    known: int = 25,
    **other: Any,
) -> list[Snapshot]:
    """`known`: how many periods the data reach back; in the first of them figures that need a past are distorted."""
    end = Period.parse(last, grain)
    made: list[Snapshot] = []
    bridges = made_up.bridges(periods, size, first_is_empty=known == periods)
    subscribes = "subscribe" not in missing
    for place, bridge in enumerate(bridges):
        period = end.shift(place - periods + 1)
        before = known - periods + place
        details = manifest(str(period), grain, **(other if place == periods - 1 else {}))
        basis = other.get("churn_basis", "activity")
        past = {"bridge": bridge, "known_before": before, "months": MONTHS[grain]}
        kpis = made_up.kpis(str(period), place, levels, missing, size, **past)
        definitions = made_up.churn_definitions(str(period), bridge)
        cohort = made_up.cohorts(period, before + 1, size)
        made.append(
            Snapshot(
                period=str(period),
                revision=details["revision"],
                manifest=details,
                kpis=kpis,
                cohorts=cohort if cohorts else cohort.clear(),
                features=made_up.features(str(period), items, 9870.0 * size),
                movements=made_up.movements(str(period), bridge, levels, with_mrr=basis == "subscription"),
                contributions=made_up.contributions(str(period), kpis, made[-1].kpis if made else None),
                churn_definitions=definitions if subscribes else definitions.clear(),
            )
        )
    return made


def saas(**other: Any) -> list[Snapshot]:
    """Subscriptions and everything there is, thirteen months, the last revised."""
    return company(**{"revision": 2, "changed": CHANGED, "churn_basis": "subscription", **other})


def shop() -> list[Snapshot]:
    """Purchases only: no visits, sign-ups, use, activation, subscriptions, surveys or invoices."""
    levels = {"country": LEVELS["country"]}
    quality = [manifest("", "month")["quality"][1]]
    return company(
        missing=NO_SIGN_UPS | SURVEYS,
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
        if row["denominator"] is not None or row["value"] is None
        else row | {"numerator": 0.0, "value": 0.0}
        for row in last.kpis.filter(pl.col("segment") == "all").iter_rows(named=True)
    ]
    return [
        *earlier,
        replace(
            last,
            kpis=table(rows, KPIS, ("kpi", "segment", "level")),
            cohorts=last.cohorts.filter(pl.col("cohort") < last.period),
            features=table([], FEATURES, ("item",)),
            movements=table([], MOVEMENTS, ("segment", "level", "movement")),
            contributions=last.contributions.clear(),
            churn_definitions=table([], CHURN_DEFINITIONS, ("definition",)),
        ),
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
    drift = [
        {"what": "new_names", "source": HOSTILE[0], "kind": None, "names": dict.fromkeys(HOSTILE, 9), "beyond": True},
        {"what": "new_columns", "source": HOSTILE[1], "kind": None, "names": list(HOSTILE), "beyond": False},
        {"what": "rows", "source": HOSTILE[2], "kind": HOSTILE[3], "now": 1, "usual": 20.5, "beyond": False},
    ]
    return company(
        drift={"accepted": False, "findings": drift},
        levels={HOSTILE[0]: parts},
        items=parts,
        dimensions=[HOSTILE[0]],
        changed=changed,
        quality=quality,
        revision=2,
        digest=HOSTILE[0],
        lifecycle_version=HOSTILE[1],
    )


def quarters() -> list[Snapshot]:
    """Six quarters of a company judged by subscriptions, without receivables."""
    missing = frozenset({"invoice"})
    return company(periods=6, last="2025-Q1", grain="quarter", known=7, missing=missing, churn_basis="subscription")


def years() -> list[Snapshot]:
    return company(periods=3, last="2024", grain="year", known=4)


PRESENTATION = Presentation(
    benchmarks={
        "churn_rate": Benchmark(
            healthy=0.03, alert=0.045, better="down", basis="month", source="Contentsquare (< 5 %), HTCinside (> 7 %)"
        ),
        "stickiness": Benchmark(healthy=0.25, better="up", basis="any", source="Contentsquare (≥ 25 %)"),
        "nps": Benchmark(healthy=20.0, alert=0.0, better="up"),
        "activation_rate": Benchmark(healthy=0.43, better="up"),
    },
    targets={"activation_rate": 0.46, "mrr": 480_000.0, "csat": 0.85, "signups": 3_200.0},
    notes=(
        Note(period="2024-09", text="New prices for teams"),
        Note(period="2024-11", text="Sign-up form with fewer fields"),
        Note(period="2019-01", text="Long ago"),
    ),
)

COMPANIES = {
    "saas": saas,
    "shop": shop,
    "newborn": newborn,
    "silent": silent,
    "hostile": hostile,
    "quarters": quarters,
    "years": years,
}
