"""Who moved into, within and out of the base, and churn as others define it. February 2025 in Paris."""

from collections.abc import Iterable

import polars as pl
import pytest

from config.models import Config
from tests.helpers import Chain, Row, canonical, chain, crowd, event, measured_parts, numbers, settings, snapshot

PAYING = settings(dimensions=["plan"], basis="subscription")
ACTIVE = settings(dimensions=["plan"])
Moved = dict[str, tuple[float, float | None]]
"""Movement → customers and MRR, those of nobody left out."""

SUBSCRIPTIONS = (
    # Ada: from free to pro, and pays 10 more. Kept and expanded, under the plan at s.
    event("ada", "subscribe", "2025-01-05 10:00", amount=10, reference="s1", plan="free"),
    event("ada", "change", "2025-02-05 10:00", amount=20, reference="s1", plan="pro"),
    # Bob: pays 5 less. Kept and contracted.
    event("bob", "subscribe", "2025-01-05 10:00", amount=20, reference="s2", plan="pro"),
    event("bob", "change", "2025-02-05 10:00", amount=15, reference="s2"),
    # Cyd: goes down to the free plan, which costs nothing. Lost from "pro": nobody leaves under the plan left for.
    event("cyd", "subscribe", "2025-01-05 10:00", amount=10, reference="s3", plan="pro"),
    event("cyd", "cancel", "2025-02-28 23:59:59.999999", reference="s3", plan="free"),
    # Dan: left "pro" in January, back for 8. Reactivated, under the plan at s.
    event("dan", "subscribe", "2024-12-05 10:00", amount=10, reference="s4", plan="pro"),
    event("dan", "cancel", "2025-01-31 23:59:59.999999", reference="s4"),
    event("dan", "subscribe", "2025-02-05 10:00", amount=8, reference="s5", plan="free"),
    # Eve: known on the free plan, never paid. New, under the plan at e: not under the one of a stranger.
    event("eve", "visit", "2025-01-05 10:00", plan="free"),
    event("eve", "subscribe", "2025-02-05 10:00", amount=30, reference="s6", plan="pro"),
    # Fay: first seen in February, at its first instant. New, under no plan.
    event("fay", "subscribe", "2025-02-01 00:00", amount=5, reference="s7"),
    # Gus: joins and leaves in February. Nowhere.
    event("gus", "subscribe", "2025-02-05 10:00", amount=99, reference="s8", plan="pro"),
    event("gus", "cancel", "2025-02-06 10:00", reference="s8"),
    # Hal: leaves and is back for 2 more. Kept and expanded.
    event("hal", "subscribe", "2025-01-05 10:00", amount=10, reference="s9", plan="free"),
    event("hal", "cancel", "2025-02-05 10:00", reference="s9"),
    event("hal", "subscribe", "2025-02-06 10:00", amount=12, reference="s9"),
    # Ian: pays the same; no plan was told before s. Kept, under none; cancels at e, which is March's.
    event("ian", "subscribe", "2025-01-31 23:59:59.999999", amount=10, reference="s10"),
    event("ian", "use", "2025-02-05 10:00", plan="pro"),
    event("ian", "cancel", "2025-03-01 00:00", reference="s10"),
    # Jan: never pays. Nowhere.
    event("jan", "visit", "2025-01-05 10:00", plan="free"),
    event("jan", "visit", "2025-02-05 10:00"),
)


def world_of(rows: Iterable[Row], config: Config = PAYING, last: str = "2025-02") -> Chain:
    return chain(canonical(rows, config), config, last=last)


def moves(movements: pl.DataFrame, level: str = "all") -> Moved:
    rows = movements.filter(pl.col("level") == level).select("movement", "customers", "mrr").iter_rows()
    return {movement: (customers, mrr) for movement, customers, mrr in rows if customers or mrr}


def moved(rows: Iterable[Row], config: Config = PAYING, period: str = "2025-02") -> pl.DataFrame:
    return measured_parts(world_of(rows, config), period, "movements")["movements"]


