"""Which figures say `missing_input` or `history_starts`, and when they stop: written down for the whole catalogue."""

from collections.abc import Iterable
from typing import Any

import polars as pl
import pytest

from config.models import Config
from schemas.events import KINDS
from tasks.kpis import BY_NAME
from tests.helpers import Chain, Row, canonical, chain, event, figure, figures, kpis_of, settings

RULE = {"within": "14d", "any": [{"kind": "use"}]}

ACTIVATION = {
    "activation_rate", "activation_rate_prospects", "activation_rate_targeted", "activation_rate_window",
    "time_to_activate_mean", "time_to_activate_median", "time_to_activate_p90",
}  # fmt: skip
ORDERS = {
    "orders", "revenue", "net_revenue", "average_order_value", "revenue_per_customer", "product_return_rate",
    "existing_customer_revenue_growth", "customer_lifetime_value", "retention_bucket", "loyal_customer_rate",
    "repeat_purchase_rate", "time_between_purchases_mean", "time_between_purchases_median",
}  # fmt: skip
RECURRING = {
    "mrr", "mrr_at_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn",
    "gross_revenue_retention", "net_revenue_retention", "quick_ratio",
}  # fmt: skip
BASE = {"churn_rate", "retention_rate", "intra_period_churn", "reactivation_rate", "reactivated_customers"}
REVENUE_CHURN = {"revenue_churn_amount", "revenue_churn_rate"}
ACTIVE = {"dau", "wau", "mau", "stickiness", "feature_adoption_rate", "revenue_per_customer"}

ON_ACTIVITY: tuple[tuple[set[str], set[str]], ...] = (
    # (kinds that never occurred, figures that are missing for it); churn judged on activity
    (set(), set()),
    ({"visit"}, {"visitors", "visitor_to_signup_rate", "conversion_ratio"}),
    ({"signup"}, {"signups", "visitor_to_signup_rate", "signup_to_subscription_rate", *ACTIVATION}),
    ({"target"}, {"activation_rate_targeted"}),
    ({"use"}, {"feature_adoption_rate"}),
    ({"purchase"}, {*ORDERS, *REVENUE_CHURN}),
    ({"return"}, {"product_return_rate"}),
    ({"subscribe"}, {*RECURRING, "signup_to_subscription_rate"}),
    (
        {"purchase", "subscribe"},
        {
            *ORDERS, *REVENUE_CHURN, *RECURRING,
            "signup_to_subscription_rate", "conversion_ratio", "new_customers", "customer_acquisition_cost",
        },
    ),
    ({"change", "cancel", "payment", "feedback"}, set()),
    ({"deactivate"}, {"deactivation_rate"}),
    ({"invoice"}, {"dso"}),
    ({"nps"}, {"nps"}),
    ({"csat"}, {"csat"}),
    ({"spend"}, {"marketing_spend", "customer_acquisition_cost"}),
    (
        {"visit", "signup", "use", "purchase"},
        {
            *ACTIVE, *BASE, *REVENUE_CHURN, *ORDERS, *ACTIVATION,
            "visitors", "visitor_to_signup_rate", "conversion_ratio", "signups", "signup_to_subscription_rate",
        },
    ),
)  # fmt: skip
ON_SUBSCRIPTION: tuple[tuple[set[str], set[str]], ...] = (
    ({"purchase"}, ORDERS),
    (
        {"subscribe"},
        {*RECURRING, *BASE, *REVENUE_CHURN, "signup_to_subscription_rate", "customer_lifetime_value"},
    ),
    ({"change", "cancel", "payment", "feedback"}, set()),
)


def one_of_each(kinds: Iterable[str], at: str = "2025-02-10 10:00") -> list[Row]:
    return [event("ada", kind, at, amount=1, reference=kind, item="report", score=4) for kind in kinds]


def missing(kpis: pl.DataFrame) -> set[str]:
    found = kpis.filter(status="missing_input")
    assert found.select("numerator", "denominator", "value", "low", "high").null_count().row(0) == (found.height,) * 5
    assert set(found["segment"]) <= {"all"}, "one row, no levels"
    return set(found["kpi"])


