"""What must hold for any events (KPIS.md, "Properties that must hold"), on random logs full of coincidences: few
customers, few instants, many of them on the edges of days, months, windows and clock changes.

Deterministic: Hypothesis derives its examples from the tests' names, NumPy from fixed seeds.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.models import Config
from schemas.events import KINDS
from tasks.clock import Period
from tasks.dependencies import Edges, Part, Sharded, assemble_request, fold_request, measure_request, reduce_request
from tasks.kpis import BY_NAME, CATALOGUE, assembly, parts
from tasks.kpis.identities import refuse_breaches
from tasks.kpis.measure import Context
from tasks.kpis.record import Derived, Ratio, Share, Total
from tasks.storage import Storage
from tasks.store import Built, Made, Request, build, events_folder, rows, scan
from tasks.tables import activity, customers, duplicates, shards
from tasks.tables.inputs import Choices, Inputs
from tasks.tables.shards import Shard
from tests import helpers
from tests.helpers import (
    Chain,
    Row,
    Tables,
    by_month,
    canonical,
    chain,
    context_of,
    event,
    measured_parts,
    period_of,
    snapshot,
)

ZONE = ZoneInfo(helpers.PARIS)
MONTHS = ("2025-02", "2025-03", "2025-04")
INSTANTS = (
    "2025-02-01 00:00",
    "2025-02-14 23:59:59.999999",
    "2025-02-15 00:00",
    "2025-02-22 00:00",
    "2025-02-28 23:59:59.999999",
    "2025-03-01 00:00",
    "2025-03-15 00:00",
    "2025-03-30 00:30",
    "2025-03-30 03:00",
    "2025-03-31 23:59:59.999999",
    "2025-04-01 00:00",
    "2025-04-14 10:00",
    "2025-04-30 23:59:59.999999",
)
RULE: Mapping[str, Any] = {
    "within": "14d",
    "any": [
        {"kind": "purchase", "count": 2},
        {"sequence": [{"kind": "use", "distinct_days": 2}, {"kind": "visit"}]},
    ],
}
ACTIVE = helpers.settings(dimensions=["plan", "country"], activation=RULE, lookback="15d")
PAYING = helpers.settings(
    dimensions=["plan", "country"], activation={**RULE, "since": "first_event"}, basis="subscription", max_levels=2
)
configs = st.sampled_from([ACTIVE, PAYING])


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *values])


MOST = 50
"""Events of a log."""
OFTEN = ("visit", "use", "purchase", "subscribe")

events = st.builds(
    event,
    st.sampled_from(["ada", "ada", "bob", "cyd", None]),
    st.sampled_from([*KINDS, *OFTEN]),
    st.sampled_from(INSTANTS),
    amount=st.sampled_from([None, 0, 1, "0.1", 12]),
    quantity=st.sampled_from([None, 0, 1, "2.5"]),
    score=st.sampled_from([None, 0, 3, "6.5", 9, 10]),
    anonymous=st.sampled_from(["x", "y"]),
    reference=maybe("r1", "r2"),
    item=maybe("report", "export"),
    plan=maybe("free", "pro", "team"),
    country=maybe("FR"),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Events with ids of their own, a third of them without a link to an anonymous id."""
    rows = draw(st.lists(events, min_size=5, max_size=MOST))
    return [
        {
            **row,
            "event_id": f"e{number}",
            "received_at": datetime(2025, 5, 1, tzinfo=UTC),
            "anonymous_id": None if row["customer_id"] and number % 3 else row["anonymous_id"],
            **({"customer_id": None, "anonymous_id": None} if row["kind"] == "spend" else {}),
        }
        for number, row in enumerate(rows)
    ]


def world_of(frame: pl.DataFrame, config: Config) -> Chain:
    return chain(frame, config, first=MONTHS[0], last=MONTHS[-1])


def published(world: Chain, *periods: str) -> dict[str, Tables]:
    """The snapshots of periods that follow each other, as `helpers.snapshot` makes them; each is measured once."""
    measured: dict[str, Tables] = {}
    snapshots: dict[str, Tables] = {}
    for name in periods:
        when = period_of(name)
        for one in (when.shift(-1), when):
            if str(one) not in measured:
                measured[str(one)] = measured_parts(world, str(one)) if one.months()[0] >= world.first else {}
        before = measured[str(when.shift(-1))]
        snapshots[name] = assembly.snapshot(measured[name], before, when, context_of(world, when))
    return snapshots


