"""What is noted of a file beside its rows: columns, empty values by month and kind, unmapped names by month."""

from pathlib import Path

import polars as pl

from tasks.sources import profile
from tests.sources.helpers import mapping, run, write

JANUARY, FEBRUARY = "2025-01-05T10:00:00", "2025-02-05T10:00:00"


def test_profile_of_a_file(tmp_path: Path) -> None:
    rows = [
        ("Bought", "ann", JANUARY, 5.0),
        ("Bought", "bob", JANUARY, None),
        ("Seen", "bob", JANUARY, None),
        ("Bought", "bob", FEBRUARY, 6.0),
        ("Ping", "bob", JANUARY, None),
        ("Ping", "bob", FEBRUARY, None),
        ("Pong", "bob", FEBRUARY, None),
        ("Pong", "bob", None, None),
    ]
    raw = pl.DataFrame(rows, schema=["event", "id", "at", "amount"], orient="row")
    raw = raw.with_columns(pl.struct(a=1, b=pl.struct(c=2)).alias("context"))
    columns = {
        "name": "event",
        "customer_id": "id",
        "occurred_at": "at",
        "amount": "amount",
        "item": "NULLIF(event, event)",
    }
    kinds = {"purchase": ["Bought"], "visit": ["Seen"]}
    found = run(write(tmp_path, raw), mapping(kinds=kinds, columns=columns)).profile
    assert found["columns"] == ["amount", "at", "context.a", "context.b.c", "event", "id"]
    assert found["nulls"] == {
        "2025-01": {"purchase": {"amount": 1, "item": 2}, "visit": {"amount": 1, "item": 1}},
        "2025-02": {"purchase": {"item": 1}},
    }
    assert found["names"] == {"2025-01": {"Ping": 1, "Pong": 1}, "2025-02": {"Ping": 1, "Pong": 1}}


def test_only_the_most_frequent_names_of_a_month_are_noted() -> None:
    names = [f"name {number:03d}" for number in range(profile.MOST_NAMES + 5)]
    counted = pl.DataFrame({"period": ["2025-01"] * len(names), "event_name": names, "len": range(1, len(names) + 1)})
    found = profile.names(counted, "2025-01")["2025-01"]
    assert (len(found), names[0] in found, names[-1] in found) == (profile.MOST_NAMES, False, True)
