"""What must hold for any rows: the accounts add up, splits change nothing, the same bytes give the same bytes."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import LifecycleError
from schemas.contracts import accepted_events, violation
from tasks.sources import ingest as module
from tasks.sources.mapping import OUTCOMES
from tests.sources.helpers import COLUMNS, accepted, mapping, quarantined, run, run_text, write

COLUMNS_OF_MIX = {"name": "event", "customer_id": "id", "occurred_at": "at", "amount": "x"}
MIX = mapping(
    "Europe/Paris", excluded=("qa-*",), columns=COLUMNS_OF_MIX, kinds={"visit": ["Seen"], "purchase": ["Paid"]},
    where="keep = 'y'",
)  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "event": st.sampled_from(["Seen", "Paid", "Else", None]),
            "id": st.sampled_from(["ann", "bob", "qa-1", " ", None]),
            "at": st.sampled_from(
                ["2025-01-31T23:30:00Z", "2025-01-31 23:30", "2025-02-01", "soon", "2300-01-01", None]
            ),
            "x": st.sampled_from(["1.5", "-1", "a lot", None]),
            "keep": st.sampled_from(["y", "y", "y", "n", None]),
        }
    ),
    max_size=25,
)
SCHEMA = dict.fromkeys(["event", "id", "at", "x", "keep"], pl.String())


def frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_the_accounts_add_up_and_every_bad_row_is_kept(rows: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        result = run(write(Path(folder), frame(rows)), MIX)
        counts = result.counts
        assert counts["read"] == len(rows) == sum(sum(counts[name].values()) for name in OUTCOMES)
        assert {part.period: part.rows for part in result.parts} == counts["accepted"]
        assert {period: sum(kinds.values()) for period, kinds in counts["kinds"].items()} == counts["accepted"]
        assert sum(counts["unmapped"].values()) == sum(counts["ignored"].values())
        bad = quarantined(result)
        assert [row["original"] for row in bad] == [rows[row["row"] - 1] for row in bad]
        assert all(row["rules"] for row in bad)


@settings(max_examples=15, deadline=None)
@given(ROWS, st.integers(0, 25))
def test_splitting_a_file_changes_no_accepted_row(rows: list[dict[str, Any]], cut: int) -> None:
    def events(*pieces: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        with TemporaryDirectory() as folder:
            results = [run(write(Path(folder), frame(piece)), MIX) for piece in pieces]
            return sorted((row for result in results if result.parts for row in accepted(result).rows()), key=repr)

    assert events(rows) == events(rows[:cut], rows[cut:])


@pytest.mark.parametrize("name", ["many.parquet", "many.csv"])
def test_the_same_bytes_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    size = 120_000
    start = datetime(2025, 1, 1)
    rows = pl.DataFrame(
        {
            "kind": ["visit", "use", "?", "purchase"] * (size // 4),
            "id": [str(number % 977) for number in range(size)],
            "at": [start + timedelta(minutes=number * 37 % 500_000) for number in range(size)],
        }
    )
    rows.write_parquet(tmp_path / name, row_group_size=5_000) if "parquet" in name else rows.write_csv(tmp_path / name)

    def digests() -> list[str]:
        result = run(tmp_path / name, mapping("Europe/Paris"))
        return [hashlib.sha256(part.file.read_bytes()).hexdigest() for part in (*result.parts, *result.quarantined)]

    first = digests()
    assert len(first) == 24
    assert all(digests() == first for _ in range(4))


def test_the_contract_catches_a_part_that_breaks_a_rule_or_lacks_a_type(tmp_path: Path) -> None:
    result = run_text(tmp_path, "a.csv", "kind,id,at\nvisit,ann,2025-01-05\n", mapping())
    part = accepted(result).lazy()
    contract = accepted_events((), "EUR", (1, 5))
    assert violation(part, contract) is None
    for bad in (
        part.with_columns(pl.lit(None, pl.String).alias("customer_id")),
        part.with_columns(pl.lit(32, pl.UInt8).alias("day")),
        part.with_columns(pl.col("day").cast(pl.Int64)),
        part.drop("item"),
        part.select("day", pl.exclude("day")),
    ):
        assert violation(bad, contract)


def test_a_broken_contract_or_account_is_our_error_not_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = write(tmp_path, {"kind": ["visit"], "id": ["ann"], "at": ["2025-01-05"]})
    monkeypatch.setattr(module, "violation", lambda *_: "day")
    with pytest.raises(LifecycleError, match="This is a bug"):
        run(raw, mapping(columns=COLUMNS))
    monkeypatch.setattr(module, "_parts", lambda _: ())
    with pytest.raises(LifecycleError, match="counted"):
        run(raw, mapping(columns=COLUMNS))
