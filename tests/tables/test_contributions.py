"""Why a share moved: what each level's own rate adds to the change, and what its weight adds."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.snapshots import CONTRIBUTIONS, KPIS
from tasks.clock import Period
from tasks.kpis import BY_NAME
from tasks.kpis.assembly import SHARES
from tasks.kpis.tables import contributions
from tests import helpers
from tests.helpers import canonical, chain, crowd, event, snapshot

MARCH = Period.parse("2025-03")
Counts = tuple[int, int]
Levels = Mapping[str, Counts]


def kpis(levels: Levels, *, kpi: str = "churn_rate", segment: str = "plan", status: str = "ok") -> pl.DataFrame:
    """Rows of a share: the whole, and its levels."""
    x, y = (sum(counts[part] for counts in levels.values()) for part in (0, 1))
    rows = [("all", "all", x, y), *((segment, level, *counts) for level, counts in levels.items())]
    return pl.DataFrame(
        [
            {
                "kpi": kpi,
                "segment": where,
                "level": level,
                "numerator": float(of),
                "denominator": float(among),
                "value": of / among if among else None,
                "status": status,
            }
            for where, level, of, among in rows
        ],
        schema=dict(KPIS),
    )


def split(before: Levels, now: Levels) -> dict[str, tuple[Any, ...]]:
    """Level → its shares and values before and now, mix, rate."""
    found = contributions(kpis(now), kpis(before), ["churn_rate"], MARCH)
    assert dict(found.schema) == CONTRIBUTIONS
    return {row[3]: row[4:] for row in found.rows()}


def approximately(*numbers: float | None) -> Any:
    return pytest.approx(numbers, abs=1e-15)


def test_growth_of_a_level_with_a_high_rate_is_mix() -> None:
    # 13 of 100, then 34 of 200: 13 % → 17 %, 15 % in the middle, though both plans churn as before.
    assert split({"free": (10, 40), "pro": (3, 60)}, {"free": (30, 120), "pro": (4, 80)}) == {
        "free": approximately(0.4, 0.6, 0.25, 0.25, 0.2 * (0.25 - 0.15), 0),
        "pro": approximately(0.6, 0.4, 0.05, 0.05, -0.2 * (0.05 - 0.15), 0),
    }


def test_change_of_a_level_that_keeps_its_weight_is_rate() -> None:
    # 10 of 100, then 20 of 100: all of it from "free", a half of the customers at 20 %, then 40 %.
    assert split({"free": (10, 50), "pro": (0, 50)}, {"free": (20, 50), "pro": (0, 50)}) == {
        "free": approximately(0.5, 0.5, 0.2, 0.4, 0, 0.2 * 0.5),
        "pro": approximately(0.5, 0.5, 0, 0, 0, 0),
    }


def test_rate_and_mix_at_once() -> None:
    # 20 of 100, then 42 of 150: 20 % → 28 %, 24 % in the middle.
    found = split({"free": (15, 50), "pro": (5, 50)}, {"free": (40, 100), "pro": (2, 50)})
    assert found["free"] == approximately(
        1 / 2, 2 / 3, 0.3, 0.4, (2 / 3 - 1 / 2) * (0.35 - 0.24), 0.1 * (1 / 2 + 2 / 3) / 2
    )
    assert found["pro"] == approximately(
        1 / 2, 1 / 3, 0.1, 0.04, (1 / 3 - 1 / 2) * (0.07 - 0.24), -0.06 * (1 / 2 + 1 / 3) / 2
    )
    assert sum(mix + rate for *_, mix, rate in found.values()) == pytest.approx(0.08)


def test_all_a_new_level_adds_is_mix() -> None:
    # 10 of 50, then 30 of 100: 20 % → 30 %, 25 % in the middle.
    before, now = {"free": (10, 50)}, {"free": (10, 50), "trial": (20, 50)}
    assert split(before, now) == {
        "free": approximately(1, 0.5, 0.2, 0.2, -0.5 * (0.2 - 0.25), 0),
        "trial": (0, 0.5, None, 0.4, pytest.approx(0.5 * (0.4 - 0.25)), 0),
    }
    assert split({**before, "trial": (0, 0)}, now) == split(before, now), "nobody there or no row: the same"


def test_all_a_level_that_is_gone_adds_is_mix() -> None:
    assert split({"free": (10, 50), "trial": (20, 50)}, {"free": (10, 50)}) == {
        "free": approximately(0.5, 1, 0.2, 0.2, 0.5 * (0.2 - 0.25), 0),
        "trial": (0.5, 0, 0.4, None, pytest.approx(-0.5 * (0.4 - 0.25)), 0),
    }


def test_one_plan_replaced_by_another() -> None:
    found = split({"old": (10, 50)}, {"new": (20, 50)})
    assert {level: (mix, rate) for level, (*_, mix, rate) in found.items()} == {
        "old": (pytest.approx(-(0.2 - 0.3)), 0),
        "new": (pytest.approx(0.4 - 0.3), 0),
    }


@pytest.mark.parametrize(
    ("before", "now"),
    [({}, {"free": (1, 5)}), ({"free": (1, 5)}, {}), ({"free": (0, 0)}, {"free": (1, 5)})],
)
def test_without_a_figure_in_both_periods_there_is_nothing_to_explain(before: Levels, now: Levels) -> None:
    assert split(before, now) == {}


def test_a_figure_that_no_source_provides_is_not_explained() -> None:
    whole = {"free": (1, 5)}
    for one, other in (("ok", "missing_input"), ("missing_input", "ok")):
        assert contributions(kpis(whole, status=one), kpis(whole, status=other), ["churn_rate"], MARCH).is_empty()


def test_levels_of_features_are_no_segment() -> None:
    now = pl.concat([kpis({"free": (1, 5)}), kpis({"report": (1, 5)}, segment="item")])
    assert contributions(now, now, ["churn_rate"], MARCH)["segment"].unique().to_list() == ["plan"]


counts = st.integers(0, 60).flatmap(lambda y: st.tuples(st.integers(0, y), st.just(y)))
levels = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), counts, max_size=5)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(before=levels, now=levels)
def test_what_the_levels_add_is_the_change_of_the_whole(before: dict[str, Counts], now: dict[str, Counts]) -> None:
    found = split(before, now)
    then, since = ((sum(x for x, _ in counts.values()), sum(y for _, y in counts.values())) for counts in (before, now))
    if not then[1] or not since[1]:
        assert found == {}
        return
    change = float(Fraction(*since) - Fraction(*then))
    assert sum(mix + rate for *_, mix, rate in found.values()) == pytest.approx(change, abs=1e-14)
    assert sum(one[0] for one in found.values()) == pytest.approx(1, abs=1e-14)
    assert sum(one[1] for one in found.values()) == pytest.approx(1, abs=1e-14)
    for level, (_, _, value_before, value_now, _, rate) in found.items():
        x, y = before.get(level, (0, 0))
        assert value_before == (x / y if y else None)
        x, y = now.get(level, (0, 0))
        assert value_now == (x / y if y else None)
        assert rate == 0 or None not in {value_before, value_now}


def test_shares_of_a_snapshot_are_explained_by_every_dimension() -> None:
    config = helpers.settings(dimensions=["plan", "country"])
    rows = [
        *crowd(4, "visit", "2025-01-10 10:00", plan="free", country="FR"),
        *crowd(2, "visit", "2025-02-10 10:00", plan="pro"),
        *crowd(3, "purchase", "2025-02-12 10:00", "new", amount=1, plan="trial"),
        event("new0000", "use", "2025-03-10 10:00", item="report", country="DE"),
    ]
    world = chain(canonical(rows, config), config)
    february, march = (snapshot(world, month) for month in ("2025-02", "2025-03"))
    for tables in (february, march):
        found, figures = tables["contributions"], tables["kpis"]
        assert set(found["kpi"]) <= set(SHARES)
        assert set(found.filter(kpi="churn_rate")["segment"]) <= {"plan", "country"}
        sums = found.group_by("kpi", "segment").agg((pl.col("mix") + pl.col("rate")).sum().alias("explained"))
        for kpi, _, explained in sums.iter_rows():
            before = (february if tables is march else snapshot(world, "2025-01"))["kpis"]
            change = helpers.figure(figures, kpi).value, helpers.figure(before, kpi).value
            assert None not in change
            assert explained == pytest.approx(change[0] - change[1])  # type: ignore[operator]
    assert "churn_rate" not in set(february["contributions"]["kpi"]), "nobody was in the base a month earlier"
    # March: of the five alive at its start one stays; in February two of four had stayed.
    churn = march["contributions"].filter(kpi="churn_rate", segment="plan")
    assert {row["level"]: (row["value_before"], row["value_now"]) for row in churn.iter_rows(named=True)} == {
        "free": (0.5, None),
        "pro": (None, 1),
        "trial": (None, 2 / 3),
    }
    assert snapshot(world, "2025-01")["contributions"].is_empty(), "nothing comes before the first period"


def test_only_shares_are_explained() -> None:
    assert "churn_rate" in SHARES
    assert all(BY_NAME[name].unit == "share" for name in SHARES)
    assert "stickiness" not in SHARES
