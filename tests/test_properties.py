"""What must hold for any events (KPIS.md, "Properties that must hold"), on random logs full of coincidences: few
customers, few instants, many of them on the edges of days, months, windows and clock changes.

Deterministic: Hypothesis derives its examples from the tests' names, NumPy from fixed seeds.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.models import Config
from tasks.clock import Period
from tasks.dependencies import Edges, Part, fold_request, measure_request, reduce_request
from tasks.kpis import BY_NAME, CATALOGUE
from tasks.kpis import measure as measuring
from tasks.kpis.record import Quantile, Share
from tasks.storage import Storage
from tasks.store import Built, Made, Request, build, events_folder, scan
from tasks.tables import activity, customers, duplicates, measured
from tests import helpers
from tests.helpers import Chain, Row, by_month, canonical, chain, context_of, event, figures, period_of

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


events = st.builds(
    event,
    st.sampled_from(["ada", "ada", "bob", "cyd", None]),
    st.sampled_from(
        ["visit", "visit", "signup", "use", "use", "purchase", "purchase", "return", "subscribe", "change", "cancel"]
    ),
    st.sampled_from(INSTANTS),
    amount=st.sampled_from([None, 0, 1, "0.1", 12]),
    quantity=st.sampled_from([None, 0, 1, "2.5"]),
    anonymous=st.sampled_from(["x", "y"]),
    reference=maybe("r1", "r2"),
    item=maybe("report", "export"),
    plan=maybe("free", "pro", "team"),
    country=maybe("FR"),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Events with ids of their own, a third of them without a link to an anonymous id."""
    rows = draw(st.lists(events, min_size=5, max_size=40))
    return [
        {
            **row,
            "event_id": f"e{number}",
            "received_at": datetime(2025, 5, 1, tzinfo=UTC),
            "anonymous_id": None if row["customer_id"] and number % 3 else row["anonymous_id"],
        }
        for number, row in enumerate(rows)
    ]


def world_of(frame: pl.DataFrame, config: Config) -> Chain:
    return chain(frame, config, first=MONTHS[0], last=MONTHS[-1])


def assert_same(one: Chain, other: Chain) -> None:
    """All tables of all months, and the figures of the last two of them."""
    for month in MONTHS:
        for name, table in one.activity[month].items():
            assert_frame_equal(table, other.activity[month][name])
        for name, table in one.ends[month].items():
            assert_frame_equal(table, other.ends[month][name])
    for month in MONTHS[1:]:
        assert_frame_equal(figures(one, month), figures(other, month), check_exact=True)


