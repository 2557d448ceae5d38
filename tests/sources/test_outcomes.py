"""Each row ends in exactly one place: accepted, filtered, ignored or quarantined under every rule it breaks."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.events import QUARANTINED, event_schema
from tests.sources.helpers import COLUMNS, accepted, broken, mapping, quarantined, run, totals, write

AT = datetime(2025, 1, 5, 14, 3, tzinfo=UTC)


def one(tmp_path: Path, column: str, value: Any, *, dtype: Any = None, kind: str = "purchase") -> Any:
    """A file of one purchase with one further column, ingested."""
    row = pl.DataFrame({"kind": [kind], "id": ["ann"], "at": [AT]}).with_columns(
        pl.Series("x", [value], dtype=dtype, strict=False)
    )
    return run(write(tmp_path, row), mapping(columns={**COLUMNS, column: "x"}))


def test_parts_have_the_schemas_columns_and_unmapped_ones_are_typed_nulls(tmp_path: Path) -> None:
    raw = write(tmp_path, {"kind": ["visit"], "id": ["ann"], "at": [AT], "country": ["FR"]})
    result = run(raw, mapping(dimensions=("country", "plan"), columns={**COLUMNS, "country": "country"}))
    events = accepted(result)
    assert dict(events.schema) == event_schema(("country", "plan"))
    assert events.columns == list(event_schema(("country", "plan")))
    assert events.row(0, named=True) == {
        **dict.fromkeys(events.columns),
        "kind": "visit",
        "customer_id": "ann",
        "occurred_at": AT,
        "country": "FR",
        "day": 5,
    }
    assert result.counts == {
        "read": 1,
        "accepted": {"2025-01": 1},
        "filtered": {},
        "ignored": {},
        "quarantined": {},
        "rules": {},
        "kinds": {"2025-01": {"visit": 1}},
        "unmapped": {},
    }


def test_a_file_without_rows_gives_no_parts(tmp_path: Path) -> None:
    raw = write(tmp_path, pl.DataFrame(schema={"kind": pl.String, "id": pl.String, "at": pl.Datetime("us", "UTC")}))
    result = run(raw, mapping())
    assert (result.parts, result.quarantined, result.counts["read"]) == ((), (), 0)


def test_day_and_month_are_those_of_the_business_zone(tmp_path: Path) -> None:
    raw = write(tmp_path, {"kind": ["visit"], "id": ["ann"], "at": [datetime(2024, 12, 31, 23, 30, tzinfo=UTC)]})
    result = run(raw, mapping("Europe/Paris"))
    assert [part.period for part in result.parts] == ["2025-01"]
    assert accepted(result)["day"].item() == 1


def test_rows_keep_the_order_of_the_file_within_each_month(tmp_path: Path) -> None:
    days = [date(2025, 2, 1), date(2025, 1, 1), date(2025, 2, 2), date(2025, 1, 2)]
    result = run(write(tmp_path, {"kind": ["visit"] * 4, "id": list("abcd"), "at": days}), mapping())
    assert [(part.period, part.rows) for part in result.parts] == [("2025-01", 2), ("2025-02", 2)]
    assert accepted(result)["customer_id"].to_list() == ["b", "d", "a", "c"]


def test_where_filters_what_is_not_true_null_included(tmp_path: Path) -> None:
    raw = write(tmp_path, {"kind": ["visit"] * 3, "id": list("abc"), "at": [AT] * 3, "n": [1, 0, None]})
    assert totals(run(raw, mapping(where="n > 0"))) == {"accepted": 1, "filtered": 2}


@pytest.mark.parametrize(
    ("globs", "left"),
    [(("test-1",), ["qa-1", "aqa-", None]), (("qa-*",), ["test-1", "aqa-", None]), (("*-1", "aqa-"), [None])],
)
def test_excluded_customers_are_filtered(tmp_path: Path, globs: tuple[str, ...], left: list[str]) -> None:
    ids = ["test-1", "qa-1", "aqa-", None]
    rows = {"kind": ["visit"] * 4, "id": ids, "anon": ["x"] * 4, "at": [AT] * 4}
    result = run(write(tmp_path, rows), mapping(excluded=globs, columns={**COLUMNS, "anonymous_id": "anon"}))
    assert accepted(result)["customer_id"].to_list() == left
    assert totals(result)["filtered"] == 4 - len(left)


def test_unmapped_names_are_ignored_and_counted_most_frequent_first(tmp_path: Path) -> None:
    names = ["Seen", "Zoom", "Pan", "Zoom", "Pan", "Tap", None]
    raw = write(tmp_path, {"event": names, "id": ["ann"] * 7, "at": [AT] * 7})
    columns = {"name": "event", "customer_id": "id", "occurred_at": "at"}
    result = run(raw, mapping(columns=columns, kinds={"visit": ["Seen"]}))
    assert totals(result) == {"accepted": 1, "ignored": 5, "quarantined": 1}
    assert list(result.counts["unmapped"].items()) == [("Pan", 2), ("Zoom", 2), ("Tap", 1)]
    assert broken(result) == {"kind_missing": 1}
    assert accepted(result)["name"].to_list() == ["Seen"]


def test_kinds_map_the_kind_expression_where_no_name_is_mapped(tmp_path: Path) -> None:
    raw = write(tmp_path, {"code": [1, 2, 3], "id": ["ann"] * 3, "at": [AT] * 3})
    result = run(raw, mapping(columns={**COLUMNS, "kind": "code"}, kinds={"visit": ["1"], "signup": ["2"]}))
    assert accepted(result)["kind"].to_list() == ["visit", "signup"]
    assert result.counts["unmapped"] == {"3": 1}


def test_kinds_win_over_the_kind_expression_and_only_silence_of_both_is_ignored(tmp_path: Path) -> None:
    rows = {"event": ["A", "B", "B", "B"], "k": ["use", "use", None, "typo"], "id": ["ann"] * 4, "at": [AT] * 4}
    columns = {**COLUMNS, "kind": "k", "name": "event"}
    result = run(write(tmp_path, rows), mapping(columns=columns, kinds={"visit": ["A"]}))
    assert accepted(result)["kind"].to_list() == ["visit", "use"]
    assert (result.counts["unmapped"], broken(result)) == ({"B": 1}, {"kind_missing": 1})


def test_filtered_comes_before_ignored_and_ignored_before_quarantined(tmp_path: Path) -> None:
    rows = {"event": ["?", "?", "Seen"], "id": [None] * 3, "at": [AT] * 3, "keep": [False, True, True]}
    columns = {"name": "event", "customer_id": "id", "occurred_at": "at"}
    result = run(write(tmp_path, rows), mapping(columns=columns, kinds={"visit": ["Seen"]}, where="keep"))
    assert totals(result) == {"filtered": 1, "ignored": 1, "quarantined": 1}


@pytest.mark.parametrize(
    ("column", "value", "kind", "rule"),
    [
        ("customer_id", None, "visit", "id_missing"),
        ("customer_id", " \t", "visit", "id_missing"),
        ("kind", "buy", "visit", "kind_missing"),
        ("kind", None, "visit", "kind_missing"),
        ("occurred_at", None, "visit", "occurred_at_missing"),
        ("occurred_at", "yesterday", "visit", "occurred_at_unreadable"),
        ("received_at", "yesterday", "visit", "received_at_unreadable"),
        ("amount", "12 EUR", "purchase", "amount_unreadable"),
        ("quantity", "two", "purchase", "quantity_unreadable"),
        ("score", "good", "nps", "score_unreadable"),
        ("amount", -0.01, "purchase", "amount_negative"),
        ("quantity", -1, "purchase", "quantity_negative"),
        ("score", 11, "nps", "score_outside_scale"),
        ("score", 0, "csat", "score_outside_scale"),
        ("currency", "USD", "purchase", "currency_other"),
    ],
)
def test_each_rule_quarantines(tmp_path: Path, column: str, value: Any, kind: str, rule: str) -> None:
    assert broken(one(tmp_path, column, value, kind=kind)) == {rule: 1}


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("customer_id", None, "spend"),
        ("amount", None, "purchase"),
        ("amount", "", "purchase"),
        ("score", 0, "nps"),
        ("score", 5, "csat"),
        ("score", 99, "visit"),
        ("currency", "EUR", "purchase"),
        ("received_at", None, "visit"),
    ],
)
def test_what_no_rule_forbids_is_accepted(tmp_path: Path, column: str, value: Any, kind: str) -> None:
    assert totals(one(tmp_path, column, value, kind=kind)) == {"accepted": 1}


@pytest.mark.parametrize("given", [{"kind": "'spend'"}, {"name": "channel"}])
def test_spend_needs_nobody(tmp_path: Path, given: dict[str, str]) -> None:
    rows = {"day": [date(2025, 1, 5)], "cost": [12.5], "channel": ["ads"]}
    columns = {"occurred_at": "day", "amount": "cost", **given}
    kinds = {"spend": ["ads"]} if "name" in given else {}
    assert accepted(run(write(tmp_path, rows), mapping(columns=columns, kinds=kinds)))["kind"].to_list() == ["spend"]


@pytest.mark.parametrize("kind", ["'visit'", "spend", "CASE WHEN x = 1 THEN 'spend' ELSE 'visit' END"])
def test_any_other_source_says_whose_events_they_are(kind: str) -> None:
    with pytest.raises(ValueError, match="say whose event it is"):
        mapping(columns={"occurred_at": "day", "kind": kind})


def test_quarantine_keeps_the_original_the_row_and_all_broken_rules(tmp_path: Path) -> None:
    rows = {"kind": ["visit", "purchase"], "id": ["ann", None], "at": [AT, AT], "x": ["1", "-2"], "b": [b"", b"\xff"]}
    result = run(write(tmp_path, rows), mapping(columns={**COLUMNS, "amount": "x"}))
    [row] = quarantined(result)
    assert row == {
        "source": "app",
        "file": "raw.parquet",
        "row": 2,
        "rules": ["id_missing", "amount_negative"],
        "original": {"kind": "purchase", "id": None, "at": "2025-01-05 14:03:00.000000+00:00", "x": "-2", "b": "ff"},
        "occurred_at": AT,
    }
    assert dict(pl.read_parquet_schema(result.quarantined[0].file)) == dict(QUARANTINED)


def test_undated_rows_count_for_the_period_with_most_accepted_rows(tmp_path: Path) -> None:
    days = [
        date(2025, 1, 1),
        date(2025, 2, 1),
        date(2025, 2, 2),
        date(2025, 3, 1),
        date(2025, 3, 2),
        date(2025, 3, 3),
        None,
    ]
    kinds = ["visit"] * 3 + ["?"] * 4
    result = run(write(tmp_path, {"kind": kinds, "id": ["ann"] * 7, "at": days}), mapping())
    assert result.counts["quarantined"] == {"2025-02": 1, "2025-03": 3}
    assert [(part.period, part.rows) for part in result.quarantined] == [("2025-02", 1), ("2025-03", 3)]


def test_without_accepted_rows_undated_ones_go_to_most_dated_rows_or_to_undated(tmp_path: Path) -> None:
    bad = {"kind": ["?", "?"], "id": ["ann"] * 2}
    assert run(write(tmp_path, {**bad, "at": [None, AT]}), mapping()).counts["quarantined"] == {"2025-01": 2}
    nothing = pl.Series([None, None], dtype=pl.Date)
    result = run(write(tmp_path, {**bad, "at": nothing}), mapping())
    assert result.counts["quarantined"] == {"undated": 2}
    assert [part.period for part in result.quarantined] == ["undated"]


def test_the_mapping_tells_all_the_result_depends_on_and_nothing_else() -> None:
    plain = mapping(zone="Europe/Paris", excluded=("b", "a"))
    moved = mapping(zone="Europe/Paris", excluded=("a", "b"), uri="y", on_missing="withdraw", timezone="Europe/Paris")
    assert plain.depends_on() == moved.depends_on()
    for other in (mapping(), mapping(where="true"), mapping(name="b"), mapping(kinds={"use": ["x"]})):
        assert other.depends_on() != plain.depends_on()
