"""Why a share moved: effects that add up as written, small groups together."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.snapshots import CONTRIBUTIONS, KPIS, Snapshot
from tasks.kpis import BY_NAME, stats
from tasks.report import Presentation
from tasks.report.explained import explained as explain_figure
from tasks.report.explanations import why_moved
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.moved import explained, rounded_to_sum
from tasks.report.report import Report
from tests.report import made_up
from tests.report.companies import company, manifest

EN, FR = Formats("en"), Formats("fr")

Counts = dict[str, tuple[int, int]]


def kpis(period: str, counts: Counts) -> pl.DataFrame:
    """Churn by country: lost and base of each."""
    whole = tuple(sum(pair[side] for pair in counts.values()) for side in (0, 1))
    rows = []
    for segment, level, (lost, base) in [("all", "all", whole), *(("country", *item) for item in counts.items())]:
        found = stats.share(lost, base)
        estimate: dict[str, Any] = {"value": found.value, "low": found.low, "high": found.high}
        numbers = {"numerator": float(lost), "denominator": float(base), "unit": "share", "status": "ok"}
        rows.append({"period": period, "kpi": "churn_rate", "segment": segment, "level": level} | numbers | estimate)
    return made_up.table(rows, KPIS, ("kpi", "segment", "level"))


def two_months(before: Counts, now: Counts) -> list[Snapshot]:
    tables = [kpis("2024-12", before), kpis("2025-01", now)]
    made = company(periods=2, dimensions=["country"])
    return [
        Snapshot(
            period=one.period,
            revision=1,
            manifest=manifest(one.period, "month", dimensions=["country"]),
            kpis=table,
            cohorts=one.cohorts.clear(),
            features=one.features.clear(),
            movements=one.movements.clear(),
            contributions=made_up.contributions(one.period, table, tables[0] if place else None),
            churn_definitions=one.churn_definitions.clear(),
        )
        for place, (one, table) in enumerate(zip(made, tables, strict=True))
    ]


BEFORE: Counts = {"ES": (200, 4000), "FR": (360, 6000)}
NOW: Counts = {"ES": (320, 4000), "FR": (360, 6000)}
"""5.6 % → 6.8 %: ES goes from 5 % to 8 %, its part stays 40 %: 0.4 × 3 pt = 1.2 pt, all of it ES's own rate."""


def test_a_change_is_told_by_the_group_whose_rate_made_it() -> None:
    report = Report(History(two_months(BEFORE, NOW)), Presentation(), EN)
    [moved] = why_moved(report)
    [table] = moved.tables
    assert moved.headline == "Churn rate: 5.6% → 6.8%"
    assert moved.change == "+1.20 pt"
    assert table.sentence == (
        "Of the +1.20 pt, +1.20 pt come from the own rate of “ES”, 0.00 pt from those of the other groups, "
        "0.00 pt from the mix."
    )
    assert [(row.level, row.rate, row.mix, row.total) for row in table.rows] == [
        ("ES", "+1.20", "0.00", "+1.20"),
        ("FR", "0.00", "0.00", "0.00"),
    ]
    assert table.total.total == "+1.20"


def test_a_change_of_the_mix_alone_is_told_as_such() -> None:
    """5 % of 8000 and 10 % of 2000 are 6 %; of 4000 and 6000, 8 %: 0.4 × 3 pt and 0.4 × 2 pt from the middle."""
    shifted = two_months({"ES": (400, 8000), "FR": (200, 2000)}, {"ES": (200, 4000), "FR": (600, 6000)})
    [moved] = why_moved(Report(History(shifted), Presentation(), FR))
    [table] = moved.tables
    assert table.sentence == (
        "Sur les +2,00 pt, +2,00 pt viennent de la composition et 0,00 pt des taux propres des groupes."
    )
    assert [row.share for row in table.rows] == ["20,0\u202f% → 60,0\u202f%", "80,0\u202f% → 40,0\u202f%"]