def test_subscribers_move_with_their_money() -> None:
    found = moved(SUBSCRIPTIONS)
    assert moves(found) == {
        "start": (5, 10 + 20 + 10 + 10 + 10),  # Ada, Bob, Cyd, Hal, Ian
        "new": (2, 30 + 5),  # Eve, Fay
        "kept": (4, 10 + 15 + 10 + 10),  # Ada, Bob, Hal, Ian: what they pay at both edges
        "expanded": (2, 10 + 2),  # Ada, Hal
        "contracted": (1, 5),  # Bob
        "reactivated": (1, 8),  # Dan
        "lost": (1, 10),  # Cyd
        "end": (7, 20 + 15 + 8 + 30 + 5 + 12 + 10),
    }
    assert moves(found, "free") == {"start": (2, 20), "kept": (2, 20), "expanded": (2, 12), "end": (2, 32)}
    assert moves(found, "pro") == {
        "start": (2, 30),
        "new": (1, 30),
        "kept": (1, 15),
        "contracted": (1, 5),
        "reactivated": (1, 8),
        "lost": (1, 10),
        "end": (3, 15 + 8 + 30),
    }
    assert moves(found, "unknown") == {"start": (1, 10), "new": (1, 5), "kept": (1, 10), "end": (2, 15)}
    assert found["level"].unique().sort().to_list() == ["all", "free", "pro", "unknown"]


def test_subscriptions_of_cents_are_subscriptions() -> None:
    def changed(customer: str, before: str, after: str) -> list[Row]:
        return [
            event(customer, "subscribe", "2025-01-05 10:00", amount=before),
            event(customer, "change", "2025-02-05 10:00", amount=after),
        ]

    rows = [
        *changed("ada", "0.25", "0.50"),
        *changed("bob", "0.50", "0.25"),
        *changed("cyd", "0.50", "0"),
        *changed("dan", "0", "0.75"),
        event("eve", "subscribe", "2024-12-05 10:00", amount="0.50"),
        event("eve", "cancel", "2025-01-05 10:00"),
        event("eve", "subscribe", "2025-02-05 10:00", amount="0.50"),
    ]
    assert moves(moved(rows)) == {
        "start": (3, 1.25),
        "new": (1, 0.75),
        "kept": (2, 0.5),
        "expanded": (1, 0.25),
        "contracted": (1, 0.25),
        "reactivated": (1, 0.5),
        "lost": (1, 0.5),
        "end": (4, 2),
    }
    kpis = snapshot(world_of(rows), "2025-02")["kpis"]
    told = {name: numbers(kpis, name)[2] for name in ("mrr_new", "mrr_reactivation", "mrr_expansion")}
    assert told == {"mrr_new": 0.75, "mrr_reactivation": 0.5, "mrr_expansion": 0.25}
    told = {name: numbers(kpis, name)[2] for name in ("mrr_contraction", "mrr_churn")}
    assert told == {"mrr_contraction": 0.25, "mrr_churn": 0.5}


def test_movements_are_in_the_order_of_the_bridge_one_level_after_the_other() -> None:
    found = moved(SUBSCRIPTIONS)
    bridge = ["start", "new", "kept", "expanded", "contracted", "reactivated", "lost", "end"]
    assert found["movement"].to_list() == bridge * 4
    assert found.select("period", "segment").unique(maintain_order=True).rows() == [
        ("2025-02", "all"),
        ("2025-02", "plan"),
    ]


def test_the_mrr_figures_are_those_of_the_movements() -> None:
    kpis = snapshot(world_of(SUBSCRIPTIONS), "2025-02")["kpis"]
    told = {name: numbers(kpis, name)[2] for name in ("mrr_at_start", "mrr", "mrr_new", "mrr_reactivation")}
    assert told == {"mrr_at_start": 60, "mrr": 100, "mrr_new": 35, "mrr_reactivation": 8}
    told = {name: numbers(kpis, name)[2] for name in ("mrr_expansion", "mrr_contraction", "mrr_churn")}
    assert told == {"mrr_expansion": 12, "mrr_contraction": 5, "mrr_churn": 10}


ACTIVITY = (
    # Ada: active in both months; changes plan. Kept, under the plan at s.
    event("ada", "visit", "2025-01-05 10:00", plan="free"),
    event("ada", "visit", "2025-02-05 10:00", plan="pro"),
    # Bob: closes with a word about another plan, which is no activity. Lost from "pro".
    event("bob", "visit", "2025-01-01 00:00", plan="pro"),
    event("bob", "feedback", "2025-02-05 10:00", plan="free"),
    # Cyd: a microsecond too early to be alive at s; back. Reactivated, under the plan at s.
    event("cyd", "visit", "2024-12-31 23:59:59.999999", plan="pro"),
    event("cyd", "visit", "2025-02-28 23:59:59.999999", plan="free"),
    # Dan: known by an answer, never active before. New, under the plan at e.
    event("dan", "nps", "2025-01-05 10:00", score=9, plan="free"),
    event("dan", "visit", "2025-02-01 00:00", plan="pro"),
    # Eve: pays more than before, which is nothing here. Kept.
    event("eve", "visit", "2025-01-05 10:00"),
    event("eve", "subscribe", "2025-01-05 10:00", amount=10),
    event("eve", "use", "2025-02-05 10:00"),
    event("eve", "change", "2025-02-05 10:00", amount=20),
)