@pytest.mark.parametrize(
    ("basis", "never", "expected"),
    [
        (basis, *case)
        for basis, cases in (("activity", ON_ACTIVITY), ("subscription", ON_SUBSCRIPTION))
        for case in cases
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(sorted(value)) if len(value) < 5 else "",
)
def test_figures_whose_kinds_never_occurred_are_missing_input_and_no_others(
    basis: str, never: set[str], expected: set[str]
) -> None:
    config = settings(activation=RULE, basis=basis, dimensions=["plan"])
    kpis = kpis_of(one_of_each(kind for kind in KINDS if kind not in never), "2025-02", config=config)
    assert missing(kpis) == expected


def test_without_a_rule_activation_is_missing_input() -> None:
    assert missing(kpis_of(one_of_each(KINDS), "2025-02")) == ACTIVATION


def test_since_first_event_sign_ups_need_no_kind_of_their_own() -> None:
    config = settings(activation={**RULE, "since": "first_event"})
    kinds = [kind for kind in KINDS if kind != "signup"]
    assert missing(kpis_of(one_of_each(kinds), "2025-02", config=config)) == set()


def test_kinds_provide_from_the_period_before_whose_end_they_first_occurred() -> None:
    config = settings(activation=RULE)
    world = chain(
        canonical(one_of_each(KINDS, "2025-02-28 23:59:59.999999"), config), config, first="2025-01", last="2025-03"
    )
    found = {period: missing(figures(world, period)) for period in ("2025-01", "2025-02", "2025-03")}
    assert found == {"2025-01": set(BY_NAME), "2025-02": set(), "2025-03": set()}


NO_PAST = {
    "visitors", "conversion_ratio", "marketing_spend", "dau", "wau", "mau", "stickiness", "feature_adoption_rate",
    "orders", "revenue", "net_revenue", "average_order_value", "revenue_per_customer", "product_return_rate",
    "mrr", "nps", "csat",
}  # fmt: skip
"""What says of the first period as much as of any other."""


def begins(history_complete: bool, **choices: Any) -> Config:
    return settings(activation=RULE, history_complete=history_complete, **choices)


def two_years(config: Config) -> Chain:
    """Events of every kind but cancel in every month of 2024 and in January 2025."""
    rows = [
        event("ada", kind, f"{month}-10 10:00", amount=1, reference=kind, item="report", score=4)
        for month in [*(f"2024-{number:02d}" for number in range(1, 13)), "2025-01"]
        for kind in KINDS
        if kind != "cancel"
    ]
    return chain(canonical(rows, config), config)


def starting(kpis: pl.DataFrame) -> set[str]:
    return set(kpis.filter(status="history_starts")["kpi"])


def told(kpis: pl.DataFrame) -> set[str]:
    return set(kpis.filter(pl.col("value").is_not_null())["kpi"])


def test_what_needs_a_past_says_so_in_the_first_period_and_a_year_in_the_first_twelve_months() -> None:
    world = two_years(begins(history_complete=False))
    first = figures(world, "2024-01")
    assert starting(first) == told(first) - NO_PAST
    assert {"signups", "new_customers", "mrr_new", "intra_period_churn", "dso", "loyal_customer_rate"} <= starting(
        first
    )
    later = {month: starting(figures(world, month)) for month in ("2024-02", "2024-11", "2024-12", "2025-01")}
    assert later == {
        "2024-02": {"loyal_customer_rate"},
        "2024-11": {"loyal_customer_rate"},
        "2024-12": set(),  # January to December: twelve months
        "2025-01": set(),
    }


def test_of_quarters_and_years_it_is_the_first_too() -> None:
    world = two_years(begins(history_complete=False))
    quarter, year = figures(world, "2024-Q1"), figures(world, "2024")
    assert starting(quarter) == told(quarter) - NO_PAST
    assert starting(figures(world, "2024-Q2")) == {"loyal_customer_rate"}
    assert starting(figures(world, "2024-Q4")) == set()
    assert starting(year) == told(year) - NO_PAST - {"loyal_customer_rate"}, "its twelve months are all there"


def test_no_history_starts_where_the_data_begin_with_the_first_customer() -> None:
    world = two_years(begins(history_complete=True))
    for period in ("2024-01", "2024-02", "2024-Q1", "2024"):
        assert starting(figures(world, period)) == set()


def test_what_is_derived_says_what_its_parts_say() -> None:
    config = begins(history_complete=False)
    rows = [
        event(None, "spend", "2025-02-10 10:00", amount=10),
        event("ada", "purchase", "2025-02-10 10:00", amount=1),
        event("bob", "purchase", "2025-03-10 10:00", amount=1),
        event(None, "spend", "2025-03-10 10:00", amount=10),
    ]
    first, second = (kpis_of(rows, period, config=config) for period in ("2025-02", "2025-03"))
    assert figure(first, "customer_acquisition_cost") == (10, 1, 10, None, None, "history_starts")
    assert figure(second, "customer_acquisition_cost") == (10, 1, 10, None, None, "ok")