def test_groups_of_fewer_than_five_are_told_together() -> None:
    few = {"MT": (1, 4), "LI": (0, 3)}
    [(_, [one])] = explained(History(two_months(BEFORE | few, NOW | few)))
    assert [effect.kind for effect in one.effects] == ["level", "level", "small"]
    assert one.effects[-1].value_now is None
    assert one.effects[-1].level == ""
    report = Report(History(two_months(BEFORE | few, NOW | few)), Presentation(), EN)
    last = why_moved(report)[0].tables[0].rows[-1]
    assert (last.level, last.share, last.value) == ("groups < 5 customers", "–", "–")


def test_a_group_that_has_just_appeared_has_no_rate_before() -> None:
    [moved] = why_moved(Report(History(two_months(BEFORE, NOW | {"IT": (50, 500)})), Presentation(), EN))
    row = next(row for row in moved.tables[0].rows if row.level == "IT")
    assert row.value == "– → 10.0%"
    assert row.rate == "0.00"


def test_many_groups_are_cut_to_the_largest_and_the_others() -> None:
    before = {f"c{number:02d}": (50, 1000) for number in range(12)}
    now = {name: (60 + 3 * number, 1000) for number, name in enumerate(before)}
    [(_, [one])] = explained(History(two_months(before, now)))
    assert [effect.kind for effect in one.effects] == ["level"] * 7 + ["other"]


def test_nothing_is_explained_by_chance_or_against_a_revised_period() -> None:
    assert explained(History(two_months(BEFORE, {"ES": (201, 4000), "FR": (360, 6000)}))) == []
    earlier, now = two_months(BEFORE, NOW)
    revised = two_months({"ES": (190, 4000), "FR": (350, 6000)}, NOW)[0]
    assert explained(History([revised, now])) == []
    assert explained(History([earlier, now])) != []


def test_the_mirror_of_churn_is_not_explained_again() -> None:
    names = [figure.kpi.name for figure, _ in explained(History(company(size=40.0)))]
    assert 1 <= len(names) <= 3
    assert not {"churn_rate", "retention_rate"} <= set(names)


@pytest.mark.parametrize("size", [1.0, 7.0, 40.0])
def test_what_is_written_adds_up(size: float) -> None:
    def number(text: str) -> int:
        return int(re.sub(r"[^\d-]", "", text.replace("−", "-")))

    for moved in why_moved(Report(History(company(size=size)), Presentation(), EN)):
        for table in moved.tables:
            for column in ("rate", "mix", "total"):
                parts = [number(getattr(row, column)) for row in table.rows]
                assert sum(parts) == number(getattr(table.total, column))
            assert number(table.total.total) == number(moved.change)
            assert all(number(row.rate) + number(row.mix) == number(row.total) for row in table.rows)


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=30))
def test_rounded_parts_sum_to_the_rounded_total_and_stay_close(parts: Sequence[float]) -> None:
    rounded = rounded_to_sum(parts, sum(parts), 4)
    assert round(sum(rounded), 4) == pytest.approx(sum(parts), abs=0.5001e-4)
    assert all(abs(new - old) <= 1.0001e-4 for new, old in zip(rounded, parts, strict=True))


def test_no_effects_without_contributions() -> None:
    earlier, now = two_months(BEFORE, NOW)
    empty = pl.DataFrame(schema=dict(CONTRIBUTIONS))
    assert explained(History([earlier, type(now)(**{**vars(now), "contributions": empty})])) == []


@pytest.mark.parametrize("lost", range(300, 340))
def test_both_parts_of_a_level_add_up_as_explain_writes_them(lost: int) -> None:
    snapshots = two_months({"ES": (200, 4000), "FR": (1200, 6000)}, {"ES": (lost, 5100), "FR": (1260, 5700)})
    facts = dict(explain_figure(snapshots, BY_NAME["churn_rate"], ("country", "ES"), Presentation()).facts)
    whole, rate, mix = (Decimal(told.replace("−", "-")) for told in re.findall(r"[+−]?\d+\.\d\d", facts["Its part"]))
    assert whole == rate + mix
