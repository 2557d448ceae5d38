"""What the exports of usual systems need of a mapping, in their form: times, keys, amounts."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sources.helpers import COLUMNS, accepted, mapping, run_text

ROW = {
    "kind": "purchase", "id": "ann", "at": "2025-01-05", "created": 1736071200,
    "receivedAt": "2025-01-05T10:00:05.500Z", "sentAt": "2025-01-05T12:00:12.000+02:00",
    "originalTimestamp": "2025-01-05T10:00:10.000Z",
    "event": "Paid", "distinct_id": "d1", "time": 1736071200, "insert": None,
    "data": {"object": {"currency": "eur", "items": {"data": [
        {"quantity": 2, "price": {"unit_amount": 1999, "recurring": {"interval": "year"}}}]}}},
}  # fmt: skip


def moment(name: str) -> str:
    return f"CAST({name} AS TIMESTAMP WITH TIME ZONE)"


ITEM = "data.object.items.data[1]"
MONTHLY = (
    f"CASE {ITEM}.price.recurring.interval WHEN 'year' THEN {ITEM}.price.unit_amount / 12 "
    f"ELSE {ITEM}.price.unit_amount END / 100"
)


@pytest.mark.parametrize(
    ("column", "sql", "value"),
    [
        (  # Segment: the clock of a device, corrected
            "received_at",
            f"{moment('receivedAt')} - ({moment('sentAt')} - {moment('originalTimestamp')})",
            datetime(2025, 1, 5, 10, 0, 3, 500000, UTC),
        ),
        ("received_at", "created", datetime(2025, 1, 5, 10, tzinfo=UTC)),
        ("received_at", "created + 1.5", datetime(2025, 1, 5, 10, 0, 1, 500000, UTC)),
        ("received_at", "least(created, created - 60)", datetime(2025, 1, 5, 9, 59, tzinfo=UTC)),
        # Mixpanel: no part may be missing, or concat_ws leaves it out
        ("event_id", "event || '|' || distinct_id || '|' || time", "Paid|d1|1736071200"),
        ("event_id", "event || insert", None),
        ("event_id", "concat_ws('|', event, distinct_id, insert, time)", "Paid|d1|1736071200"),
        # Stripe: minor units, a yearly price as a monthly one
        ("amount", f"{ITEM}.price.unit_amount * {ITEM}.quantity / 100", Decimal("39.98")),
        ("amount", MONTHLY, Decimal("1.6658")),
        ("currency", "upper(data.object.currency)", "EUR"),
    ],
)  # fmt: skip
def test_vendors_expressions(tmp_path: Path, column: str, sql: str, value: Any) -> None:
    meaning = mapping(columns={**COLUMNS, column: sql}, epoch="s")
    events = accepted(run_text(tmp_path, "a.ndjson", json.dumps(ROW), meaning))
    assert events[column].to_list() == [value]


@pytest.mark.parametrize("cents", [1, 7, 1999, 2**31, 99_999_999_999_999])
@pytest.mark.parametrize("sql", ["cents / 100", "cents * 0.01", "CAST(cents AS DECIMAL(18, 4)) / 100"])
def test_minor_units_become_exact_amounts(tmp_path: Path, cents: int, sql: str) -> None:
    text = json.dumps({**ROW, "cents": cents})
    events = accepted(run_text(tmp_path, "a.ndjson", text, mapping(columns={**COLUMNS, "amount": sql})))
    assert events["amount"].to_list() == [Decimal(cents) / 100]