@few(12)
@given(rows=logs(), config=configs, seed=st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(rows: list[Row], config: Config, seed: int) -> None:
    frame = canonical(rows, config)
    assert_same(world_of(frame, config), world_of(frame.sample(fraction=1, shuffle=True, seed=seed), config))


@few(12)
@given(rows=logs(), config=configs, again=st.lists(st.integers(0, 39), max_size=15))
def test_events_sent_again_later_change_nothing(rows: list[Row], config: Config, again: list[int]) -> None:
    late = datetime(2025, 5, 2, tzinfo=UTC)
    copies = [{**rows[number % len(rows)], "received_at": late, "amount": Decimal(99)} for number in again]
    assert_same(world_of(canonical(rows, config), config), world_of(canonical([*copies, *rows], config), config))


@few(12)
@given(rows=logs(), config=configs, month=st.sampled_from(MONTHS[:2]))
def test_events_after_a_period_change_nothing_in_it(rows: list[Row], config: Config, month: str) -> None:
    end = helpers.instant(f"{Period.parse(month).end}")
    frame = canonical(rows, config)
    until = chain(frame.filter(pl.col("occurred_at") < end), config, first=MONTHS[0], last=month)
    whole = world_of(frame, config)
    assert_frame_equal(figures(until, month), figures(whole, month), check_exact=True)
    for name, table in until.ends[month].items():
        assert_frame_equal(table, whole.ends[month][name])


@few(20)
@given(rows=logs(), config=configs)
def test_identities_hold_in_every_month_and_the_quarter(rows: list[Row], config: Config) -> None:
    quarter = chain(canonical(rows, config), config, first="2025-01", last="2025-04")
    for period in (*MONTHS, "2025-Q1"):
        kpis = figures(quarter, period)
        assert_shares_stay_within_zero_and_one(kpis)
        assert_churn_and_retention_are_one(kpis)
        assert_segments_add_up(kpis, config.segments.dimensions)
        assert_stickiness_has_its_bounds(kpis, period_of(period).days)
        assert_null_exactly_without_a_population(kpis)


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
        if isinstance(kpi.measure, Quantile):
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
    active = kpis.filter(kpi="mau", segment="all")["value"].item()
    stickiness = kpis.filter(kpi="stickiness", segment="all")["value"].item()
    if active:
        assert 1 / days - 1e-12 <= stickiness <= 1
    else:
        assert stickiness is None


def assert_null_exactly_without_a_population(kpis: pl.DataFrame) -> None:
    nothing = pl.col("status").is_in(["no_population", "missing_input"])
    assert kpis.filter(nothing != pl.col("value").is_null()).is_empty()
    assert kpis.filter((pl.col("status") == "no_population") & (pl.col("denominator") != 0)).is_empty()
    assert kpis.filter((pl.col("denominator") == 0) & pl.col("value").is_not_null()).is_empty()


# The store: what is built is the same to the byte, however it came to be.


def stored_events(storage: Storage, month: str, frame: pl.DataFrame, name: str) -> Built:
    """An events part; its digest stands for the file it was read from."""
    request = Request(events_folder(month), {"file": name, "rows": frame.height, "hash": frame.hash_rows().to_list()})
    return build(storage, request, lambda: Made({"events": frame.lazy()}, {}))


def build_all(storage: Storage, parts: Sequence[pl.DataFrame], config: Config) -> dict[str, str]:
    """events → activity → customers → figures of every month. Returns the content hash of everything but events."""
    contents: dict[str, str] = {}
    before: Built | None = None
    for month in MONTHS:
        stored = [
            stored_events(storage, month, by_month(part, helpers.PARIS).get(month, part.clear()), f"file {number}")
            for number, part in enumerate(parts)
        ]
        doing = reduced(storage, month, stored, config)
        now = folded(storage, Period.parse(month), before, doing, config)
        figures_ = [
            measured_part(storage, name, month, doing, before, now, config)
            for name in ("customers", "visitors", "customers_at_start", "gaps")
        ]
        for built in (doing, now, *figures_):
            for name, table in built.tables.items():
                contents[f"{month} {name}"] = table.content
        before = now
    return contents


def reduced(storage: Storage, month: str, stored: Sequence[Built], config: Config) -> Built:
    choices = activity.Choices.of(config)
    part = Part("app", has_event_ids=True, tables=tuple(built.tables["events"] for built in stored))

    def made() -> Made:
        rows = storage.scan([table.key for table in part.tables])
        found = duplicates.deduplicated(rows)
        return Made(activity.reduce_events(found.events, choices), {"duplicates": {"app": found.duplicates}})

    return build(storage, reduce_request(month, [part], choices), made)


def folded(storage: Storage, month: Period, before: Built | None, doing: Built, config: Config) -> Built:
    choices = customers.Choices.of(config)

    def made() -> Made:
        earlier = scan(storage, before) if before else customers.nobody(choices)
        return Made(customers.fold(earlier, scan(storage, doing), month, choices), {})

    return build(storage, fold_request(month, before, doing, choices), made)


def measured_part(
    storage: Storage, name: str, month: str, doing: Built, before: Built | None, now: Built, config: Config
) -> Built:
    period, choices = Period.parse(month), measured.Choices.of(config)
    edges = Edges(period, (doing,), before, now)
    everything = frozenset(kind for kind in ("visit", "signup", "use", "purchase", "return", "subscribe"))
    context = context_of(Chain(config, Period.parse(MONTHS[0]), {}, {}, {month: everything}), period)

    def made() -> Made:
        earlier = scan(storage, before) if before else customers.nobody(customers.Choices.of(config))
        inputs = measured.Inputs(period, [scan(storage, doing)], earlier, scan(storage, now))
        table = getattr(measured, name)(inputs, choices)
        levelled = measured.with_levels(table, choices.dimensions, measured.kept_levels(inputs, choices))
        kpis = [kpi for kpi in CATALOGUE if kpi.table == name]
        return Made({f"kpis_{name}": measuring.measure(levelled, kpis, context).lazy()}, {})

    return build(storage, measure_request(name, edges, choices, context), made)


def files_of(storage: Storage, folders: tuple[str, ...] = ("activity", "customers", "measures")) -> dict[str, bytes]:
    return {entry.key: storage.read(entry.key) for folder in folders for entry in storage.list(folder)}


@few(6)
@given(rows=logs(), config=configs, late=st.sets(st.integers(0, 39), min_size=1, max_size=8))
def test_a_late_file_ends_in_the_same_bytes_as_one_there_from_the_start(
    rows: list[Row], config: Config, late: set[int]
) -> None:
    frame = canonical(rows, config).with_row_index("number")
    is_late = pl.col("number").is_in(sorted(late))
    parts = [frame.filter(part).drop("number") for part in (~is_late, is_late)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        at_once, in_turn = Storage(one), Storage(other)
        expected = build_all(at_once, parts, config)
        build_all(in_turn, parts[:1], config)
        assert build_all(in_turn, parts, config) == expected
        new, old = files_of(at_once), files_of(in_turn)
        assert {key: old[key] for key in new} == new
        assert build_all(in_turn, parts, config) == expected
        assert files_of(in_turn) == old, "nothing to do the third time"


@few(6)
@given(rows=logs(), config=configs, split=st.lists(st.integers(0, 2), min_size=40, max_size=40))
def test_however_events_are_split_into_files_the_bytes_are_the_same(
    rows: list[Row], config: Config, split: list[int]
) -> None:
    whole = canonical(rows, config)
    file = pl.Series("file", split[: whole.height])
    parts = [whole.filter(file == number) for number in range(3)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert build_all(Storage(one), [whole], config) == build_all(Storage(other), parts[::-1], config)


@few(4)
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