def test_the_active_move_without_money() -> None:
    found = moved(ACTIVITY, ACTIVE)
    assert moves(found) == {
        "start": (3, None),  # Ada, Bob, Eve
        "new": (1, None),  # Dan
        "kept": (2, None),  # Ada, Eve
        "reactivated": (1, None),  # Cyd
        "lost": (1, None),  # Bob
        "end": (4, None),
    }
    assert moves(found, "free") == {"start": (1, None), "kept": (1, None), "end": (1, None)}
    assert moves(found, "pro") == {
        "start": (1, None),
        "new": (1, None),
        "reactivated": (1, None),
        "lost": (1, None),
        "end": (2, None),
    }
    assert moves(found, "unknown") == {"start": (1, None), "kept": (1, None), "end": (1, None)}
    assert set(found["movement"]) == {"start", "new", "kept", "reactivated", "lost", "end"}


def test_a_quarter_is_judged_at_its_own_edges() -> None:
    rows = [
        event("ada", "subscribe", "2024-12-31 23:59:59.999999", amount=10),
        event("ada", "cancel", "2025-01-01 00:00"),
        event("ada", "subscribe", "2025-03-31 23:59:59.999999", amount=30),  # gone for three months: kept all the same
        event("bob", "subscribe", "2025-01-05 10:00", amount=10),  # joined and left inside
        event("bob", "cancel", "2025-03-05 10:00"),
        event("cyd", "subscribe", "2025-02-05 10:00", amount=10),  # in the middle: new
    ]
    world = chain(canonical(rows, PAYING), PAYING, last="2025-03")
    found = measured_parts(world, "2025-Q1", "movements")["movements"]
    assert moves(found) == {"start": (1, 10), "new": (1, 10), "kept": (1, 10), "expanded": (1, 20), "end": (2, 40)}


def test_where_nobody_is_in_the_base_all_movements_are_0() -> None:
    found = moved([event("ada", "nps", "2025-02-05 10:00", score=3)])
    assert found.select("segment", "level", "customers", "mrr").unique().rows() == [("all", "all", 0, 0)]


def test_levels_beyond_the_most_are_one() -> None:
    config = settings(dimensions=["plan"], basis="subscription", max_levels=1)
    world = chain(canonical(SUBSCRIPTIONS, config), config, last="2025-02")
    found = measured_parts(world, "2025-02", "movements")["movements"]
    whole, named, other = (moves(found, level) for level in ("all", "pro", "other"))
    assert set(found["level"]) == {"all", "pro", "other"}
    for movement, (customers, mrr) in whole.items():
        parts = [level.get(movement, (0, 0)) for level in (named, other)]
        assert (customers, mrr) == (sum(part[0] for part in parts), sum(part[1] or 0 for part in parts))


# Churn by six definitions.


def definitions(rows: Iterable[Row], period: str = "2025-02") -> dict[str, tuple[float, float, float | None]]:
    found = measured_parts(world_of(rows), period, "churn_definitions")["churn_definitions"]
    assert set(found["period"]) <= {period}
    return {name: (x, y, value) for _, name, x, y, value, _, _ in found.iter_rows()}


TOY = (
    *crowd(100, "subscribe", "2025-01-10 10:00", amount=10),
    *crowd(30, "subscribe", "2025-02-10 10:00", "j", amount=10),
    *crowd(10, "cancel", "2025-02-15 10:00"),  # plainly lost
    event("c0099", "cancel", "2025-02-15 10:00"),  # lost and back
    event("c0099", "subscribe", "2025-02-20 10:00", amount=10),
    event("j0000", "cancel", "2025-02-20 10:00"),  # joined and lost
)
"""100 customers at the start, 30 join, 12 times somebody leaves."""


def test_the_same_month_by_six_definitions() -> None:
    assert definitions(TOY) == {
        "lifecycle": (10, 100, 0.1),
        "chartmogul": (10, 100, 0.1),
        "recurly": (10, 100, 0.1),
        "profitwell": (11, 100, 0.11),
        "baremetrics": (12, 100, 0.12),
        "stripe": (12, 130, 12 / 130),
    }