def assert_same_tables(one: Tables, other: Tables) -> None:
    assert one.keys() == other.keys()
    for name, table in one.items():
        assert_frame_equal(table, other[name], check_exact=True)


def assert_same(one: Chain, other: Chain) -> None:
    """All tables of all months, and the snapshots of the last two of them."""
    for month in MONTHS:
        assert_same_tables(one.activity[month], other.activity[month])
        assert_same_tables(one.ends[month], other.ends[month])
    here, there = (published(world, *MONTHS[1:]) for world in (one, other))
    for month in MONTHS[1:]:
        assert_same_tables(here[month], there[month])


def test_snapshots_made_in_one_go_are_those_made_one_by_one() -> None:
    rows = [
        event(name, kind, at, amount=1, plan=name)
        for name in ("ada", "bob")
        for kind in ("signup", "subscribe", "cancel")
        for at in INSTANTS[::4]
    ]
    world = world_of(canonical(rows, PAYING), PAYING)
    for month, tables in published(world, *MONTHS).items():
        assert_same_tables(tables, snapshot(world, month))


@few(6)
@given(rows=logs(), config=configs, seed=st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(rows: list[Row], config: Config, seed: int) -> None:
    frame = canonical(rows, config)
    assert_same(world_of(frame, config), world_of(frame.sample(fraction=1, shuffle=True, seed=seed), config))


@few(6)
@given(rows=logs(), config=configs, again=st.lists(st.integers(0, MOST - 1), max_size=15))
def test_events_sent_again_later_change_nothing(rows: list[Row], config: Config, again: list[int]) -> None:
    late = datetime(2025, 5, 2, tzinfo=UTC)
    copies = [{**rows[number % len(rows)], "received_at": late, "amount": Decimal(99)} for number in again]
    assert_same(world_of(canonical(rows, config), config), world_of(canonical([*copies, *rows], config), config))


@few(8)
@given(rows=logs(), config=configs, month=st.sampled_from(MONTHS[:2]))
def test_events_after_a_period_change_nothing_in_it(rows: list[Row], config: Config, month: str) -> None:
    end = helpers.instant(f"{Period.parse(month).end}")
    frame = canonical(rows, config)
    until = chain(frame.filter(pl.col("occurred_at") < end), config, first=MONTHS[0], last=month)
    whole = world_of(frame, config)
    assert_same_tables(snapshot(until, month), snapshot(whole, month))
    assert_same_tables(until.ends[month], whole.ends[month])


OUTSIDE = ("target", "return", "nps", "csat", "feedback")


@few(4)
@given(rows=logs(), config=configs)
def test_events_outside_every_window_change_nothing(rows: list[Row], config: Config) -> None:
    """What matters only in its own month is told two months earlier: an answer, a message, a cost, a visit of somebody
    unknown; and a return of a customer long known. None of them is activity.
    """
    known = [
        {**event(None, "visit", "2025-04-10 10:00", anonymous="z0"), "event_id": "z0"},
        {**event("ada", "signup", "2025-01-10 10:00"), "event_id": "z1"},
        *({**event("ada", kind, "2025-04-20 10:00", score=4, amount=2), "event_id": kind} for kind in OUTSIDE),
        {**event(None, "spend", "2025-04-20 10:00", amount=2), "event_id": "z2"},
    ]
    outside = [
        {**event(None, "visit", "2025-02-10 10:00", anonymous="z3"), "event_id": "z3"},
        {**event(None, "spend", "2025-02-10 10:00", amount=8), "event_id": "z4"},
        *({**event("ada", kind, "2025-02-20 10:00", score=1, amount=9), "event_id": f"{kind} 2"} for kind in OUTSIDE),
    ]
    one, other = (
        chain(canonical([*rows, *known, *more], config), config, first="2025-01", last="2025-04")
        for more in ([], outside)
    )
    assert_same_tables(snapshot(one, "2025-04"), snapshot(other, "2025-04"))


@few(10)
@given(rows=logs(), config=configs)
def test_identities_hold_in_every_month_and_in_quarters(rows: list[Row], config: Config) -> None:
    world = chain(canonical(rows, config), config, first="2025-01", last="2025-06")
    for period, tables in published(world, *MONTHS[1:], "2025-Q1", "2025-Q2").items():
        assert_identities(tables, period, config)


@few(3)
@given(rows=logs(), config=configs)
def test_identities_hold_in_the_year(rows: list[Row], config: Config) -> None:
    world = chain(canonical(rows, config), config, first="2025-01", last="2025-12")
    assert_identities(published(world, "2025")["2025"], "2025", config)


def assert_identities(tables: Tables, period: str, config: Config) -> None:
    """The flow's own check, and beside it the plainest reading of the same identities."""
    refuse_breaches(tables, period_of(period))
    kpis, dimensions = tables["kpis"], config.segments.dimensions
    assert_shares_stay_within_zero_and_one(kpis)
    assert_churn_and_retention_are_one(kpis)
    assert_segments_add_up(kpis, dimensions)
    assert_stickiness_has_its_bounds(kpis, max(month.days for month in period_of(period).months()))
    assert_null_exactly_without_a_population(kpis)
    assert_movements_are_those_of_the_figures(tables, config)
    assert_levels_of_movements_add_up(tables["movements"], dimensions)


MONEY = {
    "start": "mrr_at_start",
    "new": "mrr_new",
    "expanded": "mrr_expansion",
    "contracted": "mrr_contraction",
    "reactivated": "mrr_reactivation",
    "lost": "mrr_churn",
    "end": "mrr",
}


def assert_movements_are_those_of_the_figures(tables: Tables, config: Config) -> None:
    """What the bridges say is what the figures say, where a figure is of the same level (at the start)."""
    kpis = tables["kpis"].filter(pl.col("status") != "missing_input")
    customers_, mrr = ({(row[1:4]): row[column] for row in tables["movements"].iter_rows()} for column in (4, 5))
    for _, _, segment, level, lost, base, *_ in kpis.filter(kpi="churn_rate").iter_rows():
        assert base == customers_.get((segment, level, "start"), 0)
        assert lost == customers_.get((segment, level, "lost"), 0)
    for _, _, segment, level, back, *_ in kpis.filter(kpi="reactivated_customers").iter_rows():
        assert back == customers_.get((segment, level, "reactivated"), 0)
    if config.churn.basis == "activity":
        assert set(mrr.values()) == {None}
        return
    for movement, name in MONEY.items():
        of_the_start = name not in {"mrr", "mrr_new"}
        for _, _, segment, level, amount, *_ in kpis.filter(kpi=name).iter_rows():
            if segment == "all" or of_the_start:
                assert amount == mrr.get((segment, level, movement), 0), name
    own = tables["churn_definitions"].filter(definition="lifecycle").select("numerator", "denominator", "low", "high")
    churn = kpis.filter(kpi="churn_rate", segment="all").select("numerator", "denominator", "low", "high")
    assert own.equals(churn)


def assert_levels_of_movements_add_up(movements: pl.DataFrame, dimensions: Iterable[str]) -> None:
    whole = {row[0]: row[1:] for row in movements.filter(segment="all").select("movement", "customers", "mrr").rows()}
    for segment in dimensions:
        parts_ = movements.filter(segment=segment).group_by("movement").agg(pl.col("customers", "mrr").sum())
        for movement, people, amount in parts_.iter_rows():
            assert people == whole[movement][0]
            assert amount == pytest.approx(whole[movement][1] or 0)


def assert_shares_stay_within_zero_and_one(kpis: pl.DataFrame) -> None:
    for row in kpis.filter(pl.col("unit") == "share", pl.col("value").is_not_null()).iter_rows(named=True):
        assert 0 <= row["value"] <= 1
        if isinstance(BY_NAME[row["kpi"]].measure, Share):
            assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
            assert row["numerator"] <= row["denominator"]


def assert_churn_and_retention_are_one(kpis: pl.DataFrame) -> None:
    churn, kept = (
        kpis.filter(kpi=name).select("segment", "level", "numerator", "denominator", "value", "status")
        for name in ("churn_rate", "retention_rate")
    )
    both = churn.join(kept, on=["segment", "level"], how="full", suffix="_kept", validate="1:1")
    assert both.height == churn.height == kept.height
    told = both.filter(pl.col("status") != "missing_input")
    assert (told["denominator"] == told["denominator_kept"]).all()
    assert (told["numerator"] + told["numerator_kept"] == told["denominator"]).all()
    assert all(total == pytest.approx(1, abs=1e-15) for total in (told["value"] + told["value_kept"]).drop_nulls())


def assert_segments_add_up(kpis: pl.DataFrame, dimensions: Iterable[str]) -> None:
    for kpi in CATALOGUE:
        if not isinstance(kpi.measure, Share | Ratio | Total):
            continue
        whole = kpis.filter(kpi=kpi.name, segment="all")
        if whole["status"].item() == "missing_input":
            continue
        for segment in dimensions:
            parts = kpis.filter(kpi=kpi.name, segment=segment)
            assert parts["numerator"].sum() == pytest.approx(whole["numerator"].item(), abs=1e-9), kpi.name
            if kpi.name != "dau":  # the days of the period are no population
                assert parts["denominator"].sum() == (whole["denominator"].item() or 0), kpi.name


def assert_stickiness_has_its_bounds(kpis: pl.DataFrame, days: int) -> None:
    """`days`: of the longest month."""
    active = kpis.filter(kpi="mau", segment="all")["value"].item()
    stickiness = kpis.filter(kpi="stickiness", segment="all")["value"].item()
    if active:
        assert 1 / days - 1e-12 <= stickiness <= 1
    else:
        assert stickiness is None


def assert_null_exactly_without_a_population(kpis: pl.DataFrame) -> None:
    """But for quotients of figures, which are null where one of them is, or too few are behind it."""
    is_derived = pl.col("kpi").is_in([kpi.name for kpi in CATALOGUE if isinstance(kpi.measure, Derived)])
    nothing = pl.col("status").is_in(["no_population", "missing_input"])
    few_ = is_derived & (pl.col("status") == "small_sample")
    assert kpis.filter(~few_ & (nothing != pl.col("value").is_null())).is_empty()
    counted = kpis.filter(~is_derived)
    assert counted.filter((pl.col("status") == "no_population") & (pl.col("denominator") != 0)).is_empty()
    assert kpis.filter((pl.col("denominator") == 0) & pl.col("value").is_not_null()).is_empty()


# The store: what is built is the same to the byte, however it came to be.


def stored_events(storage: Storage, month: str, frame: pl.DataFrame, name: str) -> Built:
    """An events part; its digest stands for the file it was read from."""
    request = Request(events_folder(month), {"file": name, "rows": frame.height, "hash": frame.hash_rows().to_list()})
    return build(storage, request, lambda: Made({"events": frame.lazy()}, {}))


def build_all(storage: Storage, files: Sequence[pl.DataFrame], config: Config, count: int = 1) -> dict[str, str]:
    """events → activity → customers, and snapshots of all months but the first. Returns the content hash of everything
    but events. `count`: shards.
    """
    contents: dict[str, str] = {}
    before: Sharded = ()
    measured: list[Built] = []
    for month in MONTHS:
        period = Period.parse(month)
        stored = [
            stored_events(storage, month, by_month(part, helpers.PARIS).get(month, part.clear()), f"file {number}")
            for number, part in enumerate(files)
        ]
        doing = tuple(reduced(storage, month, shard, stored, config) for shard in shards.shards(count))
        now = tuple(
            folded(storage, period, shard, before[shard.number] if before else None, doing[shard.number], config)
            for shard in shards.shards(count)
        )
        steps = {f"{shard}": built for shard, built in enumerate([*doing, *now])}
        if before:
            earlier, measured = measured, measured_all(storage, Edges(period, (doing,), before, now), config)
            steps |= dict(zip(parts.NAMES, measured, strict=True))
            steps["snapshot"] = assembled(storage, period, measured, earlier, config)
        contents |= {
            f"{month} {step} {name}": table.content
            for step, built in steps.items()
            for name, table in built.tables.items()
        }
        before = now
    return contents


def reduced(storage: Storage, month: str, shard: Shard, stored: Sequence[Built], config: Config) -> Built:
    choices = activity.Choices.of(config)
    part = Part("app", has_event_ids=True, tables=tuple(built.tables["events"] for built in stored))

    def made() -> Made:
        found = duplicates.deduplicated(rows(storage, part.tables))
        own = shards.own(found.events, shard)
        return Made(activity.reduce_events(own, choices), {"duplicates": {"app": found.duplicates}})

    return build(storage, reduce_request(month, shard, [part], choices), made)


def folded(storage: Storage, month: Period, shard: Shard, before: Built | None, doing: Built, config: Config) -> Built:
    choices = customers.Choices.of(config)

    def made() -> Made:
        earlier = scan(storage, before) if before else customers.nobody(choices)
        return Made(customers.fold(earlier, scan(storage, doing), month, choices), {})

    return build(storage, fold_request(month, shard, before, doing, choices), made)


def measured_all(storage: Storage, edges: Edges, config: Config) -> list[Built]:
    choices, context = Choices.of(config), told_everything(edges.period, config)

    def together(sharded: Sharded) -> Mapping[str, pl.LazyFrame]:
        return shards.together([scan(storage, built) for built in sharded])

    def made(name: str) -> Made:
        months = [together(month) for month in edges.months]
        inputs = Inputs(edges.period, months, together(edges.at_start), together(edges.at_end))
        return Made({key: table.lazy() for key, table in parts.measured(name, inputs, choices, context).items()}, {})

    return [build(storage, measure_request(name, edges, choices, context), partial(made, name)) for name in parts.NAMES]


def told_everything(period: Period, config: Config) -> Context:
    """As if every kind of event had occurred, so that every figure is published."""
    return context_of(Chain(config, Period.parse(MONTHS[0]), {}, {}, {MONTHS[0]: frozenset(KINDS)}), period)


def assembled(storage: Storage, period: Period, own: Sequence[Built], before: Sequence[Built], config: Config) -> Built:
    context = told_everything(period, config)

    def collected(built: Sequence[Built]) -> Tables:
        return {name: table.collect() for one in built for name, table in scan(storage, one).items()}

    def made() -> Made:
        tables = assembly.snapshot(collected(own), collected(before), period, context)
        return Made({name: table.lazy() for name, table in tables.items()}, {})

    return build(storage, assemble_request(period, own, before, context), made)


def files_of(storage: Storage, folders: tuple[str, ...] = ("activity", "customers", "measures")) -> dict[str, bytes]:
    return {entry.key: storage.read(entry.key) for folder in folders for entry in storage.list(folder)}


@few(3)
@given(rows=logs(), config=configs, late=st.sets(st.integers(0, MOST - 1), min_size=1, max_size=8))
def test_a_late_file_ends_in_the_same_bytes_as_one_there_from_the_start(
    rows: list[Row], config: Config, late: set[int]
) -> None:
    frame = canonical(rows, config).with_row_index("number")
    is_late = pl.col("number").is_in(sorted(late))
    files = [frame.filter(part).drop("number") for part in (~is_late, is_late)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        at_once, in_turn = Storage(one), Storage(other)
        expected = build_all(at_once, files, config)
        build_all(in_turn, files[:1], config)
        assert build_all(in_turn, files, config) == expected
        new, old = files_of(at_once), files_of(in_turn)
        assert {key: old[key] for key in new} == new
        assert build_all(in_turn, files, config) == expected
        assert files_of(in_turn) == old, "nothing to do the third time"


@few(3)
@given(rows=logs(), config=configs, split=st.lists(st.integers(0, 2), min_size=MOST, max_size=MOST))
def test_however_events_are_split_into_files_the_bytes_are_the_same(
    rows: list[Row], config: Config, split: list[int]
) -> None:
    whole = canonical(rows, config)
    file = pl.Series("file", split[: whole.height])
    files = [whole.filter(file == number) for number in range(3)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert build_all(Storage(one), [whole], config) == build_all(Storage(other), files[::-1], config)


@few(2)
@given(rows=logs(), config=configs)
def test_however_people_are_split_into_shards_the_snapshots_are_the_same(rows: list[Row], config: Config) -> None:
    frame = canonical(rows, config)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole, split = build_all(Storage(one), [frame], config), build_all(Storage(other), [frame], config, count=8)
    measured = [name for name in whole if name.split()[1] in {*parts.NAMES, "snapshot"}]
    assert {name: split[name] for name in measured} == {name: whole[name] for name in measured}
    assert len(measured) > 20


@few(2)
@given(rows=logs(), config=configs)
def test_the_same_file_delivered_again_ends_in_the_same_bytes(rows: list[Row], config: Config) -> None:
    frame = canonical(rows, config)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert build_all(Storage(one), [frame], config) == build_all(Storage(other), [frame, frame], config)


def test_the_same_log_writes_the_same_bytes_in_any_folder(tmp_path: Path) -> None:
    rows = [
        event(f"c{number % 7}", kind, at, event_id=f"{kind} {at} {number}", plan="free", amount=number, reference="r")
        for number in range(30)
        for kind in ("visit", "purchase", "subscribe", "signup")
        for at in INSTANTS[::3]
    ]
    frame = canonical(rows, ACTIVE)
    stores = [Storage(str(tmp_path / name)) for name in ("one", "other")]
    for store in stores:
        build_all(store, [frame], ACTIVE)
    first, second = (files_of(store, ("events", "activity", "customers", "measures")) for store in stores)
    assert first == second
    assert first