def test_our_definition_is_the_churn_rate_where_churn_is_judged_on_subscriptions() -> None:
    tables = snapshot(world_of(TOY), "2025-02")
    assert numbers(tables["kpis"], "churn_rate") == (10, 100, 0.1)
    assert numbers(tables["kpis"], "intra_period_churn")[2] == 1
    own = tables["churn_definitions"].filter(definition="lifecycle").row(0, named=True)
    churn = tables["kpis"].filter(kpi="churn_rate", segment="all").row(0, named=True)
    assert (own["low"], own["high"]) == (churn["low"], churn["high"])


def test_the_definitions_are_of_subscriptions_whatever_churn_is_judged_on() -> None:
    world = world_of(TOY, ACTIVE)
    found = measured_parts(world, "2025-02", "churn_definitions")["churn_definitions"]
    assert found.equals(measured_parts(world_of(TOY), "2025-02", "churn_definitions")["churn_definitions"])


def test_an_interval_where_those_who_left_are_part_of_the_base() -> None:
    found = measured_parts(world_of(TOY), "2025-02", "churn_definitions")["churn_definitions"]
    bounded = dict(
        found.select("definition", (pl.col("low") < pl.col("value")) & (pl.col("value") < pl.col("high"))).rows()
    )
    assert bounded == {
        **dict.fromkeys(("lifecycle", "chartmogul", "recurly", "profitwell"), True),
        **dict.fromkeys(("baremetrics", "stripe"), None),
    }


def test_who_leaves_twice_in_a_month_counts_twice_for_stripe_only() -> None:
    rows = [
        *crowd(4, "subscribe", "2025-01-10 10:00", amount=10),
        event("c0000", "cancel", "2025-02-05 10:00"),
        event("c0000", "subscribe", "2025-02-06 10:00", amount=10),
        event("c0000", "cancel", "2025-02-07 10:00"),
    ]
    found = definitions(rows)
    assert found.pop("stripe") == (2, 4, 0.5), "back, but there at the start: not among those who joined"
    assert set(found.values()) == {(1, 4, 0.25)}


def test_who_joins_and_leaves_twice_joined_once() -> None:
    rows = [
        *crowd(4, "subscribe", "2025-01-10 10:00", amount=10),
        event("new", "subscribe", "2025-02-05 10:00", amount=10),
        event("new", "cancel", "2025-02-06 10:00"),
        event("new", "subscribe", "2025-02-07 10:00", amount=10),
        event("new", "cancel", "2025-02-08 10:00"),
    ]
    found = definitions(rows)
    assert found["stripe"] == (2, 5, 0.4)
    assert found["baremetrics"] == (1, 4, 0.25)
    assert {found[name] for name in ("lifecycle", "profitwell")} == {(0, 4, 0)}


def test_who_comes_back_after_months_joins_for_stripe() -> None:
    rows = [
        *crowd(4, "subscribe", "2024-12-10 10:00", amount=10),
        event("c0000", "cancel", "2025-01-10 10:00"),
        event("c0000", "subscribe", "2025-02-10 10:00", amount=10),
        event("c0001", "cancel", "2025-02-10 10:00"),
    ]
    assert definitions(rows)["stripe"] == (1, 3 + 1, 0.25)


def test_dates_without_times() -> None:
    """All of a day at its first instant: subscribing comes before leaving, so who did both on one day is gone."""
    rows = [
        *crowd(4, "subscribe", "2025-01-10", amount=10),
        event("new", "cancel", "2025-02-05"),
        event("new", "subscribe", "2025-02-05", amount=10),
        event("c0000", "cancel", "2025-02-01"),  # the first day is the month's own, the first of March is not
        event("c0001", "cancel", "2025-03-01"),
    ]
    found = definitions(rows)
    assert found["lifecycle"] == (1, 4, 0.25)
    assert found["baremetrics"] == (2, 4, 0.5)
    assert found["stripe"] == (2, 5, 0.4)


def test_nobody_at_the_start_is_no_population() -> None:
    found = definitions([event("ada", "subscribe", "2025-02-10 10:00", amount=1)])
    assert found["lifecycle"] == (0, 0, None)
    assert found["baremetrics"] == (0, 0, None)
    assert found["stripe"] == (0, 1, 0)


@pytest.mark.parametrize(("period", "rows"), [("2025-01", 0), ("2025-02", 6), ("2025-03", 6)])
def test_before_the_first_subscription_there_is_no_definition(period: str, rows: int) -> None:
    log = [event("ada", "visit", "2025-01-05 10:00"), event("ada", "subscribe", "2025-02-10 10:00", amount=1)]
    world = world_of(log, last="2025-03")
    assert measured_parts(world, period, "churn_definitions")["churn_definitions"].height == rows
